// The two kinds of list that hold limbs (limbs.ts), each in one engine: whichever this one takes,
// here both give the results of node:crypto.
import { sign } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { sha256 } from "../../src/noble/sha256.js";
import { sha512 } from "../../src/noble/sha512.js";
import { exportJwk, keyPair } from "../support/key-pair.js";

const OLDER = "an engine without Float16Array";
const NEWER = "an engine with it";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** The arithmetic as such an engine loads it. */
async function loadIn(engine: string) {
  vi.resetModules();
  vi.stubGlobal("Float16Array", Float32Array); // which afterEach undoes
  if (engine === OLDER) Reflect.deleteProperty(globalThis, "Float16Array");
  const { newLimbs, newColumns } = await import("../../src/fast/limbs.js");
  const { importP256Key } = await import("../../src/fast/p256/verify.js");
  const { importEd25519Key } = await import("../../src/fast/ed25519/verify.js");
  return { newLimbs, newColumns, importP256Key, importEd25519Key };
}

const messages = Array.from({ length: 60 }, (_, i) => new Uint8Array(i).fill(i));

describe.each([OLDER, NEWER])("in %s", (engine) => {
  test("limbs are the kind of list that it reads fastest", async () => {
    const { newLimbs, newColumns } = await loadIn(engine);
    expect([newLimbs(), newColumns()].map((list) => list instanceof Float64Array)).toEqual(
      Array(2).fill(engine === NEWER),
    );
    expect(Array.from(newLimbs())).toEqual(Array(11).fill(0));
    expect(newColumns()).toHaveLength(21);
  });

  test("ES256 is verified, without and with each table", async () => {
    const { importP256Key } = await loadIn(engine);
    const { privateKey, publicKey } = keyPair("P-256");
    const { x, y } = exportJwk(publicKey);
    const key = importP256Key(`${x}`, `${y}`, sha256);
    for (const message of messages) {
      const signer = { key: privateKey, dsaEncoding: "ieee-p1363" } as const;
      const signature = new Uint8Array(sign("sha256", message, signer));
      expect(key?.verify(signature, message)).toBe(true);
      expect(key?.verify(signature, Uint8Array.of(1, ...message))).toBe(false);
    }
    expect(key?.tableSize).toBeGreaterThan(20_000);
  });

  test("Ed25519 is verified, without and with each table", async () => {
    const { importEd25519Key } = await loadIn(engine);
    const { privateKey, publicKey } = keyPair("ed25519");
    const { x } = exportJwk(publicKey);
    const key = importEd25519Key(`${x}`, sha512);
    for (const message of messages) {
      const signature = new Uint8Array(sign(null, message, privateKey));
      expect(key?.verify(signature, message)).toBe(true);
      expect(key?.verify(signature, Uint8Array.of(1, ...message))).toBe(false);
    }
    expect(key?.tableSize).toBeGreaterThan(20_000);
  });
});
