// Keys that have proved themselves: after some valid signatures, a table of multiples of the key
// makes each further one cheaper. A stranger's key never gets that far.
import type { SyncKey } from "../jose/alg.js";

type Verify = (signature: Uint8Array, data: Uint8Array) => boolean;

/** Two ways to one answer. */
export interface HotKeyParts {
  /** Bytes of a table, about. */
  readonly tableSize: number;
  /** Verifies without a table. */
  readonly cold: Verify;
  /** Builds a table and answers how to verify with it. */
  heat(): Verify;
}

/** Bytes of a key without a table: its functions and what they hold. test/cache.test.ts measures it. */
const KEY_BYTES = 2560;

/** A table costs about as much as four verifications and saves most of each one after it. */
const VALID_BEFORE_TABLE = 3;
const MOST_BEFORE_TABLE = 64 * VALID_BEFORE_TABLE;

/**
 * A key that builds its table once three signatures were valid. Each time that it has to drop the
 * table, it needs twice as many before it builds the next one, up to 64 times: where there is no room
 * for all the tables that are earned, building must not become the main work.
 */
export function hotKey({ tableSize, cold, heat }: HotKeyParts): SyncKey {
  let hot: Verify | null = null;
  let needed = VALID_BEFORE_TABLE;
  let valid = 0;
  return {
    verify(signature, data) {
      const answer = hot === null ? cold(signature, data) : hot(signature, data);
      if (answer && hot === null && ++valid >= needed) hot = heat();
      return answer;
    },
    get size(): number {
      return hot === null ? KEY_BYTES : KEY_BYTES + tableSize;
    },
    get tableSize(): number {
      return hot === null ? 0 : tableSize;
    },
    dropTables() {
      if (hot === null) return;
      hot = null;
      valid = 0;
      needed = Math.min(2 * needed, MOST_BEFORE_TABLE);
    },
  };
}
