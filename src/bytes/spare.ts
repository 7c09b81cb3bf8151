// Spare byte arrays: what one proof was decoded into serves a later one. To make an array of more than
// 64 bytes, and to collect it, takes an engine longer than to fill it.

/** Longer ones, in bytes, are not kept. */
const LONGEST = 2048;
const MOST_SPARES = 64;

/** By their length, which is exact: there are no bytes of another proof behind an array. */
const spares: Map<number, Uint8Array[]> = /* @__PURE__ */ new Map();
let count = 0;

/** An array of `length` bytes of any value: its taker writes every one of them. */
export function takeBytes(length: number): Uint8Array {
  const bytes = spares.get(length)?.pop();
  if (bytes === undefined) return new Uint8Array(length);
  count--;
  return bytes.length === length ? bytes : new Uint8Array(length); // it was transferred meanwhile
}

/** Keeps an array for later takers, once and only where nothing reads or writes it any more. */
export function giveBytes(bytes: Uint8Array): void {
  const { length } = bytes;
  if (length > LONGEST) return;
  if (count === MOST_SPARES) {
    spares.clear(); // lengths that came once would stay for ever
    count = 0;
  }
  const alike = spares.get(length);
  if (alike === undefined) spares.set(length, [bytes]);
  else alike.push(bytes);
  count++;
}
