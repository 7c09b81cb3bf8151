// The drivers of a verifier (RFC 9449 section 4.3): a proof, the request that it came with and a policy
// enter; what was proved, or a failure, leaves.
//
// A verification is prepared once and driven twice. prepare() does every check that needs no signature;
// the synchronous and the asynchronous driver do the rest. They differ by `await` and by the clocks that
// measure a wait: after a long wait, the time is checked again. The order is fixed, cheap before dear:
// proof present and single, size, JWS form, typ, crit, alg, claims, htm, htu, nonce, time, ath, jwk and
// its thumbprint, jkt, key import, signature, replay. The signature is late because it costs more than
// everything else together. The replay record is last, or a stranger could use up the jti of another
// client's proof.
import { giveBytes } from "../bytes/spare.js";
import { leave } from "../input/argument.js";
import type { FieldValue } from "../input/http.js";
import type { Alg, AsyncKey, SyncAlg, SyncKey } from "../jose/alg.js";
import type { PublicJwk } from "../jose/jwk.js";
import { checkJkt } from "../proof/check.js";
import type { ProofClaims } from "../proof/claims.js";
import { failure, fullFailure, isRetryAfter, type VerifyFailure } from "../proof/failure.js";
import {
  type ReplayStore,
  replayExpiry,
  replayKey,
  type SyncReplayStore,
} from "../replay/replay.js";
import type { KeyOf, ProofCache } from "./cache.js";
import type { VerifyInGroup } from "./grouping.js";
import type { VerifiedNonce } from "./nonce-check.js";
import type { Policy } from "./policy.js";
import { checkTime, type PendingProof, prepare } from "./prepare.js";
import {
  type AsyncProofRequest,
  type ProofRequest,
  readClock,
  readProofRequest,
  type RequestFacts,
} from "./request.js";
import { startStopwatch } from "./stopwatch.js";

/** A valid proof: its sender has the private key of `jwk`, and made it for this request. */
export interface VerifiedProof {
  readonly ok: true;
  /** The RFC 7638 thumbprint of the key, to which a token is bound. */
  readonly jkt: string;
  /** The public key in the proof. Frozen. */
  readonly jwk: PublicJwk;
  /** The JWS label, such as "ES256". */
  readonly alg: string;
  /** The claims of the proof. Frozen, with all that they hold. */
  readonly claims: ProofClaims;
  /** Undefined where the verifier checks no nonces. */
  readonly nonce?: VerifiedNonce | undefined;
}

/** What a verifier returns: what was proved, or a failure with its code. Test `ok`. */
export type VerifyResult = VerifiedProof | VerifyFailure;

/** Judges a proof with parts that return at once. */
export function drive(
  proof: FieldValue,
  request: ProofRequest,
  policy: Policy<SyncAlg, SyncReplayStore>,
  cache: ProofCache<SyncAlg>,
): VerifyResult {
  const facts = readProofRequest(request, policy.clock, policy.plainHttp);
  const waited = mayWait(facts, policy) ? startStopwatch() : NO_WAIT; // a stopwatch costs 0.3 microseconds
  const pending = prepare(proof, facts, policy, cache);
  if (!pending.ok) return pending;
  const otherKey = checkKeys(pending, facts); // item 12b
  if (otherKey !== null) return otherKey;
  if (typeof facts.jkt === "function") {
    const notBound = checkFound(pending, facts, facts.jkt(athOf(pending))); // item 12b
    if (notBound !== null) return notBound;
  }
  const key = pending.foundKey?.value.key ?? pending.alg.importKey(pending.jwk);
  if (key === null) return failure("jwk_invalid"); // item 6
  const badSignature = checkSignature(verifyWith(key, pending)); // item 6
  if (badSignature !== null) return badSignature;
  remember(cache, pending, key, facts);
  giveBytes(pending.signature);
  giveBytes(pending.signed);
  const now = afterWait(facts.now, waited());
  const current = judgeAgain(pending, facts, now, policy); // items 10 and 11
  if (!current.ok || policy.replay === undefined) return current.ok ? verified(current) : current;
  const { key: proofKey, expiresAt } = replayEntry(current, policy);
  const replayed = checkReplay(policy.replay.add(proofKey, expiresAt, now, current.jkt)); // section 11.1
  if (replayed !== null) return replayed;
  const last = judgeAgain(current, facts, afterWait(facts.now, waited()), policy); // items 10 and 11
  return last.ok ? verified(last) : last;
}

