// What a bench is made of: plain functions with their right answers, so that any engine can run them without a test runner.

/** One operation on one input. */
export interface BenchCase {
  readonly name: string;
  /** True where `run` returns a promise. */
  readonly async: boolean;
  /** Calls that make one sample at least; for operations that are dear once in a while, such as a sweep. */
  readonly leastBatch: number;
  /** What is timed. */
  run(): unknown;
  /** Throws unless `run` gives the right answer, and its counterpart, which must come out otherwise, does too. */
  assertRight(): void | Promise<void>;
}

/** Cases that are measured together, in turns. */
export interface BenchGroup {
  /** The operation, and the shape of its input. */
  readonly name: string;
  /** What the last column compares with; none where the rows are different inputs. */
  readonly comparison?: Comparison | undefined;
  /** Made late, so that a group that was not asked for costs nothing. */
  cases(): readonly BenchCase[] | Promise<readonly BenchCase[]>;
}

export interface Comparison {
  /** The name of the case that the others are compared with. */
  readonly with: string;
  /** `speed`: how many times as fast as that one. `share`: how much of its time. */
  readonly as: "speed" | "share";
}

/** What a case asserts before it is timed. */
export interface Expectation<T> {
  /** Judges what `run` answers. */
  right(answer: T): boolean;
  /**
   * The other way round, and true: for a case that accepts, that a wrong input is refused; for a case that refuses, that a
   * right one is accepted. An operation that gives one answer to everything does not pass.
   */
  counterpart(): boolean;
}

export function syncCase<T>(
  name: string,
  run: () => T,
  { right, counterpart }: Expectation<T>,
  leastBatch = 1,
): BenchCase {
  return {
    name,
    async: false,
    leastBatch,
    run,
    assertRight() {
      demand(right(run()), `${name}: wrong answer`);
      demand(counterpart(), `${name}: its counterpart got a wrong answer`);
    },
  };
}

/** What an asynchronous case asserts: as Expectation, a little later. */
export interface AsyncExpectation<T> {
  right(answer: T): boolean;
  counterpart(): Promise<boolean>;
}

export function asyncCase<T>(
  name: string,
  run: () => Promise<T>,
  { right, counterpart }: AsyncExpectation<T>,
): BenchCase {
  return {
    name,
    async: true,
    leastBatch: 1,
    run,
    async assertRight() {
      demand(right(await run()), `${name}: wrong answer`);
      demand(await counterpart(), `${name}: its counterpart got a wrong answer`);
    },
  };
}

/** Throws where something does not hold: what is wrong is not worth timing. */
export function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(`bench: ${message}`);
}
