// The policy for JWT access tokens: options enter, complete settings leave, checked.
import {
  functionMember,
  membersArgument,
  numberArgument,
  objectArgument,
  stringArgument,
} from "../input/argument.js";
import { DAY, platformClock } from "../input/clock.js";
import { type JsonBounds, parseJsonObject } from "../input/json.js";
import { metadataUrls } from "../input/well-known.js";
import { type Alg, algShape, type Backend, LABELS, type SigningLabel } from "../jose/alg.js";
import { type Hasher, hasherArgument } from "../jose/hash.js";
import type { PlainHttp } from "../proof/htu.js";
import type { ClaimsPolicy, OptionalClaim } from "./claims.js";
import {
  type DocumentBounds,
  type DocumentFetch,
  type DocumentPolicy,
  isDocumentUrl,
  readDocumentPolicy,
  withDocuments,
} from "./document.js";
import {
  createIssuerKeys,
  fixedKeys,
  type KeySetOptions,
  type KeySource,
  readKeySetLife,
} from "./issuer-keys.js";
import { type KeySet, readKeySet } from "./key-set.js";
import { readMemoryBounds, type TokenMemoryBounds, type TokenMemoryOptions } from "./memory.js";
import { findJwksUri } from "./metadata.js";

/** A set of public keys (RFC 7517 section 5). */
export interface JsonWebKeySet {
  readonly keys: readonly object[];
}

/** Options of createJwtAccessTokens. */
export interface JwtAccessTokensOptions {
  /** What hashes, imports keys and verifies signatures: nodeCrypto, webcrypto, noble or fast. */
  readonly backend: Backend & { readonly [L in SigningLabel]?: Alg };
  /** The issuer, exactly as its tokens have it in `iss`. A slash at the end counts. */
  readonly issuer: string;
  /** This server, exactly as the tokens have it in `aud`; several names where it has several. */
  readonly audience: string | readonly string[];
  /** The algorithms of the tokens. Default: all that the backend has. */
  readonly algs?: readonly SigningLabel[] | undefined;
  /**
   * The URL of the metadata, where it is neither that of RFC 8414 nor that of OpenID Connect. It must name
   * the issuer too.
   */
  readonly metadataUrl?: string | undefined;
  /** The URL of the keys, where the issuer has no metadata. */
  readonly jwksUri?: string | undefined;
  /** The keys, in hand: nothing is fetched. */
  readonly jwks?: JsonWebKeySet | undefined;
  /** How long fetched keys are used. */
  readonly keySet?: KeySetOptions | undefined;
  /**
   * The media types of the tokens, in the header `typ`; with or without `application/`, in any case.
   * Default "at+jwt". Without that type, another JWT of the issuer for the same audience passes for an
   * access token. Keycloak writes "JWT", unless its client has the attribute
   * `access.token.header.type.rfc9068` with the value "true".
   */
  readonly typ?: string | readonly string[] | undefined;
  /** What to do with tokens that have no `typ`. Default "refused". */
  readonly untypedTokens?: UntypedTokens | undefined;
  /**
   * Claims of RFC 9068 that the issuer leaves out: "client_id", "sub", "iat". Where one is present, it must
   * have its form. Default: none.
   */
  readonly optionalClaims?: readonly OptionalClaim[] | undefined;
  /** The claim with the scopes. Default "scope". Okta and Entra have "scp". */
  readonly scopeClaim?: string | undefined;
  /**
   * How far the clock of the issuer may be ahead of ours, in seconds: for `nbf` and `iat`, never for `exp`.
   * Default 15.
   */
  readonly clockTolerance?: number | undefined;
  /** Returns the time in seconds since the epoch. Default: the clock of the platform. */
  readonly clock?: (() => number) | undefined;
  /** Bounds of what is remembered of good tokens. "none" checks the signature at every request. */
  readonly memory?: TokenMemoryOptions | "none" | undefined;
  /** Sends the requests. Default: the platform's fetch at the time of each call. */
  readonly fetch?: DocumentFetch | undefined;
  /** How long metadata and keys may take together, in seconds. Default 5. */
  readonly timeout?: number | undefined;
  /** Which hosts may be asked by plain http. Default "loopback". */
  readonly plainHttp?: PlainHttp | undefined;
}

/** What happens to a token whose header has no `typ`. */
export type UntypedTokens = "refused" | "accepted";

