// htu (RFC 9449 section 4.3 item 9): an http(s) URI to its normal form by RFC 3986 sections 6.2.2
// and 6.2.3, written by hand. The platform's URL is not used: it repairs what must be refused
// (spaces, backslashes, user names, a missing slash), and leaves percent-encodings as they are.
import { choiceArgument, stringArgument } from "../input/argument.js";
import { runEnd } from "../input/http.js";
import { textOf } from "../bytes/utf8.js";

const PERCENT = 0x25;
const COLON = 0x3a;
const HYPHEN = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;

/**
 * Normalises an http or https URI as `htu` is compared: without its query and fragment. Path and
 * trailing slash stay significant. The result is its own normal form. Takes time linear in the
 * length.
 *
 * @param uri the URI.
 * @returns its normal form, or null where it is not such a URI: it has user information, no host, a
 *   bad port, a `%` without two hexadecimal digits, or a space, backslash, control or non-ASCII
 *   character before the query.
 * @throws a TypeError where `uri` is not a string.
 * @example
 * ```ts
 * import { normalizeHtu } from "dpop-core";
 *
 * normalizeHtu("HTTPS://API.example:443/%7euser?page=2"); // "https://api.example/~user"
 * ```
 * @see RFC 9449 section 4.3 item 9; RFC 3986 sections 6.2.2 and 6.2.3
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
 * Returns true for most URIs that are in normal form: a scheme in small letters, a host of small
 * letters, digits, hyphens and dots without a port, and a path of unreserved characters and slashes
 * in which no segment begins with a dot. Looks at each character once, and builds nothing
 * (bench/htu).
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
 * Returns the form that a client sends: as normalizeHtu, but with the path as it is written. Many
 * servers compare it as it came, or as WHATWG's URL has it, which keeps `%7E` and `%2f`. Dot
 * segments are resolved, as clients do before they send.
 */
export function htuAsSent(uri: string): string | null {
  const htu = normalizeHtu(uri);
  if (htu === null) return null;
  const start = uri.indexOf("://") + 3;
  const end = queryStart(uri, start);
  const path = uri.slice(indexOrEnd(uri, "/", start, end), end);
  return originOf(htu) + removeDotSegments(path.split("/").map(plainDots).join("/"));
}

/** Returns the origin of a URL in its normal form, which has a slash after the authority. */
export function originOf(htu: string): string {
  return htu.slice(0, htu.indexOf("/", htu.indexOf("://") + 3));
}

/** Decodes `%2E` (6.2.2.2) in a segment that is a dot segment then. */
function plainDots(segment: string): string {
  const plain = segment.replace(/%2e/gi, ".");
  return plain === "." || plain === ".." ? plain : segment;
}

/**
 * Returns `http` or `https`, in any case (6.2.2.1), for a URI with an authority; null for anything
 * else.
 */
function httpScheme(uri: string): "http" | "https" | null {
  const colon = uri.indexOf("://");
  if (colon !== 4 && colon !== 5) return null;
  const scheme = uri.slice(0, colon).toLowerCase();
  return scheme === "http" || scheme === "https" ? scheme : null;
}

/**
 * Which hosts may be called by plain http, where a stranger on the way can read the token and the
 * proof, and can change the answer. "loopback": only this machine, `localhost`, 127.0.0.0/8 and
 * `[::1]`. "anywhere": every host.
 */
export type PlainHttp = "loopback" | "anywhere";

/** Reads the option `plainHttp`. Default "loopback". Throws a TypeError for another value. */
export function readPlainHttp(value: unknown, name = "plainHttp"): PlainHttp {
  return choiceArgument(value, name, "loopback", "anywhere");
}

/**
 * Returns true for a URL that begins with https, and for an http one whose host `plainHttp` allows.
 * Whether the rest is a URI is checked by normalizeHtu.
 */
export function isHttpUrl(url: string, plainHttp: PlainHttp): boolean {
  if (url.startsWith("https://")) return true; // nearly every URL: one comparison is all it costs
  const scheme = httpScheme(url);
  if (scheme !== "http") return scheme === "https";
  return plainHttp === "anywhere" || isLoopback(url);
}

/**
 * Returns true where the host of an http URI is certainly this machine: `localhost` in any case, an
 * address of 127.0.0.0/8 in four decimal numbers, or `[::1]`; a port may follow. Everything else is
 * refused, even where some platform takes it for this machine: `localhost.`, `127.1`, a number with
 * a zero before it, an escape, user information, and the names under `.localhost`, which RFC 6761
 * section 6.3 reserves, but which some resolvers look up in DNS. Takes time linear in the length.
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

/**
 * Returns true for a number of an IPv4 address in its usual form: 0 to 255, decimal, no zero before
 * it.
 */
export function isOctet(text: string): boolean {
  if (text === "") return false;
  for (let i = 0; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return false;
  return (text === "0" || !text.startsWith("0")) && Number(text) <= 255;
}

/** Returns where the query or fragment of a URI begins, or its end: an index in characters. */
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

/**
 * Returns where the host ends in an authority: after its bracket, or before the colon of its port.
 */
function hostLength(authority: string): number {
  return authority.startsWith("[")
    ? authority.indexOf("]") + 1
    : indexOrEnd(authority, ":", 0, authority.length);
}

function normalizeHost(host: string): string | null {
  if (host.startsWith("[")) return normalizeIpLiteral(host);
  // Decoded before it is lower-cased, so that %41 and A are the same. The escapes that remain keep
  // their capitals (6.2.2.1).
  const decoded = host === "" ? null : decodeUnreserved(host, isHostUnit);
  return decoded === null ? null : lowerCaseOutsideEscapes(decoded);
}

/**
 * RFC 3986 section 3.2.2: an IPv6 address in brackets. Its digits are not rewritten, because 6.2.2
 * has no such step.
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
 * Returns the port with its colon; "" where it is absent, empty or the default of the scheme; null
 * where it is not a port.
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
 * get capital digits. Returns null where a character is not allowed, or a `%` is not followed by
 * two hexadecimal digits.
 */
function decodeUnreserved(text: string, isAllowed: (unit: number) => boolean): string | null {
  if (!text.includes("%")) return runEnd(text, 0, isAllowed) === text.length ? text : null;
  const units: number[] = []; // joining texts takes several times as long (test/costs.test.ts)
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

/** Returns the value of a digit that isHexDigit accepts. */
function hexValue(unit: number): number {
  return isDigit(unit) ? unit - 0x30 : (unit | 0x20) - 0x57;
}

/** Returns such a digit as a capital. */
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
 * RFC 3986 section 5.2.4, for a path that is empty or begins with a slash. Returns `/` for an empty
 * path (6.2.3).
 */
function removeDotSegments(path: string): string {
  if (path === "") return "/";
  if (!path.includes("/.")) return path;
  const kept: number[] = []; // units: joining texts takes several times as long (test/costs.test.ts)
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

/** Returns 1 for the segment `.`, 2 for `..`, else 0. */
function dotsOf(path: string, start: number, end: number): number {
  const length = end - start;
  if (length > 2 || path.charCodeAt(start) !== DOT) return 0;
  return path.charCodeAt(end - 1) === DOT ? length : 0;
}

function dropSegment(kept: number[]): void {
  while (kept.length > 0) if (kept.pop() === SLASH) return;
}

/**
 * Any printable ASCII except the backslash. RFC 3986 allows fewer characters, but clients send `|`,
 * `^`, `[` and `]` unescaped, and these are compared unescaped.
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
