// Which files of src are mutated: those that are named, those that the last commits changed, or the usual ones.
import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { posix } from "node:path";

/** All that is written by hand and is the same on every platform; curves and platforms have tests of another kind. */
const USUAL = [
  "src/bytes",
  "src/input",
  "src/jose",
  "src/proof",
  "src/replay",
  "src/verify",
  "src/server",
  "src/explain",
  "src/tokens",
  "src/client",
  "src/adapters",
  "src/browser",
  "src/redis.ts",
];

/** A file, relative to the root, or some of its lines. */
export interface Target {
  readonly file: string;
  /** As Stryker takes them, `3-5`; all where there are none. */
  readonly lines?: string | undefined;
}

/** Files of these files and folders, and lines of files (`FILE:3`, `FILE:3-5`); throws where one is not there or is no source. */
export function named(root: string, paths: readonly string[]): readonly Target[] {
  const found = (paths.length === 0 ? USUAL : paths).flatMap((path) => targetsOf(root, path));
  const byName = new Map(found.map((target) => [`${target.file}:${target.lines ?? ""}`, target]));
  return [...byName.values()].toSorted((a, b) => (a.file < b.file ? -1 : 1));
}

function targetsOf(root: string, path: string): readonly Target[] {
  const [, name = path, from, to = from] = /^(.*?):(\d+)(?:-(\d+))?$/.exec(path) ?? [];
  const files = sourcesIn(root, posix.normalize(name.replaceAll("\\", "/")).replace(/\/$/, ""));
  if (files.length === 0) throw new Error(`${path} holds no source below src`);
  return files.map((file) => (from === undefined ? { file } : { file, lines: `${from}-${to}` }));
}

/** Files of the usual ones that the last `count` commits changed, as far back as the history goes. */
export function changed(root: string, count: number): readonly Target[] {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: root, encoding: "utf8" });
  // A shallow clone ends at a commit whose parents are not there: it has nothing to be compared with.
  const commits = Number(git("rev-list", "--count", "--first-parent", "HEAD"));
  const back = Math.min(count, commits - 1);
  if (back < 1) return [];
  const names = git("diff", "--name-only", "--diff-filter=d", `HEAD~${back}`, "HEAD", "--", "src");
  const those = new Set(names.split("\n"));
  return named(root, []).filter(({ file }) => those.has(file));
}

function sourcesIn(root: string, path: string): readonly string[] {
  const full = posix.join(root, path);
  if (!path.startsWith("src/") && path !== "src") return [];
  if (!statSync(full).isDirectory()) return isSource(path) ? [path] : [];
  return readdirSync(full).flatMap((name) => sourcesIn(root, `${path}/${name}`));
}

const isSource = (path: string): boolean => path.endsWith(".ts") && !path.endsWith(".d.ts");
