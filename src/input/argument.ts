// Guards for what the programmer passes: a mistake is a TypeError or RangeError that names the
// argument, and no value.

/** Each guard returns its argument, so that it can stand where the value is used. */
export function stringArgument(value: unknown, name: string): string {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string`);
  return value;
}

export function optionalString(value: unknown, name: string): string | undefined {
  return value === undefined ? undefined : stringArgument(value, name);
}

/**
 * A finite number within bounds, both inclusive. `unit` says what is counted: "seconds",
 * "characters".
 */
export function numberArgument(
  value: unknown,
  name: string,
  unit: string,
  least: number,
  most: number,
): number {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number of ${unit}`);
  if (!(value >= least && value <= most)) {
    throw new RangeError(`${name} must be from ${least} to ${most} ${unit}`);
  }
  return value;
}

export function integerArgument(
  value: unknown,
  name: string,
  unit: string,
  least: number,
  most: number,
): number {
  const number = numberArgument(value, name, unit, least, most);
  if (!Number.isInteger(number)) throw new RangeError(`${name} must be a whole number of ${unit}`);
  return number;
}

/** Times later than this, the year 5138, are milliseconds. */
export const LAST_SECOND = 1e11;

/** A point in time: seconds since the epoch, fractions allowed. */
export function timeArgument(value: unknown, name: string): number {
  return numberArgument(value, name, "seconds since the epoch", 0, LAST_SECOND);
}

/** An object that is no array; its members are unknown until they are guarded in turn. */
export function objectArgument(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object`);
  }
  return value as Readonly<Record<string, unknown>>; // an object, as was just checked
}

/**
 * A copy of an object that may have these members alone. A misspelt one must not go unnoticed: it
 * would leave a check out. Nor may one be inherited, which one reader sees and another does not.
 * Each is read once, so that it can't change after it was guarded; until then the type is no more
 * than the caller's promise.
 */
export function membersArgument<T extends object>(
  value: T,
  name: string,
  known: readonly string[],
): T {
  const members: T = Object.assign(Object.create(NOTHING), plainArgument(value, name));
  for (const member of Object.keys(members)) {
    if (!known.includes(member)) {
      throw new TypeError(`${name} must have no members but ${known.join(", ")}`);
    }
  }
  return members;
}

/**
 * Has no members to inherit. Not null itself as a prototype: V8 makes a slow dictionary of such an
 * object (bench/verify: 0.3 microseconds less for each request).
 */
const NOTHING: object = /* @__PURE__ */ Object.freeze(/* @__PURE__ */ Object.create(null));

/** An object as a literal makes it, of this realm or another: its prototype has no prototype. */
export function plainArgument(value: unknown, name: string): object {
  const object = objectArgument(value, name);
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    leave(object);
    throw new TypeError(`${name} must be a plain object`);
  }
  return object;
}

/** Asserts that `owner[name]` can be called; `path` is what the message calls it. */
export function functionMember(
  owner: Readonly<Record<string, unknown>>,
  name: string,
  path: string,
): void {
  if (typeof owner[name] !== "function") throw new TypeError(`${path}.${name} must be a function`);
}

/**
 * True for a Uint8Array of any realm (`instanceof` knows its own alone, which fails under some test
 * runners).
 */
export function isBytes(value: unknown): value is Uint8Array {
  return (
    ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]"
  );
}

/**
 * For a promise where an answer at once was expected, and a TypeError says so: nobody waits for it,
 * and it must not end the process when it is rejected later.
 */
export function leave(value: unknown): void {
  Promise.resolve(value).catch(() => undefined);
}
