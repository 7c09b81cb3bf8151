// The parts of a browser that this folder uses, in our own declarations: the package needs no types of a
// platform. Each is looked up at every use, and any of them may be missing.

/** The shape of an `EventTarget`, for these events. */
interface Target<Type extends string, Event = unknown> {
  addEventListener(type: Type, listener: (event: Event) => void): void;
}

/** The shape of an `IDBRequest`, or of one that opens a database. */
export interface DatabaseRequest<T> extends Target<"success" | "error" | "upgradeneeded"> {
  readonly result: T;
  readonly error: unknown;
}

/** The shape of an `IDBDatabase`. */
export interface Database extends Target<"close" | "versionchange"> {
  createObjectStore(name: string): unknown;
  transaction(store: string, mode: "readonly" | "readwrite"): Transaction;
  close(): void;
}

/** The shape of an `IDBTransaction`. */
export interface Transaction extends Target<"complete" | "abort"> {
  readonly error: unknown;
  objectStore(name: string): ObjectStore;
  abort(): void;
}

/** The shape of an `IDBObjectStore`. */
export interface ObjectStore {
  get(key: string): DatabaseRequest<unknown>;
  put(value: unknown, key: string): DatabaseRequest<unknown>;
  delete(key: string): DatabaseRequest<unknown>;
}

/** The shape of a `LockManager`. */
export interface Locks {
  request(
    name: string,
    options: { readonly signal?: unknown },
    run: () => Promise<void>,
  ): Promise<unknown>;
}

/** The shape of a `BroadcastChannel`. */
export interface Channel extends Target<"message", { readonly data: unknown }> {
  postMessage(message: unknown): void;
  close(): void;
}

/** The shape of an `AbortController`. */
export interface Controller {
  readonly signal: unknown;
  abort(): void;
}

/** The shape of a `Storage`. */
export interface PageStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
}

type Listener = (event: { readonly persisted?: boolean }) => void;

/** The shape of a `URL`, as far as it is read. */
export interface ParsedUrl {
  readonly href: string;
  readonly searchParams: {
    getAll(name: string): readonly string[];
    append(name: string, value: string): void;
  };
}

/** What a browser may have. */
export interface Platform {
  readonly indexedDB?:
    { open(name: string, version: number): DatabaseRequest<Database> } | undefined;
  readonly navigator?: { readonly locks?: Locks | undefined } | undefined;
  readonly BroadcastChannel?: (new (name: string) => Channel) | undefined;
  readonly AbortController: new () => Controller;
  readonly sessionStorage?: PageStorage | undefined;
  readonly URL: new (url: string) => ParsedUrl;
  readonly setTimeout: (run: () => void, milliseconds: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
  readonly addEventListener?: ((type: string, listener: Listener) => void) | undefined;
  readonly removeEventListener?: ((type: string, listener: Listener) => void) | undefined;
}

/** Returns the platform. */
export function platform(): Platform {
  return globalThis as unknown as Platform; // every member that may be missing is optional
}

/** Waits for that many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    platform().setTimeout(resolve, milliseconds);
  });
}
