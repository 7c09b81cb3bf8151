// Keys over noble: after some valid signatures, a table of multiples of the key makes each further one
// cheaper.
import type { SyncKey } from "../jose/alg.js";
import { earnedTables } from "../jose/earned-table.js";

type Verify = (signature: Uint8Array, data: Uint8Array) => boolean;

/** Two ways to one result. */
export interface HotKeyParts {
  /** About how many bytes a table takes. */
  readonly tableSize: number;
  /** Verifies without a table. */
  readonly cold: Verify;
  /** Builds a table and returns how to verify with it. */
  heat(): Verify;
}

/** Bytes of a key without a table: its functions and what they hold. test/cache.test.ts measures it. */
const KEY_BYTES = 2560;

/** A table costs about as much as four verifications, and saves most of each one after it. */
const STAGES = [{ earned: 3, shape: undefined }];

/** A key that earns its table with valid signatures. */
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
