// Spare byte arrays, and the proofs that they serve: none is judged by the bytes of another.
import { type AsyncAlg, createAsyncVerifier, createVerifier, noble, type SyncAlg } from "dpop-core";
import { describe, expect, test, vi } from "vitest";
import { at, mint, NOW } from "./support/mint.js";

type Spares = typeof import("../src/bytes/spare.js");

/** With none to begin with. */
async function newSpares(): Promise<Spares> {
  vi.resetModules();
  return import("../src/bytes/spare.js");
}

describe("an array that was given", () => {
  test("is taken once, by a caller that wants as many bytes", async () => {
    const { giveBytes, takeBytes } = await newSpares();
    const bytes = Uint8Array.of(1, 2, 3, 4);
    giveBytes(bytes);
    const others = [takeBytes(3), takeBytes(5)];
    expect(others.map(({ length }) => length)).toEqual([3, 5]);
    expect(others).not.toContain(bytes);
    expect(takeBytes(4)).toBe(bytes);
    expect(takeBytes(4)).not.toBe(bytes);
  });

  test("is no longer kept where it was transferred", async () => {
    const { giveBytes, takeBytes } = await newSpares();
    const bytes = new Uint8Array(4);
    giveBytes(bytes);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(takeBytes(4)).toEqual(new Uint8Array(4));
  });

  test.each([
    [2048, true],
    [2049, false],
  ])("of %i bytes: kept %s", async (length, kept) => {
    const { giveBytes, takeBytes } = await newSpares();
    const bytes = new Uint8Array(length);
    giveBytes(bytes);
    expect(takeBytes(length) === bytes).toBe(kept);
  });

  test("is one of 64 at most, of whatever lengths", async () => {
    const { giveBytes, takeBytes } = await newSpares();
    const given: readonly Uint8Array[] = Array.from(
      { length: 100 },
      (_, i) => new Uint8Array(10 + (i % 7)),
    );
    for (const bytes of given) giveBytes(bytes);
    const taken = Array.from({ length: 700 }, (_, i) => takeBytes(10 + (i % 7)));
    expect(taken.filter((bytes) => given.includes(bytes)).length).toBe(36);
    expect(new Set(taken).size).toBe(700);
  });
});

interface Lent {
  readonly signature: Uint8Array;
  readonly data: Uint8Array;
  readonly copies: readonly Uint8Array[];
  answer(): void;
}

/** noble's ES256, which answers when it is told to, by what it was lent and holds then. */
function slowAlg(lent: Lent[]): AsyncAlg {
  const { ES256 } = noble;
  return {
    ...ES256,
    importKey: async (jwk) => {
      const key = ES256.importKey(jwk);
      if (key === null) return null;
      return {
        size: key.size,
        verify: (signature, data) =>
          new Promise((resolve) => {
            const copies = [signature.slice(), data.slice()];
            const answer = (): void => resolve(key.verify(signature, data));
            lent.push({ signature, data, copies, answer });
          }),
      };
    },
  };
}

describe("a verifier", () => {
  const proofs = Array.from({ length: 12 }, (_, i) =>
    mint({ claims: { jti: `number ${10 + i}` } }),
  );
  const forged = proofs.map((proof, i) => {
    const other = proofs[(i + 1) % proofs.length] ?? "";
    return proof.slice(0, proof.lastIndexOf(".")) + other.slice(other.lastIndexOf("."));
  });

  test("lends each proof under way arrays of its own, until the answer", async () => {
    const lent: Lent[] = [];
    const { verify } = createAsyncVerifier({
      backend: noble,
      algs: [slowAlg(lent)],
      replay: "none",
    });
    const arrays = new Set<Uint8Array>();
    for (let round = 0; round < 3; round++) {
      lent.length = 0;
      const results = [...proofs, ...forged].map((proof) => verify(proof, at(NOW)));
      await new Promise(setImmediate);
      expect(lent.length).toBe(24);
      expect(new Set(lent.flatMap(({ signature, data }) => [signature, data])).size).toBe(48);
      for (let i = 0; i < 24; i++) {
        const one = lent[(i * 7) % 24]; // in another order than they came
        expect([one?.signature, one?.data]).toEqual(one?.copies);
        one?.answer();
        await new Promise(setImmediate); // and with another proof in the arrays of the last one
        results.push(verify(proofs[i % 12] ?? "", at(NOW)));
      }
      await new Promise(setImmediate);
      for (const { answer } of lent.slice(24)) answer();
      const verdicts = (await Promise.all(results)).map(({ ok }) => ok);
      expect(verdicts).toEqual(lent.map((_, i) => i < 12 || i > 23));
      for (const { data } of lent) arrays.add(data);
    }
    expect(arrays.size).toBeLessThan(3 * 40); // they were used again, or this shows nothing
  });

  test("keeps no bytes of another proof behind those that it lends", () => {
    const seen: Uint8Array[] = [];
    const ES256: SyncAlg = {
      ...noble.ES256,
      importKey: () => ({ size: 0, verify: (...given) => seen.push(...given) > 0 }),
    };
    const { verify } = createVerifier({ algs: [ES256], replay: "none" });
    const longer = mint({ claims: { jti: "a longer one than the others are" } });
    for (const proof of [longer, ...proofs]) {
      expect(verify(proof, at(NOW)).ok).toBe(true);
      const signed = Buffer.from(proof.slice(0, proof.lastIndexOf(".")));
      const signature = Buffer.from(proof.slice(proof.lastIndexOf(".") + 1), "base64url");
      const behind = seen.splice(0).map(({ buffer }) => new Uint8Array(buffer));
      expect(behind).toEqual([new Uint8Array(signature), new Uint8Array(signed)]);
    }
  });

  test("never reuses an array that a backend may still use", async () => {
    const kept: Uint8Array[] = [];
    const refusing: SyncAlg = {
      ...noble.ES256,
      importKey: () => ({
        size: 0,
        verify: (...given) => {
          kept.push(...given);
          if (kept.length > 4) throw new Error("broken");
          return false;
        },
      }),
    };
    const { verify } = createVerifier({ algs: [refusing], replay: "none" });
    for (const proof of proofs) {
      try {
        expect(verify(proof, at(NOW))).toMatchObject({ code: "signature_invalid" });
      } catch (error) {
        expect(error).toEqual(new Error("broken"));
      }
    }
    expect(new Set(kept).size).toBe(24);
  });
});
