// Guards for what the programmer passes: a mistake is a TypeError or RangeError that names the
// argument, and an unknown member of it, and never holds a value.

/** Returns the argument, as every guard does, so that it can stand where the value is used. */
export function stringArgument(value: unknown, name: string): string {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string`);
  return value;
}

export function optionalString(value: unknown, name: string): string | undefined {
  return value === undefined ? undefined : stringArgument(value, name);
}

/**
 * Returns a finite number within bounds, both inclusive. `unit` says what is counted: "seconds",
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

/** Returns one of two words: the first if `value` is undefined. */
export function choiceArgument<const A extends string, const B extends string>(
  value: unknown,
  name: string,
  byDefault: A,
  other: B,
): A | B {
  if (value === undefined || value === byDefault) return byDefault;
  if (value === other) return other;
  throw new TypeError(`${name} must be "${byDefault}" or "${other}"`);
}

/** The year 5138, in seconds since the epoch. A larger number is milliseconds by mistake. */
export const LAST_SECOND = 1e11;

/** Returns a point in time: seconds since the epoch, fractions allowed. */
export function timeArgument(value: unknown, name: string): number {
  return numberArgument(value, name, "seconds since the epoch", 0, LAST_SECOND);
}

/**
 * Returns an object that is not an array. Its members are unknown until they are guarded in turn.
 */
export function objectArgument(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object`);
  }
  return value as Readonly<Record<string, unknown>>; // an object, as was just checked
}

/**
 * Returns a copy of an object that may have only these members. A misspelt member is refused,
 * because it would leave a check out. An inherited member never counts, because some code would see
 * it and other code would not. Each member is read only once, so that it can't change after it was
 * guarded. Until then its type is only the caller's promise.
 */
export function membersArgument<T extends object>(
  value: T,
  name: string,
  known: readonly string[],
): T {
  const members: T = Object.assign(Object.create(NOTHING), plainArgument(value, name));
  for (const member of Object.keys(members)) {
    if (!known.includes(member)) throw unknownMember(name, member, known);
  }
  return members;
}

/** Returns the error for an unknown member, with the nearest known one. */
export function unknownMember(name: string, member: string, known: readonly string[]): TypeError {
  const [nearest, distance] = known
    .map((one) => [one, distanceOf(member.toLowerCase(), one.toLowerCase())] as const)
    .reduce((best, next) => (next[1] < best[1] ? next : best), ["", Infinity] as const);
  const fault = `${name} must have no member ${member.slice(0, LONGEST_NAME)}`;
  return new TypeError(
    distance <= 2 ? `${fault}: did you mean ${nearest}?` : `${fault}, only ${known.join(", ")}`,
  );
}

/** Characters of a name that a message shows. */
const LONGEST_NAME = 40;

/** Returns how many characters are left of the longer text without what both begin and end with. */
function distanceOf(a: string, b: string): number {
  const longest = Math.max(a.length, b.length);
  const most = Math.min(a.length, b.length);
  let same = 0;
  while (same < most && a[same] === b[same]) same++;
  for (let end = 1; same < most && a[a.length - end] === b[b.length - end]; end++) same++;
  return longest - same;
}

/**
 * A prototype that has no members to inherit. It is not null, because V8 makes a slow dictionary of
 * an object whose prototype is null (bench/verify: 0.3 microseconds less for each request).
 */
const NOTHING: object = /* @__PURE__ */ Object.freeze(/* @__PURE__ */ Object.create(null));

/**
 * Returns an object as a literal makes it, of this realm or another: its prototype has no
 * prototype.
 */
export function plainArgument(value: unknown, name: string): object {
  const object = objectArgument(value, name);
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    leave(object);
    throw new TypeError(`${name} must be a plain object`);
  }
  return object;
}

/**
 * Throws a TypeError where `owner[name]` is not a function. `path` names the owner in the message.
 */
export function functionMember(
  owner: Readonly<Record<string, unknown>>,
  name: string,
  path: string,
): void {
  if (typeof owner[name] !== "function") throw new TypeError(`${path}.${name} must be a function`);
}

/**
 * Returns true for a Uint8Array of any realm. `instanceof` knows only its own realm, which fails
 * under some test runners.
 */
export function isBytes(value: unknown): value is Uint8Array {
  return (
    ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]"
  );
}

/**
 * Swallows the rejection of a promise that was passed where a synchronous value belongs. A
 * TypeError reports that mistake already, and a later rejection must not end the process.
 */
export function leave(value: unknown): void {
  Promise.resolve(value).catch(() => undefined);
}
