// Cross-origin requests (the CORS protocol of the Fetch standard): from the origins that may call an API to
// the header fields that let a DPoP client in a browser see what it needs (RFC 9449 sections 7.1, 8 and 9).
import { membersArgument } from "../input/argument.js";
import { type FieldValue, isTokenUnit, runEnd } from "../input/http.js";
import type { ResponseHeaders } from "../server/answer.js";
import { accessControlExposeHeaders } from "../server/challenge.js";

/** Which origins may call the API. */
export interface CorsOptions {
  /** Origins as browsers send them, such as `https://app.example`; "any" allows all. */
  readonly origins: readonly string[] | "any";
}

/** The origins that are allowed; null without the option. */
export type Cors = ReadonlySet<string> | "any" | null;

/** Reads the option `cors`. Throws a TypeError for what is no origin. */
export function readCors(value: CorsOptions | undefined): Cors {
  if (value === undefined) return null;
  const { origins } = membersArgument(value, "cors", ["origins"]);
  if (origins === "any") return origins;
  if (Array.isArray(origins) && origins.every(isOrigin)) {
    return new Set(origins);
  }
  throw new TypeError(
    'cors.origins must be "any" or an array of origins, without a slash at the end',
  );
}

function isOrigin(value: unknown): boolean {
  return typeof value === "string" && ORIGIN.test(value);
}

const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@,]+$/;

interface Fields {
  readonly method: string;
  field(name: string): FieldValue;
}

/** Returns the fields for any response but that to a preflight request. */
export function corsFields(cors: Cors, request: Fields): ResponseHeaders {
  const allowed = allowedOrigin(cors, request);
  return "Access-Control-Allow-Origin" in allowed
    ? { ...allowed, [EXPOSE]: accessControlExposeHeaders() }
    : allowed;
}

/**
 * Returns the fields for the response to a preflight request, which comes without credentials; null for any
 * other request, and without the option.
 */
export function preflightFields(cors: Cors, request: Fields): ResponseHeaders | null {
  if (cors === null || request.method !== "OPTIONS") return null;
  const method = only(request.field("access-control-request-method"));
  if (method === undefined || only(request.field("origin")) === undefined) return null;
  const allowed = allowedOrigin(cors, request);
  if (!("Access-Control-Allow-Origin" in allowed) || !isToken(method)) return allowed;
  return {
    ...allowed,
    "Access-Control-Allow-Methods": method,
    "Access-Control-Allow-Headers": allowedHeaders(request),
    "Access-Control-Max-Age": "600",
  };
}

function allowedOrigin(cors: Cors, request: Fields): ResponseHeaders {
  if (cors === null) return {};
  if (cors === "any") return { "Access-Control-Allow-Origin": "*" };
  const origin = only(request.field("origin")) ?? "";
  // A cache must not hand the response to one origin to another.
  const vary = { [VARY]: "Origin" };
  return cors.has(origin) ? { "Access-Control-Allow-Origin": origin, ...vary } : vary;
}

/** Those that DPoP needs, and those that the script wants to send. */
function allowedHeaders(request: Fields): string {
  const wanted = only(request.field("access-control-request-headers")) ?? "";
  const names = wanted.split(",").map((name) => name.trim());
  const others = names.filter((name) => isToken(name) && !/^(?:authorization|dpop)$/i.test(name));
  return ["Authorization", "DPoP", ...others].join(", ");
}

function isToken(text: string): boolean {
  return text !== "" && runEnd(text, 0, isTokenUnit) === text.length;
}

function only(value: FieldValue): string | undefined {
  if (typeof value === "string") return value;
  return value?.length === 1 ? value[0] : undefined;
}

const VARY = "Vary";
const EXPOSE = "Access-Control-Expose-Headers";

/** Returns the value of a due field on a response that has `present` under its name: lists are joined. */
export function joined(name: string, due: string, present: string | undefined): string {
  if (present === undefined) return due;
  if (name === EXPOSE) return accessControlExposeHeaders(present);
  if (name !== VARY || /(?:^|,)\s*(?:\*|origin)\s*(?:,|$)/i.test(present)) {
    return name === VARY ? present : due;
  }
  return `${present}, ${due}`;
}
