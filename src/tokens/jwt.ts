// JWT access tokens (RFC 9068): a token to its claims and binding, once its signature, its issuer, its
// audience and its times were checked, or were checked a short time ago.
import { optionalString, stringArgument, timeArgument } from "../input/argument.js";
import type { JsonObject } from "../input/json.js";
import {
  decodeSignature,
  demandsExtension,
  parseHeader,
  parsePayload,
  signingInput,
  splitJws,
} from "../jose/jws.js";
import { hashOf } from "../proof/ath.js";
import { type AccessToken, type AsyncAccessTokens, scopesOf } from "./access-token.js";
import { bindingFromVerified } from "./binding.js";
import { isClaimsOf, isTime, type JwtClaims } from "./claims.js";
import type { KeySource } from "./issuer-keys.js";
import { isKid, type KeySet, type TokenKey } from "./key-set.js";
import { createTokenMemory, forwardClock, type TokenMemory } from "./memory.js";
import {
  CLAIMS,
  type JwtAccessTokensOptions,
  type JwtPolicy,
  mediaType,
  readJwtPolicy,
} from "./policy.js";

/** Most characters of an access token. A header field can hardly be longer. */
export const LONGEST_TOKEN = 16_384;

/** A token whose signature was not checked. */
interface ParsedToken {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly claims: JsonObject;
  readonly signature: Uint8Array;
  readonly signed: Uint8Array;
}

/** A token that was found good with a key. */
interface GoodToken {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly key: TokenKey;
  readonly claims: JsonObject;
  readonly known: AccessToken<JsonObject>;
  /** The last set that the key was found in. */
  set: KeySet;
}

/**
 * Makes the check of JWT access tokens (RFC 9068) of one issuer, for the option `accessTokens` of an
 * asynchronous resource server.
 *
 * - A token is good if its signature is by a key of the issuer, under an algorithm of the list; its `iss` and
 *   `aud` are those of the options; it is not expired; and it has what RFC 9068 asks for. Every other token
 *   is null.
 * - The keys are found by the metadata of the issuer (RFC 8414, else OpenID Connect), with `jwksUri`, or in
 *   `jwks`. They are fetched with the first token, again every ten minutes, and at once for a token of an
 *   unknown key, but not more often than every 30 seconds. While that fails, the last set is used for an
 *   hour more. All spans are options.
 * - A good token is remembered for 60 seconds, never past its `exp`: a further request with it costs no
 *   signature. It is forgotten when its key leaves the set.
 * - A token that is revoked stays good until it expires; use createIntrospection where that is too long.
 *
 * @typeParam C the claims of your tokens.
 * @param options the issuer, the audience and the backend, and what differs from the defaults.
 * @returns a function that returns what is known of a good token, null for every other. It rejects where the
 *   keys can't be fetched, with an Error that says which document failed: then it is not known whether a
 *   token is good, and the answer to the client is 503.
 * @throws a TypeError or RangeError that names the option.
 * @example
 * ```ts
 * import {
 *   createAsyncResourceServer,
 *   createAsyncVerifier,
 *   createMemoryReplayStore,
 * } from "dpop-core";
 * import { createJwtAccessTokens } from "dpop-core/jwt";
 * import { nodeCrypto } from "dpop-core/node-crypto";
 *
 * const server = createAsyncResourceServer({
 *   verifier: createAsyncVerifier({ backend: nodeCrypto, replay: createMemoryReplayStore() }),
 *   accessTokens: createJwtAccessTokens({
 *     backend: nodeCrypto,
 *     issuer: "https://as.example",
 *     audience: "https://api.example",
 *   }),
 * });
 * ```
 * @see RFC 9068 section 4; RFC 8414 section 3; RFC 7517 section 5
 */
export function createJwtAccessTokens<C extends JwtClaims = JwtClaims>(
  options: JwtAccessTokensOptions,
): AsyncAccessTokens<C> {
  const policy = readJwtPolicy(options);
  const ageOf = forwardClock();
  const readNow = (): number => timeArgument(policy.clock(), "clock()");
  const keys = policy.keys(() => ageOf(readNow()));
  const memory =
    policy.memory === undefined ? undefined : createTokenMemory<GoodToken>(policy.memory);
  const parts: Parts = { policy, keys, memory };

  return async (accessToken, hash) => {
    stringArgument(accessToken, "accessToken");
    optionalString(hash, "hash");
    if (accessToken.length > LONGEST_TOKEN) return null;
    const now = readNow();
    const token = await find(parts, accessToken, hash, { now, age: ageOf(now) });
    // Once more: what was waited for may have taken long.
    if (token === null || !isTime(token.claims, readNow(), policy.clockTolerance)) return null;
    return token.known as AccessToken<C>; // what of C is more than JwtClaims is the caller's knowledge
  };
}

