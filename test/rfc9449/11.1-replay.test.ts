// RFC 9449 section 11.1: while a proof could be accepted, it is accepted once; and remembering costs what it may cost.
import {
  createAsyncVerifier,
  createMemoryReplayStore,
  createVerifier,
  noble,
  type NonceCheck,
  type ReplayStore,
  type SyncReplayStore,
} from "dpop-core";
import { describe, expect, test } from "vitest";
import { replayKey } from "../../src/replay/replay.js";
import { at, mint, NOW } from "../support/mint.js";
import { JKT } from "../support/rfc.js";
import { memoryStore } from "../support/store.js";

/** Writes down what it was asked, and passes it on. */
function recording(store: SyncReplayStore = createMemoryReplayStore()): {
  readonly replay: SyncReplayStore;
  readonly asked: { readonly key: string; readonly expiresAt: number; readonly now: number }[];
} {
  const asked: { readonly key: string; readonly expiresAt: number; readonly now: number }[] = [];
  return {
    asked,
    replay: {
      add(key, expiresAt, now, jkt) {
        asked.push({ key, expiresAt, now });
        return store.add(key, expiresAt, now, jkt);
      },
    },
  };
}

describe("what counts as the same proof", () => {
  test("the same jti of the same key is a replay, whatever its iat, method and URL", () => {
    const verifier = createVerifier({ replay: createMemoryReplayStore() });
    expect(verifier.verify(mint(), at(NOW)).ok).toBe(true);
    const other = mint({ claims: { iat: NOW - 7, htm: "GET", htu: "https://other.example/" } });
    const request = { method: "GET", url: "https://other.example/", now: NOW };
    expect(verifier.verify(other, request)).toMatchObject({ code: "jti_replayed" });
  });

  test("another signature over the same claims is a replay: ECDSA signatures are malleable", () => {
    const verifier = createVerifier({ replay: createMemoryReplayStore() });
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const proof = mint();
    const [head = "", payload = "", signature = ""] = proof.split(".");
    const bytes = Buffer.from(signature, "base64url");
    const s = (order - BigInt(`0x${bytes.subarray(32).toString("hex")}`))
      .toString(16)
      .padStart(64, "0");
    const twin = `${head}.${payload}.${Buffer.concat([bytes.subarray(0, 32), Buffer.from(s, "hex")]).toString("base64url")}`;
    expect(twin).not.toBe(proof);
    expect(verifier.verify(proof, at(NOW)).ok).toBe(true);
    expect(verifier.verify(twin, at(NOW))).toMatchObject({ code: "jti_replayed" });
  });

  test("the same jti of another key is none: nobody can use up somebody else's jti", () => {
    const verifier = createVerifier({ replay: createMemoryReplayStore() });
    expect(verifier.verify(mint(), at(NOW)).ok).toBe(true);
    expect(verifier.verify(mint({ key: "otherES256" }), at(NOW)).ok).toBe(true);
    expect(verifier.verify(mint({ key: "Ed25519" }), at(NOW)).ok).toBe(true);
  });

  test("keys are of one length, however long the jti, and say nothing of it", () => {
    const { replay, asked } = recording();
    const verifier = createVerifier({ replay });
    verifier.verify(mint({ claims: { jti: "a" } }), at(NOW));
    verifier.verify(mint({ claims: { jti: "b".repeat(256) } }), at(NOW));
    expect(asked.map(({ key }) => key.length)).toEqual([43, 43]);
    expect(new Set(asked.map(({ key }) => key)).size).toBe(2);
  });
});

test("a jti that has no UTF-8 has no key, or all of them would have the same", () => {
  for (const jti of ["\ud800", "a\udc00b"])
    expect(() => replayKey(JKT, jti, noble)).toThrow(/^jti must be well-formed/);
});

describe("only a proof that holds in everything else is recorded", () => {
  const REFUSED: readonly (readonly [string, string])[] = [
    ["a bad signature", mint({ signer: "otherES256" })],
    ["another method", mint({ claims: { htm: "GET" } })],
    ["another URL", mint({ claims: { htu: "https://other.example/" } })],
    ["an old proof", mint({ claims: { iat: NOW - 100 } })],
    ["an ath where none belongs", mint({ claims: { ath: "x" } })],
    ["a private key", mint({ header: { jwk: { kty: "oct", k: "x" } } })],
    ["no JWT", "x"],
  ];

  test.each(REFUSED)("%s", async (_, proof) => {
    const { replay, asked } = recording();
    expect(createVerifier({ replay }).verify(proof, at(NOW)).ok).toBe(false);
    expect((await createAsyncVerifier({ replay }).verify(proof, at(NOW))).ok).toBe(false);
    expect(asked).toEqual([]);
  });

  test("another key than the expected one", () => {
    const { replay, asked } = recording();
    expect(createVerifier({ replay }).verify(mint(), { ...at(NOW), jkt: "x" })).toMatchObject({
      code: "jkt_mismatch",
    });
    expect(asked).toEqual([]);
  });

  test("so a thief who races ahead with a damaged copy burns nothing", () => {
    const verifier = createVerifier({ replay: createMemoryReplayStore() });
    const proof = mint();
    const damaged = `${proof.slice(0, -8)}AAAAAAAA`;
    expect(verifier.verify(damaged, at(NOW))).toMatchObject({ code: "signature_invalid" });
    expect(verifier.verify(proof, at(NOW)).ok).toBe(true);
  });
});

