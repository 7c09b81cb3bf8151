import { type AsyncVerifierOptions, createAsyncVerifier } from "dpop-core";

/** Remembers up to 50,000 keys, in 256 MiB at most. */
export function createLargeVerifier(options: AsyncVerifierOptions) {
  const cache = { maxKeys: 50_000, maxKeyBytes: 2 ** 28 };
  return createAsyncVerifier({ ...options, cache }); // cacheUsage() says what is held
}
