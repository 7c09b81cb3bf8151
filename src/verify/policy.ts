// The policy of a verifier: options enter, complete settings leave, checked and frozen.
import {
  choiceArgument,
  functionMember,
  membersArgument,
  numberArgument,
  objectArgument,
} from "../input/argument.js";
import { DAY, platformClock } from "../input/clock.js";
import { type Alg, algShape, type Backend, type SyncAlg } from "../jose/alg.js";
import { type Hasher, hasherArgument } from "../jose/hash.js";
import type { TimeWindow } from "../proof/check.js";
import { type ProofLimitOptions, type ProofLimits, readLimits } from "../proof/claims.js";
import { type PlainHttp, readPlainHttp } from "../proof/htu.js";
import { type CacheBounds, type CacheOptions, readCacheBounds } from "./cache.js";
import type { Grouping } from "./grouping.js";
import type { NonceCheck } from "./nonce-check.js";
import type { ReplayStore, SyncReplayStore } from "../replay/replay.js";

interface PolicyOptions<A extends Alg, R extends ReplayStore> {
  /** What hashes, imports keys and verifies signatures. */
  readonly backend: Backend<A>;
  /**
   * The algorithms to accept, as values. Default: the list of the backend. The list also decides what a
   * stranger can make the server pay, since anyone can send proofs of a key that they made. The cost of a
   * proof of a known key on the backend nodeCrypto, relative to ES256: EdDSA 1.4; RSA of 2048 bits 0.4,
   * of 4096 bits 1 (2 with an exponent of 32 bits), of 8192 bits 3 (8); ES384 7; ES512 17. The first proof
   * of an EC key costs twice as much.
   */
  readonly algs?: readonly A[] | undefined;
  /**
   * The labels that `algs` may have, for a profile that forbids the others: an algorithm with another
   * label is a TypeError. Default: every label that a proof may have.
   */
  readonly permittedAlgs?: readonly string[] | undefined;
  /** How old a proof may be, in seconds. Default 60. */
  readonly maxAge?: number | undefined;
  /** How far the clock of a client may be ahead of ours, in seconds. Default 15. */
  readonly clockTolerance?: number | undefined;
  /**
   * Returns the time in seconds since the epoch. Default: the clock of the platform. An asynchronous
   * verifier also measures its waits by it, even where the request has a `now`.
   */
  readonly clock?: (() => number) | undefined;
  /**
   * Checks nonces. With it, `noncePolicy` decides about a proof without a nonce. A nonce that decides the
   * time can make a proof good for longer than `maxAge`: use a replay store as well.
   */
  readonly nonce?: NonceCheck | undefined;
  /** What happens to a proof without a nonce where `nonce` is given. Default "required". */
  readonly noncePolicy?: NoncePolicy | undefined;
  /** Whether `iat` is checked where a nonce decides the time. Default "free". */
  readonly iatWithNonce?: IatWithNonce | undefined;
  /**
   * Which hosts may be called by plain http. Default "loopback". A request whose `url` is http for
   * another host is a TypeError. Behind a proxy that ends TLS, `url` is what the client called: https.
   */
  readonly plainHttp?: PlainHttp | undefined;
  /**
   * Remembers which proofs were used (section 11.1): one store for all instances of the server.
   *
   * "none" gives that up: an attacker who sees a proof can use it again for the same request until it is
   * too old. It is for servers where something else makes a request safe to repeat, and for tests.
   */
  readonly replay: R | "none";
  /**
   * Most characters of a proof and its claims: `proof`, default 8192; `jti`, default 256; `htu`, default
   * 4096; `nonce`, default 1024. And `modulusLength`, most bits of an RSA key: default 4096, at most 8192.
   */
  readonly limits?: ProofLimitOptions | undefined;
  /**
   * Bounds of what is remembered of valid proofs to make later ones cheaper. Default: at most 72 MiB.
   * `{ maxKeys: 0, maxTokens: 0 }` remembers nothing. No result depends on it. verifyProof and
   * verifyProofAsync remember nothing.
   */
  readonly cache?: CacheOptions | undefined;
}

