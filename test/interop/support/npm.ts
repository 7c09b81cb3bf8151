// npm, for the folders that have packages of their own.
import { fileURLToPath } from "node:url";
import { findProgram, runProgram } from "../../support/process.js";
import { Missing } from "../peer.js";

/** Milliseconds; the engines of test/runtimes are 1.5 GB. */
const LIMIT = 300_000;

/** Installs what a folder's lock file names. Throws a Missing where that can't be had. */
export async function installPackages(folder: string): Promise<void> {
  const npm = findProgram("npm");
  if (npm === null) throw new Missing("npm is not on the PATH");
  const args = ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"];
  try {
    await runProgram(npm, args, { limit: LIMIT });
  } catch (error) {
    const line = /npm (?:error|ERR!) (.{1,120})/.exec(String(error))?.[1];
    throw new Missing(`npm could not install it: ${line ?? String(error).slice(0, 120)}`);
  }
}

/** Installs the engines of test/runtimes. Throws a Missing where they can't be had. */
export function installEngines(): Promise<void> {
  return installPackages(fileURLToPath(new URL("../../runtimes/", import.meta.url)));
}
