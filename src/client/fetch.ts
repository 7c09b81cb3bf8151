// fetch with proofs (RFC 9449 sections 4, 7.1, 8 and 9): a request as fetch takes it to one that
// carries a proof of its own, sent once more where the server wants a nonce.
import {
  functionMember,
  isBytes,
  membersArgument,
  objectArgument,
  plainArgument,
  stringArgument,
} from "../bytes/argument.js";
import { parseJsonObject } from "../bytes/json.js";
import { decodeUtf8 } from "../bytes/utf8.js";
import { isAccessToken } from "../proof/ath.js";
import { httpScheme, normalizeHtu } from "../proof/htu.js";
import {
  headerOf,
  nonceOf,
  readNonceChallenge,
  responseArgument,
  type ResponseLike,
} from "./challenge.js";
import { originArgument, originOf } from "./nonces.js";
import type { AsyncClientSession, ClientSession, SessionRequest } from "./session.js";

/** Any function that takes what fetch takes, or part of it, and answers what fetch answers. */
export type FetchLike = (input: never, init?: never) => Promise<ResponseLike>;

/** What can be said of fetch where the platform's types do not declare it. */
export type PlainFetch = (
  input: string | { readonly href: string } | { readonly url: string },
  init?: Readonly<Record<string, unknown>>,
) => Promise<ResponseLike>;

/** The type of the platform's own fetch, as the program that uses this package knows it. */
export type PlatformFetch = typeof globalThis extends { fetch: infer F extends FetchLike }
  ? F
  : PlainFetch;

export interface DpopFetchOptions<F extends FetchLike = PlatformFetch> {
  readonly session:
    | Pick<ClientSession, "buildProof" | "observe" | "shouldRetry">
    | Pick<AsyncClientSession, "buildProof" | "observe" | "shouldRetry">;
  /**
   * What sends the requests; the platform's fetch, as it is at each call, where it is not given. It
   * must take the URL as a string: a URL object is sent as its `href`.
   */
  readonly fetch?: F | undefined;
}

/**
 * Makes a fetch of the same type that adds a DPoP proof to every request, and sends a request once
 * more, with a new proof, where the server wants a nonce. All else is passed on and handed back. The
 * call alone is wrapped: other members of the fetch that was given are not there.
 *
 * - The proof is for the access token of the request's own header `Authorization: DPoP …`; without
 *   one it is for an authorization server. A header `DPoP` that you set is replaced.
 * - Redirects are handed to you, as with `redirect: "manual"` ("error" stays): a proof is for one
 *   URL, and a token must not follow to another server. React Native follows them all the same, on
 *   its own: from a response of another origin nothing is learned, and nothing is sent again.
 * - A string must be an absolute URL that is sent as it is written; for all others pass a URL object.
 * - A body that may be read but once is never sent again: a stream, that of a Request (unless `init`
 *   has another), or one of an unknown kind. Then you get the response that asks for a nonce, and the
 *   nonce is kept for your next request.
 * - An error that may ask for a nonce in its JSON (status 400 or 401) is read first, up to 16384 bytes
 *   where the platform has streams. That bounds no time: a body that does not end is waited for until
 *   your `signal` aborts.
 *
 * Throws a TypeError for a mistaken option. A mistaken call is a rejection with a TypeError; what
 * fetch and the signer throw comes through.
 */
