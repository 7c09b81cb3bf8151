// Preparation (RFC 9449 section 4.3): every check of a proof that needs neither its signature nor the
// expected key.
import type { FieldValue } from "../input/http.js";
import type { JsonObject } from "../input/json.js";
import type { Alg } from "../jose/alg.js";
import { type PublicJwk, readPublicJwk } from "../jose/jwk.js";
import { decodeSignature, parseHeader, parsePayload, signingInput } from "../jose/jws.js";
import { thumbprint } from "../jose/thumbprint.js";
import { checkAth, checkHtm, checkHtu, checkIat, checkLifetime } from "../proof/check.js";
import { type ProofClaims, readClaims } from "../proof/claims.js";
import { claimFailure, failure, type VerifyFailure } from "../proof/failure.js";
import { checkHeader, splitProof } from "../proof/parse.js";
import type { FoundAth, FoundKey, ProofCache } from "./cache.js";
import { askNonce, checkNonce, type NonceAnswer, type VerifiedNonce } from "./nonce-check.js";
import type { Policy } from "./policy.js";
import type { ReplayStore } from "../replay/replay.js";
import type { RequestFacts } from "./request.js";

/** A proof that passed every check but those of the expected key, the signature and the replay store. */
export interface PendingProof<A extends Alg> {
  readonly ok: true;
  readonly alg: A;
  readonly jwk: PublicJwk;
  readonly jkt: string;
  /** The first segment, as it was sent. */
  readonly header: string;
  /** What the cache has about that segment, and about the access token, from valid proofs. */
  readonly foundKey: FoundKey<A> | undefined;
  readonly foundAth: FoundAth | undefined;
  readonly claims: ProofClaims;
  readonly nonce: VerifiedNonce | undefined;
  readonly signature: Uint8Array;
  /** The bytes that the signature covers. */
  readonly signed: Uint8Array;
  /** The last second, since the epoch, in which this proof could be accepted. */
  readonly lastAccepted: number;
}

/**
 * Runs the checks in their fixed order, cheap before dear, and returns the first failure. The checks of a
 * known header are left out: it passed them before, and they depend on nothing else.
 */
export function prepare<A extends Alg>(
  proof: FieldValue,
  request: RequestFacts,
  policy: Policy<A, ReplayStore>,
  cache: ProofCache<A>,
): PendingProof<A> | VerifyFailure {
  const { accessToken, now } = request;
  const segments = splitProof(proof, policy.limits); // items 1 and 2
  if (typeof segments === "string") return failure(segments);
  const signature = decodeSignature(segments);
  if (signature === null) return failure("jws_malformed"); // item 2
  const encodedHeader = segments.jws.slice(0, segments.headerEnd);
  const foundKey = cache.findKey(encodedHeader);
  const known = foundKey?.value;
  const signed = signingInput(segments, known?.headerBytes);
  if (signed === null) return failure("jws_malformed"); // item 2
  const header = known === undefined ? parseHeader(signed, segments) : NOTHING_NEW;
  const payload = header === null ? null : parsePayload(signed, segments);
  if (header === null || payload === null) return failure("jws_malformed"); // item 2
  const badHeader = known === undefined ? checkHeader(header) : null; // items 4 and 2
  if (badHeader !== null) return failure(badHeader);
  const alg = known === undefined ? acceptedAlg(header["alg"], policy) : known.alg; // item 5
  if (alg === undefined) return failure("alg_unsupported");
  const claims = readClaims(payload, policy.limits); // item 3
  if (typeof claims === "string") return claimFailure(claims);
  const otherMethod = checkHtm(claims, request.method); // item 8
  if (otherMethod !== null) return otherMethod;
  const otherUrl = checkHtu(claims, request.url, policy.limits.htu); // item 9
  if (otherUrl !== null) return otherUrl;
  const timely = checkTime(claims, now, policy); // items 10 and 11
  if (!timely.ok) return timely;
  const foundAth = cache.findAth(accessToken, now);
  const otherToken = checkAth(claims, accessToken, policy.hasher, foundAth?.value); // item 12a
  if (otherToken !== null) return otherToken;
  const jwk = // items 6 and 7
    known === undefined
      ? readPublicJwk(header["jwk"], alg, policy.limits.modulusLength)
      : known.jwk;
  if (typeof jwk === "string") return failure(jwk);
  return {
    ok: true,
    alg,
    jwk,
    jkt: known === undefined ? thumbprint(jwk, policy.hasher) : known.jkt,
    header: encodedHeader,
    foundKey,
    foundAth,
    claims,
    nonce: timely.nonce,
    signature,
    signed,
    lastAccepted: timely.lastAccepted,
  };
}

/** Stands for a known header, which is not read again. */
const NOTHING_NEW: JsonObject = {};

type Timely = Pick<PendingProof<Alg>, "ok" | "nonce" | "lastAccepted">;

/**
 * Checks what depends on the time: the nonce, `exp`, `nbf`, and `iat` unless only the nonce decides. Where
 * nonce and `iat` both limit the time, the earlier limit holds.
 */
export function checkTime(
  claims: ProofClaims,
  now: number,
  policy: Policy<Alg, ReplayStore>,
): Timely | VerifyFailure {
  const answer = policy.nonce === undefined ? undefined : askNonce(policy.nonce, claims.nonce, now);
  const badNonce = answer === undefined ? null : checkNonce(answer, now, policy.noncePolicy); // item 10
  if (badNonce !== null) return badNonce;
  const acceptUntil = answer?.acceptUntil;
  const isFree = isIatFree(answer, policy);
  const badTime = isFree ? null : checkIat(claims, now, policy); // item 11
  if (badTime !== null) return badTime;
  const badLifetime = checkLifetime(claims, now, policy); // item 11
  if (badLifetime !== null) return badLifetime;
  const tooOld = isFree ? Infinity : claims.iat + policy.maxAge;
  const lastAccepted = Math.min(acceptUntil ?? Infinity, tooOld);
  return { ok: true, nonce: statusOf(answer), lastAccepted };
}

/** Returns true where only a nonce, which was found valid, decides the time. */
export function isIatFree(
  answer: NonceAnswer | undefined,
  { iatWithNonce }: Policy<Alg, ReplayStore>,
): boolean {
  return answer?.acceptUntil !== undefined && iatWithNonce === "free";
}

/** Item 5: labels are compared with case (RFC 7515 section 4.1.1). One that is not listed is not supported. */
export function acceptedAlg<A extends Alg>(
  label: unknown,
  policy: Policy<A, ReplayStore>,
): A | undefined {
  return typeof label === "string" ? policy.algs.get(label) : undefined;
}

function statusOf(answer: NonceAnswer | undefined): VerifiedNonce | undefined {
  if (answer === undefined) return undefined;
  const { status, nextNonce } = answer;
  return status === "invalid" ? undefined : { status, nextNonce }; // checkNonce refused invalid ones
}
