// fetch with proofs (RFC 9449 sections 4, 7.1, 8 and 9): from a request as fetch takes it to one with a
// proof of its own, which is sent once more if the server wants a nonce.
import {
  functionMember,
  integerArgument,
  membersArgument,
  objectArgument,
} from "../input/argument.js";
import { normalizeHtu, originOf } from "../proof/htu.js";
import { readUnboundTokens } from "../proof/unbound-tokens.js";
import { type Bursts, createTurns, readBursts } from "./burst.js";
import { type Call, initOf, movedTo, readCall } from "./call.js";
import { readResponse, type ResponseLike } from "./challenge.js";
import { discardBody, readErrorBody } from "./error-body.js";
import { isAboutProof, MOST_ATTEMPTS } from "./repeat.js";
import { type ClientAssertions, readClientAssertions, repeatableBody } from "./repeatable-body.js";
import { readOrigin } from "./server-memory.js";
import type { AsyncClientSession, ClientSession, SessionRequest } from "./session.js";

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

type SessionMember = "buildProof" | "observe" | "shouldRetry" | "nonceFor" | "unboundTokens";

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
  /**
   * Returns what the proof of a request has besides, before each attempt: further `claims`, and `htu` for a
   * server behind a proxy that rewrites URLs and compares the one it sees. Default: nothing.
   */
  readonly proofFor?: ((request: SessionRequest) => ProofExtras | Promise<ProofExtras>) | undefined;
  /**
   * "once": a body with a `client_assertion` is not sent again, since many servers take an assertion once. Let
   * `body` be a function that makes a new one. "repeated": it is sent again as it is. Default "once".
   */
  readonly clientAssertions?: ClientAssertions | undefined;
  /**
   * Bytes of the body of a Request that are copied, so that it can be sent again. A longer one is not. 0: none is.
   * Default 1,048,576.
   */
  readonly maxBufferedBody?: number | undefined;
  /**
   * "queued": of many requests at once to a server that wants nonces, one goes first where no nonce is known, or where
   * the server was silent for a minute; the others wait for its response, for up to 5 seconds. "parallel": none
   * waits. Default "queued".
   */
  readonly bursts?: Bursts | undefined;
}

/** What a proof has besides. */
export type ProofExtras = Pick<SessionRequest, "claims" | "htu">;

/** A fetch whose `init.body` may also be a function: it is called before each attempt. */
export type DpopFetch<F extends FetchLike> = F extends (input: infer U, init?: infer I) => infer R
  ? NonNullable<I> extends { readonly body?: infer B }
    ? F & ((input: U, init: Omit<NonNullable<I>, "body"> & BodyMaker<B>) => R)
    : F
  : never;

