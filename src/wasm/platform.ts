// What is used of the platform: WebAssembly's interface for JavaScript, looked up at the first use.

/** The linear memory of an instance. Its buffer is another one after it grew. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** Throws a RangeError where there is no room. */
  grow(pages: number): number;
}

interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

/** The constructors and the check of modules. */
export interface WasmApi {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => WasmInstance;
}

interface Registry<T> {
  register(target: object, held: T): void;
}

/** Returns WebAssembly; undefined where the engine has none, or orders bytes the other way. */
export function platformWebAssembly(): WasmApi | undefined {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: WasmApi };
  // Tables are copied as the engine has their integers, and a module reads the lowest byte first.
  const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  return isLittleEndian ? WebAssembly : undefined;
}

/** Calls `clean` some time after `target` was collected, where the engine can tell (ES2021). */
export function whenCollected<T>(clean: (held: T) => void): (target: object, held: T) => void {
  const { FinalizationRegistry } = globalThis as {
    readonly FinalizationRegistry?: new (clean: (held: T) => void) => Registry<T>;
  };
  if (FinalizationRegistry === undefined) return () => undefined;
  const registry = new FinalizationRegistry(clean);
  return (target, held) => registry.register(target, held);
}
