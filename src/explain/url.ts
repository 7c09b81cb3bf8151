// URLs (RFC 9449 section 4.3 item 9): two that differ, or one that is not valid, to the likely cause. Takes time
// linear in the lengths.
import { pathEnd } from "../proof/htu.js";
import type { Cause } from "./cause.js";
import type { ExplainedUrls } from "./explanation.js";

/** The parts of a URL in its normal form. */
interface UrlParts {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
  readonly path: string;
}

function partsOf(normal: string): UrlParts {
  const start = normal.indexOf("://") + 3;
  const slash = normal.indexOf("/", start);
  const end = slash === -1 ? normal.length : slash; // an echo can be cut off
  const authority = normal.slice(start, end);
  const colon = authority.lastIndexOf(":");
  const hostEnd = colon > authority.lastIndexOf("]") ? colon : authority.length;
  return {
    scheme: normal.slice(0, start),
    host: authority.slice(0, hostEnd),
    port: authority.slice(hostEnd),
    path: normal.slice(end),
  };
}

/** Returns where two normal forms first differ, and in which part; undefined where they are the same. */
export function differenceOf(htu: string, url: string): ExplainedUrls["difference"] {
  if (htu === url) return undefined;
  let index = 0;
  while (htu.charCodeAt(index) === url.charCodeAt(index)) index++; // NaN at the end of one equals nothing
  const [a, b] = [partsOf(htu), partsOf(url)];
  const part = (["scheme", "host", "port"] as const).find((name) => a[name] !== b[name]) ?? "path";
  return { part, index };
}

/** Returns why two normal forms likely differ: the claim, and the URL of the request. */
export function urlCause(htu: string, url: string): Cause {
  const [a, b] = [partsOf(htu), partsOf(url)];
  if (a.host !== b.host) return "proxy_host";
  if (a.scheme !== b.scheme) return a.scheme === "https://" ? "proxy_scheme" : "http_client";
  return a.port === b.port ? pathCause(a.path, b.path) : "port";
}

function pathCause(a: string, b: string): Cause {
  if (withoutSlash(a) === withoutSlash(b)) return "trailing_slash";
  if (a.replace(/\/+/g, "/") === b.replace(/\/+/g, "/")) return "double_slash";
  if (a.toLowerCase() === b.toLowerCase()) return "path_case";
  const encoded = encodingCause(a, b) ?? encodingCause(b, a);
  if (encoded !== null) return encoded;
  if (a === "/") return "origin_only";
  if (b === "/" || a.endsWith(b)) return "prefix_stripped";
  return b.endsWith(a) ? "prefix_added" : "path_other";
}

function withoutSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/** `a` is the one that is encoded more. */
function encodingCause(a: string, b: string): Cause | null {
  if (!a.includes("%")) return null;
  const decoded = decodedPath(a);
  if (decoded === b && a.includes("%25")) return "double_encoded";
  const query = a.indexOf("%3F");
  if (query !== -1 && a.slice(0, query) === b) return "encoded_query";
  if (decoded !== decodedPath(b)) return null;
  return a.split("%2F").length === b.split("%2F").length ? "decoded_path" : "encoded_slash";
}

/** Byte by byte: two paths are compared, and none is shown. */
function decodedPath(path: string): string {
  return path.replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
}

/** Returns why a URL has no normal form; `other` is what it is compared with. */
export function invalidCause(url: string, other: string): Cause {
  if (url.startsWith("/")) return "url_relative";
  const path = url.slice(0, pathEnd(url));
  const start = path.indexOf("://") + 3;
  const [authority = ""] = path.slice(start).split("/", 1);
  if (start >= 3 && authority.includes("@")) return "url_user";
  if (!/[^!-[\]-~]/.test(path)) return "url_form";
  return other.slice(0, pathEnd(other)).includes("%") ? "decoded_path" : "url_characters";
}
