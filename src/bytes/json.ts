// JSON objects (RFC 8259), strictly: no member name twice in one object, no deep nesting.

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [member: string]: JsonValue | undefined;
}

/**
 * How deep objects and arrays may nest; JSON.parse itself dies of deep nesting in some engines,
 * past any try/catch.
 */
const MAX_DEPTH = 16;

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Parses a JSON object, or answers null: for malformed JSON, for anything that is not an object,
 * for a member name that stands twice in one object (JSON.parse would keep the last and hide the
 * other), and for nesting deeper than 16. A member named `__proto__` is an own member like any
 * other. Takes time linear in the length.
 */
export function parseJsonObject(text: string): JsonObject | null {
  const written = countWrittenMembers(text); // before JSON.parse: it also bounds the depth
  if (written === -1) return null;
  const value = parseJson(text);
  if (!isJsonObject(value)) return null;
  return (isFlat(text) ? Object.keys(value).length : countMembers(value)) === written
    ? value
    : null;
}

function isJsonObject(value: JsonValue | undefined): value is JsonObject {
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
 * How many members a JSON text writes: in well-formed JSON, one for each colon outside a string.
 * JSON.parse keeps fewer where a name stands twice, however it is escaped. -1 where the text nests
 * too deep, or is plainly no JSON; whether it is JSON otherwise is for JSON.parse to say.
 */
function countWrittenMembers(text: string): number {
  let members = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = stringEnd(text, i);
        if (i === -1) return -1;
        break;
      case COLON:
        members++;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (depth++ === MAX_DEPTH) return -1;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth-- === 0) return -1;
        break;
    }
  }
  return members;
}

/** The index of the quote that ends the string of which the opening quote is at `start`, or -1. */
function stringEnd(text: string, start: number): number {
  const quote = text.indexOf('"', start + 1);
  if (quote === -1 || text.charCodeAt(quote - 1) !== BACKSLASH) return quote;
  for (let i = start + 1; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) return i;
    if (unit === BACKSLASH) i++;
  }
  return -1;
}

/** True where nothing in an object's text, past its first character, could be an object or array. */
function isFlat(text: string): boolean {
  return !text.includes("{", 1) && !text.includes("[");
}

/** How many members a value holds, at every level; its depth is bounded. */
function countMembers(value: JsonValue | undefined): number {
  if (typeof value !== "object" || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (const element of value) members += countMembers(element);
    return members;
  }
  for (const member of Object.values(value)) members += 1 + countMembers(member);
  return members;
}
