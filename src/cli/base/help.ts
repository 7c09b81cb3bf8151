// Help texts: of the program, and of a command from its options and examples.
import { type Command, COMMON } from "./command.js";
import type { Paint } from "./text.js";

/** Characters of a line. */
const WIDTH = 96;

/** Returns a text in lines of at most WIDTH characters, each after `indent` spaces. */
export function wrapped(
  text: string,
  indent: number = 0,
  width: number = WIDTH,
): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((one) => " ".repeat(indent) + one);
}

/** Returns the lines of a table of two columns. */
function table(rows: readonly (readonly [string, string])[], paint: Paint): readonly string[] {
  const column = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows.flatMap(([name, text]) => {
    const [first = "", ...rest] = wrapped(text, column);
    return [`  ${paint.bold(name)}${first.slice(name.length + 2)}`, ...rest];
  });
}

/** Returns the help of one command. */
export function commandHelp(command: Command, paint: Paint): readonly string[] {
  const { name, summary, positionals, notes, options, examples } = command;
  const usage = ["dpop-core", name, positionals, "[options]"].filter((part) => part !== "");
  const rows = Object.entries({ ...options, ...COMMON }).map(([long, option]) => {
    const { short, value, help } = { short: undefined, value: undefined, ...option };
    const start = short === undefined ? "    " : `-${short}, `;
    return [`${start}--${long}${value === undefined ? "" : ` ${value}`}`, help] as const;
  });
  return [
    `${summary}.`,
    "",
    `${paint.bold("Usage")}: ${usage.join(" ")}`,
    ...notes.flatMap((note) => [[""], wrapped(note)].flat()),
    "",
    paint.bold("Options"),
    ...table(rows, paint),
    "",
    paint.bold("Examples"),
    ...examples.map(({ command: line, says }) => `  ${paint.dim(`# ${says}`)}\n  ${line}\n`),
  ];
}

/** Returns the help of the program. */
export function programHelp(commands: readonly Command[], paint: Paint): readonly string[] {
  const rows = commands.map(({ name, summary }) => [name, summary] as const);
  return [
    "DPoP (RFC 9449) on the command line: keys, proofs, bound tokens, and why a proof is refused.",
    "",
    `${paint.bold("Usage")}: dpop-core COMMAND [options]`,
    "",
    paint.bold("Commands"),
    ...table(rows, paint),
    "",
    paint.bold("To begin"),
    "  dpop-core serve                  # an authorization server and an API to try against",
    "  dpop-core COMMAND --help         # options and examples",
    "",
    ...wrapped(
      "Keys and tokens are never arguments, which other users of the machine see: they stand in files, in the variables DPOP_KEY, DPOP_TOKEN and DPOP_CLIENT_SECRET, or come by standard input.",
    ),
    "",
    paint.bold("Exit codes"),
    ...table(EXIT_CODES, paint),
  ];
}

/** What the exit codes mean. */
export const EXIT_CODES: readonly (readonly [string, string])[] = [
  ["0", "Done"],
  ["1", "Refused: by a server, or by the rules of RFC 9449"],
  ["2", "A mistake in an option or a file: nothing was sent"],
  ["3", "No answer from a server"],
  ["70", "A fault of dpop-core itself"],
  ["130", "Ended by you"],
];
