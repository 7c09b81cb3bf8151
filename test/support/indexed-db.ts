// IndexedDB (Indexed Database API 3.0) in memory, as far as src/browser uses it, with faults where a test asks for them.
// test/browser has those of real browsers.

/** What goes wrong. Each may be set and unset at any time. */
export interface Faults {
  /** An error event in place of a connection, or no event at all. */
  opening?: "error" | "silence" | undefined;
  /** How many of the next transactions fail: as they begin, since the connection is closed, or later, with or without a reason. */
  transactions?:
    { how: "closed" | "aborted" | "aborted without a reason"; left: number } | undefined;
  /** Names of values that can't be kept, as a key in some private windows. */
  unclonable?: readonly string[] | undefined;
}

/** Makes an `indexedDB`. `values` returns what a database holds, to be read and changed. */
export function createIndexedDb() {
  const databases = new Map<string, { hasStore: boolean; values: Map<string, unknown> }>();
  const connections: Connection[] = [];
  const faults: Faults = {};

  function databaseOf(name: string) {
    const found = databases.get(name) ?? { hasStore: false, values: new Map<string, unknown>() };
    databases.set(name, found);
    return found;
  }

  return {
    faults,
    /** All that were opened, the oldest first. */
    connections,
    values: (name: string): Map<string, unknown> => databaseOf(name).values,
    open(name: string): Request<Connection> {
      const request = new Request<Connection>();
      const database = databaseOf(name);
      const fault = faults.opening;
      queueMicrotask(() => {
        if (fault === "silence") return;
        if (fault === "error") return request.fail(new DOMException("no", "UnknownError"));
        const connection = new Connection(database, faults);
        connections.push(connection);
        request.result = connection;
        if (!database.hasStore) request.dispatchEvent(new Event("upgradeneeded"));
        request.succeed(connection);
      });
      return request;
    },
  };
}

class Request<T> extends EventTarget {
  result: T | undefined;
  error: unknown;

  succeed(result: T): void {
    this.result = result;
    this.dispatchEvent(new Event("success"));
  }

  fail(error: unknown): void {
    this.error = error;
    this.dispatchEvent(new Event("error"));
  }
}

class Connection extends EventTarget {
  isClosed = false;
  readonly #database: { hasStore: boolean; values: Map<string, unknown> };
  readonly #faults: Faults;

  constructor(database: { hasStore: boolean; values: Map<string, unknown> }, faults: Faults) {
    super();
    this.#database = database;
    this.#faults = faults;
  }

  createObjectStore(): void {
    this.#database.hasStore = true;
  }

  close(): void {
    this.isClosed = true;
  }

  transaction(_: string, mode: string): Transaction {
    const fault = this.#faults.transactions;
    const fails = fault !== undefined && fault.left-- > 0;
    if (this.isClosed || !this.#database.hasStore || (fails && fault.how === "closed")) {
      throw new DOMException("the connection is closing", "InvalidStateError");
    }
    return new Transaction(this.#database.values, mode, this.#faults, fails ? fault.how : "");
  }
}

/** Runs in one microtask, so that no other comes between, and changes the database when it is complete. */
class Transaction extends EventTarget {
  error: unknown = null;
  #isAborted = false;
  readonly #steps: (() => void)[] = [];
  readonly #changed: Map<string, unknown>;
  readonly #mode: string;
  readonly #faults: Faults;

  constructor(values: Map<string, unknown>, mode: string, faults: Faults, fault: string) {
    super();
    this.#mode = mode;
    this.#faults = faults;
    this.#changed = new Map();
    queueMicrotask(() => {
      for (const [name, value] of values) this.#changed.set(name, value);
      for (let step = this.#steps.shift(); step !== undefined; step = this.#steps.shift()) step();
      if (fault === "aborted") this.error = new DOMException("no room", "QuotaExceededError");
      if (fault !== "") this.abort();
      if (this.#isAborted) return void this.dispatchEvent(new Event("abort"));
      values.clear();
      for (const [name, value] of this.#changed) values.set(name, value);
      this.dispatchEvent(new Event("complete"));
    });
  }

  abort(): void {
    this.#isAborted = true;
    this.#steps.length = 0;
  }

  objectStore() {
    return {
      get: (key: string) => this.#request(() => this.#changed.get(key)),
      put: (value: unknown, key: string) => {
        this.#guardWrite();
        if (this.#faults.unclonable?.includes(key) === true) {
          throw new DOMException("it can't be cloned", "DataCloneError");
        }
        return this.#request(() => void this.#changed.set(key, value));
      },
      delete: (key: string) => {
        this.#guardWrite();
        return this.#request(() => void this.#changed.delete(key));
      },
    };
  }

  #guardWrite(): void {
    if (this.#mode !== "readwrite") throw new DOMException("read only", "ReadOnlyError");
  }

  #request(step: () => unknown): Request<unknown> {
    const request = new Request<unknown>();
    this.#steps.push(() => request.succeed(step()));
    return request;
  }
}
