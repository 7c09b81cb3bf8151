// Problem details (RFC 9457 section 3): from a refusal to the body of its response.
import type { ResponseHeaders } from "../server/answer.js";
import type { Failure } from "../proof/failure.js";

/** The body of refusals: none, or the JSON of RFC 9457. */
export type ProblemDetails = "none" | "rfc9457";

/** Reads the option `problemDetails`. Throws a TypeError for another value. */
export function readProblemDetails(value: unknown): ProblemDetails {
  if (value === undefined || value === "none") return "none";
  if (value === "rfc9457") return value;
  throw new TypeError('problemDetails must be "none" or "rfc9457"');
}

interface Refused {
  readonly status: number;
  readonly failure: Failure | undefined;
}

/** Section 4.2.1: with `about:blank`, the title is the phrase of the status. */
const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  503: "Service Unavailable",
};

/** Returns the whole response. It never holds what the client sent. */
export function problemOf(
  form: ProblemDetails,
  { status, failure }: Refused,
  headers: ResponseHeaders,
  { method }: { readonly method: string },
): { readonly status: number; readonly headers: ResponseHeaders; readonly body: string | null } {
  if (form === "none" || method === "HEAD") return { status, headers, body: null };
  const title = TITLES[status];
  const body = JSON.stringify({ type: "about:blank", title, status, detail: failure?.message });
  return { status, headers: { ...headers, "Content-Type": "application/problem+json" }, body };
}
