// Findings: how the results of a contest are read.
import type { ContestResult, Score } from "../engine/contest.js";
import type { Findings } from "../engine/task.js";

export function contestNamed({ contests }: Findings, name: string): ContestResult | undefined {
  return contests.find((one) => one.name === name);
}

function scoreOf(result: ContestResult | undefined, name: string): Score | undefined {
  return result?.scores.find((one) => one.name === name);
}

/** What is counted for a row. NaN where it is not. */
export function countOf(result: ContestResult | undefined, name: string, of: string): number {
  return scoreOf(result, name)?.bytes?.[of] ?? NaN;
}

function roundsOf(result: ContestResult | undefined, name: string): readonly (number | null)[] {
  return scoreOf(result, name)?.rounds ?? [];
}

/** Microseconds of one operation: the median of the rounds. NaN without rounds. */
export function microseconds(result: ContestResult | undefined, name: string): number {
  return quantile(roundsOf(result, name), 0.5);
}

/** How many times as fast as `base`: the median of the rounds' ratios. NaN without ratios. */
export function timesAsFast(result: ContestResult | undefined, name: string, base: string): number {
  const others = roundsOf(result, base);
  const ratios = roundsOf(result, name).map((time, round) => {
    const other = others[round] ?? null;
    return time === null || other === null ? null : other / time;
  });
  return quantile(ratios, 0.5);
}

/** What `name` takes over `floor`, as a share of what `base` takes over it: the median of the rounds. */
export function shareOver(
  result: ContestResult | undefined,
  name: string,
  base: string,
  floor: string,
): number {
  const [bases, floors] = [roundsOf(result, base), roundsOf(result, floor)];
  const shares = roundsOf(result, name).map((time, round) => {
    const [other, least] = [bases[round] ?? NaN, floors[round] ?? NaN];
    return time === null ? null : (time - least) / (other - least);
  });
  return quantile(shares, 0.5);
}

/** Half the distance between the quartiles, as a share of the median. */
export function spread(result: ContestResult, name: string): number {
  const rounds = roundsOf(result, name);
  return (quantile(rounds, 0.75) - quantile(rounds, 0.25)) / 2 / quantile(rounds, 0.5);
}

/** The contests of one series as a table: a row for each, medians first, then what is counted. */
export interface SeriesTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** Columns of medians, in microseconds. */
  readonly timed: number;
  readonly rows: readonly (readonly [contest: string, figures: readonly number[]])[];
}

export function seriesTables({ contests }: Findings): readonly SeriesTable[] {
  const all = new Set(contests.flatMap(({ series }) => series ?? []));
  return [...all].map((name) => {
    const results = contests.filter(({ series }) => series === name);
    const names = [...new Set(results.flatMap(({ scores }) => scores.map((one) => one.name)))];
    const counted = results[0]?.scores.filter(({ bytes }) => bytes !== undefined) ?? [];
    const rows = results.map((result) => {
      const bytes = counted.map((row) => countOf(result, row.name, "bytes"));
      const figures = [...names.map((row) => microseconds(result, row)), ...bytes];
      return [result.name, figures] as const;
    });
    const columns = [...names, ...counted.map((row) => `${row.name}: bytes`)];
    return { name, columns, timed: names.length, rows };
  });
}

/** The value below which this share of the values is; between two of them, their mean by distance. */
export function quantile(values: readonly (number | null)[], share: number): number {
  const sorted = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [lower = NaN, upper = NaN] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return lower + (upper - lower) * (at % 1);
}
