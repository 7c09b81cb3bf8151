// Engines: the present Node, or those of runtimes/package.json; and the way to keep one on one core.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
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

const RUNTIMES = fileURLToPath(new URL("runtimes/", import.meta.url));

/** Installs the engines where they are not, and answers all that this platform has. */
export function installedEngines(): readonly EngineCommand[] {
  if (!existsSync(`${RUNTIMES}node_modules`)) {
    const args = ["ci", "--prefix", RUNTIMES, "--no-audit", "--no-fund"];
    const { status } = spawnSync("npm", args, { stdio: "inherit" });
    if (status !== 0) throw new Error("the engines could not be installed");
  }
  const nodes = ["node20", "node22", "node24", "node26"].map((id) => ({
    id,
    command: `${RUNTIMES}node_modules/${id}-${platform()}-${arch()}/bin/node`,
    args: [],
  }));
  const bun = { id: "bun", command: programOf("bun/bin/bun.exe", "@oven", "bin/bun"), args: [] };
  const deno = {
    id: "deno",
    command: programOf("deno/deno", "@deno", "deno"),
    args: ["run", "-A"],
  };
  return [...nodes, bun, deno].filter(({ command }) => existsSync(command));
}

/**
 * The program where the package's script put it; where npm was told to run no scripts, in the one
 * package of a scope that npm installs for this platform.
 */
function programOf(path: string, scope: string, inPackage: string): string {
  const modules = `${RUNTIMES}node_modules`;
  const folder = `${modules}/${scope}`;
  const packages = existsSync(folder) ? readdirSync(folder) : [];
  const files = [path, ...packages.map((name) => `${scope}/${name}/${inPackage}`)];
  return files.map((file) => `${modules}/${file}`).find((file) => existsSync(file)) ?? "";
}

/** Whether a process can be kept on one core here. */
export function canPin(): boolean {
  const { status, error } = spawnSync("taskset", ["-c", "0", "true"]);
  return error === undefined && status === 0;
}

/** The same command, on one core where that is possible. */
export function pinned(
  command: readonly string[],
  core: number,
  pin: boolean,
): readonly [string, ...string[]] {
  const [program = "", ...args] = command;
  return pin ? ["taskset", "-c", String(core), program, ...args] : [program, ...args];
}