export function createDpopFetch<F extends FetchLike = PlatformFetch>(
  options: DpopFetchOptions<F>,
): F {
  const { session, fetch } = membersArgument(options, "options", ["session", "fetch"]);
  const ownFetch = fetch === undefined ? undefined : fetchArgument(fetch);
  const given = objectArgument(session, "session");
  for (const name of ["buildProof", "observe", "shouldRetry"]) {
    functionMember(given, name, "session");
  }
  const signed = async (input: unknown, init?: unknown): Promise<ResponseLike> => {
    const send = ownFetch ?? platformFetch();
    const call = readCall(input, init);
    for (let attempt = 1; ; attempt++) {
      const proof = await session.buildProof(call.target);
      const response = await send(call.input, initOf(call, proof));
      responseArgument(response);
      if (isFromElsewhere(response, call.target.url)) return response;
      const isLast = attempt > 1 || !canRepeat(call);
      const errorBody = isLast ? undefined : await readErrorBody(response);
      // Nothing is awaited from here to the next proof, so that it has the nonce of this response.
      session.observe(call.target, response);
      const { status, headers } = response;
      if (isLast || !session.shouldRetry({ status, headers, errorBody }, attempt)) return response;
      discardBody(response).catch(() => undefined); // nobody needs it, nor its failure
    }
  };
  // What it is called with goes on to a function of type F, and that function's answer comes back.
  return signed as FetchLike as F;
}

/** A function like fetch as it is called here: what a caller gave is passed on, not looked into. */
type UntypedFetch = (
  input: unknown,
  init: Readonly<Record<string, unknown>>,
) => Promise<ResponseLike>;

function fetchArgument(value: unknown): UntypedFetch {
  if (typeof value !== "function") throw new TypeError("fetch must be a function");
  return value as UntypedFetch; // its own types were for the caller, who said what it takes
}

/** Called without an owner, as browsers want it. */
function platformFetch(): UntypedFetch {
  const { fetch } = globalThis as { readonly fetch?: UntypedFetch };
  if (typeof fetch !== "function") {
    throw new TypeError("fetch must be given where the platform has none");
  }
  return fetch;
}

/**
 * True where another server answered, since the platform followed a redirect that it was to hand
 * over; a platform that does not say where the answer is from may say that it was redirected.
 */
function isFromElsewhere(response: ResponseLike, url: string): boolean {
  const { url: answered, redirected } = response as {
    readonly url?: unknown;
    readonly redirected?: unknown;
  };
  if (typeof answered !== "string" || answered === "") return redirected === true;
  const htu = normalizeHtu(answered);
  return htu === null || originOf(htu) !== originArgument(url);
}

type Pair = readonly [name: string, value: unknown];

interface Call {
  /** For the session: what will be sent. */
  readonly target: SessionRequest;
  /** For fetch: the caller's Request, or the URL as text, since a URL object could change. */
  readonly input: unknown;
  /** The caller's Request; null where it is a URL. */
  readonly request: Readonly<Record<string, unknown>> | null;
  readonly init: Readonly<Record<string, unknown>>;
  /** All but the proof. */
  readonly headers: readonly Pair[];
}

function readCall(input: unknown, givenInit: unknown): Call {
  const { url, request } = readInput(input);
  // Copied once; a Request in its place would be copied without all that it inherits.
  const init: Readonly<Record<string, unknown>> =
    givenInit === undefined ? {} : { ...plainArgument(givenInit, "init") };
  const headers = readHeaders(init["headers"] ?? request?.["headers"]);
  const method = methodSent(init["method"] ?? request?.["method"] ?? "GET");
  return {
    target: { method, url, accessToken: accessTokenOf(headers) },
    input: request === null ? url : input,
    request,
    init,
    headers: headers.filter(([name]) => name.toLowerCase() !== "dpop"),
  };
}

function readInput(input: unknown): { readonly url: string; readonly request: Call["request"] } {
  if (typeof input === "string") return { url: writtenUrl(input), request: null };
  const given = objectArgument(input, "input");
  if (typeof given["href"] === "string") return { url: given["href"], request: null };
  if (typeof given["url"] === "string") return { url: given["url"], request: given };
  throw new TypeError("input must be an absolute URL, a URL object or a Request");
}

/**
 * A URL as text, which the platform will read in its own way; where that way is another than that of
 * `htu`, the proof would be for another URL than the one that is called. There is no parser like the
 * platform's here, so what it would rewrite is refused.
 */
