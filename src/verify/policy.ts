// The policy of a verifier: options that the programmer gives once, to settings that are whole,
// checked and frozen.
import {
  functionMember,
  membersArgument,
  numberArgument,
  objectArgument,
} from "../input/argument.js";
import { type Alg, algShape, type Backend, type SyncAlg } from "../jose/alg.js";
import { type Hasher, hasherArgument } from "../jose/hash.js";
import type { TimeWindow } from "../proof/check.js";
import { type ProofLimitOptions, type ProofLimits, readLimits } from "../proof/claims.js";
import { type PlainHttp, readPlainHttp } from "../proof/htu.js";
import { type CacheBounds, type CacheOptions, readCacheBounds } from "./cache.js";
import type { NonceCheck } from "./nonce-check.js";
import type { ReplayStore, SyncReplayStore } from "../replay/replay.js";

interface PolicyOptions<A extends Alg, R extends ReplayStore> {
  readonly backend: Backend<A>;
  /**
   * The algorithms to accept, as values; the backend's own list where it is not given. Anybody can
   * send proofs of a key that they made, so the list also says what a stranger can make the server
   * pay. A proof of a known key on the `node` backend, where one under ES256 is 1: EdDSA 1.4; RSA of
   * 2048 bits 0.4, of 4096 bits 1 (2 with an exponent of 32 bits), of 8192 bits 3 (8); ES384 7;
   * ES512 17. The first proof of an EC key costs twice as much.
   */
  readonly algs?: readonly A[] | undefined;
  /**
   * The labels that `algs` may have, for a profile that forbids the others: an algorithm with another
   * label is then a TypeError. All that a proof may have where it is not given.
   */
  readonly permittedAlgs?: readonly string[] | undefined;
  /** How old a proof may be, in seconds; 60 where it is not given. */
  readonly maxAge?: number | undefined;
  /** How far ahead of ours a client's clock may be, in seconds; 15 where it is not given. */
  readonly clockTolerance?: number | undefined;
  /**
   * Returns the time in seconds since the epoch; the platform's clock where it is not given. An
   * asynchronous verifier measures its waits by it, also where the request has a `now`.
   */
  readonly clock?: (() => number) | undefined;
  /**
   * Checks nonces. Where it is given, `noncePolicy` says what becomes of a proof without one. A
   * nonce that decides the time can make a proof good for longer than `maxAge`: give `replay` too.
   */
  readonly nonce?: NonceCheck | undefined;
  /** What becomes of a proof without a nonce where `nonce` is given; "required" by default. */
  readonly noncePolicy?: NoncePolicy | undefined;
  /** What becomes of `iat` where a nonce decides the time; Default "free". */
  readonly iatWithNonce?: IatWithNonce | undefined;
  /**
   * Which hosts may be called by plain http; Default "loopback". A request whose `url` is http for
   * another host is a TypeError. Behind a proxy that ends TLS, `url` is what the client called: https.
   */
  readonly plainHttp?: PlainHttp | undefined;
  /**
   * Remembers which proofs were used (section 11.1): a store, one for all instances of the server.
   *
   * The word "none" gives that up: whoever sees a proof can use it again, for the very same request,
   * for as long as it is young enough. It is for servers where something else makes a request safe to
   * repeat, and for tests.
   */
  readonly replay: R | "none";
  /**
   * Upper bounds in characters: proof 8192, jti 256, htu 4096, nonce 1024 where they are not given;
   * and `modulusLength`, that of an RSA key in bits: 4096 where it is not given, 8192 at most.
   */
  readonly limits?: ProofLimitOptions | undefined;
  /**
   * Bounds of what is remembered of valid proofs to make later ones cheaper: at most 72 MiB where
   * nothing is given. `{ maxKeys: 0, maxTokens: 0 }` remembers nothing. No answer depends on it. The
   * functions that check a single proof remember nothing anyway.
   */
  readonly cache?: CacheOptions | undefined;
}

/**
 * `required`: a proof without a nonce is refused (section 11.3), and so is one with a wrong nonce.
 *
 * `optional`: a proof with a wrong nonce is refused, one without is judged by its `iat`; the result
 * says `missing` and carries the nonce to hand out. This gives up what nonces are for: whoever once
 * had the use of a key can have made proofs in advance (section 11.2) and send them without a nonce.
 * It is for the days on which clients that know no nonces are still being replaced.
 */
export type NoncePolicy = "required" | "optional";

/**
 * What `iat` must be in a proof of which the nonce says by when it is good (`acceptUntil`).
 *
 * `free`: any time (section 4.3 item 11, section 11.1): a client whose clock is wrong gets in, as
 * nonces are meant to make possible.
 *
 * `checked`: within `maxAge` and `clockTolerance`, as without a nonce, and the nonce's limit holds as
 * well. For profiles that refuse a proof from the future whatever its nonce.
 */
export type IatWithNonce = "free" | "checked";

/** Options of a synchronous verifier: every part answers at once. */
export type VerifierOptions = PolicyOptions<SyncAlg, SyncReplayStore>;

/** Options of an asynchronous verifier: any part may answer later. */
export type AsyncVerifierOptions = PolicyOptions<Alg, ReplayStore>;

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
];

/** A day: a window longer than that is a mistake of unit. */
export const DAY = 86_400;

/**
 * Checks options and freezes what they say. Throws a TypeError or RangeError that names the option.
 */
export function readPolicy<A extends Alg, R extends ReplayStore>(
  options: PolicyOptions<A, R>,
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
    replay: readReplay(replay),
  });
}

/** undefined where proofs may be used again, which the programmer has to say. */
function readReplay<R extends ReplayStore>(replay: R | "none"): R | undefined {
  if (replay === "none") return undefined;
  if (typeof replay !== "object" || replay === null || typeof replay.add !== "function") {
    throw new TypeError('replay must be a store with a function add, or "none"');
  }
  return replay;
}

function readNoncePolicy(value: unknown, nonce: NonceCheck | undefined): NoncePolicy {
  if (value === undefined) return "required";
  if (nonce === undefined) throw new TypeError("noncePolicy must come with nonce");
  if (value === "required" || value === "optional") return value;
  throw new TypeError('noncePolicy must be "required" or "optional"');
}

/** Without a nonce it says nothing, so that a profile can carry it. */
function readIatWithNonce(value: unknown): IatWithNonce {
  if (value === undefined || value === "free") return "free";
  if (value === "checked") return value;
  throw new TypeError('iatWithNonce must be "free" or "checked"');
}

function seconds(value: unknown, name: string, byDefault: number): number {
  return value === undefined ? byDefault : numberArgument(value, name, "seconds", 0, DAY);
}

export function platformClock(): number {
  return Date.now() / 1000;
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
    const given = objectArgument(alg, `${name}[]`);
    functionMember(given, "importKey", `${name}[]`);
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
