// The command line of the installed package, as npx starts it.
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { deepStrictEqual, match, ok } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import ts from "typescript";
import { readJson } from "../support/build.js";
import { check, node, run } from "./check.js";
import { COMMAND_LINE, homeIn } from "./pack.js";

/** Bytes of the program, gzip; what it imports is the library. */
const BUDGET = 31_000;

const npx = (project: string, args: readonly string[]): Promise<string> =>
  run("npx", ["--offline", "dpop-core", ...args], project);

export async function checkCommandLine(project: string): Promise<void> {
  const home = homeIn(project);
  const file = join(home, COMMAND_LINE);
  await check("bin names the command line, which is a program for Node", async () => {
    const { bin } = await readJson(join(home, "package.json"));
    deepStrictEqual(bin, { "dpop-core": COMMAND_LINE });
    match(await readFile(file, "utf8"), /^#!\/usr\/bin\/env node\n/);
    ok(((await stat(file)).mode & 0o111) !== 0, "it can't be executed");
  });
  await check("it imports modules of Node and entries of the package, no more", async () => {
    const { importedFiles } = ts.preProcessFile(await readFile(file, "utf8"), true, true);
    const names = importedFiles.map(({ fileName }) => fileName);
    ok(names.length > 5);
    deepStrictEqual(
      names.filter((name) => !/^(?:node:[\w/]+|dpop-core\/[\w-]+)$/.test(name)),
      [],
    );
  });
  await check("it is within its budget", async () => {
    const { length } = gzipSync(await readFile(file), { level: 9 });
    ok(length <= BUDGET && length > BUDGET * 0.8, `${length} bytes, budget ${BUDGET}`);
  });
  await check("npx dpop-core --help", async () => {
    match(await npx(project, ["--help"]), /^Usage: dpop-core COMMAND/m);
    match(await npx(project, ["explain", "--help"]), /^Usage: dpop-core explain/m);
  });
  await check("npx dpop-core --version", async () => {
    const { version } = await readJson(join(home, "package.json"));
    deepStrictEqual((await npx(project, ["--version"])).trim(), version);
  });
  await check("npx dpop-core makes a key and a proof", async () => {
    const made: unknown = JSON.parse(await npx(project, ["keygen", "--out", "key.json", "--json"]));
    const jkt = typeof made === "object" && made !== null && "jkt" in made ? made.jkt : "";
    deepStrictEqual((await npx(project, ["thumbprint", "key.json"])).trim(), jkt);
    const args = ["prove", "GET", "https://api.example/", "--key", "key.json"];
    match(await npx(project, args), /^DPoP: eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
  });
  await check("the program runs without npx too", async () => {
    ok((await node(file, project).catch((error: unknown) => String(error))).includes("COMMAND"));
  });
}
