// Named values that last (Indexed Database API 3.0): the key, the tokens and what else all tabs of an origin
// share. Where the platform keeps nothing, they are in the memory of the page.
import { inTime } from "../input/body.js";
import { type Database, type DatabaseRequest, type ObjectStore, platform } from "./platform.js";

/** Named values, each replaced as one step. */
export interface Store {
  /** Returns false where the values end with this page, and no other page sees them. */
  lasts(): boolean;
  /** Returns a value; undefined if it is absent. */
  read(name: string): Promise<unknown>;
  /**
   * Replaces a value by what `change` returns for it, in one step: no other tab comes between. undefined
   * removes it. Returns the new value, once it is kept. `change` may be called more than once.
   */
  update(name: string, change: (value: unknown) => unknown): Promise<unknown>;
}

/** The one object store of the database. */
const VALUES = "values";

/** Milliseconds. Some browsers have versions that never answer; a page can't wait for that. */
const LONGEST_OPENING = 10_000;

/** Returns a store in memory, with these values. */
export function createMemoryStore(values: Map<string, unknown> = new Map()): Store {
  return {
    lasts: () => false,
    read: async (name) => values.get(name),
    async update(name, change) {
      const value = change(values.get(name));
      values.set(name, value);
      return value;
    },
  };
}

/**
 * Returns the store of a name: a database. The first time that the database fails, `onFailure` is told, and
 * from then on the values are in memory, beginning with those that were seen last.
 */
export function openStore(name: string, onFailure: (error: unknown) => void): Store {
  const database = openDatabase(name);
  const seen = new Map<string, unknown>();
  const memory = createMemoryStore(seen);
  let store = database;

  async function use(key: string, run: (store: Store) => Promise<unknown>): Promise<unknown> {
    if (store === memory) return run(memory);
    try {
      const value = await run(database);
      seen.set(key, value);
      return value;
    } catch (error) {
      // Calls that were under way fail together, and the page is told once.
      if (store === database) {
        store = memory;
        onFailure(error);
      }
      return run(memory);
    }
  }

  return {
    lasts: () => store.lasts(),
    read: (key) => use(key, (one) => one.read(key)),
    update: (key, change) => use(key, (one) => one.update(key, change)),
  };
}

function openDatabase(name: string): Store {
  let opened: Promise<Database> | undefined;

  function connect(): Promise<Database> {
    opened ??= inTime(open(name, drop), LONGEST_OPENING, () => {
      throw new Error("IndexedDB fails");
    });
    return opened;
  }

  function drop(): void {
    opened = undefined;
  }

  /**
   * Runs one transaction. Browsers close connections on their own (a phone that slept, a lack of space), so
   * what fails is tried once more over a new one: a transaction that failed has changed nothing.
   */
  async function transact(mode: "readonly" | "readwrite", use: Use): Promise<unknown> {
    try {
      return await runTransaction(await connect(), mode, use);
    } catch {
      drop();
      return runTransaction(await connect(), mode, use);
    }
  }

  return {
    lasts: () => true,
    read: (key) =>
      transact("readonly", (values, give) => {
        const found = values.get(key);
        found.addEventListener("success", () => give(() => found.result));
      }),
    update: (key, change) =>
      transact("readwrite", (values, give) => {
        const found = values.get(key);
        const replace = (): unknown => {
          const value = change(found.result);
          if (value === undefined) values.delete(key);
          else values.put(value, key);
          return value;
        };
        found.addEventListener("success", () => give(replace));
      }),
  };
}

/** Opens a database. `onClose` is told when the connection is of no use any more. */
async function open(name: string, onClose: () => void): Promise<Database> {
  const { indexedDB } = platform();
  if (indexedDB === undefined) throw new Error("IndexedDB is missing");
  const request = indexedDB.open(name, 1);
  request.addEventListener("upgradeneeded", () => {
    request.result.createObjectStore(VALUES);
  });
  const database = await settled(request);
  database.addEventListener("close", onClose);
  // A page that wants to delete the database would otherwise wait for this one.
  database.addEventListener("versionchange", () => {
    database.close();
    onClose();
  });
  return database;
}

function settled<T>(request: DatabaseRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

/** What a transaction does. It gives its value as a function, whose failure is that of the transaction. */
type Use = (values: ObjectStore, give: (value: () => unknown) => void) => void;

/** Resolves when the transaction is complete: not before is a value kept. */
function runTransaction(
  database: Database,
  mode: "readonly" | "readwrite",
  use: Use,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(VALUES, mode);
    let result: unknown;
    transaction.addEventListener("complete", () => resolve(result));
    transaction.addEventListener("abort", () => {
      reject(transaction.error ?? new Error("IndexedDB fails"));
    });
    use(transaction.objectStore(VALUES), (value) => {
      try {
        result = value();
      } catch (error) {
        reject(error); // a key that can't be cloned, in some private windows
        transaction.abort();
      }
    });
  });
}
