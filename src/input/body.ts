// The body of an HTTP message, in any form that a platform's fetch gives it: to its bytes or its text, within
// bounds of size and time.
import { decodeUtf8 } from "../bytes/utf8.js";
import { isBytes, stringArgument } from "./argument.js";

/** The part of a response, or of a copy of it, that is read. */
export interface BodySource {
  readonly body?: Body | null;
  text(): Promise<unknown>;
}

interface Body {
  readonly getReader?: () => Reader;
  readonly destroy?: () => unknown;
  readonly [Symbol.asyncIterator]?: () => AsyncIterator<unknown>;
}

interface Reader {
  read(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  cancel(): Promise<unknown>;
}

/** A body that was opened for reading. */
export interface OpenBody {
  /** Returns the text; null where it is longer than the bound, or is not UTF-8. */
  text(): Promise<string | null>;
  /** Frees or closes the connection of a body that is not read to its end. */
  giveUp(): void;
}

/** Opens the body of a response. Returns null where it can't be read in parts. `longest` is in bytes. */
export function openBody(source: BodySource, longest: number): OpenBody | null {
  const body = source.body ?? null;
  // React Native has only the text.
  if (body === null) return { text: () => textOf(source, longest), giveUp: () => undefined };
  const reader = readerOf(body);
  if (reader === null) return null;
  return { text: () => readText(reader, longest), giveUp: () => giveUp(reader) };
}

/**
 * Returns what `late` returns, or throws what it throws, if the work takes too long. A platform without
 * timers has no limit.
 */
export function inTime<T>(work: Promise<T>, milliseconds: number, late: () => T): Promise<T> {
  const { setTimeout, clearTimeout } = globalThis as Timers;
  if (typeof setTimeout !== "function" || typeof clearTimeout !== "function") return work;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      Promise.resolve().then(late).then(resolve, reject);
    }, milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The timers of most platforms. Browsers want them called without an owner. */
interface Timers {
  readonly setTimeout?: (run: () => void, milliseconds: number) => unknown;
  readonly clearTimeout?: (timer: unknown) => void;
}

/**
 * Cancels without waiting, since that may wait for the original. A failure of it concerns no
 * caller.
 */
function giveUp(reader: Reader): void {
  Promise.resolve()
    .then(() => reader.cancel())
    .catch(() => undefined);
}

async function readText(reader: Reader, longest: number): Promise<string | null> {
  const bytes = await readPieces(reader, longest);
  return bytes === null ? null : decodeJsonText(bytes);
}

/** Returns the bytes of a stream; null where it is longer than the bound. `longest` is in bytes. */
export async function readBytes(body: unknown, longest: number): Promise<Uint8Array | null> {
  const reader = typeof body === "object" && body !== null ? readerOf(body) : null;
  return reader === null ? null : readPieces(reader, longest);
}

async function readPieces(reader: Reader, longest: number): Promise<Uint8Array | null> {
  let bytes = new Uint8Array(Math.min(longest, FIRST_ROOM));
  for (let length = 0; ;) {
    const { done, value } = await reader.read();
    if (done === true) return bytes.subarray(0, length);
    if (!isBytes(value) || length + value.length > longest) {
      giveUp(reader);
      return null;
    }
    const needed = length + value.length;
    if (needed > bytes.length) bytes = grown(bytes, Math.min(longest, 2 * needed));
    bytes.set(value, length);
    length = needed;
  }
}

/** Bytes. Most bodies that are read here are shorter. */
const FIRST_ROOM = 16_384;

function grown(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const more = new Uint8Array(size);
  more.set(bytes);
  return more;
}

async function textOf(source: BodySource, longest: number): Promise<string | null> {
  const text = stringArgument(await source.text(), "text");
  return text.length > longest ? null : text;
}

/**
 * Returns a reader of a stream of the web platform, or of Node, which iterates; null for anything
 * else.
 */
function readerOf(body: Body): Reader | null {
  if (typeof body.getReader === "function") return body.getReader();
  const pieces = body[Symbol.asyncIterator]?.();
  if (pieces === undefined) return null;
  const cancel = async (): Promise<unknown> =>
    // A stream of Node: `return` would wait for the next piece, which may never come.
    typeof body.destroy === "function" ? body.destroy() : pieces.return?.();
  return { read: () => pieces.next(), cancel };
}

/** Ignores the byte-order mark that some servers send, as `response.json()` does. */
function decodeJsonText(bytes: Uint8Array): string | null {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return decodeUtf8(hasMark ? bytes.subarray(3) : bytes);
}
