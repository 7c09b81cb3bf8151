// What a command may touch: the streams, the environment, the clock and the network, handed in.

/** A stream that is written to. */
export interface Output {
  /** True where a person reads along. */
  readonly isTTY?: boolean | undefined;
  write(chunk: string | Uint8Array): unknown;
}

/** A stream that is read. */
export interface Input extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean | undefined;
}

/** The outside, as a command sees it. */
export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths start from. */
  readonly cwd: string;
  /** Returns seconds since the epoch. */
  clock(): number;
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  /** Is aborted when the user wants the program to end. */
  readonly signal: AbortSignal;
}

/** Writes one line. */
export function writeLine(output: Output, line: string = ""): void {
  output.write(`${line}\n`);
}
