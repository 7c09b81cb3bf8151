// The package as it would be published: built, packed, and installed in an empty project.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { run, type RunOptions } from "./check.js";

export const ENTRIES: readonly string[] = [
  "index",
  "core",
  "noble",
  "fast",
  "wasm",
  "node-crypto",
  "webcrypto",
  "jwt",
  "explain",
  "redis",
  "express",
  "fastify",
  "koa",
  "hono",
  "http",
  "fetch",
  "browser",
];

/** The program that `bin` of package.json names. */
export const COMMAND_LINE = "dist/cli.js";

/** What is published beside dist/. */
export const TOP_FILES: readonly string[] = [
  "LICENSE",
  "README.md",
  "THIRD-PARTY-LICENSES",
  "package.json",
];

/** Builds the repository at `root` and packs it into `folder`; the path of the tarball. */
export async function pack(root: string, folder: string, options?: RunOptions): Promise<string> {
  await run("npm", ["run", "build"], root, options);
  await mkdir(folder, { recursive: true });
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], root, options);
  const [tarball, ...more] = (await readdir(folder)).filter((file) => file.endsWith(".tgz"));
  if (tarball === undefined || more.length > 0) throw new Error("one tarball was expected");
  return join(folder, tarball);
}

/** An empty project with the tarball installed and no network: there is nothing else to fetch. */
export async function install(folder: string, tarball: string): Promise<string> {
  const project = join(folder, "project");
  await mkdir(project);
  await writeFile(join(project, "package.json"), '{ "name": "project", "private": true }\n');
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], project);
  return project;
}

/** Where the package stands in a project that has it. */
export function homeIn(project: string): string {
  return join(project, "node_modules", "dpop-core");
}

/** Every file below a folder, its path written with "/", in the order of their names. */
export async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .toSorted();
}

/** The SHA-512 of a file in the form of npm's `integrity`. */
export async function integrityOf(file: string): Promise<string> {
  const hash = createHash("sha512").update(await readFile(file));
  return `sha512-${hash.digest("base64")}`;
}
