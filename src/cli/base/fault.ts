// Why a command ends without its result: an exit code, what is wrong, and what to do next.

/** What the process ends with. docs/command-line.md has the table. */
export const EXIT = {
  /** The command did what it was asked for. */
  ok: 0,
  /** A server, or a verdict, said no. */
  refused: 1,
  /** An option, a file or what stands in it is mistaken: nothing was sent. */
  mistake: 2,
  /** No answer from a server. */
  unreachable: 3,
  /** A fault of dpop-core itself. */
  internal: 70,
  /** The user ended it. */
  interrupted: 130,
} as const;

/** One of these codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The text of a fault never has a token, a key, or what a server or a file said, unless printable() took it. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly exit: ExitCode;
  /** What to do next; a sentence or a command. */
  readonly next: string;

  constructor(exit: ExitCode, message: string, next: string) {
    super(message);
    this.exit = exit;
    this.next = next;
  }
}

/** An option or a file is mistaken. */
export function mistake(message: string, next: string): Fault {
  return new Fault(EXIT.mistake, message, next);
}