function writtenUrl(url: string): string {
  const htu = httpScheme(url) === null ? null : normalizeHtu(url);
  if (htu === null || isRewritten(htu)) {
    throw new TypeError(
      "input must be an absolute http or https URL as it is sent; otherwise pass new URL(path, base)",
    );
  }
  return url;
}

/** True where the platform would send something else than this URL in its normal form. */
function isRewritten(htu: string): boolean {
  const origin = originOf(htu);
  for (let i = origin.length; i < htu.length; i++) {
    if (ESCAPED_IN_PATHS.includes(htu.charAt(i))) return true;
  }
  return !isPlainAuthority(origin.slice(origin.indexOf("://") + 3));
}

/** Some platforms escape all of them in a path, others some. */
const ESCAPED_IN_PATHS = '"<>^`{|}';

/** A name, or an address in its one usual form: platforms decode names and rewrite addresses. */
function isPlainAuthority(authority: string): boolean {
  if (authority.startsWith("[")) return authority.startsWith("[::1]");
  const [host = ""] = authority.split(":");
  if (host.includes("%")) return false;
  const labels = host.split(".");
  const last = labels[labels.length - 1] || labels[labels.length - 2] || "";
  // As the platform does, what ends in a number is taken for an IPv4 address.
  if (!isDigits(last) && !last.startsWith("0x")) return true;
  return labels.length === 4 && labels.every(isOctet);
}

function isOctet(label: string): boolean {
  if (!isDigits(label) || label.length > 3 || Number(label) > 255) return false;
  return label === "0" || !label.startsWith("0");
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) < 0x30 || text.charCodeAt(i) > 0x39) return false;
  }
  return text !== "";
}

/** fetch writes these in capitals; the others go as they are, `patch` too. */
function methodSent(value: unknown): string {
  const method = stringArgument(value, "method");
  const upper = method.toUpperCase();
  switch (upper) {
    case "DELETE":
    case "GET":
    case "HEAD":
    case "OPTIONS":
    case "POST":
    case "PUT":
      return upper;
    default:
      return method;
  }
}

/** What fetch takes for headers: a Headers object, whatever else iterates over pairs, or a record. */
function readHeaders(headers: unknown): readonly Pair[] {
  if (headers === undefined) return [];
  if (isIterable(headers)) return Array.from(headers, pairOf);
  const given = objectArgument(headers, "headers");
  if (typeof given["forEach"] !== "function") return Object.entries(given);
  const pairs: Pair[] = [];
  // Headers have it in this form, also where they do not iterate.
  (headers as { forEach(each: (value: unknown, name: unknown) => void): void }).forEach(
    (value, name) => pairs.push(pairOf([name, value])),
  );
  return pairs;
}

/** An object: a string iterates too, but over its characters. */
function isIterable(value: unknown): value is Iterable<unknown> {
  if (typeof value !== "object" || value === null) return false;
  return typeof Reflect.get(value, Symbol.iterator) === "function";
}

function pairOf(pair: unknown): Pair {
  if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string") {
    throw new TypeError("headers must be pairs of a name and a value");
  }
  return [pair[0], pair[1]];
}

/** Section 7.1: the token of `Authorization: DPoP …`; undefined with another scheme or none. */
function accessTokenOf(headers: readonly Pair[]): string | undefined {
  const values = headers.filter(([name]) => name.toLowerCase() === "authorization");
  const text = values.map(([, value]) => stringArgument(value, "headers.authorization")).join(", ");
  const credentials = text.trim(); // as fetch does
  const [scheme = ""] = credentials.split(" ", 1);
  if (scheme.toLowerCase() !== "dpop") return undefined;
  const token = credentials.slice(scheme.length).trim();
  if (isAccessToken(token)) return token;
  throw new TypeError("headers.authorization must hold one access token behind DPoP");
}

function initOf(call: Call, proof: string): Readonly<Record<string, unknown>> {
  const { init, request, target } = call;
  const redirect = init["redirect"] ?? request?.["redirect"];
  return {
    ...referrerOf(request),
    ...init,
    method: target.method,
    headers: [...call.headers, ["DPoP", proof]],
    redirect: redirect === "error" ? redirect : "manual",
  };
}

