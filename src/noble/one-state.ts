// noble's hashes without a new state for every text: to make one takes as long as two blocks do
// (bench/thumbprint), more where class fields are written out for ES2020.

/** What a hash of @noble/hashes 2 keeps between pieces of a text. */
interface HashState<S> {
  /** Makes `to` what this is now, whatever it was. */
  _cloneInto(to?: S): S;
  update(data: Uint8Array): S;
  /** Wipes the state. */
  digest(): Uint8Array;
}

/**
 * The same hash in one state that is used again and again, set to the beginning by each call: so one
 * that threw leaves nothing behind.
 */
export function inOneState<S extends HashState<S>>(hash: {
  create(): S;
}): (data: Uint8Array) => Uint8Array {
  const [beginning, state] = [hash.create(), hash.create()];
  // oxlint-disable-next-line no-underscore-dangle -- so noble calls it
  return (data) => beginning._cloneInto(state).update(data).digest();
}
