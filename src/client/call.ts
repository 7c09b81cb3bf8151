// A call of fetch: from what the caller passed to the request that a proof is for, and to what is sent
// (the fetch standard; RFC 9449 sections 4.2 and 7.1).
import { objectArgument, plainArgument, stringArgument } from "../input/argument.js";
import { isAccessToken } from "../proof/ath.js";
import { isOctet, normalizeHtu, originOf } from "../proof/htu.js";
import type { UnboundTokens } from "../proof/unbound-tokens.js";
import type { BodyMember } from "./repeatable-body.js";
import type { SessionRequest } from "./session.js";

type Pair = readonly [name: string, value: unknown];

/** A call of fetch, read once. */
export interface Call {
  /** For the session: the request that will be sent. */
  readonly target: SessionRequest;
  /** For fetch: the caller's Request, or the URL as a string, since a URL object could change. */
  readonly input: unknown;
  /** The caller's Request; null if the caller passed a URL. */
  readonly request: Readonly<Record<string, unknown>> | null;
  readonly init: Readonly<Record<string, unknown>>;
  /** All header fields but the proof. */
  readonly headers: readonly Pair[];
  /** The access token is not bound to a key: no proof goes with it. */
  readonly isBearer: boolean;
  /** The platform is to follow redirects. */
  readonly follows: boolean;
}

/** Guards what the caller passed to fetch. */
export function readCall(input: unknown, givenInit: unknown, unboundTokens: UnboundTokens): Call {
  const { url, request } = readInput(input);
  // A copy, read once. A Request here would be copied without its inherited members.
  const init: Readonly<Record<string, unknown>> =
    givenInit === undefined ? {} : { ...plainArgument(givenInit, "init") };
  const headers = readHeaders(init["headers"] ?? request?.["headers"]);
  const method = readMethod(init["method"] ?? request?.["method"] ?? "GET");
  const { scheme, credentials } = readAuthorization(headers);
  const isBearer = scheme === "bearer";
  if (isBearer && unboundTokens === "refused") {
    throw new TypeError(
      `${AUTHORIZATION} must be DPoP and the access token; for one that is not bound to the key, call fetch itself or make the session with unboundTokens: "accepted"`,
    );
  }
  return {
    target: { method, url, accessToken: readAccessToken(scheme, credentials) },
    isBearer,
    follows: isToFollow(init["redirect"]),
    input: request === null ? url : input,
    request,
    init,
    headers: headers.filter(([name]) => name.toLowerCase() !== "dpop"),
  };
}

function readInput(input: unknown): { readonly url: string; readonly request: Call["request"] } {
  if (typeof input === "string") return { url: readUrl(input), request: null };
  const given = objectArgument(input, "input");
  if (typeof given["href"] === "string") return { url: given["href"], request: null };
  if (typeof given["url"] === "string") return { url: given["url"], request: given };
  throw new TypeError("input must be an absolute URL, a URL object or a Request");
}

/**
 * Guards a URL that is a string. The platform parses it and may rewrite it; the proof would then be for
 * another URL than the one that is called. This package has no such parser, so it refuses what the
 * platform would rewrite.
 */
function readUrl(url: string): string {
  const htu = normalizeHtu(url);
  if (htu === null || isRewritten(htu)) {
    throw new TypeError(
      "input must be an absolute http or https URL as it is sent; otherwise pass new URL(path, base)",
    );
  }
  return url;
}

/** True if the platform would send another URL than this one, which is in its normal form. */
function isRewritten(htu: string): boolean {
  const origin = originOf(htu);
  for (let i = origin.length; i < htu.length; i++) {
    if (ESCAPED_IN_PATHS.includes(htu.charAt(i))) return true;
  }
  return !isPlainAuthority(origin.slice(origin.indexOf("://") + 3));
}

/** Some platforms escape all of these in a path, others only some. */
const ESCAPED_IN_PATHS = '"<>^`{|}';

/**
 * True for a name or address that no platform rewrites: platforms decode names and normalise
 * addresses.
 */
function isPlainAuthority(authority: string): boolean {
  if (authority.startsWith("[")) return authority.startsWith("[::1]");
  const [host = ""] = authority.split(":");
  if (host.includes("%")) return false;
  const labels = host.split(".");
  const last = labels[labels.length - 1] || labels[labels.length - 2] || "";
  // The platform takes what ends in a number for an IPv4 address.
  if (!isDigits(last) && !last.startsWith("0x")) return true;
  return labels.length === 4 && labels.every(isOctet);
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) < 0x30 || text.charCodeAt(i) > 0x39) return false;
  }
  return text !== "";
}

