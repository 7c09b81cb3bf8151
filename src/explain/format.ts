// Text for terminals: an explanation to lines of at most 100 columns. What a sender wrote is escaped, so that it
// can't move the cursor or set colours.
import { choiceOfBoolean } from "./options.js";
import type { ExplainedRule, Explanation, Fact } from "./explanation.js";
import { durationOf } from "./clock.js";
import { membersArgument } from "../input/argument.js";
import { describeRule, type RuleWords } from "./words.js";

/** Options of formatExplanation. */
export interface FormatOptions {
  /** Whether the text has colours (SGR sequences of ECMA-48). Default false. */
  readonly color?: boolean | undefined;
}

const COLUMNS = 100;
/** Columns before what is said of a rule. */
const INDENT = 12;
const RED = "31";
const GREEN = "32";
const DIM = "2";
const BOLD = "1";

type Paint = (style: string, text: string) => string;

/**
 * Formats an explanation for people: the likely cause in the first line, then what to do, then every rule.
 *
 * @param explanation what explainProof returned.
 * @param options whether the text has colours. Default: none.
 * @returns lines of at most 100 printable ASCII characters, each with a line feed.
 * @throws a TypeError for a mistaken option.
 * @example
 * ```ts
 * import { explainProof, formatExplanation } from "dpop-core/explain";
 * import { nodeCrypto } from "dpop-core/node-crypto";
 *
 * const request = { method: "GET", url: "https://api.example/things" };
 * const explanation = explainProof(undefined, request, { backend: nodeCrypto });
 * console.log(formatExplanation(explanation, { color: true }));
 * ```
 * @see RFC 9449 section 4.3
 */
export function formatExplanation(explanation: Explanation, options: FormatOptions = {}): string {
  const { color } = membersArgument(options, "options", ["color"]);
  const isColored = choiceOfBoolean(color, "color");
  const paint: Paint = (style, text) => (isColored ? `\u001b[${style}m${text}\u001b[0m` : text);
  const { verdict, rules } = explanation;
  const decisive = verdict.ok ? undefined : rules.find(({ name }) => name === verdict.rule);
  const { text, hint } = decisive === undefined ? NO_WORDS : describeRule(decisive);
  const summary = verdict.ok
    ? "Accepted: every rule that was checked holds"
    : `Refused: ${text ?? verdict.message}`;
  const head = paint(`${BOLD};${verdict.ok ? GREEN : RED}`, printable(summary).slice(0, COLUMNS));
  const lines = [
    head,
    ...(verdict.ok ? [] : wrapped("  code", `${verdict.code}${placeOf(decisive)}`)),
    ...(hint === undefined ? [] : wrapped("  to do", hint)),
    ...urlLines(explanation, decisive),
    ...timeLines(explanation, decisive),
    "",
    ...rules.flatMap((rule) => ruleLines(rule, rule === decisive, paint)),
  ];
  return `${lines.join("\n")}\n`;
}

const NO_WORDS: Partial<RuleWords> = {};

function placeOf(rule: ExplainedRule | undefined): string {
  if (rule === undefined) return "";
  const item = rule.item === undefined ? "" : ` item ${rule.item}`;
  return `, RFC 9449 section ${rule.section}${item}`;
}

/** Both URLs, one above the other, with a mark where they first differ. */
function urlLines({ urls }: Explanation, rule: ExplainedRule | undefined): readonly string[] {
  if (urls === undefined || rule?.name !== "htu") return [];
  const { htu, url, difference } = urls;
  const room = COLUMNS - INDENT;
  if (difference === undefined)
    return [...wrapped("  htu", htu.written), ...wrapped("  url", url.written)];
  const start = difference.index < room - 20 ? 0 : difference.index - 20;
  const part = (text: string | null): string => printable((text ?? "").slice(start)).slice(0, room);
  return [
    `${"  htu".padEnd(INDENT)}${part(htu.normal)}`,
    `${"  url".padEnd(INDENT)}${part(url.normal)}`,
    `${" ".repeat(INDENT + difference.index - start)}^ ${difference.part}`,
  ];
}

function timeLines({ times }: Explanation, rule: ExplainedRule | undefined): readonly string[] {
  if (times === undefined || (rule?.name !== "iat" && rule?.name !== "lifetime")) return [];
  const side = times.offset < 0 ? "before" : "after";
  const { window, now } = times;
  const allowed =
    window === undefined
      ? ""
      : `; accepted from ${durationOf(now - window.earliest)} before to ${durationOf(window.latest - now)} after`;
  return wrapped("  iat", `${durationOf(times.offset)} ${side} the time of the server${allowed}`);
}

const STYLES: Readonly<Record<ExplainedRule["status"], string>> = {
  passed: GREEN,
  failed: RED,
  "not reached": DIM,
  "not checked": DIM,
};

function ruleLines(rule: ExplainedRule, isDecisive: boolean, paint: Paint): readonly string[] {
  const place = (rule.item ?? `s. ${rule.section}`).padEnd(8);
  const status = rule.status.padEnd(13);
  const { title, text = "", hint = "" } = describeRule(rule);
  const line = `${place}${paint(STYLES[rule.status], status)}${title}`;
  if (rule.status === "not reached") return [`${line}, after ${rule.after ?? "form"}`];
  if (rule.status !== "failed") return [line];
  const room = COLUMNS - INDENT;
  const shown = (label: string, fact: Fact | undefined): readonly string[] =>
    fact === undefined ? [] : [`${`  ${label}`.padEnd(INDENT)}${cut(textOf(fact), room)}`];
  return [
    line,
    ...(isDecisive ? [] : wrapped("  cause", text)),
    ...shown("expected", rule.expected),
    ...shown("found", rule.found),
    ...(isDecisive ? [] : wrapped("  to do", hint)),
  ];
}

function textOf(fact: Fact): string {
  if (fact === null) return "nothing";
  return printable(typeof fact === "string" ? fact : JSON.stringify(fact));
}

function cut(text: string, room: number): string {
  return text.length > room ? `${text.slice(0, room - 3)}...` : text;
}

/** A label, and words in as many lines as they need. */
function wrapped(label: string, text: string): readonly string[] {
  const lines = [label.padEnd(INDENT - 1)];
  for (const long of printable(text).split(" ")) {
    const word = cut(long, COLUMNS - INDENT);
    const last = lines[lines.length - 1] ?? "";
    if (last.length + 1 + word.length > COLUMNS) lines.push(`${" ".repeat(INDENT)}${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Escapes all but printable ASCII: a control character or a change of direction would alter what is read. */
function printable(text: string): string {
  return text.replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
