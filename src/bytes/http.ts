// Characters of HTTP header fields (RFC 9110 sections 5.6.2 and 11.2), by their UTF-16 units.

/** tchar: what methods, schemes and the names of parameters are made of. */
export function isTokenUnit(unit: number): boolean {
  return unit > 0x20 && unit < 0x7f && !'"(),/:;<=>?@[\\]{}'.includes(String.fromCharCode(unit));
}

/** What a token68 may hold before the equals signs at its end. */
export function isToken68Unit(unit: number): boolean {
  const lower = unit | 0x20;
  if ((lower >= 0x61 && lower <= 0x7a) || (unit >= 0x30 && unit <= 0x39)) return unit < 0x80;
  return unit > 0x20 && unit < 0x7f && "-._~+/".includes(String.fromCharCode(unit));
}

/** The index behind the run of such units that begins at `at`. */
export function runEnd(text: string, at: number, is: (unit: number) => boolean): number {
  let end = at;
  while (end < text.length && is(text.charCodeAt(end))) end++;
  return end;
}