/**
 * What happens to a proof without a nonce. One with a wrong nonce is refused under either policy.
 *
 * `required`: it is refused (section 11.3).
 *
 * `optional`: its `iat` is checked; the result says `missing` and has the nonce to hand out. This gives up
 * what nonces are for: an attacker who had the use of a key for a moment can make proofs in advance
 * (section 11.2) and send them without a nonce. It is for the time in which clients that know no nonces
 * are being replaced.
 */
export type NoncePolicy = "required" | "optional";

/**
 * What `iat` must be where the nonce decides the time, by its `acceptUntil`.
 *
 * `free`: any time (section 4.3 item 11, section 11.1). A client whose clock is wrong gets in, as
 * nonces are meant to allow.
 *
 * `checked`: within `maxAge` and `clockTolerance`, as without a nonce; the limit of the nonce holds as
 * well. It is for profiles that refuse a proof from the future, whatever its nonce.
 */
export type IatWithNonce = "free" | "checked";

/** Options of createVerifier: every part returns at once. */
export type VerifierOptions = PolicyOptions<SyncAlg, SyncReplayStore>;

/** Options of createAsyncVerifier: any part may return a promise. */
export type AsyncVerifierOptions = PolicyOptions<Alg, ReplayStore> & GroupingOption;

interface GroupingOption {
  /**
   * Whether the signatures of proofs that come at the same time are verified together, at most 32 of one
   * algorithm. Default: each by itself, at once.
   *
   * "turn" does it in the next turn of the event loop. That pays on a server with many connections, by
   * warm caches, and more with a backend that has `verifyMany`. Where requests come one at a time it costs
   * a turn, 2 to 3 microseconds. No verdict depends on it. Only keys that are remembered take part. It is
   * of no use with a backend whose keys return promises, and is not for platforms that bind promises to a
   * request (Cloudflare Workers).
   *
   * On an engine without setImmediate and MessageChannel, give a function of your own, which calls what it
   * is given once, later: `(flush) => queue.push(flush)`.
   */
  readonly grouping?: Grouping | undefined;
}

/** Complete settings: what the options leave out has its default. */
export interface Policy<A extends Alg, R extends ReplayStore> extends TimeWindow {
  readonly hasher: Hasher;
  readonly algs: ReadonlyMap<string, A>;
  readonly clock: () => number;
  readonly nonce: NonceCheck | undefined;
  readonly noncePolicy: NoncePolicy;
  readonly iatWithNonce: IatWithNonce;
  readonly plainHttp: PlainHttp;
  readonly replay: R | undefined;
  readonly limits: ProofLimits;
  readonly cache: CacheBounds;
  readonly grouping: Grouping | undefined;
}

const OPTIONS = [
  "backend",
  "algs",
  "maxAge",
  "clockTolerance",
  "clock",
  "nonce",
  "noncePolicy",
  "iatWithNonce",
  "plainHttp",
  "permittedAlgs",
  "replay",
  "limits",
  "cache",
  "grouping",
];

/** Checks options and completes them. Throws a TypeError or RangeError that names the option. */
export function readPolicy<A extends Alg, R extends ReplayStore>(
  options: PolicyOptions<A, R> & GroupingOption,
): Policy<A, R> {
  const given = membersArgument(options, "options", OPTIONS);
  const hasher = hasherArgument(given.backend);
  const { algs, clock, nonce, replay } = given;
  if (clock !== undefined && typeof clock !== "function")
    throw new TypeError("clock must be a function");
  if (nonce !== undefined) functionMember(objectArgument(nonce, "nonce"), "check", "nonce");
  const permitted = readPermittedAlgs(given.permittedAlgs);
  return Object.freeze({
    hasher,
    algs:
      algs === undefined
        ? readAlgs(given.backend.algs, "backend.algs", permitted)
        : readAlgs(algs, "algs", permitted),
    maxAge: seconds(given.maxAge, "maxAge", 60),
    clockTolerance: seconds(given.clockTolerance, "clockTolerance", 15),
    clock: clock === undefined ? platformClock : clock,
    nonce,
    noncePolicy: readNoncePolicy(given.noncePolicy, nonce),
    iatWithNonce: readIatWithNonce(given.iatWithNonce),
    plainHttp: readPlainHttp(given.plainHttp),
    limits: readLimits(given.limits),
    cache: readCacheBounds(given.cache),
    grouping: readGrouping(given.grouping),
    replay: readReplay(replay),
  });
}

