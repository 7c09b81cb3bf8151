// A part of the run: inputs in rounds, each from nothing but a seed and its number, so that any process can
// do any round.
import type { Implementations } from "./key-states.js";
import type { Tally } from "./tally.js";

export type Round = (seed: string, round: number) => Tally;

export interface Part {
  readonly name: string;
  readonly classes: readonly string[];
  /** How many inputs a round has. */
  readonly perRound: number;
  /** How many inputs of each class a round has at least. */
  readonly perClass: number;
  /** Makes ready what the rounds share. */
  start(implementations: Implementations): Round;
}

/** The part that is no curve. */
export const PROOFS = "proofs";
