// htu (RFC 9449 section 4.3 item 9): an http(s) URI to its normal form by RFC 3986 sections 6.2.2
// and 6.2.3, by hand. The platform's URL is not used: it repairs what must be refused (spaces,
// backslashes, user names, a missing slash), and leaves percent-encodings as they are.
import { stringArgument } from "../input/argument.js";
import { runEnd } from "../input/http.js";
import { textOf } from "../bytes/utf8.js";

const PERCENT = 0x25;
const COLON = 0x3a;
const HYPHEN = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;

/**
 * The normal form of an http or https URI without its query and fragment, or null where it is not
 * one: user information, no host, a bad port, a `%` without two hexadecimal digits, or a space,
 * backslash, control or non-ASCII character before the query. Throws a TypeError where `uri` is no
 * string. Idempotent; takes time linear in the length. Path and trailing slash stay significant.
 */
export function normalizeHtu(uri: string): string | null {
  stringArgument(uri, "uri");
  if (isPlain(uri)) return uri;
  const scheme = httpScheme(uri);
  if (scheme === null) return null;
  const start = scheme.length + 3;
  const end = queryStart(uri, start);
  const pathStart = indexOrEnd(uri, "/", start, end);
  const authority = normalizeAuthority(uri.slice(start, pathStart), scheme);
  if (authority === null) return null;
  const path = decodeUnreserved(uri.slice(pathStart, end), isPathUnit);
  if (path === null) return null;
  return `${scheme}://${authority}${removeDotSegments(path)}`; // item 9: query and fragment are ignored
}

/**
 * True for most URIs that are in normal form: a scheme in small letters, a host of small letters,
 * digits, hyphens and dots without a port, and a path of unreserved characters and slashes in which
 * no segment begins with a dot. One look at each character, and nothing to build (bench/htu).
 */
function isPlain(uri: string): boolean {
  const start = uri.startsWith("https://") ? 8 : 7;
  if (start === 7 && !uri.startsWith("http://")) return false;
  const slash = uri.indexOf("/", start);
  if (slash <= start) return false;
  for (let i = start; i < slash; i++) {
    const unit = uri.charCodeAt(i);
    if (!(unit >= 0x61 && unit <= 0x7a) && !isDigit(unit) && unit !== HYPHEN && unit !== DOT)
      return false;
  }
  for (let i = slash + 1, before = SLASH; i < uri.length; i++) {
    const unit = uri.charCodeAt(i);
    if (unit === DOT ? before === SLASH : unit !== SLASH && !isUnreserved(unit)) return false;
    before = unit;
  }
  return true;
}

/**
 * The same with the path as it is written: what a client sends. Many servers compare it came,
 * or as WHATWG's URL has it, which leaves `%7E` and `%2f` alone. Dot segments are resolved, as clients
 * do before they send.
 */
export function htuAsSent(uri: string): string | null {
  const htu = normalizeHtu(uri);
  if (htu === null) return null;
  const start = uri.indexOf("://") + 3;
  const end = queryStart(uri, start);
  const path = uri.slice(indexOrEnd(uri, "/", start, end), end);
  const origin = htu.slice(0, htu.indexOf("/", htu.indexOf("://") + 3));
  return origin + removeDotSegments(path.split("/").map(plainDots).join("/"));
}

/** A dot may be written as `%2E` (6.2.2.2); where that makes a dot segment, it is one. */
function plainDots(segment: string): string {
  const plain = segment.replace(/%2e/gi, ".");
  return plain === "." || plain === ".." ? plain : segment;
}

/**
 * `http` or `https`, whatever the case (6.2.2.1), of a URI with an authority; null for anything
 * else.
 */
function httpScheme(uri: string): "http" | "https" | null {
  const colon = uri.indexOf("://");
  if (colon !== 4 && colon !== 5) return null;
  const scheme = uri.slice(0, colon).toLowerCase();
  return scheme === "http" || scheme === "https" ? scheme : null;
}

/**
 * What may be called by plain http, where anybody on the way reads the token and the proof, and can
 * change the answer. `loopback`: what does not leave the machine, `localhost`, 127.0.0.0/8 and
 * `[::1]`. `anywhere`: every host.
 */
export type PlainHttp = "loopback" | "anywhere";

/** Checks the option `plainHttp`, of which the Default is "loopback". Throws a TypeError. */
export function readPlainHttp(value: unknown, name = "plainHttp"): PlainHttp {
  if (value === undefined || value === "loopback") return "loopback";
  if (value === "anywhere") return value;
  throw new TypeError(`${name} must be "loopback" or "anywhere"`);
}