/** Judges a proof with parts that may return promises. */
export async function driveAsync(
  proof: FieldValue,
  request: AsyncProofRequest,
  policy: Policy<Alg, ReplayStore>,
  cache: ProofCache<Alg>,
  inGroup: VerifyInGroup | null,
): Promise<VerifyResult> {
  const facts = readProofRequest(request, policy.clock, policy.plainHttp);
  const waited = startWait(policy.clock);
  const pending = prepare(proof, facts, policy, cache);
  if (!pending.ok) return pending;
  const otherKey = checkKeys(pending, facts); // item 12b
  if (otherKey !== null) return otherKey;
  if (typeof facts.jkt === "function") {
    const notBound = checkFound(pending, facts, await facts.jkt(athOf(pending))); // item 12b
    if (notBound !== null) return notBound;
  }
  const key = pending.foundKey?.value.key ?? (await pending.alg.importKey(pending.jwk));
  if (key === null) return failure("jwk_invalid"); // item 6
  const badSignature = checkSignature(await verifyAsync(key, pending, inGroup)); // item 6
  if (badSignature !== null) return badSignature;
  remember(cache, pending, key, facts);
  giveBytes(pending.signature);
  giveBytes(pending.signed);
  const now = afterWait(facts.now, waited());
  const current = judgeAgain(pending, facts, now, policy); // items 10 and 11
  if (!current.ok || policy.replay === undefined) return current.ok ? verified(current) : current;
  const { key: proofKey, expiresAt } = replayEntry(current, policy);
  const replayed = checkReplay(await policy.replay.add(proofKey, expiresAt, now, current.jkt)); // section 11.1
  if (replayed !== null) return replayed;
  const last = judgeAgain(current, facts, afterWait(facts.now, waited()), policy); // items 10 and 11
  return last.ok ? verified(last) : last;
}

/** Returns whether a part that can block is called: a store or a look-up. A backend here only computes. */
function mayWait({ jkt }: RequestFacts, { replay }: Policy<Alg, ReplayStore>): boolean {
  return replay !== undefined || typeof jkt === "function";
}

const NO_WAIT = (): number => 0;

/**
 * Starts to measure a wait, in seconds, by the clock of the policy and by a stopwatch. The longer of the
 * two counts, so that a clock that is set back while a store is slow does not make an old proof young.
 */
function startWait(clock: () => number): () => number {
  const started = readClock(clock);
  const elapsed = startStopwatch();
  return () => Math.max(readClock(clock) - started, elapsed());
}

/**
 * Returns the time after the parts that may be slow. A proof that grew too old meanwhile must be refused,
 * since the entry of its first use may have expired. An entry outlives its proof by a second, so a
 * shorter wait changes nothing.
 */
function afterWait(now: number, waited: number): number {
  return waited < 1 ? now : now + waited;
}

/** Checks again what depends on the time, if that went on. A proof that passes both times passed in between. */
function judgeAgain<A extends Alg>(
  pending: PendingProof<A>,
  facts: RequestFacts,
  now: number,
  policy: Policy<A, ReplayStore>,
): PendingProof<A> | VerifyFailure {
  if (now === facts.now) return pending;
  const judged = checkTime(pending.claims, now, policy);
  return judged.ok ? { ...pending, ...judged } : judged;
}

/**
 * Checks the key against the thumbprints that the request itself gives. It comes before a look-up, so that
 * a proof of the wrong key costs none and uses up no code.
 */
export function checkKeys(
  { jkt }: Pick<PendingProof<Alg>, "jkt">,
  facts: RequestFacts,
): VerifyFailure | null {
  const expected = typeof facts.jkt === "string" ? facts.jkt : undefined;
  const otherKey = checkJkt(jkt, expected) ?? checkJkt(jkt, facts.requiredJkt); // sections 6 and 10
  if (otherKey !== null) return otherKey;
  return jkt === facts.clientKeyJkt ? failure("client_key_reused") : null; // section 5
}

/** The hash of the access token, which prepare() compared with it; a look-up of a grant takes none. */
function athOf({ claims }: PendingProof<Alg>): string {
  return claims.ath ?? "";
}