/**
 * Returns the method that fetch sends: it writes these six in capitals, and leaves others such as
 * `patch`.
 */
function readMethod(value: unknown): string {
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

/** Reads what fetch takes for headers: a Headers object, any other iterable of pairs, or a record. */
function readHeaders(headers: unknown): readonly Pair[] {
  if (headers === undefined) return [];
  if (isIterable(headers)) return Array.from(headers, readPair);
  const given = objectArgument(headers, "headers");
  if (typeof given["forEach"] !== "function") return Object.entries(given);
  const pairs: Pair[] = [];
  // Headers have forEach in this form, also on platforms where they do not iterate.
  (headers as { forEach(each: (value: unknown, name: unknown) => void): void }).forEach(
    (value, name) => pairs.push(readPair([name, value])),
  );
  return pairs;
}

/** True only for objects: a string iterates too, but over its characters. */
function isIterable(value: unknown): value is Iterable<unknown> {
  if (typeof value !== "object" || value === null) return false;
  return typeof Reflect.get(value, Symbol.iterator) === "function";
}

function readPair(pair: unknown): Pair {
  if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string") {
    throw new TypeError("headers must be pairs of a name and a value");
  }
  return [pair[0], pair[1]];
}

/** Returns the scheme of the field Authorization in small letters, and what follows it. */
function readAuthorization(headers: readonly Pair[]): {
  readonly scheme: string;
  readonly credentials: string;
} {
  const values = headers.filter(([name]) => name.toLowerCase() === "authorization");
  const joined = values.map(([, value]) => stringArgument(value, AUTHORIZATION)).join(", ");
  const text = joined.trim(); // as fetch does
  const [scheme = ""] = text.split(" ", 1);
  return { scheme: scheme.toLowerCase(), credentials: text.slice(scheme.length).trim() };
}

const AUTHORIZATION = "headers.authorization";

/** Returns the token of `Authorization: DPoP …` (section 7.1); undefined with another scheme. */
function readAccessToken(scheme: string, credentials: string): string | undefined {
  if (scheme !== "dpop") return undefined;
  if (isAccessToken(credentials)) return credentials;
  throw new TypeError(`${AUTHORIZATION} must hold one access token after DPoP`);
}

/** Returns the `init` to send: the caller's, with the proof if there is one, and the body of this attempt. */
export function initOf(
  call: Call,
  proof: string | null,
  body: BodyMember,
): Readonly<Record<string, unknown>> {
  const { init, request, target } = call;
  const redirect = init["redirect"] ?? request?.["redirect"];
  return {
    ...referrerOf(request),
    ...init,
    ...body,
    method: target.method,
    headers: proof === null ? call.headers : [...call.headers, ["DPoP", proof]],
    redirect: call.follows ? "follow" : redirect === "error" ? redirect : "manual",
  };
}

/**
 * A browser hands no redirect over: the answer to `redirect: "manual"` does not say where to go. So it follows for
 * a caller who says so. Only pages and their workers have a location. A Request says "follow" by itself.
 */
function isToFollow(redirect: unknown): boolean {
  const { location } = globalThis as { readonly location?: { readonly origin?: unknown } };
  return redirect === "follow" && typeof location?.origin === "string";
}

/** Returns the same call to another URL, which answered it after redirects. */
export function movedTo(call: Call, url: string): Call {
  const { request } = call;
  const input = request === null ? url : Reflect.construct(constructorOf(request), [url, request]);
  return { ...call, target: { ...call.target, url }, input };
}

function constructorOf(request: object): new (...args: unknown[]) => unknown {
  const { constructor } = request as { readonly constructor: new (...args: unknown[]) => unknown };
  return constructor; // the class Request of its platform
}

/**
 * fetch drops the referrer settings of a Request when it gets an init, and would send the default
 * referrer.
 */
function referrerOf(request: Call["request"]): Readonly<Record<string, unknown>> {
  const { referrer, referrerPolicy } = request ?? {};
  return {
    ...(typeof referrer === "string" ? { referrer } : {}),
    ...(typeof referrerPolicy === "string" ? { referrerPolicy } : {}),
  };
}
