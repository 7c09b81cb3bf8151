// What the command asks of a peer, and what a peer's tests are told.

/** Something that others wrote, or several of a kind, and the tests that try it. */
export interface Peer {
  /** As it is named on the command line. */
  readonly id: string;
  /** Files of this folder. */
  readonly tests: readonly string[];
  /** Whether it takes packages of this folder's package.json. */
  readonly needsPackages: boolean;
  /**
   * Gets what it takes, starts what has to run, on loopback and free ports, and says what the tests need to know.
   * Throws a Missing where this machine has not got what it takes.
   */
  start(): Promise<RunningPeer>;
}

export interface RunningPeer {
  /** Its name with its version. */
  readonly name: string;
  /** What its tests read by `factsOf`: origins and paths. */
  readonly facts?: Facts | undefined;
  /** Resolves when everything that it started is gone. */
  stop?(): Promise<void>;
}

export type Facts = Readonly<Record<string, string>>;

/** A peer that can't be tried here, and the reason in one line. */
export class Missing extends Error {
  override readonly name = "Missing";
}

const VARIABLE = "INTEROP_FACTS";

export function environmentOf(facts: Facts = {}): NodeJS.ProcessEnv {
  return { [VARIABLE]: JSON.stringify(facts) };
}

/** In a test file: the facts of this name that its peer was started with. */
export function factsOf<Name extends string>(...names: readonly Name[]): Record<Name, string> {
  const facts: unknown = JSON.parse(process.env[VARIABLE] ?? "{}");
  const given = new Map(Object.entries(facts ?? {}));
  const found = names.map((name) => {
    const value: unknown = given.get(name);
    if (typeof value !== "string")
      throw new Error(`${name} is not known: run npm run test:interop -- PEER`);
    return [name, value] as const;
  });
  return Object.fromEntries(found) as Record<Name, string>; // of all names, as was just checked
}
