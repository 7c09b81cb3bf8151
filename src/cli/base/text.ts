// Text for terminals: strangers' text without controls, colours where a person reads, times in words.
import type { Io, Output } from "./io.js";

/** True for what moves a cursor, reorders a line, or can't be seen. */
function isHidden(unit: number): boolean {
  return (
    unit < 0x20 ||
    (unit >= 0x7f && unit < 0xa0) ||
    (unit >= 0x200b && unit <= 0x200f) ||
    (unit >= 0x2028 && unit <= 0x202e) ||
    (unit >= 0x2060 && unit <= 0x2069) ||
    (unit >= 0xd800 && unit <= 0xdfff) ||
    unit === 0x61c ||
    unit === 0xfeff
  );
}

/**
 * Returns text that a stranger wrote, safe for a terminal: what is hidden or moves the cursor is written as an escape of
 * JSON. `kept` are characters that stay, such as a line break.
 */
export function printable(text: string, kept: string = ""): string {
  let safe = "";
  for (const char of text) {
    const isPair = char.length === 2; // whole, so no surrogate stands by itself
    const isKept = isPair || kept.includes(char) || !isHidden(char.charCodeAt(0));
    safe += isKept ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  }
  return safe;
}

/** Returns JSON in lines, safe for a terminal. */
export function printableJson(value: unknown): string {
  return printable(JSON.stringify(value, null, 2) ?? "null", "\n");
}

/** What makes text stand out, where it may. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

/** Returns true where colours are wanted: on a terminal, unless NO_COLOR or a dumb terminal says otherwise. */
export function hasColor({ env }: Pick<Io, "env">, output: Output): boolean {
  return output.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}

/** Returns the colours of a stream; without colours, text stays as it is. */
export function paintFor(io: Pick<Io, "env">, output: Output): Paint {
  const isOn = hasColor(io, output);
  const wrap =
    (start: number, end: number) =>
    (text: string): string =>
      isOn ? `\u001b[${start}m${text}\u001b[${end}m` : text;
  return {
    bold: wrap(1, 22),
    dim: wrap(2, 22),
    red: wrap(31, 39),
    green: wrap(32, 39),
    yellow: wrap(33, 39),
  };
}

const UNITS = [
  ["year", 31_557_600],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** Returns a span in words, in its largest unit: "5 minutes". `seconds` is not negative. */
export function spanInWords(seconds: number): string {
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ["second", 1];
  const count = Math.floor(seconds / size);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** The last second that Date can show. */
const LAST = 8_640_000_000_000;

/** More seconds than any clock has before the year 5138, and what a clock in milliseconds has had since 1973. */
const MILLISECONDS = 100_000_000_000;

/** Returns a time in seconds since the epoch in words: "2026-11-27 10:15:02 UTC, 12 seconds ago". */
export function timeInWords(time: number, now: number): string {
  if (!Number.isFinite(time) || Math.abs(time) > LAST) return "no time that a clock can show";
  if (time >= MILLISECONDS) {
    return `milliseconds where seconds are due: ${timeInWords(time / 1000, now)}`;
  }
  const date = new Date(time * 1000)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, " UTC");
  const offset = Math.round(time - now);
  if (offset === 0) return `${date}, now`;
  const span = spanInWords(Math.abs(offset));
  return offset < 0 ? `${date}, ${span} ago` : `${date}, in ${span}`;
}
