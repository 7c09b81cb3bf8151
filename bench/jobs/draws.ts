// Which of many keys comes next: the same draws in every run.

/** How many there are, a power of two. */
export const DRAWS = 2 ** 17;

/** Every key as often as any other. */
export function uniformDraws(count: number): Uint32Array {
  const random = createRandom();
  return Uint32Array.from({ length: DRAWS }, () => Math.floor(random() * count));
}

/** The key of rank r comes about as often as 1/r: a few clients send most of the requests. */
export function zipfDraws(count: number): Uint32Array {
  const random = createRandom();
  const draw = (): number => Math.round((2 * count + 1) ** random() / 2) - 1;
  return Uint32Array.from({ length: DRAWS }, () => Math.min(Math.max(draw(), 0), count - 1));
}

/** xorshift32, the same draws in every run. */
function createRandom(): () => number {
  let state = 0x2545f491;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
