// What a verifier remembers never changes an answer, grows only by valid signatures, and stays
// within its bounds.
import { sign } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  type Backend,
  createAsyncVerifier,
  createMemoryReplayStore,
  createVerifier,
  jwkThumbprint,
  noble,
  type ProofRequest,
  type PublicJwk,
  type SyncAlg,
  verifyProof,
  type VerifyResult,
} from "dpop-core";
import { fast } from "dpop-core/fast";
import { wasm } from "dpop-core/wasm";
import { nodeCrypto } from "dpop-core/node-crypto";
import { webcrypto } from "dpop-core/webcrypto";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { readPublicJwk } from "../src/jose/jwk.js";
import { readCacheBounds, type CacheUsage, type CacheOptions } from "../src/verify/cache.js";
import { SLOW } from "./support/arbitraries.js";
import { exportJwk, keyPair } from "./support/key-pair.js";
import { thumbprintOf } from "./support/keys.js";
import { b64, mint, NOW, TOKEN_URL } from "./support/mint.js";
import { optionsOf, requestOf } from "./support/run.js";
import proofs from "./vectors/proofs.json" with { type: "json" };
import type { ProofVector } from "./vectors/proofs.js";
import type { SyncKey } from "../src/jose/alg.js";

const OFF: CacheOptions = { maxKeys: 0, maxTokens: 0 };
const EMPTY: CacheUsage = {
  keys: 0,
  keyBytes: 0,
  tables: 0,
  tableBytes: 0,
  tokens: 0,
  tokenBytes: 0,
};
const MIB = 1_048_576;

const URL = "https://api.example/things";
const TOKEN = "an-access-token";

const vectors = proofs as readonly ProofVector[]; // made from them: vectors.test.ts
const BACKENDS = [
  ["noble", noble],
  ["fast", fast],
  ["node", nodeCrypto],
  ["webcrypto", webcrypto],
] as const;

describe.each(BACKENDS)("%s: every vector", (_, backend) => {
  const labels = { ...backend };
  const policies = [...new Set(vectors.map(({ policy }) => JSON.stringify(policy)))];
  // Verifiers that live through all vectors of their policy, so that each of them meets warm ones.
  test.each(policies)(
    "under %s: the same cold, warm and hot, with caches and without",
    async (text) => {
      const own = vectors.filter(({ policy }) => JSON.stringify(policy) === text);
      const policy = own[0]?.policy ?? {};
      const algs = policy.algs?.map((alg) => labels[alg]);
      const made = (cache: CacheOptions | undefined) =>
        createAsyncVerifier({
          ...optionsOf(policy),
          replay: "none", // each proof comes often
          backend: backend as Backend,
          algs,
          cache,
        });
      const warm = made(undefined);
      const off = made(OFF);
      // One after the other: what they wait for each other would count as time that passed.
      const plain: VerifyResult[] = [];
      for (const { proof, request } of own) plain.push(await off.verify(proof, requestOf(request)));
      for (let round = 0; round < 3; round++) {
        for (const [i, { proof, request, expect: expected, name }] of own.entries()) {
          const result = await warm.verify(proof, requestOf(request));
          expect(result, name).toEqual(plain[i]);
          if (policy.replay !== undefined || NO_POINT.test(name)) continue;
          expect(result.ok ? "ok" : result.code, name).toBe(expected);
        }
      }
      expect(off.cacheUsage()).toEqual(EMPTY);
      const valid = own.some((vector) => vector.expect === "ok");
      expect(warm.cacheUsage().keys > 0).toBe(valid || policy.replay !== undefined);
    },
  );
});

/** Of this one the answer follows the engine: backends.test.ts. */
const NO_POINT = /not on the curve: y = 2$/;

interface Sent {
  readonly proof: string;
  readonly request: ProofRequest;
}

