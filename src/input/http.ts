// Characters of HTTP header fields (RFC 9110 sections 5.6.2 and 11.2), by their UTF-16 units.

/**
 * What a server received under one name, as its framework gives it: the value of a header field or of
 * a parameter, the list of its values, or nothing.
 */
export type FieldValue = string | readonly string[] | null | undefined;

const TCHAR = 1;
const TOKEN68 = 2;

/**
 * The kinds of every ASCII code. It is a table, because a field may be as long as its sender likes.
 */
const KINDS: Uint8Array = /* @__PURE__ */ kinds();

function kinds(): Uint8Array {
  const table = new Uint8Array(128);
  const mark = (units: string, kind: number): void => {
    for (let i = 0; i < units.length; i++) {
      const unit = units.charCodeAt(i);
      table[unit] = (table[unit] ?? 0) | kind;
    }
  };
  const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  mark(`${alphanumeric}!#$%&'*+-.^_\`|~`, TCHAR);
  mark(`${alphanumeric}-._~+/`, TOKEN68);
  return table;
}

/** tchar: a character of methods, schemes and names of parameters. */
export function isTokenUnit(unit: number): boolean {
  return ((KINDS[unit] ?? 0) & TCHAR) !== 0;
}

/** A character of a token68 before the equals signs at its end. */
export function isToken68Unit(unit: number): boolean {
  return ((KINDS[unit] ?? 0) & TOKEN68) !== 0;
}

/** Returns the index after the run of such units that begins at `at`. */
export function runEnd(text: string, at: number, is: (unit: number) => boolean): number {
  let end = at;
  while (end < text.length && is(text.charCodeAt(end))) end++;
  return end;
}
