// When the module is made, and what happens where it can't be: the backend below decides, silently, and `lanes` says so.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { SyncAlg, SyncBackend } from "../../src/jose/alg.js";
import type * as WasmEntry from "dpop-core/wasm";
import { readPublicJwk } from "../../src/jose/jwk.js";
import { createDice } from "../fuzz/dice.js";
import { p256Curve } from "../fuzz/p256.js";

const real = globalThis.WebAssembly;
const cases = p256Curve.round(createDice("platform"));
const first = cases.find(({ name }) => name === "valid");
if (first === undefined) throw new Error("a valid signature was due");
const { subject } = first;

/** Every signature of one key, with what must become of it. */
const signatures = cases
  .filter((one) => one.subject === subject)
  .map(({ name, signature, data }) => {
    const isValid = p256Curve.classes.get(name) === "accepted";
    return { name, signature, data, isValid };
  });

let entry: typeof WasmEntry;

beforeEach(async () => {
  vi.resetModules(); // the engine is one for a process
  entry = await import("dpop-core/wasm");
});

afterEach(() => {
  vi.stubGlobal("WebAssembly", real);
});

/** Verifies all with one key, and says what the key had at the end. */
function verifyAll(alg: SyncAlg = entry.wasm.ES256): number {
  const read = readPublicJwk(subject.jwk, alg);
  const key = typeof read === "string" ? null : alg.importKey(read);
  if (key === null) throw new Error("a key was due");
  for (const { name, signature, data, isValid } of [...signatures, ...signatures]) {
    expect({ name, answer: key.verify(signature, data) }).toEqual({ name, answer: isValid });
  }
  return key.tableSize ?? 0;
}

describe("the module", () => {
  test("is made for the first table, and not before.", () => {
    const made = vi.fn();
    vi.stubGlobal("WebAssembly", {
      validate: (bytes: BufferSource) => real.validate(bytes),
      Module: function (bytes: BufferSource) {
        made();
        return new real.Module(bytes);
      },
      Instance: real.Instance,
    });
    const { wasm } = entry;
    const read = readPublicJwk(subject.jwk, wasm.ES256);
    const key = typeof read === "string" ? null : wasm.ES256.importKey(read);
    const wrong = signatures.filter(({ isValid }) => !isValid);
    for (const { signature, data } of wrong) expect(key?.verify(signature, data)).toBe(false);
    expect(key?.verify(first.signature, first.data)).toBe(true);
    expect([wasm.lanes, made.mock.calls.length]).toEqual(["idle", 0]);
    expect(key?.verify(first.signature, first.data)).toBe(true); // the key comes back
    expect(made).toHaveBeenCalledTimes(1);
    expect(wasm.lanes).toMatch(/^(relaxed-)?simd$/);
    verifyAll();
    expect(made).toHaveBeenCalledTimes(1);
  });

  test.each<[string, () => unknown]>([
    ["an engine without WebAssembly", () => undefined],
    [
      "a policy that does not permit to compile",
      () => ({
        validate: () => true,
        Instance: real.Instance,
        Module: function () {
          throw new EvalError("wasm-unsafe-eval is not allowed");
        },
      }),
    ],
    [
      "an engine without SIMD",
      () => ({
        validate: () => false,
        Instance: real.Instance,
        Module: function () {
          throw new WebAssembly.CompileError("invalid value type");
        },
      }),
    ],
    ["a WebAssembly that is none", () => ({})],
  ])("%s: the backend below decides, and earns its own tables.", async (_, platform) => {
    vi.stubGlobal("WebAssembly", platform());
    const { fast } = await import("dpop-core/fast");
    expect(verifyAll()).toBe(verifyAll(fast.ES256));
    expect(entry.wasm.lanes).toBe("unavailable");
  });
});

describe("accelerate", () => {
  test("leaves what it does not know as it is, and makes one algorithm of one.", async () => {
    const { nodeCrypto } = await import("dpop-core/node-crypto");
    const over = entry.accelerate(nodeCrypto);
    expect(over.RS256).toBe(nodeCrypto.RS256);
    expect(over.ES384).toBe(nodeCrypto.ES384);
    expect(over.ES256).not.toBe(nodeCrypto.ES256);
    expect(over.algs[0]).toBe(over.ES256);
    expect(over.algs.map(({ alg }) => alg)).toEqual(nodeCrypto.algs.map(({ alg }) => alg));
    expect(over.sha256(new Uint8Array(3))).toEqual(nodeCrypto.sha256(new Uint8Array(3)));
    expect(over.randomBytes(7)).toHaveLength(7);
    verifyAll(over.ES256);
  });

  test("asks methods of the backend as its methods.", () => {
    class Custom {
      readonly algs = [];
      readonly digest = Uint8Array.of(1);
      sha256(_data: Uint8Array): Uint8Array {
        return this.digest;
      }
      randomBytes(_length: number): Uint8Array {
        return this.digest;
      }
    }
    const over = entry.accelerate(new Custom());
    expect(over.sha256(new Uint8Array())).toEqual(Uint8Array.of(1));
    expect(over.randomBytes(1)).toEqual(Uint8Array.of(1));
  });

  test.each([
    [undefined, "backend must be an object"],
    [{}, "backend.algs must be an array"],
    [{ algs: [] }, "backend.sha256 must be a function"],
    [{ algs: [], sha256: () => undefined }, "backend.randomBytes must be a function"],
  ])("refuses %j.", (backend, message) => {
    const call = entry.accelerate as (backend: unknown) => SyncBackend;
    expect(() => call(backend)).toThrow(new TypeError(message));
  });

  test("a backend that promises its keys is refused when the first comes.", async () => {
    const { webcrypto } = await import("dpop-core/webcrypto");
    const over = entry.accelerate(webcrypto as unknown as SyncBackend);
    const read = readPublicJwk(subject.jwk);
    if (typeof read === "string") throw new Error(read);
    expect(() => over.algs[0]?.importKey(read)).toThrow(TypeError);
  });
});