interface BodyMaker<B> {
  readonly body: () => B | Promise<B>;
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
 *   and a token must not follow to another server. A browser returns only an opaque response: with
 *   `redirect: "follow"` in `init` it follows, and a GET or HEAD whose proof is then refused at another URL of the
 *   same origin is sent once more to that URL. Nothing is learned from another origin, and fetch itself
 *   takes the field Authorization off a request to it. React Native follows redirects on its own: nothing is
 *   learned from a response of another origin, and nothing is sent again.
 * - The URL is https, or http for a host that the session's `plainHttp` takes. Any other URL is a
 *   rejection with a TypeError, and nothing is sent.
 * - A string must be an absolute URL that is sent as it is written. Pass a URL object for any other.
 * - `body` in `init` may be a function that returns the body, or a promise of it: it is called for each attempt.
 * - A body that can be read only once is never sent again: a stream, the body of a Request over
 *   `maxBufferedBody`, or one of an unknown kind; nor is one with a `client_assertion`. You then get the response that asks for a nonce, and
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
): DpopFetch<F> {
  const settings = readSettings(options);
  const { session, proofFor } = settings;
  const turns = settings.bursts === "queued" ? createTurns() : null;
  const signed = async (input: unknown, init?: unknown): Promise<ResponseLike> => {
    const send = settings.fetch ?? platformFetch();
    let call = readCall(input, init, settings.unboundTokens);
    const body = repeatableBody(call.init, call.request, settings);
    let make = body.first;
    if (call.isBearer) {
      return readResponse(await send(call.input, initOf(call, null, await make())));
    }
    const { url, accessToken } = call.target;
    const end = await turns?.wait(
      `${readOrigin(url)} ${accessToken === undefined}`,
      () => session.nonceFor({ url, accessToken }) !== undefined,
    );
    try {
      for (let attempt = 1, hasMoved = false; ; attempt++) {
        const { target } = call;
        const request =
          proofFor === undefined ? target : { ...target, ...(await proofFor(target)) };
        const proof = await session.buildProof(request);
        const response = readResponse(await send(call.input, initOf(call, proof, await make())));
        if (isFromElsewhere(response, target.url)) return response;
        const { status, headers } = response;
        const mayRepeat = attempt < MOST_ATTEMPTS && (status === 400 || status === 401);
        const next = mayRepeat ? await body.again() : null;
        const errorBody = next && (await readErrorBody(proof, response, attempt));
        // No `await` from here to the next proof, so that it has the nonce of this response.
        const answer = { status, headers, errorBody };
        session.observe(target, answer);
        end?.(true);
        if (next === null) return response;
        const moved: Call | null = hasMoved ? null : movedCall(call, response, answer);
        if (moved === null && !session.shouldRetry(proof, answer, attempt)) return response;
        discardBody(response).catch(() => undefined); // a failure of it concerns no caller
        if (moved !== null) [call, hasMoved] = [moved, true];
        make = next;
      }
    } finally {
      end?.(false);
    }
  };
  // It passes its arguments to a function of type F and returns what that function returns.
  return signed as FetchLike as DpopFetch<F>;
}

const OPTIONS = ["session", "fetch", "proofFor", "clientAssertions", "maxBufferedBody", "bursts"];

/** Bytes: a mebibyte. */
const MAX_BUFFERED_BODY = 1_048_576;

function readSettings(options: DpopFetchOptions<FetchLike>) {
  const given = membersArgument(options, "options", OPTIONS);
  const { session, fetch, proofFor, maxBufferedBody = MAX_BUFFERED_BODY } = given;
  const members = objectArgument(session, "session");
  for (const name of ["buildProof", "observe", "shouldRetry", "nonceFor"]) {
    functionMember(members, name, "session");
  }
  if (proofFor !== undefined && typeof proofFor !== "function") {
    throw new TypeError("proofFor must be a function");
  }
  return {
    session,
    unboundTokens: readUnboundTokens(session.unboundTokens),
    fetch: fetch === undefined ? undefined : readFetch(fetch),
    proofFor,
    clientAssertions: readClientAssertions(given.clientAssertions),
    maxBufferedBody: integerArgument(maxBufferedBody, "maxBufferedBody", "bytes", 0, MOST_BUFFERED),
    bursts: readBursts(given.bursts),
  };
}

/** Bytes: a gibibyte. */
const MOST_BUFFERED = 2 ** 30;

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
 * Returns the call to the URL that answered, where the platform followed redirects to it with the proof for the
 * first URL, and the proof is refused; else null. Only GET and HEAD stay what they are in every redirect.
 */
function movedCall(call: Call, response: ResponseLike, answer: ResponseLike): Call | null {
  const { target, follows } = call;
  const { url } = response as { readonly url?: unknown };
  if (
    !follows ||
    typeof url !== "string" ||
    (target.method !== "GET" && target.method !== "HEAD")
  ) {
    return null;
  }
  const isRefused = isAboutProof(answer);
  return isRefused && normalizeHtu(url) !== normalizeHtu(target.url) ? movedTo(call, url) : null;
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
