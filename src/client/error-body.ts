// The body of an error (RFC 9449 section 8): where an authorization server says that it wants a nonce,
// read within bounds, and from a copy.
import { isBytes, stringArgument } from "../input/argument.js";
import { parseJsonObject } from "../input/json.js";
import { decodeUtf8 } from "../bytes/utf8.js";
import { headerOf, nonceOf, readNonceChallenge, type ResponseLike } from "./challenge.js";

/** Bytes; what an authorization server has to say of an error is far shorter. */
const LONGEST_ERROR = 16_384;

/** Milliseconds from the header fields of an error to the end of its body: the caller waits for both. */
const LONGEST_WAIT = 5000;

/** A copy of a response, as far as it is read. */
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
 * The parsed JSON of a response that may be the one of section 8, read from a copy, so that the
 * caller can read it too; undefined for every other one and where it can't be read.
 */
export async function readErrorBody(response: ResponseLike): Promise<unknown> {
  if (nonceOf(response) === null || !mayAskInBody(response)) return undefined;
  try {
    const copy = (response as { clone?: () => Copy }).clone?.();
    const text = copy === undefined ? null : await readInTime(copy);
    return text === null ? undefined : (parseJsonObject(text, LONGEST_ERROR) ?? undefined);
  } catch {
    return undefined; // whoever reads the response itself is told
  }
}

/**
 * JSON of an error of which the header fields do not ask for a nonce already. Of a Content-Type that
 * a server set twice, which is joined with a comma, the first counts.
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
 * null where it is longer than an error is, where it has not ended in time, and where there is a body
 * that can't be read in parts.
 */
function readInTime(copy: Copy): Promise<string | null> {
  const body = copy.body ?? null;
  if (body === null) return inTime(textOf(copy), () => undefined); // React Native has the text alone
  const reader = readerOf(body);
  if (reader === null) return Promise.resolve(null);
  return inTime(readShortText(reader), () => giveUp(reader));
}

/** null where `reading` takes too long, and then `end` is called; without a limit where no timer is. */
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

/** What most platforms have; called without an owner, as browsers want it. */
interface Timers {
  readonly setTimeout?: (run: () => void, milliseconds: number) => unknown;
  readonly clearTimeout?: (timer: unknown) => void;
}

/** It may wait for the original: so we do not. Nor is its failure anybody's. */
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

/** Of a stream of the web platform, or of Node's, which iterates; null for what is neither. */
function readerOf(body: CopyBody): Reader | null {
  if (typeof body.getReader === "function") return body.getReader();
  const pieces = body[Symbol.asyncIterator]?.();
  if (pieces === undefined) return null;
  const cancel = async (): Promise<unknown> =>
    // A stream of Node: to return would wait for the piece that never comes.
    typeof body.destroy === "function" ? body.destroy() : pieces.return?.();
  return { read: () => pieces.next(), cancel };
}

/** The byte-order mark that some servers put first is left out, as `response.json()` does. */
function decodeJsonText(bytes: Uint8Array): string | null {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return decodeUtf8(hasMark ? bytes.subarray(3) : bytes);
}

/** What nobody reads would hold its connection, which is freed or closed by this. */
export async function discardBody(response: ResponseLike): Promise<void> {
  const { body } = response as {
    readonly body?: { cancel?: () => Promise<void>; destroy?: () => void } | null;
  };
  if (typeof body?.cancel === "function") await body.cancel();
  else if (typeof body?.destroy === "function") body.destroy(); // a stream of Node
}
