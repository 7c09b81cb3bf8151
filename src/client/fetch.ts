// fetch with proofs (RFC 9449 sections 4, 7.1, 8 and 9): from a request as fetch takes it to one with a
// proof of its own, which is sent once more if the server wants a nonce.
import { functionMember, membersArgument, objectArgument } from "../input/argument.js";
import { normalizeHtu, originOf } from "../proof/htu.js";
import { readUnboundTokens } from "../proof/unbound-tokens.js";
import { canRepeat, initOf, readCall } from "./call.js";
import { readResponse, type ResponseLike } from "./challenge.js";
import { discardBody, readErrorBody } from "./error-body.js";
import { MOST_ATTEMPTS } from "./repeat.js";
import { readOrigin } from "./server-memory.js";
import type { AsyncClientSession, ClientSession } from "./session.js";

/** Any function that takes what fetch takes, or part of it, and returns what fetch returns. */
export type FetchLike = (input: never, init?: never) => Promise<ResponseLike>;

/** The type of fetch for programs without the types of a platform. */
export type PlainFetch = (
  input: string | { readonly href: string } | { readonly url: string },
  init?: Readonly<Record<string, unknown>>,
) => Promise<ResponseLike>;

/** The type of the platform's fetch in the program that uses this package. */
export type PlatformFetch = typeof globalThis extends { fetch: infer F extends FetchLike }
  ? F
  : PlainFetch;

type SessionMember = "buildProof" | "observe" | "shouldRetry" | "unboundTokens";

/** Options of createDpopFetch. */
export interface DpopFetchOptions<F extends FetchLike = PlatformFetch> {
  /** Makes the proofs and keeps the nonces. */
  readonly session: Pick<ClientSession, SessionMember> | Pick<AsyncClientSession, SessionMember>;
  /**
   * Sends the requests. Default: the platform's fetch at the time of each call. It
   * must take the URL as a string: a URL object is passed on as its `href`. Nothing is learned from a
   * response whose `url` has another origin, after a redirect or from a server behind a proxy.
   */
  readonly fetch?: F | undefined;
}

/**
 * Makes a fetch that adds a DPoP proof to every request, and sends a request again with a new proof where
 * that may help: once for a nonce that the server wants, and with `correctClockSkew` once for the time.
 * Everything else is passed on and returned as it is. Only the call is
 * wrapped: the result has no other members of the fetch that you gave.
 *
 * - The proof is for the access token in the request's header `Authorization: DPoP …`. Without that
 *   header it is for an authorization server. A header `DPoP` that you set is replaced.
 * - No proof goes with `Authorization: Bearer …`. Such a call is a rejection with a TypeError, unless the
 *   session's `unboundTokens` is "accepted".
 * - Redirects are returned to you, as with `redirect: "manual"` ("error" stays): a proof is for one URL,
 *   and a token must not follow to another server. React Native follows redirects on its own: nothing is
 *   learned from a response of another origin, and nothing is sent again.
 * - The URL is https, or http for a host that the session's `plainHttp` takes. Any other URL is a
 *   rejection with a TypeError, and nothing is sent.
 * - A string must be an absolute URL that is sent as it is written. Pass a URL object for any other.
 * - A body that can be read only once is never sent again: a stream, the body of a Request (unless
 *   `init` has another), or one of an unknown kind. You then get the response that asks for a nonce, and
 *   the session keeps the nonce for your next request.
 * - An error that may ask for a new proof in its JSON (status 400 or 401) is read first: up to 16,384 bytes
 *   on a platform with streams, and for up to 5 seconds on a platform with `setTimeout`. A response that
 *   is larger or slower is returned to you as it came, its body unread.
 *
 * @param options the session, and the fetch that sends.
 * @returns a function of the type of the fetch that sends. It rejects with a TypeError for a mistaken
 *   call; what fetch or the signer throws propagates.
 * @throws a TypeError for a mistaken option.
 * @example
 * ```ts
 * import { createClientSession, createDpopFetch, createSigner, generatePrivateJwk } from "dpop-core";
 *
 * const session = createClientSession({ signer: createSigner(generatePrivateJwk("ES256")) });
 * const dpopFetch = createDpopFetch({ session });
 * const getOrders = (token: string) =>
 *   dpopFetch("https://api.example/orders", { headers: { Authorization: `DPoP ${token}` } });
 * ```
 * @see RFC 9449 sections 4, 7.1, 8 and 9
 */
export function createDpopFetch<F extends FetchLike = PlatformFetch>(
  options: DpopFetchOptions<F>,
): F {
  const { session, fetch } = membersArgument(options, "options", ["session", "fetch"]);
  const ownFetch = fetch === undefined ? undefined : readFetch(fetch);
  const given = objectArgument(session, "session");
  const policy = readUnboundTokens(given["unboundTokens"]);
  for (const name of ["buildProof", "observe", "shouldRetry"]) {
    functionMember(given, name, "session");
  }
  const signed = async (input: unknown, init?: unknown): Promise<ResponseLike> => {
    const send = ownFetch ?? platformFetch();
    const call = readCall(input, init, policy);
    if (call.isBearer) return readResponse(await send(call.input, initOf(call, null)));
    for (let attempt = 1; ; attempt++) {
      const proof = await session.buildProof(call.target);
      const response = readResponse(await send(call.input, initOf(call, proof)));
      if (isFromElsewhere(response, call.target.url)) return response;
      const isLast = attempt === MOST_ATTEMPTS || !canRepeat(call);
      const errorBody = isLast ? undefined : await readErrorBody(proof, response, attempt);
      // No `await` from here to the next proof, so that it has the nonce of this response.
      const { status, headers } = response;
      const answer = { status, headers, errorBody };
      session.observe(call.target, answer);
      if (isLast || !session.shouldRetry(proof, answer, attempt)) return response;
      discardBody(response).catch(() => undefined); // a failure of it concerns no caller
    }
  };
  // It passes its arguments to a function of type F and returns what that function returns.
  return signed as FetchLike as F;
}

/** A function like fetch, as it is called here: the arguments of the caller are passed on unread. */
type UntypedFetch = (
  input: unknown,
  init: Readonly<Record<string, unknown>>,
) => Promise<ResponseLike>;

function readFetch(value: unknown): UntypedFetch {
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

/**
 * True for a response of another server, after a redirect that the platform followed although it should
 * not. A platform that gives no `url` of a response may still say that it was redirected.
 */
function isFromElsewhere(response: ResponseLike, url: string): boolean {
  const { url: answered, redirected } = response as {
    readonly url?: unknown;
    readonly redirected?: unknown;
  };
  if (typeof answered !== "string" || answered === "") return redirected === true;
  const htu = normalizeHtu(answered);
  return htu === null || originOf(htu) !== readOrigin(url);
}
