// JSON documents over HTTP (RFC 8414 section 3, RFC 7517 section 5, RFC 7662 section 2): a URL to a parsed
// object, within bounds of size and time, without redirects.
import { numberArgument } from "../input/argument.js";
import { inTime, openBody } from "../input/body.js";
import { type JsonBounds, type JsonObject, parseJsonObject } from "../input/json.js";
import { splitJws } from "../jose/jws.js";
import { isHttpUrl, normalizeHtu, type PlainHttp, readPlainHttp } from "../proof/htu.js";

/** The part of a response that is read. The `Response` of fetch has it. */
export interface DocumentResponse {
  readonly status: number;
  /** Returns the body, where it can't be read as a stream. */
  text(): Promise<string>;
}

/** Any function that takes what fetch takes, or part of it, and returns what fetch returns. */
export type DocumentFetch = (input: never, init: never) => Promise<DocumentResponse>;

/** What is sent, beside the URL. */
export interface DocumentInit {
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How much a document may hold. */
export interface DocumentBounds extends JsonBounds {
  readonly bytes: number;
}

/** Gets the documents of one attempt, which has to end in time as a whole. */
export type GetDocument = (
  what: string,
  url: string,
  bounds: DocumentBounds,
  init?: DocumentInit,
) => Promise<JsonObject>;

/** A function like fetch, as it is called here. */
type UntypedFetch = (
  url: string,
  init: DocumentInit & { readonly redirect: "manual"; readonly signal: unknown },
) => Promise<DocumentResponse>;

/** How documents are fetched. */
export interface DocumentPolicy {
  /** undefined: the platform's fetch at the time of each call. */
  readonly fetch: UntypedFetch | undefined;
  readonly plainHttp: PlainHttp;
  /** Seconds. */
  readonly timeout: number;
}

const LONGEST_WAIT = 60;

/** Reads the options of what is fetched. Throws a TypeError or RangeError that names the option. */
export function readDocumentPolicy(options: {
  readonly fetch?: unknown;
  readonly plainHttp?: unknown;
  readonly timeout?: unknown;
}): DocumentPolicy {
  const { fetch, plainHttp, timeout = 5 } = options;
  return {
    fetch: readFetch(fetch),
    plainHttp: readPlainHttp(plainHttp),
    timeout: numberArgument(timeout, "timeout", "seconds", 0.001, LONGEST_WAIT),
  };
}

/** Guards the option `fetch`. */
function readFetch(value: unknown): UntypedFetch | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "function") throw new TypeError("fetch must be a function");
  return value as UntypedFetch; // its own types told the caller what it takes
}

/** Browsers want fetch called without an owner. */
function platformFetch(): UntypedFetch {
  const { fetch } = globalThis as { readonly fetch?: UntypedFetch };
  if (typeof fetch !== "function") {
    throw new TypeError("fetch must be given: the platform has none");
  }
  return fetch;
}

/** What the platform may have to end a request that takes too long. */
interface Controller {
  readonly signal: unknown;
  abort(): void;
}

/**
 * Runs one attempt. Throws an Error if it takes too long: what it fetches then ends, where the platform can
 * end it, and concerns no caller.
 */
export function withDocuments<T>(
  policy: DocumentPolicy,
  what: string,
  attempt: (get: GetDocument) => Promise<T>,
): Promise<T> {
  const { AbortController } = globalThis as { readonly AbortController?: new () => Controller };
  const controller = AbortController === undefined ? undefined : new AbortController();
  let isOver = false;
  const get: GetDocument = async (name, url, bounds, init) => {
    if (isOver) throw new Error(`${what} took too long`);
    return getDocument(policy, controller?.signal, name, url, bounds, init);
  };
  return inTime(attempt(get), policy.timeout * 1000, () => {
    isOver = true;
    controller?.abort();
    throw new Error(`${what} took longer than ${policy.timeout} seconds`);
  });
}

async function getDocument(
  { fetch, plainHttp }: DocumentPolicy,
  signal: unknown,
  what: string,
  url: string,
  { bytes, ...bounds }: DocumentBounds,
  init: DocumentInit = { headers: { accept: "application/json" } },
): Promise<JsonObject> {
  if (!isDocumentUrl(url, plainHttp)) throw new Error(`${what} must have an https URL`);
  const send = fetch ?? platformFetch();
  // "manual", because some platforms have no "error": a redirect has another status than 200.
  const response = await named(what, () => send(url, { ...init, redirect: "manual", signal }));
  const body = openBody(response, bytes);
  if (response.status !== 200) {
    body?.giveUp();
    throw new Error(`${what}: the status is ${Number(response.status)}`);
  }
  const text = body === null ? null : await named(what, () => body.text());
  const document = text === null ? null : parseJsonObject(text, bounds);
  if (document !== null) return document;
  if (text !== null && isJwt(text)) {
    throw new Error(`${what}: signed answers (RFC 9701) are not read; the server must send JSON`);
  }
  throw new Error(`${what}: the body is too large or not strict JSON`);
}

/** Says what failed where fetch says only how. */
async function named<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw Object.assign(new Error(`${what}: fetch failed`), { cause });
  }
}

function isJwt(text: string): boolean {
  return text.startsWith("eyJ") && splitJws(text) !== null;
}

/** Returns true for an absolute https URL, and for an http one whose host `plainHttp` allows. */
export function isDocumentUrl(url: unknown, plainHttp: PlainHttp): url is string {
  return typeof url === "string" && isHttpUrl(url, plainHttp) && normalizeHtu(url) !== null;
}