/**
 * True for a URL that begins as an https one, and for an http one where `plainHttp` takes its host.
 * Whether the rest of it is a URI is for normalizeHtu.
 */
export function isHttpUrl(url: string, plainHttp: PlainHttp): boolean {
  if (url.startsWith("https://")) return true; // nearly every URL: one comparison is all it costs
  const scheme = httpScheme(url);
  if (scheme !== "http") return scheme === "https";
  return plainHttp === "anywhere" || isLoopback(url);
}

/**
 * True where the host of an http URI is this machine beyond doubt: `localhost` in any case, an
 * address of 127.0.0.0/8 in four decimal numbers, or `[::1]`; a port may follow. Everything else is
 * refused, also where some platform takes it for the same: `localhost.` and the names under
 * `.localhost` (RFC 6761 section 6.3 reserves them, but not every resolver knows, and then DNS
 * answers), `127.1`, a number with a zero before it, an escape, user information. Takes time linear
 * in the length.
 */
export function isLoopback(uri: string): boolean {
  const start = uri.indexOf("://") + 3;
  const authority = uri.slice(start, indexOrEnd(uri, "/", start, queryStart(uri, start)));
  const hostEnd = hostLength(authority);
  if (normalizePort(authority.slice(hostEnd), "http") === null) return false;
  const host = authority.slice(0, hostEnd);
  if (host === "[::1]" || host.toLowerCase() === "localhost") return true;
  const octets = host.split(".");
  return octets.length === 4 && octets[0] === "127" && octets.every(isOctet);
}

/** A number of an IPv4 address in its one usual form: 0 to 255, decimal, no zero before it. */
export function isOctet(text: string): boolean {
  if (text === "") return false;
  for (let i = 0; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return false;
  return (text === "0" || !text.startsWith("0")) && Number(text) <= 255;
}

/** Where the query or fragment of a URI begins, or its end: an index in characters. */
export function pathEnd(uri: string): number {
  return queryStart(uri, 0);
}

function queryStart(uri: string, start: number): number {
  const fragment = indexOrEnd(uri, "#", start, uri.length);
  return indexOrEnd(uri, "?", start, fragment);
}

function indexOrEnd(text: string, sought: string, start: number, end: number): number {
  const index = text.slice(start, end).indexOf(sought);
  return index === -1 ? end : start + index;
}

/**
 * RFC 3986 section 3.2 without user information, which has no place in a request target; 6.2.3 for
 * the port.
 */
function normalizeAuthority(authority: string, scheme: "http" | "https"): string | null {
  const hostEnd = hostLength(authority);
  const host = normalizeHost(authority.slice(0, hostEnd));
  const port = normalizePort(authority.slice(hostEnd), scheme);
  return host === null || port === null ? null : host + port;
}

/** Where the host ends in an authority: behind its bracket, or before the colon of its port. */
function hostLength(authority: string): number {
  return authority.startsWith("[")
    ? authority.indexOf("]") + 1
    : indexOrEnd(authority, ":", 0, authority.length);
}

function normalizeHost(host: string): string | null {
  if (host.startsWith("[")) return normalizeIpLiteral(host);
  // Decoded before it is lower-cased, so that %41 and A are one; what stays encoded keeps its
  // capitals (6.2.2.1).
  const decoded = host === "" ? null : decodeUnreserved(host, isHostUnit);
  return decoded === null ? null : lowerCaseOutsideEscapes(decoded);
}

/**
 * RFC 3986 section 3.2.2: an IPv6 address in brackets. Its digits are not rewritten: 6.2.2 knows no
 * such step.
 */
function normalizeIpLiteral(host: string): string | null {
  const end = host.length - 1;
  if (end < 3) return null; // nothing shorter than [::]
  for (let i = 1; i < end; i++) {
    const unit = host.charCodeAt(i);
    if (!isHexDigit(unit) && unit !== COLON && unit !== 0x2e) return null;
  }
  return host.toLowerCase();
}

/**
 * The port with its colon; empty where it is absent, empty or the scheme's default; null where it
 * is no port.
 */
function normalizePort(rest: string, scheme: "http" | "https"): string | null {
  if (rest === "" || rest === ":") return "";
  if (rest.charCodeAt(0) !== COLON || rest.length > 6) return null;
  for (let i = 1; i < rest.length; i++) if (!isDigit(rest.charCodeAt(i))) return null;
  if (rest.length > 2 && rest.charAt(1) === "0") return null;
  if (Number(rest.slice(1)) > 65535) return null;
  return rest === (scheme === "https" ? ":443" : ":80") ? "" : rest;
}

/**
 * RFC 3986 sections 6.2.2.1 and 6.2.2.2: escapes of unreserved characters are decoded, the others
 * get capital digits. null where a character is not allowed, or a `%` is not followed by two
 * hexadecimal digits.
 */
function decodeUnreserved(text: string, isAllowed: (unit: number) => boolean): string | null {
  if (!text.includes("%")) return runEnd(text, 0, isAllowed) === text.length ? text : null;
  const units: number[] = []; // texts that are joined take several times as long (test/costs.test.ts)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit !== PERCENT) {
      if (!isAllowed(unit)) return null;
      units.push(unit);
      continue;
    }
    const high = text.charCodeAt(++i);
    const low = text.charCodeAt(++i);
    if (!isHexDigit(high) || !isHexDigit(low)) return null;
    const value = 16 * hexValue(high) + hexValue(low);
    if (isUnreserved(value)) units.push(value);
    else units.push(PERCENT, capital(high), capital(low));
  }
  return textOf(units);
}

