// The body of an error (RFC 9449 section 8), in which an authorization server asks for a nonce: read from
// a copy of the response, within bounds.
import { isBytes, stringArgument } from "../input/argument.js";
import { parseJsonObject } from "../input/json.js";
import { decodeUtf8 } from "../bytes/utf8.js";
import { headerOf, nonceOf, readNonceChallenge, type ResponseLike } from "./challenge.js";

/** Bytes. The error of an authorization server is far shorter. */
const LONGEST_ERROR = 16_384;

/**
 * Milliseconds from the header fields of an error to the end of its body; the caller waits this
 * long.
 */
const LONGEST_WAIT = 5000;

/** The part of the copy of a response that is read. */
interface Copy {
  readonly body?: CopyBody | null;
  text(): Promise<unknown>;
}

interface CopyBody {
  readonly getReader?: () => Reader;
  readonly destroy?: () => unknown;
  readonly [Symbol.asyncIterator]?: () => AsyncIterator<unknown>;
}

interface Reader {
  read(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  cancel(): Promise<unknown>;
}

/**
 * Returns the parsed JSON of a response that may ask for a nonce in it (section 8); undefined for every
 * other response, and if it can't be read. It reads a copy, so that the caller can read the response too.
 */
export async function readErrorBody(response: ResponseLike): Promise<unknown> {
  if (nonceOf(response) === null || !mayAskInBody(response)) return undefined;
  try {
    const copy = (response as { clone?: () => Copy }).clone?.();
    const text = copy === undefined ? null : await readInTime(copy);
    return text === null ? undefined : (parseJsonObject(text, LONGEST_ERROR) ?? undefined);
  } catch {
    return undefined; // the caller gets the same error from the response itself
  }
}

/**
 * True for JSON with the status of an error, unless the header fields ask for a nonce already. If a server
 * set Content-Type twice, the values are joined with a comma and the first one counts.
 */
function mayAskInBody(response: ResponseLike): boolean {
  const { status } = response;
  if (status !== 400 && (status !== 401 || readNonceChallenge(response) !== null)) return false;
  const [first = ""] = (headerOf(response, "content-type") ?? "").split(",", 1);
  const [type = ""] = first.split(";", 1);
  const essence = type.trim().toLowerCase();
  return essence === "application/json" || essence.endsWith("+json");
}

/**
 * Returns null for a body that is too long, that does not end in time, or that can't be read in parts.
 */
function readInTime(copy: Copy): Promise<string | null> {
  const body = copy.body ?? null;
  if (body === null) return inTime(textOf(copy), () => undefined); // React Native has only the text
  const reader = readerOf(body);
  if (reader === null) return Promise.resolve(null);
  return inTime(readShortText(reader), () => giveUp(reader));
}

/**
 * Returns null and calls `end` if `reading` takes too long. A platform without timers has no limit.
 */
function inTime(reading: Promise<string | null>, end: () => void): Promise<string | null> {
  const { setTimeout, clearTimeout } = globalThis as Timers;
  if (typeof setTimeout !== "function" || typeof clearTimeout !== "function") return reading;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve(null);
      end();
    }, LONGEST_WAIT);
    reading.then(resolve, reject).finally(() => clearTimeout(timer));
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

async function readShortText(reader: Reader): Promise<string | null> {
  const bytes = new Uint8Array(LONGEST_ERROR);
  for (let length = 0; ;) {
    const { done, value } = await reader.read();
    if (done === true) return decodeJsonText(bytes.subarray(0, length));
    if (!isBytes(value) || length + value.length > LONGEST_ERROR) {
      giveUp(reader);
      return null;
    }
    bytes.set(value, length);
    length += value.length;
  }
}

async function textOf(copy: Copy): Promise<string | null> {
  const text = stringArgument(await copy.text(), "text");
  return text.length > LONGEST_ERROR ? null : text;
}

/**
 * Returns a reader of a stream of the web platform, or of Node, which iterates; null for anything
 * else.
 */
function readerOf(body: CopyBody): Reader | null {
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

/** Frees or closes the connection of a response whose body is not read. */
export async function discardBody(response: ResponseLike): Promise<void> {
  const { body } = response as {
    readonly body?: { cancel?: () => Promise<void>; destroy?: () => void } | null;
  };
  if (typeof body?.cancel === "function") await body.cancel();
  else if (typeof body?.destroy === "function") body.destroy(); // a stream of Node
}
