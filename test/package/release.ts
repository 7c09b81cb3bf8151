// npm run release: everything that must be right before a version is published, and the command that publishes it. It
// publishes nothing itself. The tag `vX.Y.Z` stands at HEAD, with what is new as its message; the checks and the
// two builds happen in fresh clones of that tag. A clone in which something was installed by hand plays no part.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { deepStrictEqual, match, ok } from "node:assert/strict";
import { objectOf, readJson, ROOT } from "../support/build.js";
import { check, endOfChecks, failures, run } from "./check.js";
import { integrityOf, pack } from "./pack.js";

/** In minutes. */
const CI_LIMIT = 90;

interface Release {
  readonly name: string;
  readonly version: string;
  readonly tag: string;
}

async function readRelease(): Promise<Release> {
  const { name, version } = await readJson(join(ROOT, "package.json"));
  if (typeof name !== "string" || typeof version !== "string")
    throw new TypeError("package.json must have a name and a version");
  return { name, version, tag: `v${version}` };
}

async function checkState({ name, version, tag }: Release): Promise<void> {
  await check("nothing is uncommitted or untracked", async () => {
    deepStrictEqual(await git("status", "--porcelain"), "");
  });
  await check("package.json and package-lock.json agree on name and version", async () => {
    const lock = await readJson(join(ROOT, "package-lock.json"));
    const root = objectOf(objectOf(lock["packages"])[""]);
    const said = [lock["name"], lock["version"], root["name"], root["version"]];
    deepStrictEqual(said, [name, version, name, version]);
    match(version, /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/);
  });
  await check(`the annotated tag ${tag} stands at HEAD and says what is new`, async () => {
    const fields = "%(objecttype)%09%(*objectname)%09%(contents:body)";
    const found = await git("for-each-ref", `refs/tags/${tag}`, `--format=${fields}`);
    const [type, commit, changes = ""] = found.split("\t");
    deepStrictEqual([type, commit], ["tag", (await git("rev-parse", "HEAD")).trim()]);
    ok(changes.trim() !== "", "below its first line the tag's message must list what is new");
  });
  await check("package.json says where the source is, as provenance needs it", async () => {
    const { repository } = await readJson(join(ROOT, "package.json"));
    match(String(objectOf(repository)["url"]), /^git\+https:\/\/.+\.git$/);
  });
}

/** Two clones that share nothing: all checks in one, a build in each. */
async function checkClones(tag: string, folder: string): Promise<string | undefined> {
  const clones = ["one", "the other one"].map((name) => join(folder, name, "dpop-core"));
  await check("the tag can be cloned, twice", async () => {
    for (const clone of clones) {
      await git("clone", "--quiet", "--no-local", "--branch", tag, ROOT, clone);
    }
  });
  const tarballs: string[] = [];
  for (const [index, clone] of clones.entries()) {
    await check(`clone ${index + 1} installs what is locked, builds and packs`, async () => {
      await run("npm", ["ci", "--no-audit", "--no-fund"], clone, { limit: 10 });
      tarballs.push(await pack(clone, join(folder, `packed-${index + 1}`)));
    });
  }
  await check("both tarballs have the same integrity", async () => {
    const [one, two] = await Promise.all(tarballs.map(integrityOf));
    ok(one !== undefined, "there is no tarball");
    deepStrictEqual(two, one);
  });
  await check(
    "every check of .ci/run passes in a clone, check:package among them",
    () => everyCheck(clones[0] ?? ""),
    { limit: CI_LIMIT },
  );
  await check("the registry's signatures of what is bundled and of all tools are good", () =>
    run("npm", ["audit", "signatures"], clones[0] ?? ""),
  );
  return tarballs[0];
}

/** Its output is shown as it comes: it takes long. */
async function everyCheck(clone: string): Promise<void> {
  const child = spawn("bash", [".ci/run"], {
    cwd: clone,
    stdio: ["ignore", "inherit", "inherit"],
    timeout: CI_LIMIT * 60_000,
  });
  const [code, signal] = await once(child, "exit");
  deepStrictEqual({ code, signal }, { code: 0, signal: null });
}

function git(...args: string[]): Promise<string> {
  return run("git", args, ROOT);
}

async function say(release: Release, tarball: string): Promise<void> {
  const bytes = await readFile(tarball);
  const hex = (name: string): string => createHash(name).update(bytes).digest("hex");
  const kept = join(ROOT, basename(tarball));
  await copyFile(tarball, kept);
  console.log(`
${basename(kept)}, ${bytes.length} bytes
SHA-256    ${hex("sha256")}
SHA-512    ${hex("sha512")}
integrity  ${await integrityOf(kept)}

Nothing is published. Publish this very file from a job that the registry takes for ${release.name},
with a token of OpenID Connect (else there is no provenance), after comparing its integrity:

  npm publish ./${basename(kept)} --provenance --access public
`);
}

async function main(): Promise<void> {
  const release = await readRelease();
  await checkState(release);
  if (failures() > 0) return; // what follows takes long, and would be about another state
  const folder = await mkdtemp(join(tmpdir(), "dpop-core-"));
  try {
    const tarball = await checkClones(release.tag, folder);
    if (failures() === 0 && tarball !== undefined) await say(release, tarball);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
endOfChecks("release");
