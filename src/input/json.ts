// JSON objects (RFC 8259), strictly: no member name twice in one object, no deep nesting, no more
// values than the text needs: a proof, unless the caller says what else it is.

/** A parsed JSON value (RFC 8259 section 3). */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A parsed JSON object. A member that is absent is undefined. */
export interface JsonObject {
  readonly [member: string]: JsonValue | undefined;
}

/**
 * How deep objects and arrays may nest. Deep nesting crashes JSON.parse in some engines, where
 * try/catch does not help.
 */
const MAX_DEPTH = 16;

/** How much a JSON text may hold. */
export interface JsonBounds {
  /** Members of one object. */
  readonly members: number;
  /**
   * Members and elements of a whole text; an empty object or array counts as one. JSON.parse takes as
   * long for one of them as for a hundred characters of a string: without a bound, 8 KiB of them
   * would cost as much as three signatures.
   */
  readonly values: number;
  /**
   * Characters outside strings in a whole text; a string counts as one. This bounds the digits of
   * numbers, which can be slow to round. It also bounds the scan, which skips strings and looks at
   * every other character.
   */
  readonly outside: number;
}

const MAX_MEMBERS = 64;
const MAX_VALUES = 128;
const MAX_OUTSIDE = 8 * MAX_VALUES;

/** The bounds of a proof. */
export const PROOF_BOUNDS: JsonBounds = {
  members: MAX_MEMBERS,
  values: MAX_VALUES,
  outside: MAX_OUTSIDE,
};

/** What parseJsonObject accepts of a proof, in words for error messages. */
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
 * - more than 16 levels, or more than the bounds, which are checked before anything is parsed.
 *   Default: those of a proof.
 *
 * Takes time linear in the length.
 */
export function parseJsonObject(
  text: string,
  bounds: JsonBounds = PROOF_BOUNDS,
): JsonObject | null {
  const written = countWrittenMembers(text, bounds);
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
    return undefined; // JSON.parse throws only a SyntaxError
  }
}

/**
 * Returns how many members a JSON text writes: in well-formed JSON, one for each colon outside
 * strings. JSON.parse keeps fewer where a name stands twice, however it is escaped. Returns -1
 * where the text is outside the bounds, or is plainly not JSON; JSON.parse finds every other error.
 */
function countWrittenMembers(text: string, bounds: JsonBounds): number {
  const { members: mostMembers, values: mostValues, outside: mostOutside } = bounds;
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
        if (values++ === mostValues) return -1;
        break;
      case COLON:
        members++;
        if (oneMore(depth) > mostMembers) return -1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (depth++ === MAX_DEPTH || values++ === mostValues) return -1;
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

/** How many members each open object has so far, by its depth. Only countWrittenMembers uses it. */
const membersAt: Uint32Array = /* @__PURE__ */ new Uint32Array(MAX_DEPTH + 1);

function oneMore(depth: number): number {
  const members = (membersAt[depth] ?? 0) + 1;
  membersAt[depth] = members;
  return members;
}

/** Returns the index of the quote that ends the string whose opening quote is at `start`, or -1. */
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

/**
 * Returns true where an object certainly holds no other object and no array. `text` is its JSON.
 */
function isFlat(text: string): boolean {
  return !text.includes("{", 1) && !text.includes("[");
}

/**
 * Freezes an object that holds no other. Returns how many members it has, or NaN with `__proto__`.
 */
function freezeFlat(value: JsonObject): number {
  Object.freeze(value);
  // NaN equals no number, and neither does a sum that it is part of.
  return hasOwn.call(value, "__proto__") ? NaN : Object.keys(value).length;
}

/** Does the same with a value and all that it holds, at every level. Its depth is bounded. */
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
