// noble's hashes without a new state for every text. A new state takes as long as two blocks
// (bench/thumbprint), and longer where class fields are compiled for ES2020.

/** The state that a hash of @noble/hashes 2 keeps between pieces of a text. */
interface HashState<S> {
  /** Copies this state into `to`. */
  _cloneInto(to?: S): S;
  update(data: Uint8Array): S;
  /** Wipes the state. */
  digest(): Uint8Array;
}

/**
 * Returns the same hash over one state that every call uses again. Each call resets it first, so a call
 * that threw leaves nothing behind.
 */
export function inOneState<S extends HashState<S>>(hash: {
  create(): S;
}): (data: Uint8Array) => Uint8Array {
  const [beginning, state] = [hash.create(), hash.create()];
  // oxlint-disable-next-line no-underscore-dangle -- noble's name
  return (data) => beginning._cloneInto(state).update(data).digest();
}