describe("an entry lives as long as its proof could be accepted, by any of our clocks", () => {
  test.each([
    [0, 60 + 15 + 1],
    [15, 15 + 60 + 15 + 1],
    [-60, 15 + 1],
    [0.25, 60 + 15 + 2],
    [-0.75, 60 + 15 + 1],
  ])("iat now %d: it expires %d seconds from now", (offset, seconds) => {
    const { replay, asked } = recording();
    createVerifier({ replay }).verify(mint({ claims: { iat: NOW + offset } }), at(NOW));
    expect(asked).toMatchObject([{ expiresAt: NOW + seconds, now: NOW }]);
  });

  test("the tolerance is the verifier's own", () => {
    const { replay, asked } = recording();
    createVerifier({ replay, clockTolerance: 40, maxAge: 10 }).verify(mint(), at(NOW));
    expect(asked).toMatchObject([{ expiresAt: NOW + 10 + 40 + 1 }]);
  });

  test("where the nonce decides the time, its limit counts and not iat", () => {
    const { replay, asked } = recording();
    const nonce: NonceCheck = { check: () => ({ status: "valid", acceptUntil: NOW + 200.5 }) };
    createVerifier({ replay, nonce }).verify(
      mint({ claims: { iat: NOW - 9999, nonce: "n" } }),
      at(NOW),
    );
    expect(asked).toMatchObject([{ expiresAt: NOW + 201 + 15 + 1 }]);
  });

  // Two instances, their clocks 5 seconds apart, one store: whoever accepted the proof first, at every later half second of
  // the window neither accepts it again. The signature is not the point here, so it is left out: 100,000 verifications.
  const ES256 = { ...noble.ES256, importKey: () => ({ size: 0, verify: () => true }) };

  test.each([0, 0.5, -0.25])("two verifiers 5 seconds apart, iat off by %d", (fraction) => {
    const iat = NOW + fraction;
    const proof = mint({ claims: { iat } });
    let accepted = 0;
    for (const skew of [-5, 5]) {
      for (let first = NOW - 16; first <= NOW + 62; first += 0.5) {
        const replay = createMemoryReplayStore();
        const [ours, theirs] = [
          createVerifier({ replay, algs: [ES256] }),
          createVerifier({ replay, algs: [ES256] }),
        ];
        if (!ours.verify(proof, at(first)).ok) continue;
        accepted++;
        for (let now = first; now <= NOW + 70; now += 0.5) {
          if (ours.verify(proof, at(now)).ok || theirs.verify(proof, at(now + skew)).ok) {
            expect.fail(
              `accepted at ${first - iat} and again at ${now - iat}, the other clock ${skew} away`,
            );
          }
        }
      }
    }
    expect(accepted).toBeGreaterThanOrEqual(2 * 150);
  });

  test("the same where the nonce decides the time", () => {
    const proof = mint({ claims: { nonce: "n" } });
    const nonce: NonceCheck = {
      check: (_, now) => ({
        status: now <= NOW + 30.5 ? "valid" : "invalid",
        acceptUntil: NOW + 30.5,
      }),
    };
    for (const skew of [-5, 5]) {
      for (let first = NOW; first <= NOW + 30; first++) {
        const replay = createMemoryReplayStore();
        const [ours, theirs] = [
          createVerifier({ replay, nonce, algs: [ES256] }),
          createVerifier({ replay, nonce, algs: [ES256] }),
        ];
        expect(ours.verify(proof, at(first)).ok).toBe(true);
        for (let now = first; now <= NOW + 40; now += 0.5) {
          if (ours.verify(proof, at(now)).ok || theirs.verify(proof, at(now + skew)).ok)
            expect.fail(`${first} ${now}`);
        }
      }
    }
  });
});