/** Checks the key against the result of the look-up: what a token, code or request is bound to. */
export function checkFound(
  { jkt }: Pick<PendingProof<Alg>, "jkt">,
  facts: RequestFacts,
  found: unknown,
): VerifyFailure | null {
  const expected = readExpected(found, facts);
  return expected === null ? failure("jkt_mismatch") : checkJkt(jkt, expected); // sections 6 and 10
}

/** Guards what a look-up returned. A grant may be bound to no key, an access token may not. */
function readExpected(expected: unknown, { accessToken }: RequestFacts): string | null | undefined {
  if (typeof expected === "string" || expected === null) return expected;
  if (expected === undefined && accessToken === undefined) return undefined;
  leave(expected);
  throw new TypeError(
    "jkt() must return a string or null; createAsyncVerifier takes one that returns a promise",
  );
}

export function verifyWith(
  key: SyncKey | AsyncKey,
  { signature, signed }: Pick<PendingProof<Alg>, "signature" | "signed">,
): boolean | Promise<boolean> {
  if (typeof key?.verify !== "function") {
    leave(key);
    throw new TypeError(
      "importKey must return a key or null; createAsyncVerifier takes one that returns a promise",
    );
  }
  return key.verify(signature, signed);
}

/**
 * A signature waits for a group only where its key is remembered, and so had a valid one before. A
 * stranger's new key takes three times as long, and would delay all others of its group.
 */
function verifyAsync(
  key: SyncKey | AsyncKey,
  pending: PendingProof<Alg>,
  inGroup: VerifyInGroup | null,
): unknown {
  if (inGroup === null || pending.foundKey === undefined) return verifyWith(key, pending);
  return inGroup(pending.alg, key, pending.signature, pending.signed);
}

/**
 * Only true is a valid signature, and only false an invalid one. A backend that returns anything else is
 * broken.
 */
export function checkSignature(valid: unknown): VerifyFailure | null {
  if (valid === true) return null;
  if (valid === false) return failure("signature_invalid");
  leave(valid);
  throw new TypeError(
    "key.verify must return true or false; createAsyncVerifier takes one that returns a promise",
  );
}

/**
 * Remembers the key and the token, only after a valid signature, so that a stranger can't fill the memory;
 * and before the replay record, since the key may have built a table just now, which has to be counted.
 */
function remember<A extends Alg>(
  cache: ProofCache<A>,
  { header, foundKey, foundAth, alg, jwk, jkt, claims, signed }: PendingProof<A>,
  key: KeyOf<A>,
  { accessToken, now }: RequestFacts,
): void {
  cache.keepKey(foundKey, header, { alg, jwk, jkt, key }, signed);
  // `ath` was found equal to the hash of the token (item 12a).
  if (accessToken !== undefined && claims.ath !== undefined) {
    cache.keepAth(foundAth, accessToken, claims.ath, now);
  }
}

function replayEntry(
  pending: PendingProof<Alg>,
  policy: Policy<Alg, ReplayStore>,
): { readonly key: string; readonly expiresAt: number } {
  return {
    key: replayKey(pending.jkt, pending.claims.jti, policy.hasher),
    expiresAt: replayExpiry(pending.lastAccepted, policy.clockTolerance),
  };
}

/**
 * Only "new" accepts a proof. A store that returns no ReplayAnswer, or a promise to the synchronous driver,
 * is broken.
 */
function checkReplay(answer: unknown): VerifyFailure | null {
  switch (answer) {
    case "new":
      return null;
    case "seen":
      return failure("jti_replayed");
    case "full":
      return failure("replay_store_full");
  }
  const retryAfter = retryAfterOf(answer);
  if (retryAfter !== undefined) return fullFailure(retryAfter);
  leave(answer);
  throw new TypeError(
    'replay.add must return "new", "seen", "full" or { full: true, retryAfter: <whole seconds> }',
  );
}

/** Returns `retryAfter` of a ReplayFull; undefined for any other answer. */
function retryAfterOf(answer: unknown): number | undefined {
  if (typeof answer !== "object" || answer === null) return undefined;
  const { full, retryAfter } = answer as { readonly full?: unknown; readonly retryAfter?: unknown }; // an object, as was just checked
  return full === true && isRetryAfter(retryAfter) ? retryAfter : undefined;
}

function verified({ jkt, jwk, alg, claims, nonce }: PendingProof<Alg>): VerifiedProof {
  return { ok: true, jkt, jwk, alg: alg.alg, claims, nonce };
}
