// Lists whose indices are known when the module is written.

/** Returns an item that must be there. */
export function itemOf<T>(list: readonly (T | undefined)[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError("no such item"); // every index is within its list
  return item;
}
