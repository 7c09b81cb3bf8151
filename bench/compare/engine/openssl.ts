// `openssl speed`: how fast OpenSSL verifies a signature on P-256 when nobody calls it from outside.
import { spawnSync } from "node:child_process";
import { type Clock, wallClock } from "./clock.js";
import { type Contestant, demand, type Missing } from "./contest.js";

export const OPENSSL = "openssl speed ecdsap256, verify";

/** Every tenth round: it takes a second to sign and a second to verify. */
export function opensslContestant(clock: Clock): Contestant | Missing {
  const version = spawnSync("openssl", ["version"], { encoding: "utf8" });
  if (version.error !== undefined || version.status !== 0) {
    return { name: OPENSSL, missing: "there is no openssl here" };
  }
  return {
    name: OPENSSL,
    every: 10,
    measure: () => verifyMicroseconds(clock === wallClock ? ["-elapsed"] : []),
    run: () => true,
    check: () => undefined,
  };
}

/** By itself it counts the time that it had the processor; by the wall where it is told. */
function verifyMicroseconds(clock: readonly string[]): number {
  const args = ["speed", ...clock, "-seconds", "1", "-mr", "ecdsap256"];
  const { stdout } = spawnSync("openssl", args, { encoding: "utf8" });
  const line = stdout.split("\n").find((text) => text.startsWith("+F4:"));
  const verify = Number(line?.split(":").at(-1));
  demand(verify > 0, "openssl speed says nothing that is understood");
  // Operations a second, or seconds of an operation: versions differ.
  return verify > 1 ? 1e6 / verify : verify * 1e6;
}