/** fetch forgets these two of a Request as soon as it gets an init, and would say where it was. */
function referrerOf(request: Call["request"]): Readonly<Record<string, unknown>> {
  const { referrer, referrerPolicy } = request ?? {};
  return {
    ...(typeof referrer === "string" ? { referrer } : {}),
    ...(typeof referrerPolicy === "string" ? { referrerPolicy } : {}),
  };
}

/** Asked after the request was sent once. */
function canRepeat({ init, request }: Call): boolean {
  const body = init["body"] ?? null;
  if (body !== null) return isRepeatable(body);
  return request === null || request["bodyUsed"] === false;
}

/** True for a body that can be read again: all that is not known to be is taken for a stream. */
function isRepeatable(body: unknown): boolean {
  if (typeof body === "string" || ArrayBuffer.isView(body)) return true;
  if (typeof body !== "object" || body === null) return false;
  if (Object.prototype.toString.call(body) === "[object ArrayBuffer]") return true;
  const has = (name: PropertyKey): boolean => typeof Reflect.get(body, name) === "function";
  if (has("pipe") || has(Symbol.asyncIterator)) return false; // some form data is a stream
  if (has("append")) return true; // FormData, URLSearchParams
  return has("slice") && typeof Reflect.get(body, "size") === "number"; // Blob, File
}

/** Bytes; what an authorization server has to say of an error is far shorter. */
const LONGEST_ERROR = 16_384;

/** A copy of a response, as far as it is read. */
interface Copy {
  readonly body?: CopyBody | null;
  text(): Promise<unknown>;
}

interface CopyBody {
  readonly getReader?: () => Reader;
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
async function readErrorBody(response: ResponseLike): Promise<unknown> {
  if (nonceOf(response) === null || !mayAskInBody(response)) return undefined;
  try {
    const copy = (response as { clone?: () => Copy }).clone?.();
    const text = copy === undefined ? null : await readShortText(copy);
    return text === null ? undefined : (parseJsonObject(text) ?? undefined);
  } catch {
    return undefined; // whoever reads the response itself is told
  }
}

/** JSON of an error of which the header fields do not ask for a nonce already. */
function mayAskInBody(response: ResponseLike): boolean {
  const { status } = response;
  if (status !== 400 && (status !== 401 || readNonceChallenge(response) !== null)) return false;
  const [type = ""] = (headerOf(response, "content-type") ?? "").split(";", 1);
  const essence = type.trim().toLowerCase();
  return essence === "application/json" || essence.endsWith("+json");
}

/** null where it is longer than an error is, and where there is a body that can't be read in parts. */
async function readShortText(copy: Copy): Promise<string | null> {
  const body = copy.body ?? null;
  if (body === null) return textOf(copy); // React Native has the text alone
  const reader = readerOf(body);
  if (reader === null) return null;
  const bytes = new Uint8Array(LONGEST_ERROR);
  for (let length = 0; ;) {
    const { done, value } = await reader.read();
    if (done === true) return decodeJsonText(bytes.subarray(0, length));
    if (!isBytes(value) || length + value.length > LONGEST_ERROR) {
      reader.cancel().catch(() => undefined); // it may wait for the original: so we do not
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
  return { read: () => pieces.next(), cancel: async () => pieces.return?.() };
}

/** The byte-order mark that some servers put first is left out, as `response.json()` does. */
function decodeJsonText(bytes: Uint8Array): string | null {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return decodeUtf8(hasMark ? bytes.subarray(3) : bytes);
}

/** What nobody reads would hold its connection, which is freed or closed by this. */
async function discardBody(response: ResponseLike): Promise<void> {
  const { body } = response as {
    readonly body?: { cancel?: () => Promise<void>; destroy?: () => void } | null;
  };
  if (typeof body?.cancel === "function") await body.cancel();
  else if (typeof body?.destroy === "function") body.destroy(); // a stream of Node
}