/** Checks the options of a verifier that answers at once, which can't wait for a group. */
export function readSyncPolicy(options: VerifierOptions): Policy<SyncAlg, SyncReplayStore> {
  const policy = readPolicy(options);
  if (policy.grouping === undefined) return policy;
  throw new TypeError("grouping must be given to createAsyncVerifier: a group answers later");
}

function readGrouping(value: Grouping | undefined): Grouping | undefined {
  if (value === undefined || value === "turn" || typeof value === "function") return value;
  throw new TypeError('grouping must be "turn" or a function');
}

/** Returns undefined for "none": that proofs may be used again is never a default. */
function readReplay<R extends ReplayStore>(replay: R | "none"): R | undefined {
  if (replay === "none") return undefined;
  if (typeof replay !== "object" || replay === null || typeof replay.add !== "function") {
    throw new TypeError('replay must be a store with a function add, or "none"');
  }
  return replay;
}

function readNoncePolicy(value: unknown, nonce: NonceCheck | undefined): NoncePolicy {
  if (value !== undefined && nonce === undefined) {
    throw new TypeError("noncePolicy must come with nonce");
  }
  return choiceArgument(value, "noncePolicy", "required", "optional");
}

/** It may be given without `nonce`, where it has no effect, so that a profile can include it. */
function readIatWithNonce(value: unknown): IatWithNonce {
  return choiceArgument(value, "iatWithNonce", "free", "checked");
}

function seconds(value: unknown, name: string, byDefault: number): number {
  return value === undefined ? byDefault : numberArgument(value, name, "seconds", 0, DAY);
}

function readPermittedAlgs(value: unknown): readonly unknown[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((label) => algShape(label) !== undefined)) {
    throw new TypeError("permittedAlgs must be an array of labels of asymmetric JWS algorithms");
  }
  return value;
}

function readAlgs<A extends Alg>(
  algs: readonly A[],
  name: string,
  permitted: readonly unknown[] | undefined,
): ReadonlyMap<string, A> {
  if (!Array.isArray(algs) || algs.length === 0) {
    throw new TypeError(`${name} must be a non-empty array of algorithms`);
  }
  const byLabel = new Map<string, A>();
  for (const alg of algs) {
    if (typeof alg === "string") {
      throw new TypeError(
        `${name}[] must be a value such as ES256 of dpop-core/noble or nodeCrypto.ES256, not its label in text`,
      );
    }
    const given = objectArgument(alg, `${name}[]`);
    functionMember(given, "importKey", `${name}[]`);
    if (given["verifyMany"] !== undefined) functionMember(given, "verifyMany", `${name}[]`);
    const { alg: label, kty, crv } = given;
    const shape = algShape(label);
    if (
      typeof label !== "string" ||
      shape === undefined ||
      kty !== shape.kty ||
      crv !== shape.crv
    ) {
      throw new TypeError(
        `${name} must hold asymmetric algorithms with the kty and crv of their label`,
      );
    }
    if (permitted !== undefined && !permitted.includes(label)) {
      throw new TypeError(`${name} must hold no algorithm but those of permittedAlgs`);
    }
    if (byLabel.has(label)) throw new TypeError(`${name} must not hold one label twice`);
    byLabel.set(label, alg);
  }
  return byLabel;
}
