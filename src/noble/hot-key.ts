// Keys over noble: after some valid signatures, a table of multiples of the key makes each further one
// cheaper.
import type { SyncKey } from "../jose/alg.js";
import { earnedTables } from "../jose/earned-table.js";

type Verify = (signature: Uint8Array, data: Uint8Array) => boolean;

/** Two ways to verify, which give the same result. */
export interface HotKeyParts {
  /** Approximate size of a table, in bytes. */
  readonly tableSize: number;
  /** Verifies without a table. */
  readonly cold: Verify;
  /** Builds a table and returns how to verify with it. */
  heat(): Verify;
}

/** Size of a key without a table, in bytes: its functions and what they hold (test/cache.test.ts). */
const KEY_BYTES = 2560;

/** A table costs about as much as four verifications, and saves most of each one after it. */
const STAGES = [{ earned: 3, shape: undefined }];

/** Makes a key that earns its table with valid signatures. */
export function hotKey({ tableSize, cold, heat }: HotKeyParts): SyncKey {
  const ways = earnedTables(cold, STAGES, heat);
  const bytesOfTable = (): number => (ways.best() === cold ? 0 : tableSize);
  return {
    verify(signature, data) {
      const isValid = ways.best()(signature, data);
      if (isValid) ways.earn();
      return isValid;
    },
    get size(): number {
      return KEY_BYTES + bytesOfTable();
    },
    get tableSize(): number {
      return bytesOfTable();
    },
    dropTables: ways.drop,
  };
}