/** Complete settings. */
export interface JwtPolicy extends ClaimsPolicy {
  readonly hasher: Hasher;
  readonly algs: ReadonlyMap<string, Alg>;
  /** Media types without `application/`, in lower case. */
  readonly types: readonly string[];
  readonly untypedTokens: UntypedTokens;
  readonly scopeClaim: string;
  readonly clock: () => number;
  readonly memory: TokenMemoryBounds | undefined;
  /** Makes the source of the keys, with a clock that never goes back. */
  readonly keys: (readAge: () => number) => KeySource;
}

const OPTIONS = [
  "backend",
  "issuer",
  "audience",
  "algs",
  "metadataUrl",
  "jwksUri",
  "jwks",
  "keySet",
  "typ",
  "untypedTokens",
  "optionalClaims",
  "scopeClaim",
  "clockTolerance",
  "clock",
  "memory",
  "fetch",
  "timeout",
  "plainHttp",
];

/** Checks options and completes them. Throws a TypeError or RangeError that names the option. */
export function readJwtPolicy(options: JwtAccessTokensOptions): JwtPolicy {
  const given = membersArgument(options, "options", OPTIONS);
  const algs = readAlgs(given.backend, given.algs);
  return {
    hasher: hasherArgument(given.backend),
    algs,
    issuer: nameArgument(given.issuer, "issuer"),
    audience: namesArgument(given.audience, "audience"),
    types: namesArgument(given.typ ?? "at+jwt", "typ").map(mediaType),
    untypedTokens: readUntypedTokens(given.untypedTokens),
    optionalClaims: readOptionalClaims(given.optionalClaims),
    scopeClaim: nameArgument(given.scopeClaim ?? "scope", "scopeClaim"),
    clockTolerance: readTolerance(given.clockTolerance),
    clock: readClockOption(given.clock),
    memory: readMemoryBounds(given.memory),
    keys: readKeys(given, algs),
  };
}

