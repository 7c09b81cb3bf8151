// fetch with proofs (RFC 9449 sections 4, 7.1, 8 and 9): a request as fetch takes it to one that
// carries a proof of its own, sent once more where the server wants a nonce.
import { functionMember, membersArgument, objectArgument } from "../input/argument.js";
import { normalizeHtu } from "../proof/htu.js";
import { canRepeat, initOf, readCall } from "./call.js";
import { readResponse, type ResponseLike } from "./challenge.js";
import { discardBody, readErrorBody } from "./error-body.js";
import { originOf, readOrigin } from "./server-memory.js";
import type { AsyncClientSession, ClientSession } from "./session.js";

/** Any function that takes what fetch takes, or part of it, and answers what fetch answers. */
export type FetchLike = (input: never, init?: never) => Promise<ResponseLike>;

/** What can be said of fetch where the platform's types do not declare it. */
export type PlainFetch = (
  input: string | { readonly href: string } | { readonly url: string },
  init?: Readonly<Record<string, unknown>>,
) => Promise<ResponseLike>;

/** The type of the platform's own fetch, as the program that uses this package knows it. */
export type PlatformFetch = typeof globalThis extends { fetch: infer F extends FetchLike }
  ? F
  : PlainFetch;

export interface DpopFetchOptions<F extends FetchLike = PlatformFetch> {
  readonly session:
    | Pick<ClientSession, "buildProof" | "observe" | "shouldRetry">
    | Pick<AsyncClientSession, "buildProof" | "observe" | "shouldRetry">;
  /**
   * What sends the requests; the platform's fetch, as it is at each call, where it is not given. It
   * must take the URL as a string: a URL object is sent as its `href`. From a response of which the
   * `url` has another origin, that of a redirect or of an address behind, nothing is learned.
   */
  readonly fetch?: F | undefined;
}

/**
 * Makes a fetch of the same type that adds a DPoP proof to every request, and sends a request once
 * more, with a new proof, where the server wants a nonce. All else is passed on and handed back. The
 * call alone is wrapped: other members of the fetch that was given are not there.
 *
 * - The proof is for the access token of the request's own header `Authorization: DPoP …`; without
 *   one it is for an authorization server. A header `DPoP` that you set is replaced.
 * - Redirects are handed to you, as with `redirect: "manual"` ("error" stays): a proof is for one
 *   URL, and a token must not follow to another server. React Native follows them all the same, on
 *   its own: from a response of another origin nothing is learned, and nothing is sent again.
 * - The URL is https, or http for a host that the session's `plainHttp` takes: any other is a
 *   rejection with a TypeError, and nothing is sent.
 * - A string must be an absolute URL that is sent as it is written; for all others pass a URL object.
 * - A body that may be read but once is never sent again: a stream, that of a Request (unless `init`
 *   has another), or one of an unknown kind. Then you get the response that asks for a nonce, and the
 *   nonce is kept for your next request.
 * - An error that may ask for a nonce in its JSON (status 400 or 401) is read first, up to 16384 bytes
 *   where the platform has streams, and for 5 seconds at most where it has `setTimeout`. What takes
 *   longer is handed to you as it came, its body unread.
 *
 * Throws a TypeError for a mistaken option. A mistaken call is a rejection with a TypeError; what
 * fetch and the signer throw comes through.
 */
export function createDpopFetch<F extends FetchLike = PlatformFetch>(
  options: DpopFetchOptions<F>,
): F {
  const { session, fetch } = membersArgument(options, "options", ["session", "fetch"]);
  const ownFetch = fetch === undefined ? undefined : readFetch(fetch);
  const given = objectArgument(session, "session");
  for (const name of ["buildProof", "observe", "shouldRetry"]) {
    functionMember(given, name, "session");
  }
  const signed = async (input: unknown, init?: unknown): Promise<ResponseLike> => {
    const send = ownFetch ?? platformFetch();
    const call = readCall(input, init);
    for (let attempt = 1; ; attempt++) {
      const proof = await session.buildProof(call.target);
      const response = readResponse(await send(call.input, initOf(call, proof)));
      if (isFromElsewhere(response, call.target.url)) return response;
      const isLast = attempt > 1 || !canRepeat(call);
      const errorBody = isLast ? undefined : await readErrorBody(response);
      // Nothing is awaited from here to the next proof, so that it has the nonce of this response.
      session.observe(call.target, response);
      const { status, headers } = response;
      if (isLast || !session.shouldRetry({ status, headers, errorBody }, attempt)) return response;
      discardBody(response).catch(() => undefined); // nobody needs it, nor its failure
    }
  };
  // What it is called with goes on to a function of type F, and that function's answer comes back.
  return signed as FetchLike as F;
}

/** A function like fetch as it is called here: what a caller gave is passed on, not looked into. */
type UntypedFetch = (
  input: unknown,
  init: Readonly<Record<string, unknown>>,
) => Promise<ResponseLike>;

function readFetch(value: unknown): UntypedFetch {
  if (typeof value !== "function") throw new TypeError("fetch must be a function");
  return value as UntypedFetch; // its own types were for the caller, who said what it takes
}

/** Called without an owner, as browsers want it. */
function platformFetch(): UntypedFetch {
  const { fetch } = globalThis as { readonly fetch?: UntypedFetch };
  if (typeof fetch !== "function") {
    throw new TypeError("fetch must be given where the platform has none");
  }
  return fetch;
}

/**
 * True where another server answered, since the platform followed a redirect that it was to hand
 * over; a platform that does not say where the answer is from may say that it was redirected.
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
