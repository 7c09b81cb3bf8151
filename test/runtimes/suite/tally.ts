// Counting: cases, each with its checks, to numbers and to the names of what went wrong. A check
// that fails does not end its case, and whatever a case throws is one failure of that name.

export interface Tally {
  passed: number;
  failed: number;
  /** The first 20. */
  readonly failures: string[];
}

/** Counts one: whether `found` is what is due, as JSON where it is no plain value. */
export type Check = (what: string, found: unknown, due: unknown) => void;

const KEPT_FAILURES = 20;

export function newTally(): Tally {
  return { passed: 0, failed: 0, failures: [] };
}

/** Runs one case. Never throws. */
export async function runCase(
  tally: Tally,
  name: string,
  body: (check: Check) => void | Promise<void>,
): Promise<void> {
  const check: Check = (what, found, due) => {
    const seen = textOf(found);
    const wanted = textOf(due);
    if (seen === wanted) tally.passed++;
    else fail(tally, `${name}: ${what}: ${seen} instead of ${wanted}`);
  };
  const before = tally.passed + tally.failed;
  try {
    await body(check);
    if (tally.passed + tally.failed === before) fail(tally, `${name}: nothing was checked`);
  } catch (error) {
    fail(tally, `${name}: ${describe(error)}`);
  }
}

function fail(tally: Tally, text: string): void {
  tally.failed++;
  if (tally.failures.length < KEPT_FAILURES) tally.failures.push(text.slice(0, 400));
}

/** Members in their order, undefined told from null. */
function textOf(value: unknown): string {
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return typeof value === "string" ? value : `${typeof value} ${String(value)}`;
}

function describe(error: unknown): string {
  try {
    return `thrown: ${String(error)}`;
  } catch {
    return "thrown: something without a text";
  }
}

/** The name of what `call` throws, "nothing" where it returns. */
export function thrownBy(call: () => unknown): string {
  try {
    call();
    return "nothing";
  } catch (error) {
    return error instanceof Error ? error.name : "no Error";
  }
}
