// Keycloak's distribution: from Maven Central, built once for the way that we start it, and kept in a cache folder.
import { cpSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import {
  findProgram,
  openFolder,
  runProgram,
  versionOf,
  withFolder,
} from "../../support/process.js";
import { Missing } from "../peer.js";

const GROUP = "org.keycloak";
const ARTIFACT = "keycloak-quarkus-dist";
const MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.0:copy";

/** In milliseconds: 180 MB may come by a slow line. */
const DOWNLOAD_LIMIT = 1_200_000;
const UNPACK_LIMIT = 120_000;
const BUILD_LIMIT = 300_000;

/** What is decided when Keycloak is built: no database of its own. */
const BUILD_OPTIONS = ["--db=dev-mem"];

/** The newest first. */
export const KEYCLOAK_VERSIONS = ["26.7.3", "26.5.6"] as const;

/** The folder of a built distribution; null where it is not in the cache. */
export function cachedDistribution(version: string): string | null {
  const folder = folderOf(version);
  return existsSync(folder) ? folder : null;
}

/** The same, got where it is not there. Throws a Missing where this machine can't get or run it. */
export async function getDistribution(version: string): Promise<string> {
  await checkJava();
  return cachedDistribution(version) ?? install(version);
}

/** Throws a Missing where there is no Java that runs Keycloak. */
export async function checkJava(): Promise<void> {
  const version = await versionOf(java(), ["-version"], /version "(\d+)/);
  if (version === null) throw new Missing("java is neither on the PATH nor in JAVA_HOME");
  if (Number(version) < 17) throw new Missing(`it wants java 17 or later, and here is ${version}`);
}

/** The one that kc.sh takes. */
function java(): string | null {
  const home = process.env["JAVA_HOME"] ?? "";
  return home === "" ? findProgram("java") : join(home, "bin", "java");
}

/** Copies a distribution that is somebody else's, and builds the copy; it is there until we end. */
export async function builtCopyOf(distribution: string): Promise<string> {
  const copy = join(openFolder().path, "distribution");
  cpSync(distribution, copy, { recursive: true });
  await build(copy);
  return copy;
}

/** Builds a distribution, in its own folder. */
async function build(distribution: string): Promise<void> {
  const script = join(distribution, "bin", "kc.sh");
  await runProgram("sh", [script, "build", ...BUILD_OPTIONS], { limit: BUILD_LIMIT });
}

/** All or nothing: what is only half there has another name. */
async function install(version: string): Promise<string> {
  const [maven, tar] = [programFor("mvn"), programFor("tar")];
  const cache = cacheFolder();
  mkdirSync(cache, { recursive: true });
  return withFolder(async (folder) => {
    console.log(`getting Keycloak ${version}, some 170 MB, into ${cache}`);
    await download(maven, version, folder);
    const unpacked = join(folder, "unpacked");
    mkdirSync(unpacked);
    const archive = join(folder, `${ARTIFACT}-${version}.tar.gz`);
    const args = ["-xzf", archive, "-C", unpacked, "--strip-components=1"];
    await runProgram(tar, args, { limit: UNPACK_LIMIT });
    await build(unpacked);
    // Another run may have been quicker, and then its folder is as good.
    if (cachedDistribution(version) === null) renameSync(unpacked, folderOf(version));
    return folderOf(version);
  }, cache);
}

async function download(maven: string, version: string, folder: string): Promise<void> {
  const artifact = `${GROUP}:${ARTIFACT}:${version}:tar.gz`;
  const args = ["-q", "-B", MAVEN_COPY, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`];
  try {
    await runProgram(maven, args, { limit: DOWNLOAD_LIMIT });
  } catch (error) {
    const reason = /\[ERROR\] (.{1,120})/.exec(String(error))?.[1] ?? String(error).slice(0, 120);
    throw new Missing(`Maven could not get ${artifact}: ${reason.replaceAll(/\s+/g, " ")}`);
  }
}

function programFor(name: string): string {
  const found = findProgram(name);
  if (found === null) throw new Missing(`${name} is not on the PATH`);
  return found;
}

function folderOf(version: string): string {
  return join(cacheFolder(), `keycloak-${version}`);
}

/** Outside of the repository, so that every clone has it. */
function cacheFolder(): string {
  const caches = process.env["XDG_CACHE_HOME"] ?? "";
  return join(caches === "" ? join(homedir(), ".cache") : caches, "dpop-core-interop");
}