/** A request for the resource, with a proof by a fixed key that is right, or wrong in one thing. */
function sent(options: Parameters<typeof mint>[0], request: object = {}): Sent {
  const key = options?.key ?? "ES256";
  const ath = noble.sha256(Buffer.from(TOKEN));
  const claims = { htm: "GET", htu: URL, ath: b64(ath), ...options?.claims };
  return {
    proof: mint({ ...options, claims }),
    request: {
      method: "GET",
      url: URL,
      accessToken: TOKEN,
      jkt: thumbprintOf(key),
      now: NOW,
      ...request,
    } as ProofRequest, // members of the right types, as the tests give them
  };
}

const good = sent({});
const SENT: readonly Sent[] = [
  good,
  sent({ key: "otherES256" }),
  sent({ key: "Ed25519", header: { alg: "EdDSA" } }),
  sent({ key: "Ed25519", header: { alg: "Ed25519" } }),
  sent({ header: { extra: 1 } }),
  sent({ claims: { htm: "POST" } }),
  sent({ claims: { ath: undefined } }),
  sent({ claims: { jti: "another" } }, { jkt: thumbprintOf("otherES256") }),
  sent({ claims: { ath: b64(noble.sha256(Buffer.from("another"))) } }),
  sent({}, { accessToken: "another" }),
  sent({}, { now: NOW + 1000 }),
  sent({ header: { typ: "jwt" } }),
  sent({ header: { alg: "ES384" } }),
  sent({ header: { crit: ["x"] } }),
  { ...good, proof: good.proof.slice(0, -2) },
  { ...good, proof: `${good.proof.slice(0, -5)}AAAAA` },
  { ...good, proof: good.proof.replace(".", ".A") },
];

describe("whatever the bounds and the order", () => {
  const bound = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(1000));
  const bytes = fc.oneof(fc.constant(0), fc.integer({ min: 300, max: 6000 }), fc.constant(MIB));
  const caches = fc.record({
    maxKeys: bound,
    maxKeyBytes: bytes,
    maxTableBytes: bytes,
    maxTokens: bound,
    maxTokenBytes: bytes,
  });
  test.each([
    ["node", nodeCrypto, 300],
    ["fast", fast, 100],
  ] as const)("%s: the answer is the one without caches", (_, backend, numRuns) => {
    const plain = SENT.map(({ proof, request }) =>
      verifyProof(proof, request, { backend, replay: "none" }),
    );
    expect(new Set(plain.map((result) => (result.ok ? "ok" : result.code))).size).toBe(11);
    const order = fc.array(fc.nat(SENT.length - 1), { maxLength: 60 });
    fc.assert(
      fc.property(caches, order, (cache, indices) => {
        const verifier = createVerifier({ backend, cache, replay: "none" });
        for (const index of indices) {
          const { proof, request } = SENT[index] ?? good;
          expect(verifier.verify(proof, request)).toEqual(plain[index]);
        }
        within(verifier.cacheUsage(), cache);
      }),
      { numRuns },
    );
  });
});

function within(usage: CacheUsage, cache: Required<CacheOptions>): void {
  expect(usage.keys).toBeLessThanOrEqual(Number(cache.maxKeys));
  expect(usage.keyBytes).toBeLessThanOrEqual(Number(cache.maxKeyBytes));
  expect(usage.tables).toBeLessThanOrEqual(usage.keys);
  expect(usage.tableBytes).toBeLessThanOrEqual(Number(cache.maxTableBytes));
  expect(usage.tokens).toBeLessThanOrEqual(Number(cache.maxTokens));
  expect(usage.tokenBytes).toBeLessThanOrEqual(Number(cache.maxTokenBytes));
}

