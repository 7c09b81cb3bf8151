// The authorization server (RFC 8414, RFC 9126, RFC 6749 section 3.2): its metadata, and forms that are sent to
// its endpoints.
import type { ResponseLike } from "../client/challenge.js";
import { type BodySource, inTime, openBody } from "../input/body.js";
import { type JsonObject, parseJsonObject } from "../input/json.js";
import { metadataUrls } from "../input/well-known.js";
import { isHttpUrl, normalizeHtu, type PlainHttp } from "../proof/htu.js";
import { platform } from "./platform.js";

/**
 * The metadata of an authorization server, as far as it is read (RFC 8414 section 2, RFC 9126 section 5, RFC
 * 9207 section 3, RFC 9449 section 5.1). Other members are ignored.
 */
export interface AuthorizationServerMetadata {
  /** The issuer identifier. */
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  /** If it is there, authorization requests are pushed. */
  readonly pushed_authorization_request_endpoint?: string | undefined;
  /** If it is there, `forget` revokes the refresh token. */
  readonly revocation_endpoint?: string | undefined;
  /** true: every authorization response must have `iss`. */
  readonly authorization_response_iss_parameter_supported?: boolean | undefined;
  /** If it is there, it must list the algorithm of the key. */
  readonly dpop_signing_alg_values_supported?: readonly string[] | undefined;
}

/** fetch, or one that adds proofs. */
export type Send = (
  input: unknown,
  init: Readonly<Record<string, unknown>>,
) => Promise<BodySource & ResponseLike>;

/** What an endpoint answered. */
export interface Answer {
  readonly status: number;
  /** undefined where the body is not strict JSON, too large or too slow. */
  readonly body: JsonObject | undefined;
}

/** Milliseconds for a request as a whole, repeats included: others may wait for it. */
const LONGEST_REQUEST = 20_000;

const BOUNDS = { members: 512, values: 4096, outside: 65_536 };
const LONGEST_BODY = 65_536;

/** Sends one request and reads its JSON. Throws what fetch throws, and an AbortError after 20 seconds. */
async function request(
  send: Send,
  url: string,
  init: Readonly<Record<string, unknown>>,
): Promise<Answer> {
  const { AbortController } = platform();
  const controller = new AbortController();
  const { signal } = controller;
  const answered = async (): Promise<Answer> => {
    const response = await send(url, { ...init, signal });
    const text = await openBody(response, LONGEST_BODY)?.text();
    const body = typeof text === "string" ? parseJsonObject(text, BOUNDS) : null;
    return { status: response.status, body: body ?? undefined };
  };
  return inTime(answered(), LONGEST_REQUEST, () => {
    controller.abort();
    throw new Error("the authorization server takes too long");
  });
}

/** Sends a form to an endpoint; a field whose value is undefined is left out. */
export function postForm(
  send: Send,
  url: string,
  fields: Readonly<Record<string, string | undefined>>,
): Promise<Answer> {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
  );
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return request(send, url, { method: "POST", headers, body: pairs.join("&"), redirect: "manual" });
}

/** Returns the `error` of an answer that is the client's fault (RFC 6749 section 5.2), or undefined. */
export function errorOf({ status, body }: Answer): string | undefined {
  const error = body?.["error"];
  return status >= 400 && status < 500 && typeof error === "string" ? error : undefined;
}

/**
 * Gets the metadata of an issuer. Throws an Error where no URL has it: what is not exactly of this issuer could be
 * an attacker's (RFC 8414 section 3.3).
 */
export async function discover(
  send: Send,
  issuer: string,
  plainHttp: PlainHttp,
): Promise<AuthorizationServerMetadata> {
  let cause: unknown;
  for (const url of metadataUrls(issuer)) {
    try {
      const { status, body } = await request(send, url, { redirect: "error" });
      if (status === 200 && body?.["issuer"] === issuer) return readMetadata(body, plainHttp);
    } catch (error) {
      cause ??= error; // some servers answer only at the second URL, or with CORS only there
    }
  }
  throw Object.assign(new Error("no metadata of the authorization server"), {
    cause,
  });
}

/** Returns the members that are known. Throws a TypeError where they are not of their types. */
export function readMetadata(
  given: Readonly<Record<string, unknown>>,
  plainHttp: PlainHttp,
): AuthorizationServerMetadata {
  const url = (name: keyof AuthorizationServerMetadata): string => {
    const value = given[name];
    if (typeof value === "string" && isHttpUrl(value, plainHttp) && normalizeHtu(value) !== null) {
      return value;
    }
    throw new TypeError(`authorizationServer.${name} must be an https URL`);
  };
  const optionalUrl = (name: keyof AuthorizationServerMetadata): string | undefined =>
    given[name] === undefined ? undefined : url(name);
  const algs: unknown = given["dpop_signing_alg_values_supported"];
  return {
    issuer: url("issuer"),
    authorization_endpoint: url("authorization_endpoint"),
    token_endpoint: url("token_endpoint"),
    pushed_authorization_request_endpoint: optionalUrl("pushed_authorization_request_endpoint"),
    revocation_endpoint: optionalUrl("revocation_endpoint"),
    authorization_response_iss_parameter_supported:
      given["authorization_response_iss_parameter_supported"] === true,
    dpop_signing_alg_values_supported: Array.isArray(algs) ? algs.map(String) : undefined,
  };
}
