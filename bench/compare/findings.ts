// Findings: what the jobs measured in one engine, and how it is read.
import type { ContestResult } from "./engine/contest.js";
import type { Engine } from "./engine/job.js";

export interface KeyPoint {
  readonly keys: number;
  readonly spread: "uniform" | "zipf";
  readonly result: ContestResult;
}

export interface SizePoint {
  readonly characters: number;
  readonly result: ContestResult;
}

export interface ReplayPoint {
  readonly live: number;
  readonly result: ContestResult;
  readonly bytesPerEntry: readonly { readonly name: string; readonly bytes: number }[];
}

/** Of one engine; what a job was not asked for is empty. */
export interface Findings {
  readonly engine: Engine;
  readonly contests: readonly ContestResult[];
  readonly tables: readonly {
    readonly backend: string;
    readonly label: string;
    readonly bytes: number;
  }[];
  readonly keys: readonly KeyPoint[];
  readonly sizes: readonly SizePoint[];
  readonly replay: readonly ReplayPoint[];
}

export function contestNamed(findings: Findings, name: string): ContestResult | undefined {
  return findings.contests.find(({ contest }) => contest === name);
}

/** Microseconds of one operation: the median of the rounds. */
export function microseconds(result: ContestResult | undefined, name: string): number | undefined {
  const score = result?.scores.find((one) => one.name === name);
  return score && median(score.rounds.filter((time) => time !== null));
}

/** How many times as fast as `base`: the median of the rounds' ratios. */
export function timesAsFast(
  result: ContestResult | undefined,
  name: string,
  base: string,
): number | undefined {
  const own = result?.scores.find((one) => one.name === name);
  const other = result?.scores.find((one) => one.name === base);
  if (own === undefined || other === undefined) return undefined;
  const ratios: number[] = [];
  for (const [round, time] of own.rounds.entries()) {
    const beside = other.rounds[round];
    if (time !== null && beside !== null && beside !== undefined) ratios.push(beside / time);
  }
  return median(ratios);
}

/** Half the distance between the quartiles, as a share of the median. */
export function spread(result: ContestResult, name: string): number {
  const times = result.scores.find((one) => one.name === name)?.rounds ?? [];
  const sorted = times.filter((time) => time !== null).toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
  return (at(0.75) - at(0.25)) / 2 / (median(sorted) ?? NaN);
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  const lower = sorted[sorted.length % 2 === 1 ? middle : middle - 1];
  return upper === undefined || lower === undefined ? undefined : (upper + lower) / 2;
}