/** What a check works with. */
interface Parts {
  readonly policy: JwtPolicy;
  readonly keys: KeySource;
  readonly memory: TokenMemory<GoodToken> | undefined;
}

/** The time of a check, by the clock and by one that never goes back. */
interface Moment {
  readonly now: number;
  readonly age: number;
}

/** Returns a good token, from the memory where it is there; null for a bad one. */
async function find(
  parts: Parts,
  accessToken: string,
  given: string | undefined,
  moment: Moment,
): Promise<GoodToken | null> {
  const { policy, memory } = parts;
  if (memory === undefined) return check(parts, accessToken, moment);
  const hash = given ?? hashOf(accessToken, policy.hasher);
  if (hash === null) return null;
  const remembered = memory.find(hash, moment.age);
  if (remembered !== undefined) {
    if (await isStillGood(parts, remembered, moment)) return remembered;
    memory.remove(hash);
  }
  const token = await check(parts, accessToken, moment);
  if (token !== null) memory.add(hash, token, moment.age, accessToken.length);
  return token;
}

/** Returns true for a remembered token that would be found good again, with the same key. */
async function isStillGood(
  { policy, keys }: Parts,
  token: GoodToken,
  { now, age }: Moment,
): Promise<boolean> {
  const { claims, alg, kid, key } = token;
  if (!isTime(claims, now, policy.clockTolerance)) return false;
  const set = keys.fresh(age) ?? (await keys.current(age));
  if (set !== token.set && set.select(alg, kid) !== key) return false;
  token.set = set;
  return true;
}

/** Checks a token from its first character to its signature. */
async function check(
  { policy, keys }: Parts,
  accessToken: string,
  { now, age }: Moment,
): Promise<GoodToken | null> {
  const token = parseToken(accessToken, policy, now);
  const found = token === null ? null : await findKey(keys, token, age);
  if (token === null || found === null) return null;
  const { alg, kid, claims, signature, signed } = token;
  if (!(await found.key.verify(signature, signed))) return null;
  return { alg, kid, claims, ...found, known: knownOf(claims, policy) };
}

/** Checks all of a token that needs no key. The algorithm comes first: without it no key is looked for. */
function parseToken(accessToken: string, policy: JwtPolicy, now: number): ParsedToken | null {
  const segments = splitJws(accessToken);
  const signed = segments === null ? null : signingInput(segments);
  if (segments === null || signed === null) return null;
  const header = parseHeader(signed, segments);
  const label = header === null ? null : readHeader(header, policy);
  const claims = label === null ? null : parsePayload(signed, segments, CLAIMS);
  if (label === null || claims === null || !isClaimsOf(claims, policy)) return null;
  const signature = decodeSignature(segments);
  if (signature === null || !isTime(claims, now, policy.clockTolerance)) return null;
  return { ...label, claims, signature, signed };
}

/** Returns the algorithm and the key that a header names; null where the policy does not allow it. */
function readHeader(
  header: JsonObject,
  { algs, types, untypedTokens }: JwtPolicy,
): Pick<ParsedToken, "alg" | "kid"> | null {
  const { typ, alg, kid } = header;
  const isTyped = typeof typ === "string" && types.includes(mediaType(typ));
  if (!isTyped && !(typ === undefined && untypedTokens === "accepted")) return null;
  if (demandsExtension(header) || typeof alg !== "string" || !algs.has(alg)) return null;
  return kid === undefined || isKid(kid) ? { alg, kid } : null;
}

/** Returns the key of a token, with the set that has it; null where the issuer has no such key. */
async function findKey(
  keys: KeySource,
  { alg, kid }: ParsedToken,
  age: number,
): Promise<Pick<GoodToken, "key" | "set"> | null> {
  const set = keys.fresh(age) ?? (await keys.current(age));
  const key = set.select(alg, kid);
  if (typeof key !== "string") return { key, set };
  const newer = key === "absent" ? await keys.newer(age) : undefined;
  const found = newer?.select(alg, kid);
  if (newer === undefined || found === undefined || typeof found === "string") return null;
  return { key: found, set: newer };
}

function knownOf(claims: JsonObject, { scopeClaim }: JwtPolicy): AccessToken<JsonObject> {
  return Object.freeze({
    binding: Object.freeze(bindingFromVerified(claims)),
    claims,
    scopes: Object.freeze(scopesOf(claims, scopeClaim)),
  });
}