describe("what leaves no trace", () => {
  const replay = createMemoryReplayStore();
  const verifier = createVerifier({ backend: fast, replay });
  const counters = () => ({
    ...verifier.cacheUsage(),
    live: replay.usage().entries,
    bytes: replay.usage().bytes,
  });
  const fresh = (i: number): Sent => sent({ claims: { jti: `warm ${i}` } });

  beforeAll(() => {
    for (let i = 0; i < 40; i++) {
      const { proof, request } = fresh(i);
      expect(verifier.verify(proof, request).ok).toBe(true);
    }
  });

  test("100,000 proofs that fail, at every stage up to the signature", () => {
    const before = counters();
    expect(before).toMatchObject({ keys: 1, tables: 1, tokens: 1, live: 40 });
    const failing = SENT.filter(
      ({ proof, request }) => !verifyProof(proof, request, { replay: "none" }).ok,
    );
    const forged = { ...good, proof: `${good.proof.slice(0, -5)}AAAAA` };
    const stranger = sent({ key: "otherES256" });
    const strangers = { ...stranger, proof: `${stranger.proof.slice(0, -5)}AAAAA` };
    const all = [...failing, forged, strangers];
    const seen = new Set<string>();
    for (let i = 0; i < 100_000; i++) {
      const { proof, request } = all[i % all.length] ?? forged;
      const result = verifier.verify(proof, request);
      seen.add(result.ok ? "ok" : result.code);
    }
    expect([...seen].toSorted()).toEqual([
      "alg_unsupported",
      "ath_mismatch",
      "ath_missing",
      "crit_unsupported",
      "htm_mismatch",
      "iat_too_old",
      "jkt_mismatch",
      "jws_malformed",
      "signature_invalid",
      "typ_mismatch",
    ]);
    expect(counters()).toEqual(before);
  });

  test("replays of a proof whose key has its final table", () => {
    const before = counters();
    const { proof, request } = fresh(0);
    for (let i = 0; i < 1000; i++) {
      expect(verifier.verify(proof, request)).toMatchObject({ code: "jti_replayed" });
    }
    expect(counters()).toEqual(before);
  });
});

/** A backend's algorithm whose keys count what is asked of them. */
function counting(alg: SyncAlg): { readonly alg: SyncAlg; imports(): number } {
  let imports = 0;
  const importKey = (jwk: PublicJwk): SyncKey | null => {
    imports++;
    return alg.importKey(jwk);
  };
  return { alg: { ...alg, importKey }, imports: () => imports };
}

/** A proof for the token endpoint by a new key. */
function byNewKey(i: number): string {
  const { publicKey, privateKey } = keyPair("ed25519");
  const x = b64(publicKey.export({ format: "der", type: "spki" }).subarray(-32)); // RFC 8410: the key is last
  const jwk = { kty: "OKP", crv: "Ed25519", x };
  const header = b64(Buffer.from(JSON.stringify({ typ: "dpop+jwt", alg: "EdDSA", jwk })));
  const claims = { jti: `${i}`, htm: "POST", htu: TOKEN_URL, iat: NOW };
  const signed = `${header}.${b64(Buffer.from(JSON.stringify(claims)))}`;
  return `${signed}.${b64(sign(null, Buffer.from(signed), privateKey))}`;
}

const TOKEN_REQUEST = { method: "POST", url: TOKEN_URL, now: NOW };

/** Ten times as many as the cache has room for; under SLOW=1 a hundred times. */
const NEW_KEYS = SLOW ? 100_000 : 10_000;

test("valid proofs of 10,000 and more new keys stay within the bounds, and a hot key stays hot", async () => {
  const hot = counting(nodeCrypto.ES256);
  const cold = counting(nodeCrypto.EdDSA);
  const cache = {
    maxKeys: 1000,
    maxKeyBytes: MIB,
    maxTableBytes: 0,
    maxTokens: 0,
    maxTokenBytes: 0,
  };
  const verifier = createVerifier({
    backend: nodeCrypto,
    algs: [hot.alg, cold.alg],
    cache,
    replay: "none",
  });
  const proof = mint();
  for (let i = 0; i < 2; i++) expect(verifier.verify(proof, TOKEN_REQUEST).ok).toBe(true);
  let valid = 0;
  for (let i = 0; i < NEW_KEYS; i++) {
    if (verifier.verify(byNewKey(i), TOKEN_REQUEST).ok) valid++;
    if (i % 500 !== 0) continue;
    expect(verifier.verify(proof, TOKEN_REQUEST).ok).toBe(true);
    within(verifier.cacheUsage(), cache);
    await new Promise(setImmediate); // a sign of life
  }
  expect([valid, cold.imports()]).toEqual([NEW_KEYS, NEW_KEYS]);
  expect(hot.imports()).toBe(1);
  expect(verifier.cacheUsage().keys).toBeGreaterThan(30);
}, 600_000);

