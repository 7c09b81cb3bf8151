// What the tarball holds, and what publint and attw say of it.
import { spawnSync } from "node:child_process";
import { open, readdir, readFile, rm } from "node:fs/promises";
import { join, posix } from "node:path";
import { deepStrictEqual, ok } from "node:assert/strict";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import ts from "typescript";
import { objectOf, readJson, ROOT } from "../support/build.js";
import { check } from "./check.js";
import { COMMAND_LINE, ENTRIES, filesOf, homeIn, TOP_FILES } from "./pack.js";
import { SBOM_FILE } from "./sbom.js";

const KINDS = ["js", "cjs", "d.ts", "d.cts"];

/** npm runs these when a package is installed, or taken from its repository. */
const HOOKS = [
  "preinstall",
  "install",
  "postinstall",
  "prepublish",
  "preprepare",
  "prepare",
  "postprepare",
];

export async function checkContents(project: string): Promise<void> {
  const home = homeIn(project);
  const manifest = await readJson(join(home, "package.json"));
  const files = await filesOf(home);
  const due = ENTRIES.flatMap((entry) => KINDS.map((kind) => `dist/${entry}.${kind}`));

  await check("the tarball holds the build, its SBOM, the licences, the README, no more", () => {
    const others = files.filter((file) => !/^dist\/[\w-]+\.(js|cjs|d\.ts|d\.cts)$/.test(file));
    deepStrictEqual(others, [...TOP_FILES, SBOM_FILE].toSorted());
  });
  await check("every entry is there as ESM and as CJS, with types", () => {
    deepStrictEqual(
      due.filter((file) => !files.includes(file)),
      [],
    );
  });
  await check("every file of the build is loaded by an entry, or is the command line", async () => {
    const loaded = await reachedFrom(home, [...due, COMMAND_LINE]);
    deepStrictEqual(
      files.filter((file) => file.startsWith("dist/") && !loaded.has(file)),
      [SBOM_FILE],
    );
  });
  await check("there are no dependencies of any kind", async () => {
    for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"])
      deepStrictEqual(Object.keys(objectOf(manifest[kind] ?? {})), [], kind);
    for (const kind of ["bundleDependencies", "bundledDependencies"]) ok(!(kind in manifest), kind);
    const installed = await readdir(join(project, "node_modules"));
    deepStrictEqual(
      installed.filter((name) => !name.startsWith(".")),
      ["dpop-core"],
    );
  });
  await check("nothing runs when it is installed", async () => {
    const scripts = objectOf(manifest["scripts"] ?? {});
    for (const hook of HOOKS) ok(!(hook in scripts), hook);
    const { packages } = await readJson(join(project, "package-lock.json"));
    const locked = objectOf(objectOf(packages)["node_modules/dpop-core"]);
    ok(!("hasInstallScript" in locked), "npm found an install script");
  });
  await check("it is free of side effects, ESM by default, for Node 20.19 and later, MIT", () => {
    deepStrictEqual(manifest["sideEffects"], false);
    deepStrictEqual(manifest["type"], "module");
    deepStrictEqual(manifest["engines"], { node: ">=20.19" });
    deepStrictEqual(manifest["license"], "MIT");
  });
}

/** The files that the given ones import, and those that these import, themselves included. */
async function reachedFrom(home: string, files: readonly string[]): Promise<Set<string>> {
  const reached = new Set(files);
  for (const file of reached) {
    const text = await readFile(join(home, file), "utf8");
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      if (!fileName.startsWith(".")) continue;
      const target = posix.join(posix.dirname(file), fileName);
      // A declaration names the file of JavaScript that it stands beside.
      reached.add(/\.d\.c?ts$/.test(file) ? target.replace(/\.(c?)js$/, ".d.$1ts") : target);
    }
  }
  return reached;
}

export async function checkTools(tarball: string): Promise<void> {
  await check("publint finds nothing", async () => {
    const { buffer } = Uint8Array.from(await readFile(tarball)); // a copy: a Buffer shares its memory
    const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
    ok(
      messages.length === 0,
      messages.map((message) => formatMessage(message, pkg, { color: false })).join("\n"),
    );
  });
  await check("attw finds nothing but that node10 knows no subpaths", async () => {
    const subpaths = ENTRIES.filter((entry) => entry !== "index");
    deepStrictEqual(
      await attw(tarball),
      subpaths.map((entry) => `NoResolution ./${entry} node10`),
    );
  });
}

/** What attw calls a problem: its kind, the entry and the way of resolving that it is about. */
async function attw(tarball: string): Promise<readonly string[]> {
  const program = join(ROOT, "node_modules", "@arethetypeswrong/cli/dist/index.js");
  const args = [program, tarball, "--format", "json", "--no-definitely-typed"];
  // Into a file: it ends before a pipe is drained, which cuts a long report. It fails where it finds anything; the
  // exit code is not asked, since its report is.
  const file = `${tarball}.attw.json`;
  const report = await open(file, "w");
  try {
    const stdio = ["ignore", report.fd, "ignore"] as const;
    spawnSync(process.execPath, args, { cwd: ROOT, stdio: [...stdio], timeout: 180_000 });
  } finally {
    await report.close();
  }
  const { analysis } = await readJson(file);
  await rm(file);
  const { problems } = objectOf(analysis);
  if (!Array.isArray(problems)) throw new TypeError("attw's report has no list of problems");
  return problems.map((problem: unknown) => {
    const { kind, entrypoint, resolutionKind } = objectOf(problem);
    return `${String(kind)} ${String(entrypoint)} ${String(resolutionKind)}`;
  });
}
