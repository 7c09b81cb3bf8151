// JSON objects (RFC 8259), strictly: no member name twice in one object, no deep nesting, no more
// values than a proof has use for.

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [member: string]: JsonValue | undefined;
}

/**
 * How deep objects and arrays may nest; JSON.parse itself dies of deep nesting in some engines,
 * past any try/catch.
 */
const MAX_DEPTH = 16;

/** Of one object. */
const MAX_MEMBERS = 64;

/**
 * Members and elements of a whole text, an empty object or array counted as one. JSON.parse takes as
 * long for one of them as for a hundred characters of a string: without a bound, 8 KiB of them cost
 * as much as three signatures.
 */
const MAX_VALUES = 128;

/**
 * Characters outside of strings, in a whole text; a string counts as one. This bounds the digits of
 * numbers, which can be dear to round, and the search itself: a string is skipped, all else is looked
 * at one by one.
 */
const MAX_OUTSIDE = 8 * MAX_VALUES;

/** What parseJsonObject reads, for whoever tells a programmer what it did not. */
export const JSON_BOUNDS: string =
  `at most ${MAX_DEPTH} levels deep, with at most ${MAX_MEMBERS} members in one object, ` +
  `${MAX_VALUES} members and elements in all and ${MAX_OUTSIDE} characters outside of strings, ` +
  "and no member __proto__";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Parses a JSON object, and freezes it with all that it holds. Returns null for malformed JSON, for
 * anything that is not an object, and for
 *
 * - a member name that stands twice in one object (JSON.parse keeps the last and hides the others),
 * - a member named `__proto__`, however it is escaped: code that copies members one by one makes it
 *   the prototype of the copy,
 * - more than 16 levels, 64 members in one object, 128 members and elements in all (an empty object
 *   or array counts as one), or `outside` characters outside of strings (a string counts as one; 1024
 *   where it is not given). These bounds are checked before anything is parsed.
 *
 * Takes time linear in the length.
 */
export function parseJsonObject(text: string, outside: number = MAX_OUTSIDE): JsonObject | null {
  const written = countWrittenMembers(text, outside);
  if (written === -1) return null;
  const value = parseJson(text);
  if (!isJsonObject(value)) return null;
  return (isFlat(text) ? freezeFlat(value) : freezeDeep(value)) === written ? value : null;
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
 * JSON.parse keeps fewer where a name stands twice, however it is escaped. -1 where the text is
 * outside the bounds, or is plainly no JSON; whether it is JSON otherwise is for JSON.parse to say.
 */
function countWrittenMembers(text: string, mostOutside: number): number {
  let members = 0;
  let values = 0; // n of them have n - 1 commas, and one bracket or brace before the first
  let outside = 0;
  let depth = 0;
  membersAt[0] = 0;
  for (let i = 0; i < text.length; i++) {
    if (outside++ === mostOutside) return -1;
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = stringEnd(text, i);
        if (i === -1) return -1;
        break;
      case COMMA:
        if (values++ === MAX_VALUES) return -1;
        break;
      case COLON:
        members++;
        if (oneMore(depth) > MAX_MEMBERS) return -1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (depth++ === MAX_DEPTH || values++ === MAX_VALUES) return -1;
        membersAt[depth] = 0;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth-- === 0) return -1;
        break;
    }
  }
  return members;
}

/** Members so far of the objects that are open, by their depth: countWrittenMembers' own. */
const membersAt: Uint8Array = /* @__PURE__ */ new Uint8Array(MAX_DEPTH + 1);

function oneMore(depth: number): number {
  const members = (membersAt[depth] ?? 0) + 1;
  membersAt[depth] = members;
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

/** Freezes an object that holds no other. Returns how many members it has, NaN with `__proto__`. */
function freezeFlat(value: JsonObject): number {
  Object.freeze(value);
  // NaN equals no number, and no sum that it is part of does.
  return hasOwn.call(value, "__proto__") ? NaN : Object.keys(value).length;
}

/** The same of a value with all that it holds, at every level; its depth is bounded. */
function freezeDeep(value: JsonValue | undefined): number {
  if (typeof value !== "object" || value === null) return 0;
  Object.freeze(value);
  let members = 0;
  if (Array.isArray(value)) {
    for (const element of value) members += freezeDeep(element);
    return members;
  }
  if (hasOwn.call(value, "__proto__")) return NaN;
  for (const member of Object.values(value)) members += 1 + freezeDeep(member);
  return members;
}

const { hasOwnProperty: hasOwn } = Object.prototype;