describe("what is counted is no less than what is held", () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const held = (): number => {
    collect();
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  /** Takes every key and signature, and holds nothing of its own. */
  const credulousKey: SyncKey = Object.freeze({ size: 0, verify: () => true });
  const credulous: SyncAlg = { ...noble.ES256, importKey: () => credulousKey };
  const [x, y] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  // Just above a power of two, where a Map has most room to spare; and the most tokens that the defaults allow.
  const count = 8500;

  test.each([
    ["keys", 0],
    ["access tokens", 485],
  ])("%s", (_, tokenLength) => {
    const verifier = createVerifier({ algs: [credulous], replay: "none" });
    const verify = (i: number): void => {
      x.writeUInt32BE(i, 4);
      const jwk = { kty: "EC", crv: "P-256", x: b64(x), y: b64(y) } as const;
      const accessToken = tokenLength === 0 ? undefined : `${i}.`.padEnd(tokenLength, "token");
      const ath =
        accessToken === undefined ? undefined : b64(noble.sha256(Buffer.from(accessToken)));
      const header = { typ: "dpop+jwt", alg: "ES256", jwk: tokenLength === 0 ? jwk : ONE_KEY };
      const claims = { jti: `${i}`, htm: "POST", htu: TOKEN_URL, iat: NOW, ath };
      const parts = [header, claims].map((part) => b64(Buffer.from(JSON.stringify(part))));
      const proof = `${parts.join(".")}.${b64(new Uint8Array(64))}`;
      const jkt = jwkThumbprint(header.jwk);
      const request =
        accessToken === undefined ? TOKEN_REQUEST : { ...TOKEN_REQUEST, accessToken, jkt };
      if (!verifier.verify(proof, request).ok) throw new Error("a proof was refused");
    };
    for (let i = 0; i < 100; i++) verify(i); // what is made once, and compiled
    const before = { ...verifier.cacheUsage(), held: held() };
    for (let i = 100; i < count; i++) verify(i);
    const after = { ...verifier.cacheUsage(), held: held() };
    const counted = after.keyBytes + after.tokenBytes - before.keyBytes - before.tokenBytes;
    expect(after.keys + after.tokens).toBeGreaterThan(1000);
    expect(after.held - before.held).toBeLessThanOrEqual(counted);
    // Nor is it so much more that the bounds would mean something else.
    expect(after.held - before.held).toBeGreaterThan(counted / 2);
  });

  const algs = [
    ["noble ES256", noble.ES256],
    ["noble EdDSA", noble.EdDSA],
    ["fast ES256", fast.ES256],
    ["fast EdDSA", fast.EdDSA],
    ["wasm ES256", wasm.ES256],
    ["wasm EdDSA", wasm.EdDSA],
  ] as const;

  /**
   * So many keys after so many valid signatures, and the bytes that each takes. What others held before can go in the
   * midst of a measurement, which is too small then: the larger of two counts.
   */
  async function imported(alg: SyncAlg, length: number, valid: number) {
    const data = Buffer.from("data");
    const isEd25519 = alg.crv === "Ed25519";
    const { publicKey, privateKey } = keyPair(isEd25519 ? "ed25519" : "P-256");
    const jwk = readPublicJwk(exportJwk(publicKey), alg);
    if (typeof jwk === "string") throw new Error(jwk);
    const options = { key: privateKey, dsaEncoding: "ieee-p1363" } as const;
    const signature = sign(isEd25519 ? null : "sha256", data, options);
    const keys = Array.from({ length }, (): SyncKey | null => null);
    const begin = (from: number, to: number): void => {
      for (let i = from; i < to; i++) {
        const key = alg.importKey(jwk);
        keys[i] = key;
        for (let k = 0; k < valid; k++)
          if (key?.verify(signature, data) !== true) throw new Error();
      }
    };
    const measure = async (): Promise<number> => {
      keys.fill(null);
      await new Promise(setImmediate); // tables of keys that are gone are given back in a later turn
      begin(0, 100); // what is made once, and compiled
      const before = held();
      begin(100, length);
      return (held() - before) / (length - 100);
    };
    return { keys, each: Math.max(await measure(), await measure()) };
  }

  test.each(algs)("a key of %s", async (_, alg) => {
    const { keys, each } = await imported(alg, 10_000, 0);
    const counted = Math.min(...keys.map((key) => key?.size ?? 0));
    expect(counted).toBeGreaterThanOrEqual(each);
    expect(keys[0]?.size).toBeLessThan(2 * each);
  });

  /** Bytes of a first table that lie in the memory of the module, which the heap does not have. */
  const SLOTS = new Map<SyncAlg, number>([
    [wasm.ES256, 5648],
    [wasm.EdDSA, 8608],
  ]);

  test.each(algs.slice(2))("a key of %s with its first table", async (_, alg) => {
    const { keys, each } = await imported(alg, 2000, 2);
    expect(keys.every((key) => key !== null && Number(key.tableSize) > 0)).toBe(true);
    const counted = Math.min(...keys.map((key) => key?.size ?? 0)) - (SLOTS.get(alg) ?? 0);
    expect(counted).toBeGreaterThanOrEqual(each);
    expect(counted).toBeLessThan(2 * each);
  });

  test.each(algs.slice(2))(
    "with a usual header a key of %s is so small that 32 MiB hold 30,000",
    (_, alg) => {
      const verifier = createVerifier({ algs: [alg], replay: "none" });
      const proof =
        alg.crv === "Ed25519" ? mint({ key: "Ed25519", header: { alg: "EdDSA" } }) : mint();
      expect(verifier.verify(proof, TOKEN_REQUEST).ok).toBe(true);
      expect(verifier.cacheUsage().keyBytes).toBeLessThanOrEqual((32 * MIB) / 30_000);
    },
  );

  test("the defaults are 72 MiB in all", () => {
    const { maxKeyBytes, maxTableBytes, maxTokenBytes } = readCacheBounds(undefined);
    expect(maxKeyBytes + maxTableBytes + maxTokenBytes).toBe(72 * MIB);
    expect([maxKeyBytes, maxTableBytes, maxTokenBytes]).toEqual([32 * MIB, 32 * MIB, 8 * MIB]);
  });
});

