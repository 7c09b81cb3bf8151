// Which files of src are mutated: those that are named, those that the last commits changed, or the usual ones.
import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { posix } from "node:path";

/** All that is written by hand and is the same on every platform; curves and platforms have tests of another kind. */
const USUAL = [
  "src/bytes",
  "src/jose",
  "src/proof",
  "src/verify",
  "src/server",
  "src/client",
  "src/redis.ts",
];

/** Files of these files and folders, relative to the root; throws where one is not there or is no source. */
export function named(root: string, paths: readonly string[]): readonly string[] {
  const files = (paths.length === 0 ? USUAL : paths).flatMap((path) => {
    const found = sourcesIn(root, posix.normalize(path.replaceAll("\\", "/")).replace(/\/$/, ""));
    if (found.length === 0) throw new Error(`${path} holds no source below src`);
    return found;
  });
  return [...new Set(files)].toSorted();
}

/** Files of the usual ones that the last `count` commits changed, as far back as the history goes. */
export function changed(root: string, count: number): readonly string[] {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: root, encoding: "utf8" });
  // A shallow clone ends at a commit whose parents are not there: it has nothing to be compared with.
  const commits = Number(git("rev-list", "--count", "--first-parent", "HEAD"));
  const back = Math.min(count, commits - 1);
  if (back < 1) return [];
  const names = git("diff", "--name-only", "--diff-filter=d", `HEAD~${back}`, "HEAD", "--", "src");
  const usual = new Set(named(root, []));
  return names.split("\n").filter((name) => usual.has(name));
}

function sourcesIn(root: string, path: string): readonly string[] {
  const full = posix.join(root, path);
  if (!path.startsWith("src/") && path !== "src") return [];
  if (!statSync(full).isDirectory()) return isSource(path) ? [path] : [];
  return readdirSync(full).flatMap((name) => sourcesIn(root, `${path}/${name}`));
}

const isSource = (path: string): boolean => path.endsWith(".ts") && !path.endsWith(".d.ts");
