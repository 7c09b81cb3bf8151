// What came of many inputs, by class: a form that adds up, and that a process can send to another.

/** What came of an input. */
export interface Outcome {
  /** The implementation, and in what state. */
  readonly by: string;
  readonly answer: string;
}

export interface Count {
  readonly count: number;
  readonly accepted: number;
  readonly refused: number;
  readonly mismatches: number;
}

export interface Mismatch {
  readonly part: string;
  readonly name: string;
  readonly seed: string;
  readonly round: number;
  /** Within the round. */
  readonly index: number;
  /** Of each implementation, and what was due. */
  readonly answers: readonly string[];
  /** The input: members that are bytes are in hexadecimal. */
  readonly input: Readonly<Record<string, string>>;
}

export interface Tally {
  readonly classes: Readonly<Record<string, Count>>;
  /** How often each was asked, by its state. */
  readonly asked: Readonly<Record<string, number>>;
  /** How often the first to be asked gave each answer. */
  readonly answers: Readonly<Record<string, number>>;
  /** The first of them; the counts know of all. */
  readonly mismatches: readonly Mismatch[];
}

export const NOTHING: Tally = { classes: {}, asked: {}, answers: {}, mismatches: [] };

/** How many mismatches of a part are told of. */
export const TOLD = 20;

export function added(a: Tally, b: Tally): Tally {
  return {
    classes: merged(a.classes, b.classes, sum),
    asked: merged(a.asked, b.asked, (one, other) => one + other),
    answers: merged(a.answers, b.answers, (one, other) => one + other),
    mismatches: [...a.mismatches, ...b.mismatches].slice(0, TOLD),
  };
}

type Named<V> = Readonly<Record<string, V>>;

function merged<V>(a: Named<V>, b: Named<V>, join: (a: V, b: V) => V): Named<V> {
  const all = new Map(Object.entries(a));
  for (const [name, value] of Object.entries(b)) {
    const before = all.get(name);
    all.set(name, before === undefined ? value : join(before, value));
  }
  return Object.fromEntries(all);
}

function sum(a: Count, b: Count): Count {
  return {
    count: a.count + b.count,
    accepted: a.accepted + b.accepted,
    refused: a.refused + b.refused,
    mismatches: a.mismatches + b.mismatches,
  };
}

export function total({ classes }: Tally): Count {
  const none: Count = { count: 0, accepted: 0, refused: 0, mismatches: 0 };
  return Object.values(classes).reduce(sum, none);
}

/** The tally of one input; it was accepted where the first to be asked accepted it. */
export function tallyOf(
  name: string,
  outcomes: readonly Outcome[],
  mismatch: Mismatch | undefined,
): Tally {
  const asked: Record<string, number> = {};
  for (const { by } of outcomes) asked[by] = (asked[by] ?? 0) + 1;
  const first = outcomes[0]?.answer ?? "not asked";
  const outcome = first === "accepted" ? { accepted: 1, refused: 0 } : { accepted: 0, refused: 1 };
  const mismatches = mismatch === undefined ? [] : [mismatch];
  return {
    classes: { [name]: { count: 1, ...outcome, mismatches: mismatches.length } },
    asked,
    answers: { [first]: 1 },
    mismatches,
  };
}