const ONE_KEY = {
  kty: "EC",
  crv: "P-256",
  x: b64(Buffer.alloc(32, 1)),
  y: b64(Buffer.alloc(32, 2)),
} as const;

describe("a backend whose sizes make no sense", () => {
  test.each([
    ["no size", {}],
    ["a negative size", { size: -1 }],
    ["a size that is no number", { size: Number.NaN }],
    ["tables above the size", { size: 100, tableSize: 101, dropTables: () => undefined }],
  ])("%s is an error that propagates, and nothing is kept", (_, sizes) => {
    const key = { verify: () => true, ...sizes } as SyncKey; // as a broken backend makes it
    const verifier = createVerifier({
      algs: [{ ...noble.ES256, importKey: () => key }],
      replay: "none",
    });
    expect(() => verifier.verify(mint(), TOKEN_REQUEST)).toThrow(/^key\.size must /);
    expect(verifier.cacheUsage()).toEqual(EMPTY);
  });
});

test("the key and the claims of a result can't be changed, with caches and without", async () => {
  const proof = mint({ claims: { x: { y: [{ z: [1] }] } } });
  for (const cache of [undefined, OFF]) {
    const verifier = createVerifier({ cache, replay: "none" });
    const later = createAsyncVerifier({ cache, replay: "none" });
    const results = [
      verifier.verify(mint(), TOKEN_REQUEST),
      verifier.verify(proof, TOKEN_REQUEST), // of a known key, where keys are remembered
      await later.verify(proof, TOKEN_REQUEST),
    ];
    for (const result of results) {
      if (!result.ok) return expect.unreachable();
      expect(Object.isFrozen(result.jwk)).toBe(true);
      expect(isFrozenDeeply(result.claims)).toBe(true);
    }
    expect(results[1]).toMatchObject({ claims: { x: { y: [{ z: [1] }] } } });
  }
  return undefined;
});

function isFrozenDeeply(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozenDeeply);
}
