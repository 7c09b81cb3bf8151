// The request that a proof came with, as the server saw it: what the caller passes enters, facts of the
// right types leave.
import {
  optionalString,
  plainArgument,
  stringArgument,
  timeArgument,
  unknownMember,
} from "../input/argument.js";
import { isThumbprint } from "../jose/thumbprint.js";
import { isHttpUrl, type PlainHttp } from "../proof/htu.js";

interface RequestLine {
  /** The HTTP method, as it was received. */
  readonly method: string;
  /**
   * The absolute URL that the client called: behind a proxy, the URL outside. It is https, or http for
   * a host that the option `plainHttp` accepts. Query and fragment are ignored.
   */
  readonly url: string;
  /** The time of the request in seconds since the epoch. Default: the clock of the verifier. */
  readonly now?: number | undefined;
}

interface RequestWithToken<Lookup> extends RequestLine {
  /** The access token that came with the proof. */
  readonly accessToken: string;
  /**
   * The thumbprint that the token is bound to, its `cnf.jkt`; or a function that looks it up. That is
   * called at most once, after every check that needs neither its result nor the signature, so garbage
   * costs no look-up. What it throws propagates.
   */
  readonly jkt: string | Lookup;
  readonly requiredJkt?: undefined;
  readonly clientKeyJkt?: undefined;
}

interface RequestWithoutToken<Lookup> extends RequestLine {
  readonly accessToken?: undefined;
  /**
   * The thumbprint that the key must have, if one is expected: that of a code, a refresh token or
   * `dpop_jkt`; or a function that looks it up, called under the same conditions as with an access token.
   */
  readonly jkt?: string | Lookup | undefined;
  /**
   * Another thumbprint that the key must have, such as that of an attested key. A different key is
   * `jkt_mismatch`.
   */
  readonly requiredJkt?: string | undefined;
  /**
   * A thumbprint that the key must not have, such as that of the key that the client authenticates with
   * (section 5). That key is `client_key_reused`.
   */
  readonly clientKeyJkt?: string | undefined;
}

/**
 * Returns the thumbprint that an access token is bound to; null refuses the proof as `jkt_mismatch`. `ath`
 * is the hash of that token in base64url, and was found in the proof.
 */
export type JktLookup = (ath: string) => string | null;

/** A JktLookup that may return a promise. */
export type AsyncJktLookup = (ath: string) => string | null | Promise<string | null>;

/**
 * Returns the thumbprint that a grant is bound to; undefined for a grant that is bound to no key. Null
 * refuses the proof as `jkt_mismatch`.
 */
export type GrantJktLookup = () => string | undefined | null;

/** A GrantJktLookup that may return a promise. */
export type AsyncGrantJktLookup = () =>
  ReturnType<GrantJktLookup> | Promise<ReturnType<GrantJktLookup>>;

/**
 * The request that a proof came with, as the server saw it. With `accessToken`, `jkt` is required: item 12
 * of RFC 9449 section 4.3 checks the hash of the token and the key that it is bound to.
 */
export type ProofRequest = RequestWithToken<JktLookup> | RequestWithoutToken<GrantJktLookup>;

/** A ProofRequest for an asynchronous verifier: its look-up may return a promise. */
export type AsyncProofRequest =
  RequestWithToken<AsyncJktLookup> | RequestWithoutToken<AsyncGrantJktLookup>;

/** Any of the four. */
type AnyLookup = (ath: string) => ReturnType<AsyncGrantJktLookup>;

/** A ProofRequest whose types were checked, with its time. */
export interface RequestFacts {
  readonly method: string;
  readonly url: string;
  readonly accessToken: string | undefined;
  readonly jkt: string | AnyLookup | undefined;
  readonly requiredJkt: string | undefined;
  readonly clientKeyJkt: string | undefined;
  readonly now: number;
}

/**
 * Checks the types of a request. Contents come from the network and are judged later. A wrong type is the
 * caller's mistake and throws; so does a URL that is not absolute, or that is plain http without
 * permission, since the server composes it.
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

/** Does what membersArgument does, in half the time, since every request passes here (bench/verify). */
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
        throw unknownMember("request", member, MEMBERS);
    }
  }
  return { method, url, accessToken, jkt, requiredJkt, clientKeyJkt, now };
}

const MEMBERS = ["method", "url", "accessToken", "jkt", "requiredJkt", "clientKeyJkt", "now"];

/**
 * Checks the URL of a request; the roles also call it where they answer without a verifier. A server that
 * composes an http URL either forgot the proxy in front of it, or takes tokens that anyone can read.
 */
export function urlArgument(value: unknown, plainHttp: PlainHttp): string {
  const url = stringArgument(value, "url");
  if (isHttpUrl(url, plainHttp)) return url;
  throw new TypeError(
    "url must begin with https://, or be http:// on a loopback host; behind a proxy that ends TLS it is " +
      'the URL outside; plainHttp: "anywhere" takes others',
  );
}

/** Checks the form of a thumbprint that the caller gives: in another form it would differ from every key. */
export function thumbprintArgument(value: unknown, name: string): void {
  if (value !== undefined && !isThumbprint(value)) {
    throw new TypeError(`${name} must be a JWK SHA-256 thumbprint: 43 characters of base64url`);
  }
}

/** Returns `now` if the caller gives it, else the time of the policy's clock. */
function readNow(now: unknown, clock: () => number): number {
  return now === undefined ? readClock(clock) : timeArgument(now, "now");
}

/** Returns seconds since the epoch. Throws a TypeError or RangeError if the clock returns anything else. */
export function readClock(clock: () => number): number {
  return timeArgument(clock(), "clock()");
}
