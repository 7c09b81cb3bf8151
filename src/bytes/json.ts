// JSON objects (RFC 8259), strictly: no member name twice in one object, no deep nesting.

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [member: string]: JsonValue | undefined;
}

/** How deep objects and arrays may nest; JSON.parse itself dies of deep nesting in some engines, past any try/catch. */
const MAX_DEPTH = 16;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Parses a JSON object, or answers null: for malformed JSON, for anything that is not an object, for a member name that
 * stands twice in one object (JSON.parse would keep the last and hide the other), and for nesting deeper than 16.
 * A member named `__proto__` is an own member like any other.
 */
export function parseJsonObject(text: string): JsonObject | null {
  if (!hasUniqueNames(text)) return null; // before JSON.parse: it also bounds the depth
  const value = parseJson(text);
  return isJsonObject(value) ? value : null;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue; // JSON.parse returns nothing else
  } catch {
    return undefined; // it throws a SyntaxError and nothing else
  }
}

/**
 * One pass over the text that looks at strings, brackets and commas only. It need not notice malformed JSON, since
 * JSON.parse reads what passes here; it must be right for well-formed JSON, and linear for everything.
 */
function hasUniqueNames(text: string): boolean {
  const outer: (Set<string> | null)[] = [];
  let names: Set<string> | null = null; // of the innermost object; null in an array and outside
  let nameIsDue = false;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE: {
        const end = stringEnd(text, i);
        if (end === -1) return false;
        if (nameIsDue && names !== null) {
          const name = stringValue(text, i, end);
          if (name === undefined || names.has(name)) return false;
          names.add(name);
          nameIsDue = false;
        }
        i = end;
        break;
      }
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (outer.length === MAX_DEPTH) return false;
        outer.push(names);
        nameIsDue = text.charCodeAt(i) === OPEN_BRACE;
        names = nameIsDue ? new Set() : null;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (outer.length === 0) return false;
        names = outer.pop() ?? null;
        nameIsDue = false;
        break;
      case COMMA:
        nameIsDue = names !== null;
        break;
    }
  }
  return true;
}

/** The index of the quote that ends the string whose opening quote is at `start`, or -1. */
function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) return i;
    if (unit === BACKSLASH) i++;
  }
  return -1;
}

/** The string between two quotes with its escapes resolved: `a` and `\u0061` are one name. */
function stringValue(text: string, start: number, end: number): string | undefined {
  const raw = text.slice(start + 1, end);
  if (!raw.includes("\\")) return raw;
  const value = parseJson(text.slice(start, end + 1));
  return typeof value === "string" ? value : undefined;
}
