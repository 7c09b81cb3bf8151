// Java programs of this folder. Maven fetches the jars that a pom.xml names, javac compiles the sources beside it; both
// are kept, under names that change with what they were made from.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  findProgram,
  openFolder,
  runProgram,
  type Service,
  startService,
  versionOf,
  within,
} from "../../support/process.js";
import { Missing } from "../peer.js";
import { kept } from "./cache.js";

const COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.0:copy-dependencies";
const OLDEST_JAVA = 17;

/** Milliseconds. */
const FETCH_LIMIT = 300_000; // 180 MB take twenty seconds
const COMPILE_LIMIT = 120_000;
const READY_LIMIT = 120_000;
const SERVICE_LIMIT = 1_800_000;

export interface JavaProgram {
  readonly java: string;
  readonly classPath: string;
  /** Of one of its jars. */
  version(artifact: string): string;
}

/** The program in a subfolder of this folder, ready to run. Throws a Missing where Java, Maven or a jar can't be had. */
export async function buildJava(name: string): Promise<JavaProgram> {
  const [java, javac, maven] = programs("java", "javac", "mvn");
  await requireJava(java);
  const sources = fileURLToPath(new URL(`../${name}/`, import.meta.url));
  const pom = join(sources, "pom.xml");
  const files = readdirSync(sources).filter((file) => file.endsWith(".java"));
  const code = files.toSorted().map((file) => join(sources, file));

  const jars = await kept(`${name}-jars-${hashOf([pom])}`, async (folder) => {
    const args = ["-q", "-B", "-Dstyle.color=never", "-f", pom, COPY];
    await fetched(maven, [...args, "-DincludeScope=runtime", `-DoutputDirectory=${folder}`]);
  });
  const libraries = join(jars, "*");
  const classes = await kept(`${name}-classes-${hashOf([pom, ...code])}`, async (folder) => {
    const args = ["--release", String(OLDEST_JAVA), "-parameters", "-cp", libraries, "-d", folder];
    await runProgram(javac, [...args, ...code], { limit: COMPILE_LIMIT });
  });
  return {
    java,
    classPath: `${classes}${delimiter}${libraries}`,
    version: (artifact) => versionIn(jars, artifact),
  };
}

export interface JavaService {
  /** What it printed when it was ready. */
  readonly origin: string;
  stop(): Promise<void>;
}

/** Starts a main class that prints its origin when it is ready, and serves till it is stopped. */
export async function startJava(
  { java, classPath }: JavaProgram,
  main: string,
  ownArgs: readonly string[] = [],
): Promise<JavaService> {
  // Quick to start, and one thread for garbage: these programs live for a minute.
  const options = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"];
  const folder = openFolder(); // for what it writes, and so that it finds no settings of ours
  const args = [...options, `-Djava.io.tmpdir=${folder.path}`, "-cp", classPath, main, ...ownArgs];
  const service: Service = startService(java, args, { limit: SERVICE_LIMIT, cwd: folder.path });
  const stop = async (): Promise<void> => {
    await service.stop();
    folder.remove();
  };
  try {
    const origin = await within(READY_LIMIT, `${main} to be ready`, service.firstLine);
    if (!/^http:\/\/127\.0\.0\.1:\d+$/.test(origin)) throw new Error(`${main} said ${origin}`);
    return { origin, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs Maven where it may download; what it can't have is Missing. */
export async function fetched(maven: string, args: readonly string[]): Promise<void> {
  try {
    await runProgram(maven, args, { limit: FETCH_LIMIT });
  } catch (error) {
    throw new Missing(`Maven could not fetch it: ${reasonOf(String(error))}`);
  }
}

/** Maven says it in the first line that it marks as an error, and the cause at the end of that line. */
function reasonOf(text: string): string {
  const line =
    /\[ERROR\] (.+?)(?: -> \[Help 1\])?$/m.exec(text)?.[1] ?? text.split("\n", 1)[0] ?? "";
  return line.length > 120 ? `…${line.slice(-120)}` : line;
}

/** All of them, or a Missing that names those that are not on the PATH. */
export function programs<Names extends readonly string[]>(
  ...names: Names
): { readonly [At in keyof Names]: string } {
  const absent = names.filter((name) => findProgram(name) === null);
  if (absent.length > 0) throw new Missing(`not on the PATH: ${absent.join(", ")}`);
  const found: readonly string[] = names.map((name) => findProgram(name) ?? "");
  return found as { readonly [At in keyof Names]: string }; // one for each name, as map makes them
}

/** Throws a Missing where `java`, a program or null, is too old or can't be run. */
export async function requireJava(java: string | null): Promise<void> {
  const version = await versionOf(java, ["-version"], /version "(\d+[^"]*)"/);
  if (version === null) throw new Missing("there is no java that says its version");
  if (Number.parseInt(version, 10) < OLDEST_JAVA)
    throw new Missing(`java ${version} is too old: ${OLDEST_JAVA} or later is needed`);
}

function hashOf(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files)
    hash.update(file.slice(file.lastIndexOf("/"))).update(readFileSync(file));
  return hash.digest("hex").slice(0, 12);
}

function versionIn(jars: string, artifact: string): string {
  const jar = readdirSync(jars).find((file) => new RegExp(`^${artifact}-\\d`).test(file));
  if (jar === undefined) throw new Error(`there is no jar of ${artifact}`);
  return jar.slice(artifact.length + 1, -".jar".length);
}
