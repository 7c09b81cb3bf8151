// The request that a proof came with, as the server saw it: what the programmer passes to facts of
// the right types.
import { optionalString, plainArgument, stringArgument, timeArgument } from "../input/argument.js";
import { isThumbprint } from "../jose/thumbprint.js";
import { isHttpUrl, type PlainHttp } from "../proof/htu.js";

interface RequestLine {
  /** The HTTP method, as it was received. */
  readonly method: string;
  /**
   * The absolute URL that the client called: behind a proxy, the one outside. It is https, or http
   * for a host that the option `plainHttp` takes. Query and fragment are ignored.
   */
  readonly url: string;
  /** The time of the request in seconds since the epoch; wins over the verifier's clock. */
  readonly now?: number | undefined;
}

interface RequestWithToken<Lookup> extends RequestLine {
  /** The access token that came with the proof. */
  readonly accessToken: string;
  /**
   * The thumbprint that the token is bound to: its `cnf.jkt`. Or a function that looks it up: it is
   * called once at most, after every check that needs neither it nor the signature, so garbage costs
   * no look-up. What it throws propagates.
   */
  readonly jkt: string | Lookup;
  readonly requiredJkt?: undefined;
  readonly clientKeyJkt?: undefined;
}

interface RequestWithoutToken<Lookup> extends RequestLine {
  readonly accessToken?: undefined;
  /**
   * The thumbprint that the key must have, where one is expected: of a code, a refresh token or
   * `dpop_jkt`. Or a function that looks it up, under the same conditions as that of an access token.
   */
  readonly jkt?: string | Lookup | undefined;
  /**
   * Another thumbprint that the key must have, where there is one: of the key that attests the client,
   * say. A different key is `jkt_mismatch`.
   */
  readonly requiredJkt?: string | undefined;
  /**
   * The thumbprint that the key must not have, where there is one: of the key that the client
   * authenticates with (section 5).
   */
  readonly clientKeyJkt?: string | undefined;
}

/** Returns the thumbprint that a token is bound to; null refuses the proof, as `jkt_mismatch`. */
export type JktLookup = () => string | null;

/** The same, at once or later. */
export type AsyncJktLookup = () => string | null | Promise<string | null>;

/**
 * Returns the thumbprint that a grant is bound to, undefined for a grant that is bound to no key; null
 * refuses the proof, as `jkt_mismatch`.
 */
export type GrantJktLookup = () => string | undefined | null;

/** The same, at once or later. */
export type AsyncGrantJktLookup = () =>
  ReturnType<GrantJktLookup> | Promise<ReturnType<GrantJktLookup>>;

/**
 * What the server saw. With an access token, the key that it is bound to is required: item 12 has
 * two halves.
 */
export type ProofRequest = RequestWithToken<JktLookup> | RequestWithoutToken<GrantJktLookup>;

/** The same for an asynchronous verifier: the look-up may answer later. */
export type AsyncProofRequest =
  RequestWithToken<AsyncJktLookup> | RequestWithoutToken<AsyncGrantJktLookup>;

export interface RequestFacts {
  readonly method: string;
  readonly url: string;
  readonly accessToken: string | undefined;
  readonly jkt: string | AsyncGrantJktLookup | undefined;
  readonly requiredJkt: string | undefined;
  readonly clientKeyJkt: string | undefined;
  readonly now: number;
}

/**
 * Contents come from the network and are judged later; a wrong type is the programmer's mistake, and
 * so is a url that is not absolute, or that is plain http where nobody said that it may be, since a
 * server composes it.
 */
export function readProofRequest(
  request: AsyncProofRequest,
  clock: () => number,
  plainHttp: PlainHttp,
): RequestFacts {
  const given = ownMembers(request);
  const { accessToken, jkt, requiredJkt, clientKeyJkt, now } = given;
  const method = stringArgument(given.method, "method");
  const url = stringArgument(given.url, "url");
  optionalString(accessToken, "accessToken");
  if (typeof jkt !== "function") optionalString(jkt, "jkt");
  thumbprintArgument(requiredJkt, "requiredJkt");
  thumbprintArgument(clientKeyJkt, "clientKeyJkt");
  urlArgument(url, plainHttp);
  if (accessToken !== undefined && jkt === undefined) {
    throw new TypeError(
      "jkt must be given with accessToken: the thumbprint that the token is bound to",
    );
  }
  return { method, url, accessToken, jkt, requiredJkt, clientKeyJkt, now: readNow(now, clock) };
}

type Members = { readonly [M in keyof RequestFacts]: AsyncProofRequest[M] | undefined };

/**
 * What membersArgument does, for these members: every request comes this way, and it takes half the
 * time (bench/verify).
 */
function ownMembers(request: AsyncProofRequest): Members {
  plainArgument(request, "request");
  let method, url, accessToken, jkt, requiredJkt, clientKeyJkt, now;
  for (const member of Object.keys(request)) {
    switch (member) {
      case "method":
        method = request.method;
        break;
      case "url":
        url = request.url;
        break;
      case "accessToken":
        accessToken = request.accessToken;
        break;
      case "jkt":
        jkt = request.jkt;
        break;
      case "requiredJkt":
        requiredJkt = request.requiredJkt;
        break;
      case "clientKeyJkt":
        clientKeyJkt = request.clientKeyJkt;
        break;
      case "now":
        now = request.now;
        break;
      default:
        throw new TypeError(`request must have no members but ${MEMBERS}`);
    }
  }
  return { method, url, accessToken, jkt, requiredJkt, clientKeyJkt, now };
}

const MEMBERS = "method, url, accessToken, jkt, requiredJkt, clientKeyJkt, now";

/**
 * The URL of a request, for the roles too where they answer without asking a verifier: a server that
 * composes an http one either forgot the proxy before it, or takes tokens that anybody can read.
 */
export function urlArgument(value: unknown, plainHttp: PlainHttp): string {
  const url = stringArgument(value, "url");
  if (isHttpUrl(url, plainHttp)) return url;
  throw new TypeError(
    "url must begin with https://, or be http:// on a loopback host; behind a proxy that ends TLS it is " +
      'the URL outside; plainHttp: "anywhere" takes others',
  );
}

/** A thumbprint of a key of the integrator's: one of another form would match no key, or differ from all. */
export function thumbprintArgument(value: unknown, name: string): void {
  if (value !== undefined && !isThumbprint(value)) {
    throw new TypeError(`${name} must be a JWK SHA-256 thumbprint: 43 characters of base64url`);
  }
}

/** `now` where the caller gives it, else the clock of the policy. */
function readNow(now: unknown, clock: () => number): number {
  return now === undefined ? readClock(clock) : timeArgument(now, "now");
}

/** Seconds since the epoch; a TypeError or RangeError where the clock says something else. */
export function readClock(clock: () => number): number {
  return timeArgument(clock(), "clock()");
}
