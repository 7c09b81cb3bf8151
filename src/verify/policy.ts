// The policy of a verifier: options that the programmer gives once, to settings that are whole, checked and frozen.
import {
  functionMember,
  numberArgument,
  objectArgument,
  optionsArgument,
} from "../bytes/argument.js";
import type { Alg, Backend, SyncAlg } from "../jose/alg.js";
import type { Hasher } from "../jose/thumbprint.js";
import type { TimeWindow } from "../proof/check.js";
import { type ProofLimitOptions, type ProofLimits, readLimits } from "../proof/claims.js";
import { isAsymmetricAlg } from "../proof/parse.js";
import type { NonceCheck } from "./nonce.js";
import type { ReplayStore, SyncReplayStore } from "./replay.js";

interface PolicyOptions<A extends Alg, R extends ReplayStore> {
  readonly backend: Backend<A>;
  /** The algorithms to accept, as values; the backend's own list where it is not given. */
  readonly algs?: readonly A[] | undefined;
  /** How old a proof may be, in seconds; 60 where it is not given. */
  readonly maxAge?: number | undefined;
  /** How far ahead of ours a client's clock may be, in seconds; 15 where it is not given. */
  readonly clockTolerance?: number | undefined;
  /** Returns the time in seconds since the epoch; the platform's clock where it is not given. */
  readonly clock?: (() => number) | undefined;
  /** Checks nonces. Where it is given, a proof without a nonce is refused. */
  readonly nonce?: NonceCheck | undefined;
  /** Remembers proofs. Without it a proof can be replayed for as long as it is young enough. */
  readonly replay?: R | undefined;
  /** Upper bounds in characters; proof 8192, jti 256, htu 4096, nonce 1024 where they are not given. */
  readonly limits?: ProofLimitOptions | undefined;
}

/** Options of a synchronous verifier: every part answers at once. */
export type VerifierOptions = PolicyOptions<SyncAlg, SyncReplayStore>;

/** Options of an asynchronous verifier: any part may answer later. */
export type AsyncVerifierOptions = PolicyOptions<Alg, ReplayStore>;

export interface Policy<A extends Alg, R extends ReplayStore> extends TimeWindow {
  readonly hasher: Hasher;
  readonly algs: ReadonlyMap<string, A>;
  readonly clock: () => number;
  readonly nonce: NonceCheck | undefined;
  readonly replay: R | undefined;
  readonly limits: ProofLimits;
}

const OPTIONS = [
  "backend",
  "algs",
  "maxAge",
  "clockTolerance",
  "clock",
  "nonce",
  "replay",
  "limits",
];

/** A day: a window longer than that is a mistake of unit. */
const LONGEST_WINDOW = 86_400;

/** Times later than this, the year 5138, are milliseconds. */
const LAST_SECOND = 1e11;

/** Checks options and freezes what they say. Throws a TypeError or RangeError that names the option. */
export function readPolicy<A extends Alg, R extends ReplayStore>(
  options: PolicyOptions<A, R>,
): Policy<A, R> {
  const given = optionsArgument(options, "options", OPTIONS);
  const backend = objectArgument(given["backend"], "backend");
  functionMember(backend, "sha256", "backend");
  if (given["clock"] !== undefined) functionMember(given, "clock", "options");
  if (given["nonce"] !== undefined)
    functionMember(objectArgument(given["nonce"], "nonce"), "check", "nonce");
  if (given["replay"] !== undefined)
    functionMember(objectArgument(given["replay"], "replay"), "add", "replay");
  return Object.freeze({
    hasher: options.backend,
    algs:
      options.algs === undefined
        ? readAlgs(options.backend.algs, "backend.algs")
        : readAlgs(options.algs, "algs"),
    maxAge: seconds(given["maxAge"], "maxAge", 60),
    clockTolerance: seconds(given["clockTolerance"], "clockTolerance", 15),
    clock: options.clock === undefined ? platformClock : options.clock,
    nonce: options.nonce,
    replay: options.replay,
    limits: readLimits(given["limits"]),
  });
}

function seconds(value: unknown, name: string, byDefault: number): number {
  return value === undefined
    ? byDefault
    : numberArgument(value, name, "seconds", 0, LONGEST_WINDOW);
}

function platformClock(): number {
  return Date.now() / 1000;
}

function readAlgs<A extends Alg>(algs: readonly A[], name: string): ReadonlyMap<string, A> {
  if (!Array.isArray(algs) || algs.length === 0)
    throw new TypeError(`${name} must be a non-empty array of algorithms`);
  const byLabel = new Map<string, A>();
  for (const alg of algs) {
    const { alg: label, kty } = objectArgument(alg, `${name}[]`);
    functionMember(objectArgument(alg, `${name}[]`), "importKey", `${name}[]`);
    if (
      typeof label !== "string" ||
      !isAsymmetricAlg(label) ||
      !["EC", "OKP", "RSA"].includes(String(kty))
    ) {
      throw new TypeError(`${name} must hold asymmetric algorithms only`); // section 11.6
    }
    if (byLabel.has(label)) throw new TypeError(`${name} must not hold one label twice`);
    byLabel.set(label, alg);
  }
  return byLabel;
}

/** The time of a request: `now` where the caller gives it, else the clock of the policy. Seconds since the epoch. */
export function readNow(now: unknown, clock: () => number): number {
  return now === undefined
    ? numberArgument(clock(), "clock()", "seconds since the epoch", 0, LAST_SECOND)
    : numberArgument(now, "now", "seconds since the epoch", 0, LAST_SECOND);
}
