// Keycloak's distribution: from Maven Central, built once for the way that we start it, and kept in a cache folder.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { findProgram, openFolder, runProgram, withFolder } from "../../support/process.js";
import { cached, kept } from "../support/cache.js";
import { fetched, programs, requireJava } from "../support/maven.js";

const GROUP = "org.keycloak";
const ARTIFACT = "keycloak-quarkus-dist";
const COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.0:copy";

/** In milliseconds. */
const UNPACK_LIMIT = 120_000;
const BUILD_LIMIT = 300_000;

/** What is decided when Keycloak is built: no database of its own. */
const BUILD_OPTIONS = ["--db=dev-mem"];

/** The newest first. */
export const KEYCLOAK_VERSIONS = ["26.7.3", "26.5.6"] as const;

/** The folder of a built distribution; null where none was kept. */
export function cachedDistribution(version: string): string | null {
  return cached(nameOf(version));
}

/** The same, got where it is not there. Throws a Missing where this machine can't get or run it. */
export async function getDistribution(version: string): Promise<string> {
  await checkJava();
  return kept(nameOf(version), (folder) => install(version, folder));
}

/** Throws a Missing where there is no Java that runs Keycloak. */
export function checkJava(): Promise<void> {
  return requireJava(java());
}

/** The one that kc.sh takes. */
function java(): string | null {
  const named = process.env["JAVA"] ?? "";
  if (named !== "") return named;
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

async function install(version: string, distribution: string): Promise<void> {
  const [maven, tar] = programs("mvn", "tar");
  console.log(`getting Keycloak ${version}, some 170 MB`);
  await withFolder(async (folder) => {
    const artifact = `-Dartifact=${GROUP}:${ARTIFACT}:${version}:tar.gz`;
    await fetched(maven, ["-q", "-B", COPY, artifact, `-DoutputDirectory=${folder}`]);
    const archive = join(folder, `${ARTIFACT}-${version}.tar.gz`);
    const args = ["-xzf", archive, "-C", distribution, "--strip-components=1"];
    await runProgram(tar, args, { limit: UNPACK_LIMIT });
  });
  await build(distribution);
}

/** Another one where it is built with other options. */
function nameOf(version: string): string {
  return ["keycloak", version, ...BUILD_OPTIONS].join("-").replaceAll(/[^\w.]+/g, "-");
}
