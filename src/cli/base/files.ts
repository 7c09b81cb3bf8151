// Files and standard input, within bounds; files with secrets, which only their owner may read.
import { randomBytes } from "node:crypto";
import { constants, type FileHandle, open, rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { mistake } from "./fault.js";
import { type Io, writeLine } from "./io.js";
import { paintFor } from "./text.js";

/** Bytes: a mebibyte. Keys, tokens and logs are far smaller. */
const MOST_TEXT = 1_048_576;

/** What stands for standard input and output in place of a file. */
export const STREAM = "-";

/** Returns what standard input holds. `what` says what it should hold, to a person who would have to type it. */
export async function readStdin(io: Io, what: string): Promise<string> {
  if (io.stdin.isTTY === true) {
    writeLine(io.stderr, paintFor(io, io.stderr).dim(`Paste ${what}, then press Ctrl-D.`));
  }
  if (readOnce.has(io)) {
    throw mistake("standard input is wanted for two things", "Put one of them into a file");
  }
  readOnce.add(io);
  return orEnded(io, readAll(io, what));
}

/** Whose standard input was read: it holds one thing. */
const readOnce = new WeakSet<Io>();

/** Settles as `work` does, or rejects at once where the user ends the program: a read from a terminal never would. */
function orEnded<T>({ signal }: Io, work: Promise<T>): Promise<T> {
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, ended]);
}

async function readAll(io: Io, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of io.stdin) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : Buffer.from(chunk);
    size += bytes.length;
    if (size > MOST_TEXT) {
      throw mistake("standard input is longer than a mebibyte", `It should hold ${what} only`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** A file that an option names. */
export interface Source {
  /** As the user wrote it; "-" is standard input. */
  readonly path: string;
  /** The option, for messages: the path could be a token that stands in the wrong place. */
  readonly option: string;
  /** What the file should hold. */
  readonly what: string;
}

/** Returns the text of a file, or of standard input for "-". Warns where it is secret, and others can read the file. */
export async function readText(
  io: Io,
  source: Source,
  isSecret: (text: string) => boolean = () => false,
): Promise<string> {
  if (source.path === STREAM) {
    const text = await readStdin(io, source.what);
    if (text.trim() !== "") return text;
    throw mistake("standard input is empty", `It should hold ${source.what}`);
  }
  const { text, mode } = await readFile(io, source);
  // Windows has no such bits: there every file seems to be open to all.
  if ((mode & 0o077) !== 0 && process.platform !== "win32" && isSecret(text)) {
    const warning = `warning: others can read the file of ${source.option}: chmod 600 makes it yours`;
    writeLine(io.stderr, paintFor(io, io.stderr).yellow(warning));
  }
  return text;
}

/** Returns the text of a file that holds a secret in any case. */
export function readSecret(io: Io, source: Source): Promise<string> {
  return readText(io, source, () => true);
}

async function readFile(
  io: Io,
  { path, option, what }: Source,
): Promise<{ readonly text: string; readonly mode: number }> {
  let file: FileHandle;
  try {
    file = await open(resolve(io.cwd, path), "r");
  } catch (error) {
    throw mistake(`${option}: ${reasonOf(error)}`, `It takes a file that holds ${what}`);
  }
  try {
    const { size, mode } = await file.stat();
    if (size > MOST_TEXT)
      throw mistake(`${option}: the file is longer than a mebibyte`, `It should hold ${what}`);
    return { text: await file.readFile("utf8"), mode };
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    throw mistake(`${option}: ${reasonOf(error)}`, `It takes a file that holds ${what}`);
  } finally {
    await file.close();
  }
}

/** Where a secret is to be written. */
export interface Target {
  readonly path: string;
  readonly option: string;
  /** An existing file is replaced only with --force. */
  readonly force: boolean;
}

/**
 * Writes a secret to a file with the mode 600, or to standard output for "-". With `force` a new file takes the place
 * of the old one at once, so that neither its mode nor a link of that name stays.
 */
export async function writeSecret(io: Io, target: Target, text: string): Promise<void> {
  if (target.path === STREAM) {
    io.stdout.write(text);
    return;
  }
  const path = resolve(io.cwd, target.path);
  const first = target.force ? `${path}.${randomBytes(6).toString("hex")}.new` : path;
  try {
    await writeNew(first, text);
  } catch (error) {
    if (codeOf(error) === "EEXIST") {
      throw mistake(
        `${target.option}: the file exists already, and what is in it would be lost`,
        "Name another file, or add --force to replace it",
      );
    }
    throw mistake(
      `${target.option}: ${reasonOf(error)}`,
      "Name a file in a folder that you can write in",
    );
  }
  if (!target.force) return;
  try {
    await rename(first, path);
  } catch (error) {
    await rm(first, { force: true });
    throw mistake(
      `${target.option}: ${reasonOf(error)}`,
      "Name a file, in a folder that you can write in",
    );
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants; // "wx"
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

/** Returns true where two paths are the same. */
export function isSamePath(io: Io, one: string, other: string): boolean {
  return resolve(io.cwd, one) === resolve(io.cwd, other);
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Returns why a file can't be used, without its name. */
function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case "ENOENT":
      return "there is no such file or folder";
    case "EACCES":
    case "EPERM":
      return "the system permits no access to the file";
    case "EISDIR":
      return "that is a folder";
    case "ENOTDIR":
      return "a part of the path is no folder";
    case "ENAMETOOLONG":
      return "that is too long for the name of a file";
    case undefined:
      throw error;
    default:
      return `the file can't be used (${codeOf(error)})`;
  }
}

/** Returns true where a file is there. */
export async function isFile(io: Io, path: string): Promise<boolean> {
  try {
    await (await open(resolve(io.cwd, path), "r")).close();
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    return true; // it is there, and reading it will say what is wrong
  }
}