/** Returns a media type as types are compared (RFC 7515 section 4.1.9). */
export function mediaType(type: string): string {
  return type.toLowerCase().replace(/^application\//, "");
}

/** Reads the option `clockTolerance`. Default 15. */
export function readTolerance(value: unknown = 15): number {
  return numberArgument(value, "clockTolerance", "seconds", 0, DAY);
}

/** Reads the option `clock`. Default: the platform's. */
export function readClockOption(clock: (() => number) | undefined): () => number {
  if (clock === undefined) return platformClock;
  if (typeof clock !== "function") throw new TypeError("clock must be a function");
  return clock;
}

export function nameArgument(value: unknown, name: string): string {
  const text = stringArgument(value, name);
  if (text === "") throw new TypeError(`${name} must not be empty`);
  return text;
}

/** Returns the list of one name or of several. */
export function namesArgument(value: unknown, name: string): readonly string[] {
  const names: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (names.length === 0) throw new TypeError(`${name} must not be an empty array`);
  return names.map((one) => {
    if (typeof one === "string" && one !== "") return one;
    throw new TypeError(`${name} must be a non-empty string or an array of them`);
  });
}

function readUntypedTokens(value: unknown): UntypedTokens {
  if (value === undefined || value === "refused") return "refused";
  if (value === "accepted") return value;
  throw new TypeError('untypedTokens must be "refused" or "accepted"');
}

const OPTIONAL: ReadonlySet<unknown> = /* @__PURE__ */ new Set(["client_id", "sub", "iat"]);

function readOptionalClaims(value: readonly OptionalClaim[] = []): readonly OptionalClaim[] {
  if (!Array.isArray(value) || !value.every((claim) => OPTIONAL.has(claim))) {
    throw new TypeError('optionalClaims must be an array of "client_id", "sub" and "iat"');
  }
  return [...value];
}

/** Returns the algorithms of a backend by their labels: those of the option, else all. */
function readAlgs(
  backend: JwtAccessTokensOptions["backend"],
  wanted: readonly SigningLabel[] | undefined,
): ReadonlyMap<string, Alg> {
  const { algs } = objectArgument(backend, "backend");
  if (!Array.isArray(algs)) throw new TypeError("backend.algs must be an array of algorithms");
  const all = new Map<string, Alg>();
  for (const label of LABELS) {
    const alg: unknown = backend.algs.find((one) => one?.alg === label) ?? backend[label];
    if (isAlg(alg, label)) all.set(label, alg);
  }
  if (wanted === undefined && all.size > 0) return all;
  if (!Array.isArray(wanted) || wanted.length === 0 || !wanted.every((label) => all.has(label))) {
    const labels = [...all.keys()].join(", ");
    throw new TypeError(`algs must be a non-empty array of algorithms of the backend: ${labels}`);
  }
  return new Map([...all].filter(([label]) => wanted.some((one) => one === label)));
}

/** Returns true for an algorithm with the kty and crv of its label. */
function isAlg(value: unknown, label: SigningLabel): value is Alg {
  if (typeof value !== "object" || value === null) return false;
  const alg = objectArgument(value, "backend.algs[]");
  functionMember(alg, "importKey", "backend.algs[]");
  const shape = algShape(label);
  return alg["alg"] === label && alg["kty"] === shape?.kty && alg["crv"] === shape?.crv;
}

const KEY_SET: DocumentBounds = { bytes: 262_144, members: 256, values: 8192, outside: 262_144 };

/** Returns what makes the source of the keys. Where they come from is said by one option at most. */
function readKeys(
  given: JwtAccessTokensOptions,
  algs: ReadonlyMap<string, Alg>,
): JwtPolicy["keys"] {
  const policy = readDocumentPolicy(given);
  const life = readKeySetLife(given.keySet);
  const { issuer, metadataUrl, jwksUri, jwks } = given;
  if ([metadataUrl, jwksUri, jwks].filter((place) => place !== undefined).length > 1) {
    throw new TypeError("only one of metadataUrl, jwksUri and jwks may be given");
  }
  if (jwks !== undefined) {
    const keys = fixedKeys(readJwks(jwks, algs));
    return () => keys;
  }
  const load = loader(policy, { issuer, metadataUrl, jwksUri }, algs);
  return (readAge) => createIssuerKeys(load, life, readAge);
}

function readJwks(jwks: JsonWebKeySet, algs: ReadonlyMap<string, Alg>): KeySet {
  const { bytes: _, ...bounds }: DocumentBounds = KEY_SET;
  const set = readKeySet(parseJsonObject(jsonOf(jwks), bounds) ?? {}, algs);
  if (set !== null && set.size > 0) return set;
  throw new TypeError("jwks must be { keys } with a public key for one of the algorithms");
}

function jsonOf(jwks: unknown): string {
  try {
    return JSON.stringify(objectArgument(jwks, "jwks"));
  } catch {
    return ""; // a cycle, a BigInt
  }
}

function loader(
  policy: DocumentPolicy,
  {
    issuer,
    metadataUrl,
    jwksUri,
  }: Pick<JwtAccessTokensOptions, "issuer" | "metadataUrl" | "jwksUri">,
  algs: ReadonlyMap<string, Alg>,
): (before: KeySet | undefined) => Promise<KeySet> {
  const { plainHttp } = policy;
  const urls = metadataUrl === undefined ? metadataUrls(issuer) : [metadataUrl];
  const name =
    jwksUri !== undefined ? "jwksUri" : metadataUrl !== undefined ? "metadataUrl" : "issuer";
  urlArgument(jwksUri ?? metadataUrl ?? issuer, name, plainHttp);
  if (name === "issuer" && /[?#]/.test(issuer)) {
    throw new TypeError("issuer must be a URL without query and fragment"); // RFC 8414 section 2
  }
  return (before) =>
    withDocuments(policy, "the keys of the issuer", async (get) => {
      const uri = jwksUri ?? (await findJwksUri(get, issuer, urls, plainHttp));
      const set = readKeySet(await get("the issuer's key set", uri, KEY_SET), algs, before);
      if (set === null)
        throw new Error("the issuer's key set: keys must be an array of 100 at most");
      return set;
    });
}

/** Throws a TypeError for anything but an absolute URL that may be asked. */
export function urlArgument(value: unknown, name: string, plainHttp: PlainHttp): string {
  const url = stringArgument(value, name);
  if (isDocumentUrl(url, plainHttp)) return url;
  throw new TypeError(
    `${name} must be an https URL, or an http one of a host that plainHttp allows`,
  );
}

/** Claims have more members than a proof, such as roles for each client. */
export const CLAIMS: JsonBounds = { members: 256, values: 2048, outside: 12_288 };
