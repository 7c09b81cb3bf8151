// Guards for what the programmer passes: a mistake is a TypeError or RangeError that names the argument, and no value.

/** Each guard returns its argument, so that it can stand where the value is used. */
export function stringArgument(value: unknown, name: string): string {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string`);
  return value;
}

export function optionalString(value: unknown, name: string): string | undefined {
  return value === undefined ? undefined : stringArgument(value, name);
}

/** A finite number within bounds, both inclusive. `unit` says what is counted: "seconds", "characters". */
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

/** An object that is no array; its members are unknown until they are guarded in turn. */
export function objectArgument(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object`);
  }
  return value as Readonly<Record<string, unknown>>; // an object, as was just checked
}

/** Options, of which a misspelt one must not go unnoticed: it would leave a check at its default. */
export function optionsArgument(
  value: unknown,
  name: string,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  const options = objectArgument(value, name);
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) {
      throw new TypeError(
        `${name} has a member that does not exist; known are: ${known.join(", ")}`,
      );
    }
  }
  return options;
}

/** Asserts that `owner[name]` can be called; `path` is what the message calls it. */
export function functionMember(
  owner: Readonly<Record<string, unknown>>,
  name: string,
  path: string,
): void {
  if (typeof owner[name] !== "function") throw new TypeError(`${path}.${name} must be a function`);
}

/** True for a Uint8Array of any realm (`instanceof` knows its own alone, which fails under some test runners). */
export function isBytes(value: unknown): value is Uint8Array {
  return (
    ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]"
  );
}
