// Requests and responses of the Fetch standard: from a Request to what a guard reads, and from a response to
// one with the fields that are due.
import type { ResponseHeaders } from "../server/answer.js";
import { joined } from "./cors.js";
import type { Incoming } from "./guard.js";

/** What is read of a Request. */
export interface RequestLike {
  readonly method: string;
  readonly url: string;
  readonly headers: { get(name: string): string | null };
}

/** The type of Request in the program that uses this package. */
export type PlatformRequest = typeof globalThis extends {
  Request: { prototype: infer R extends RequestLike };
}
  ? R
  : RequestLike;

/** The type of Response in the program that uses this package. */
export type PlatformResponse = typeof globalThis extends { Response: { prototype: infer R } }
  ? R
  : object;

/** What is used of a Response. */
interface AnyResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Fields;
  readonly body: unknown;
}

interface Fields {
  get(name: string): string | null;
  set(name: string, value: string): void;
}

/**
 * By its form: one of another realm or of a package is no instance of the platform's. An error with a status
 * has no `arrayBuffer`.
 */
function isResponse(value: unknown): value is AnyResponse {
  const { status, arrayBuffer } = Object(value) as Readonly<Record<string, unknown>>; // any object
  return typeof status === "number" && typeof arrayBuffer === "function";
}

interface ResponseInit {
  readonly status: number;
  readonly statusText?: string;
  readonly headers: ResponseHeaders | Fields;
}

type ResponseMaker = new (body: unknown, init: ResponseInit) => AnyResponse;

/** Throws a TypeError on a platform without Response, where no handler could answer either. */
function maker(): ResponseMaker {
  const { Response } = globalThis as { readonly Response?: ResponseMaker };
  if (typeof Response !== "function") throw new TypeError("the platform must have Response");
  return Response;
}

export function requestIncoming({ method, url, headers }: RequestLike): Incoming {
  return { method, target: url, field: (name) => headers.get(name) };
}

interface Answer {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: string | null;
}

/** Makes the response of a refusal. */
export function respond({ status, headers, body }: Answer): PlatformResponse {
  const Maker = maker();
  return new Maker(body, { status, headers }) as PlatformResponse; // of the platform, as its name says
}

/**
 * Returns a Response with the fields that are due; anything else as it is. A copy is made, since the fields
 * of a redirect can't be changed, and those of a response that a handler keeps must not be.
 */
export function withFields<T>(value: T, due: ResponseHeaders): T {
  const names = Object.keys(due);
  if (names.length === 0 || !isResponse(value) || value.status < 200) return value;
  const { status, statusText, headers, body } = value;
  const Maker = maker();
  const copy = new Maker(body, { status, statusText, headers });
  for (const name of names) {
    const present = copy.headers.get(name) ?? undefined;
    copy.headers.set(name, joined(name, due[name] ?? "", present));
  }
  return copy as T & AnyResponse; // a Response, as the value is
}
