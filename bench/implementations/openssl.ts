// `openssl speed`: how fast OpenSSL verifies a signature on P-256 within its own process.
import { spawnSync } from "node:child_process";
import {
  type Clock,
  demand,
  type Implementation,
  selfMeasured,
  wallClock,
} from "../engine/contest.js";

/** Every tenth round: it takes a second to sign and a second to verify. */
export function opensslSpeed(clock: Clock): readonly Implementation[] {
  if (spawnSync("openssl", ["version"]).status !== 0) return []; // there is no openssl here
  const measure = (): number => verifyMicroseconds(clock === wallClock ? ["-elapsed"] : []);
  return [{ ...selfMeasured("openssl speed ecdsap256, verify", measure), every: 10 }];
}

/** By default it counts processor time; with -elapsed, the wall clock's. */
function verifyMicroseconds(clock: readonly string[]): number {
  const args = ["speed", ...clock, "-seconds", "1", "-mr", "ecdsap256"];
  const { stdout } = spawnSync("openssl", args, { encoding: "utf8" });
  const line = stdout.split("\n").find((text) => text.startsWith("+F4:"));
  const verify = Number(line?.split(":").at(-1));
  demand(verify > 0, "openssl speed gives no figure");
  // Operations a second, or seconds of an operation: versions differ.
  return verify > 1 ? 1e6 / verify : verify * 1e6;
}
