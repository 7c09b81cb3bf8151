// The request that a proof came with, as the server saw it: what the programmer passes to facts of
// the right types.
import {
  membersArgument,
  optionalString,
  stringArgument,
  timeArgument,
} from "../bytes/argument.js";
import { httpScheme } from "../proof/htu.js";

interface RequestLine {
  /** The HTTP method, as it was received. */
  readonly method: string;
  /**
   * The absolute URL that the client called: behind a proxy, the one outside. Query and fragment
   * are ignored.
   */
  readonly url: string;
  /** The time of the request in seconds since the epoch; wins over the verifier's clock. */
  readonly now?: number | undefined;
}

interface ResourceRequest extends RequestLine {
  /** The access token that came with the proof. */
  readonly accessToken: string;
  /** The thumbprint that the token is bound to: its `cnf.jkt`. */
  readonly jkt: string;
}

interface TokenRequest extends RequestLine {
  readonly accessToken?: undefined;
  /**
   * The thumbprint that the key must have, where one is expected: of a code, a refresh token or
   * `dpop_jkt`.
   */
  readonly jkt?: string | undefined;
}

/**
 * What the server saw. With an access token, the key that it is bound to is required: item 12 has
 * two halves.
 */
export type ProofRequest = ResourceRequest | TokenRequest;

export interface RequestFacts {
  readonly method: string;
  readonly url: string;
  readonly accessToken: string | undefined;
  readonly jkt: string | undefined;
  readonly now: number;
}

const MEMBERS = ["method", "url", "accessToken", "jkt", "now"];

/**
 * Reads every member once. Contents come from the network and are judged later; a wrong type is the
 * programmer's mistake, and so is a url that is not absolute, since a server composes it.
 */
export function readRequest(request: ProofRequest, clock: () => number): RequestFacts {
  const { method, url, accessToken, jkt, now } = membersArgument(request, "request", MEMBERS);
  stringArgument(method, "method");
  stringArgument(url, "url");
  optionalString(accessToken, "accessToken");
  optionalString(jkt, "jkt");
  if (httpScheme(url) === null) throw new TypeError("url must begin with http:// or https://");
  if (accessToken !== undefined && jkt === undefined) {
    throw new TypeError(
      "jkt must be given with accessToken: the thumbprint that the token is bound to",
    );
  }
  return { method, url, accessToken, jkt, now: readNow(now, clock) };
}

/** `now` where the caller gives it, else the clock of the policy. */
function readNow(now: unknown, clock: () => number): number {
  return now === undefined ? timeArgument(clock(), "clock()") : timeArgument(now, "now");
}