/** Of a digit that isHexDigit takes. */
function hexValue(unit: number): number {
  return isDigit(unit) ? unit - 0x30 : (unit | 0x20) - 0x57;
}

/** Of such a digit, too. */
function capital(unit: number): number {
  return unit >= 0x61 ? unit - 0x20 : unit;
}

function lowerCaseOutsideEscapes(host: string): string {
  if (!host.includes("%")) return host.toLowerCase();
  const units: number[] = [];
  for (let i = 0; i < host.length; i++) {
    const unit = host.charCodeAt(i);
    if (unit === PERCENT) units.push(unit, host.charCodeAt(++i), host.charCodeAt(++i));
    else units.push(unit >= 0x41 && unit <= 0x5a ? unit + 0x20 : unit);
  }
  return textOf(units);
}

/**
 * RFC 3986 section 5.2.4, for a path that is empty or begins with a slash; an empty one is `/`
 * (6.2.3).
 */
function removeDotSegments(path: string): string {
  if (path === "") return "/";
  if (!path.includes("/.")) return path;
  const kept: number[] = []; // units: pieces that are joined take several times as long (test/costs.test.ts)
  for (let slash = 0, end = 0; slash < path.length; slash = end) {
    end = indexFrom(path, SLASH, slash + 1);
    const dots = dotsOf(path, slash + 1, end);
    if (dots === 0) for (let i = slash; i < end; i++) kept.push(path.charCodeAt(i));
    else if (dots === 2) dropSegment(kept);
    // A dot segment at the end leaves the slash before it.
    if (dots !== 0 && end === path.length) kept.push(SLASH);
  }
  return textOf(kept);
}

function indexFrom(text: string, unit: number, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) !== unit) at++;
  return at;
}

/** 1 for the segment `.`, 2 for `..`, else 0. */
function dotsOf(path: string, start: number, end: number): number {
  const length = end - start;
  if (length > 2 || path.charCodeAt(start) !== DOT) return 0;
  return path.charCodeAt(end - 1) === DOT ? length : 0;
}

function dropSegment(kept: number[]): void {
  while (kept.length > 0) if (kept.pop() === SLASH) return;
}

/**
 * Any printable ASCII but the backslash. RFC 3986 allows fewer, but clients send `|`, `^`, `[` and
 * `]` as they are, and they are compared as they are.
 */
function isPathUnit(unit: number): boolean {
  return unit > 0x20 && unit < 0x7f && unit !== 0x5c;
}

/** RFC 3986 section 3.2.2 reg-name: unreserved and sub-delims. */
function isHostUnit(unit: number): boolean {
  if (isUnreserved(unit) || unit === 0x21 || unit === 0x24) return true; // ! $
  return (unit >= 0x26 && unit <= 0x2c) || unit === 0x3b || unit === 0x3d; // & ' ( ) * + , ; =
}

function isUnreserved(unit: number): boolean {
  if (isDigit(unit) || isLetter(unit)) return true;
  return unit === 0x2d || unit === 0x2e || unit === 0x5f || unit === 0x7e; // - . _ ~
}

function isLetter(unit: number): boolean {
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

function isHexDigit(unit: number): boolean {
  const lower = unit | 0x20;
  return isDigit(unit) || (lower >= 0x61 && lower <= 0x66);
}