describe("createMemoryReplayStore", () => {
  test("new once, seen while it lives, new again after that", () => {
    const store = memoryStore();
    expect(store.add("a", 10, 0)).toBe("new");
    expect(store.add("a", 10, 9.999)).toBe("seen");
    expect(store.add("a", 20, 5)).toBe("seen");
    expect(store.size).toBe(1);
    expect(store.add("a", 30, 10)).toBe("new");
    expect(store.size).toBe(1);
  });

  test("full means refusing: no live entry ever gives way (CVE-2026-41707)", () => {
    const store = memoryStore({ maxEntries: 3 });
    for (const key of ["a", "b", "c"]) expect(store.add(key, 100, 0)).toBe("new");
    for (let i = 0; i < 1000; i++) expect(store.add(`flood ${i}`, 100, 1)).toBe("full");
    for (const key of ["a", "b", "c"]) expect(store.add(key, 100, 99)).toBe("seen");
    expect(store.size).toBe(3);
    expect(store.add("d", 200, 100)).toBe("new");
    expect(store.size).toBe(1);
  });

  test("it remembers the latest expiry that it forgot, in whatever order they came", () => {
    const store = memoryStore();
    store.add("late", 100, 0);
    store.add("early", 50, 0);
    store.add("x", 999, 200);
    expect(store.add("late", 100, 1)).toBe("full");
    expect(store.add("between", 80, 1)).toBe("full");
    expect(store.add("later", 101, 1)).toBe("new");
  });

  test("an entry that was forgotten once is not forgotten again when it comes anew", () => {
    const store = memoryStore();
    store.add("a", 10, 0);
    expect(store.add("a", 30, 10)).toBe("new");
    for (let now = 11; now < 30; now++) expect(store.add("a", 30, now)).toBe("seen");
  });

  test("by default there is room for more than a hundred thousand", () => {
    const store = memoryStore();
    for (let i = 0; i < 100_001; i++) if (store.add(`${i}`, 10, 0) !== "new") expect.fail(`${i}`);
    expect(store.size).toBe(100_001);
  });

  test("what expired makes room, whenever it was to expire", () => {
    const store = memoryStore({ maxEntries: 100 });
    for (let i = 0; i < 100; i++) expect(store.add(`${i}`, 1 + (i % 10), 0)).toBe("new");
    for (let now = 1; now <= 10; now++) {
      store.add("0", 1, now - 1);
      expect(store.add("x", now, now - 0.5)).toBe(now === 1 ? "full" : "new");
    }
    store.add("y", 99, 11);
    expect(store.size).toBe(1);
  });

  test("a clock that jumps ahead makes it forget, and it refuses what it can't vouch for, for one window", () => {
    const store = memoryStore({ maxEntries: 50 });
    expect(store.add("a", 77, 0)).toBe("new");
    store.add("from ahead", 1_000_077, 1_000_000); // one bad clock
    expect(store.add("a", 77, 1)).toBe("full");
    expect(store.add("b", 77, 1)).toBe("full");
    expect(store.add("c", 78, 1)).toBe("new");
    // And it goes on sweeping by the right clock: it never fills up with what expired.
    for (let now = 2; now < 500; now += 10) expect(store.add(`${now}`, now + 77, now)).toBe("new");
    expect(store.size).toBeLessThan(15);
  });

  test.each<[string, readonly unknown[], RegExp]>([
    ["a key that is no string", [1, 10, 0], /^key /],
    ["no expiry", ["a", undefined, 0], /^expiresAt .*seconds/],
    ["an expiry that is no number", ["a", Number.NaN, 0], /^expiresAt .*seconds/],
    ["an expiry that is not whole", ["a", 1.5, 0], /^expiresAt .*seconds/],
    ["an expiry below 0", ["a", -1, 0, "k"], /^expiresAt .*seconds/],
    ["no time", ["a", 10], /^now .*seconds/],
    ["a time in milliseconds", ["a", 10, 1.7e12], /^now .*seconds/],
    ["no thumbprint", ["a", 10, 0], /^jkt /],
    ["a thumbprint that is no string", ["a", 10, 0, { jkt: "a" }], /^jkt /],
  ])("add: %s", (_, args, message) => {
    const store = createMemoryReplayStore();
    expect(() => Reflect.apply(store.add, store, args)).toThrow(message);
    expect(store.usage().entries).toBe(0);
  });

  test("a clock that goes back forgets nothing that still lives", () => {
    const store = memoryStore();
    store.add("a", 100, 50);
    store.add("b", 100, 40);
    expect(store.add("a", 100, 40)).toBe("seen");
    expect(store.add("b", 100, 60)).toBe("seen");
  });

  test("full is a 503, and not a verdict on the proof", () => {
    const replay = createMemoryReplayStore({ maxEntries: 1 });
    const verifier = createVerifier({ replay });
    expect(verifier.verify(mint({ claims: { jti: "1" } }), at(NOW)).ok).toBe(true);
    expect(verifier.verify(mint({ claims: { jti: "2" } }), at(NOW))).toMatchObject({
      code: "replay_store_full",
    });
    expect(verifier.verify(mint({ claims: { jti: "1" } }), at(NOW))).toMatchObject({
      code: "jti_replayed",
    });
    expect(verifier.verify(mint({ claims: { jti: "2", iat: NOW + 100 } }), at(NOW + 100)).ok).toBe(
      true,
    );
  });
});

test("of a hundred at once through an asynchronous store, one is first", async () => {
  const memory = createMemoryReplayStore();
  let calls = 0;
  const replay: ReplayStore = {
    async add(key, expiresAt, now, jkt) {
      await new Promise((resolve) => setTimeout(resolve, (++calls * 3) % 5)); // out of order
      return memory.add(key, expiresAt, now, jkt);
    },
  };
  const verifier = createAsyncVerifier({ replay });
  const proof = mint();
  const results = await Promise.all(
    Array.from({ length: 100 }, () => verifier.verify(proof, at(NOW))),
  );
  expect(results.filter(({ ok }) => ok).length).toBe(1);
  expect(results.filter((result) => !result.ok && result.code === "jti_replayed").length).toBe(99);
});
