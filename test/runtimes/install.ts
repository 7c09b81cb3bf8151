// Engines that are packages of Debian: what is missing is installed, or named.
import { findProgram, runProgram } from "../support/process.js";
import type { Engine } from "./engine.js";

/** For apt-get, in milliseconds: some hundred megabytes. */
const INSTALL_LIMIT = 480_000;

/** The part of an engine that its installation needs. */
export type Installed = Pick<Engine, "debian" | "find">;

/** Gets from Debian what is not there, once for all of them, as root; or says what to get. */
export async function install(chosen: readonly Installed[]): Promise<void> {
  const packages = new Set<string>();
  for (const engine of chosen) {
    if (engine.debian === undefined || (await engine.find()) !== null) continue;
    for (const name of engine.debian) packages.add(name);
  }
  if (packages.size === 0) return;
  const names = [...packages];
  const aptGet = findProgram("apt-get");
  if (aptGet === null || process.getuid?.() !== 0) {
    console.log(`as root on Debian 12: apt-get install --no-install-recommends ${names.join(" ")}`);
    return;
  }
  console.log(`installing ${names.join(", ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = { limit: INSTALL_LIMIT, env };
  try {
    await runProgram(aptGet, ["update", "-q"], options);
    const args = ["install", "-y", "-q", "--no-install-recommends", ...names];
    await runProgram(aptGet, args, options);
  } catch (error) {
    console.log(String(error)); // the engines are found to be missing then
  }
}
