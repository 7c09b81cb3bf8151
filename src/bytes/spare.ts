// Spare byte arrays: an array that one proof was decoded into serves a later proof. An engine takes
// longer to make and to collect an array of more than 64 bytes than to fill it.

/** The longest array that is kept, in bytes. */
const LONGEST = 2048;
const MOST_SPARES = 64;

/** Arrays by their exact length, so that none has bytes of another proof behind its end. */
const spares: Map<number, Uint8Array[]> = /* @__PURE__ */ new Map();
let count = 0;

/** Returns an array of `length` bytes of any value. The caller writes every one of them. */
export function takeBytes(length: number): Uint8Array {
  const bytes = spares.get(length)?.pop();
  if (bytes === undefined) return new Uint8Array(length);
  count--;
  return bytes.length === length ? bytes : new Uint8Array(length); // it was transferred meanwhile
}

/**
 * Keeps an array for later calls of takeBytes. Give it once, and only when nothing reads or writes
 * it any more.
 */
export function giveBytes(bytes: Uint8Array): void {
  const { length } = bytes;
  if (length > LONGEST) return;
  if (count === MOST_SPARES) {
    spares.clear(); // or lengths that came only once would stay for ever
    count = 0;
  }
  const alike = spares.get(length);
  if (alike === undefined) spares.set(length, [bytes]);
  else alike.push(bytes);
  count++;
}
