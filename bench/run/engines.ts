// Engines: the present Node, or those of runtimes/package.json.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { arch, platform } from "node:os";
import { fileURLToPath } from "node:url";

export interface EngineCommand {
  /** Of the file of results. */
  readonly id: string;
  readonly command: string;
  /** Before the file to run. */
  readonly args: readonly string[];
}

export const PRESENT: EngineCommand = {
  id: `node${process.versions.node.split(".", 1).join("")}`,
  command: process.execPath,
  args: [],
};

const RUNTIMES = fileURLToPath(new URL("../runtimes/", import.meta.url));

/** Installs the engines where they are missing; returns all that this platform has. */
export function installedEngines(): readonly EngineCommand[] {
  if (!existsSync(`${RUNTIMES}node_modules`)) {
    // The script of the package bun would move its program away from where it is looked for.
    const args = ["ci", "--prefix", RUNTIMES, "--ignore-scripts", "--no-audit", "--no-fund"];
    const { status } = spawnSync("npm", args, { stdio: "inherit" });
    if (status !== 0) throw new Error("the engines could not be installed");
  }
  return Object.entries(programs()).flatMap(([id, path]) => {
    const command = `${RUNTIMES}node_modules/${path}`;
    return existsSync(command) ? [{ id, command, args: id === "deno" ? ["run", "-A"] : [] }] : [];
  });
}

/** In the packages of npm that hold the program itself, so that no package needs to run a script. */
function programs(): Readonly<Record<string, string>> {
  const here = `${platform()}-${arch()}`;
  const nodes = ["node20", "node22", "node24", "node26"].map((id) => [
    id,
    `${id}-${here}/bin/node`,
  ]);
  return {
    ...Object.fromEntries(nodes),
    bun: `@oven/bun-${here.replace("arm64", "aarch64")}/bin/bun`,
    deno: `@deno/${here}-glibc/deno`,
  };
}
