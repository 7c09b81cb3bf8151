// The options of an explanation: those of a verifier, without what only a verifier needs, and a replay store
// that is only read.

import type { AsyncVerifierOptions, VerifierOptions } from "../verify/policy.js";

/** Says whether a proof was used, and records nothing. */
export interface ReplayReader<Answer = boolean> {
  /**
   * Returns true where an entry of this key is live. `key` is what a verifier gives to `add` of its
   * ReplayStore: 43 characters of base64url. `now` is in seconds since the epoch.
   */
  has(key: string, now: number): Answer;
}

interface ReplayOption<Answer> {
  /**
   * Knows which proofs were used. Default "none": whether a proof was used is not checked. An explanation
   * never records a proof, so it asks `has`, never `add`.
   */
  readonly replay?: ReplayReader<Answer> | "none" | undefined;
}

/** Options of explainProof: those of createVerifier, with a replay store that is only read. */
export type ExplainOptions = Omit<VerifierOptions, "replay" | "cache"> & ReplayOption<boolean>;

/** Options of explainProofAsync: those of createAsyncVerifier, with a replay store that is only read. */
export type AsyncExplainOptions = Omit<AsyncVerifierOptions, "replay" | "cache" | "grouping"> &
  ReplayOption<boolean | Promise<boolean>>;

/** Reads the option `replay`. Returns null where no store is read. */
export function readReader<R extends ReplayReader<unknown>>(
  value: R | "none" | undefined,
): R | null {
  if (value === undefined || value === "none") return null;
  if (typeof value !== "object" || value === null || typeof value.has !== "function") {
    throw new TypeError('replay must be an object with a function has, or "none"');
  }
  return value;
}

/** Reads an option that is true or false. Default false. */
export function choiceOfBoolean(value: unknown, name: string): boolean {
  if (value === undefined || typeof value === "boolean") return value === true;
  throw new TypeError(`${name} must be true or false`);
}
