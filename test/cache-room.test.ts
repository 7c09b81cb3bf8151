// What a verifier remembers: the keys that are used most keep their room, whatever other keys come and
// signs for himself. And what it says of itself, to the byte.
import {
  createAsyncVerifier,
  createProof,
  createVerifier,
  noble,
  type ProofRequest,
  type PublicJwk,
  type SyncAlg,
} from "dpop-core";
import { fast } from "dpop-core/fast";
import { createSigner, generatePrivateJwk, nodeCrypto } from "dpop-core/node-crypto";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  createProofCache,
  type ProofCache,
  readCacheBounds,
  type CacheOptions,
} from "../src/verify/cache.js";
import { thumbprintOf } from "./support/keys.js";
import { b64, mint, NOW, TOKEN_URL } from "./support/mint.js";
import type { SyncKey } from "../src/jose/alg.js";

const TOKEN_REQUEST = { method: "POST", url: TOKEN_URL, now: NOW };
const MIB = 1_048_576;

/** A key that builds its table at a valid signature, and says what it was asked for. */
interface FakeKey extends SyncKey {
  readonly drops: () => number;
}

function fakeKey(tableAfter: number, tableBytes: number, keyBytes = 1000): FakeKey {
  let [valid, drops, hasTable, needed] = [0, 0, false, tableAfter];
  return {
    verify() {
      valid++;
      if (valid >= needed) hasTable = true;
      return true;
    },
    get size() {
      return keyBytes + (hasTable ? tableBytes : 0);
    },
    get tableSize() {
      return hasTable ? tableBytes : 0;
    },
    dropTables() {
      drops++;
      [valid, hasTable, needed] = [0, false, 2 * needed];
    },
    drops: () => drops,
  };
}

const BYTES = new Uint8Array(8);

/** A client: a header, a thumbprint, and a key that is imported where it is not known. */
interface Client {
  readonly header: string;
  readonly jkt: string;
  readonly importKey: () => FakeKey;
  readonly keys: FakeKey[];
}

function client(name: string, importKey: () => FakeKey, header = `{${name}}`.padEnd(250)): Client {
  const keys: FakeKey[] = [];
  return {
    header,
    jkt: `jkt of ${name}`,
    keys,
    importKey() {
      const key = importKey();
      keys.push(key);
      return key;
    },
  };
}

const clients = (name: string, count: number, importKey: () => FakeKey): readonly Client[] =>
  Array.from({ length: count }, (_, i) => client(`${name} ${i}`, importKey));

const signedUnder = (header: string): Uint8Array => new Uint8Array(header.length + 100);

/** As a verifier does it for a valid proof. */
function prove(cache: ProofCache<SyncAlg>, { header, jkt, importKey }: Client): void {
  const found = cache.findKey(header);
  const key = found?.value.key ?? importKey();
  key.verify(BYTES, BYTES);
  const jwk = { kty: "OKP", crv: "Ed25519", x: jkt } as const;
  cache.keepKey(found, header, { alg: noble.EdDSA, jwk, jkt, key }, signedUnder(header));
}

function proveOften(cache: ProofCache<SyncAlg>, all: readonly Client[], times: number): void {
  for (let i = 0; i < times; i++) for (const one of all) prove(cache, one);
}

const newCache = (options?: CacheOptions): ProofCache<SyncAlg> =>
  createProofCache<SyncAlg>(readCacheBounds(options));

/** Those who are known, with a table. */
const atHome = (cache: ProofCache<SyncAlg>, all: readonly Client[]): readonly Client[] =>
  all.filter(({ header }) => (cache.findKey(header)?.value.table?.in ?? null) !== null);

/** A table at the third signature, as of noble; at the second, as of fast. */
const NOBLE = (): FakeKey => fakeKey(3, 59_392, 2560);
const FAST = (): FakeKey => fakeKey(2, 22_528, 4096);

/** Clients whose keys are used in turns, once each of them is known. */
function hotIn(
  cache: ProofCache<SyncAlg>,
  count: number,
  importKey: () => FakeKey,
): readonly Client[] {
  const hot = clients("hot", count, importKey);
  for (const one of hot) proveOften(cache, [one], 2);
  proveOften(cache, hot, 30);
  return hot;
}

describe("strangers with keys of their own", () => {
  const cases = [
    ["noble", 50, 500, 2, NOBLE],
    ["noble", 50, 500, 10, NOBLE],
    ["noble", 500, 500, 3, NOBLE], // 500 have almost all the room there is
    ["noble", 500, 5000, 3, NOBLE],
    ["fast", 50, 500, 2, FAST],
    ["fast", 1400, 500, 2, FAST], // 1400 as well
    ["fast", 1400, 5000, 3, FAST],
  ] as const;

  test.each(cases)("tables of %s, %i hot keys: %i others, used %i times each", (...one) => {
    const [, hotCount, count, times, importKey] = one;
    const cache = newCache();
    const hot = hotIn(cache, hotCount, importKey);
    const strangers = clients("stranger", count, importKey);
    for (const stranger of strangers) proveOften(cache, [stranger], times);
    expect(atHome(cache, hot)).toHaveLength(hotCount);
    proveOften(cache, strangers, times);
    expect(atHome(cache, hot)).toHaveLength(hotCount);
    proveOften(cache, hot, 1);
    expect(hot.every(({ keys }) => keys.length === 1 && keys[0]?.drops() === 0)).toBe(true);
    expect(cache.usage().tableBytes).toBeLessThanOrEqual(32 * MIB);
  });

  test("headers of 8,000 characters change nothing: 5,000 keys, used 3 times each", () => {
    const cache = newCache();
    const hot = hotIn(cache, 1000, FAST);
    const strangers = Array.from({ length: 5000 }, (_, i) =>
      client(`stranger ${i}`, FAST, `${i}`.padEnd(8000)),
    );
    for (const one of strangers) proveOften(cache, [one], 3);
    expect(atHome(cache, hot)).toHaveLength(1000);
  });

  test("while others are used, hot keys are used as well: nothing of them is lost", () => {
    const cache = newCache();
    const hot = hotIn(cache, 50, NOBLE);
    const strangers = clients("stranger", 1000, NOBLE);
    for (let round = 0; round < 20; round++) {
      proveOften(cache, strangers, 1);
      proveOften(cache, hot, 4);
    }
    expect(hot.every(({ keys }) => keys.length === 1 && keys[0]?.drops() === 0)).toBe(true);
  });

  test("a single key that is used without end has the room of one", () => {
    const cache = newCache({ maxTableBytes: 10 * 1000, maxKeys: 100 });
    const hot = clients("hot", 9, () => fakeKey(2, 1000));
    const stranger = client("stranger", () => fakeKey(2, 1000));
    for (let i = 0; i < 64; i++) {
      proveOften(cache, hot, 1);
      proveOften(cache, [stranger], 200);
    }
    expect(atHome(cache, hot)).toHaveLength(9);
    expect(cache.usage()).toMatchObject({ keys: 10, tables: 10, tableBytes: 10_000 });
  });

  test.each([
    ["noble", noble, 3],
    ["fast", fast, 2],
  ] as const)("%s, whole proofs: hot clients keep keys and tables", (_, backend, times) => {
    const { alg, keys, imports } = watched(backend.EdDSA);
    const proofs = Array.from({ length: 130 }, () => proofByNewKey());
    const [hot, strangers] = [proofs.slice(0, 10), proofs.slice(10)];
    const size = lastTable(backend.EdDSA);
    const verifier = createVerifier({
      backend,
      algs: [alg],
      cache: { maxTableBytes: 10 * size + 100, maxKeys: 60 },
      replay: "none",
    });
    const send = (proof: string): void => {
      expect(verifier.verify(proof, TOKEN_REQUEST).ok).toBe(true);
    };
    for (let i = 0; i < 20; i++) hot.forEach(send);
    expect([imports(), verifier.cacheUsage().tables]).toEqual([10, 10]);
    for (const proof of strangers) for (let i = 0; i < times; i++) send(proof);
    expect(imports()).toBeGreaterThanOrEqual(130);
    const before = imports();
    hot.forEach(send);
    expect(imports()).toBe(before);
    expect(keys.slice(0, 10).map((key) => [key.tableSize, key.drops()])).toEqual(
      Array.from({ length: 10 }, () => [size, 0]),
    );
    expect(keys.slice(10).some((key) => key.drops() > 0)).toBe(true);
  });
});

/** The last table of a key. */
function lastTable(alg: SyncAlg): number {
  const { alg: own, keys } = watched(alg);
  const verifier = createVerifier({ algs: [own], replay: "none" });
  const proof = proofByNewKey();
  for (let i = 0; i < 20; i++) verifier.verify(proof, TOKEN_REQUEST);
  return keys[0]?.tableSize ?? 0;
}

/** The algorithm, with keys that count how often their tables are dropped. */
function watched(alg: SyncAlg): { alg: SyncAlg; keys: FakeKey[]; imports(): number } {
  const keys: FakeKey[] = [];
  const importKey = (jwk: PublicJwk): SyncKey | null => {
    const key = alg.importKey(jwk);
    if (key === null) return null;
    let drops = 0;
    const own: FakeKey = {
      verify: (signature, data) => key.verify(signature, data),
      get size() {
        return key.size;
      },
      get tableSize() {
        return key.tableSize;
      },
      dropTables() {
        drops++;
        key.dropTables?.();
      },
      drops: () => drops,
    };
    keys.push(own);
    return own;
  };
  return { alg: { ...alg, importKey }, keys, imports: () => keys.length };
}

function proofByNewKey(): string {
  const signer = createSigner(generatePrivateJwk("EdDSA"), { alg: "EdDSA" });
  return createProof(signer, { method: "POST", url: TOKEN_URL, iat: NOW }, { backend: nodeCrypto });
}

describe("a new client that is used", () => {
  const options: CacheOptions = { maxTableBytes: 50_000, maxKeys: 1000 };
  const small = (): FakeKey => fakeKey(2, 1000);

  test("gets its table soon where favourites of yesterday have all the room", () => {
    const cache = newCache(options);
    const favourites = clients("favourite", 50, small);
    proveOften(cache, favourites, 10_000);
    expect(atHome(cache, favourites)).toHaveLength(50);
    const newcomer = client("newcomer", small);
    proveOften(cache, [newcomer], 500);
    expect(atHome(cache, [newcomer])).toHaveLength(1);
    expect(atHome(cache, favourites)).toHaveLength(49);
  });

  test("gets its table at once where strangers have some of the room, wherever theirs are", () => {
    for (const order of [0, 1]) {
      const cache = newCache(options);
      const favourites = clients("favourite", 40, small);
      const strangers = clients("stranger", 10, small);
      if (order === 0) proveOften(cache, strangers, 3);
      proveOften(cache, favourites, 100);
      if (order === 1) proveOften(cache, strangers, 3);
      const newcomer = client("newcomer", small);
      proveOften(cache, [newcomer], 32);
      expect(atHome(cache, [newcomer])).toHaveLength(1);
      expect(atHome(cache, favourites)).toHaveLength(40);
    }
  });

  test("gives its table up where the others are used as much", () => {
    const cache = newCache(options);
    const others = clients("other", 50, small);
    proveOften(cache, others, 2);
    const newcomer = client("newcomer", small);
    proveOften(cache, [newcomer], 2);
    expect(atHome(cache, others)).toHaveLength(50);
    expect(newcomer.keys.map((key) => [key.drops(), key.tableSize])).toEqual([[1, 0]]);
    expect(cache.usage()).toMatchObject({ keys: 51, tables: 50, tableBytes: 50_000 });
  });
});

test("an entry that was found is found no more once it has left, nor in another's place", () => {
  const cache = newCache({ maxKeys: 2 }); // for what was used once
  // More than there are places for those found last, so that two share one.
  const all = clients("client", 1025, FAST);
  for (const [i, one] of all.entries()) {
    prove(cache, one);
    const near = all.slice(Math.max(0, i - 3), i + 1);
    const found = near.map(({ header }) => cache.findKey(header)?.text);
    expect(found).toEqual(
      [undefined, undefined, near.at(-2)?.header, one.header].slice(-near.length),
    );
  }
});

describe("one key that varies its header", () => {
  const varied = (name: string, i: number): Client =>
    client(name, () => fakeKey(2, 100), `${i} ${name}`.padEnd(250));

  test("holds two entries, the last ones, and takes no room from another key", () => {
    const cache = newCache({ maxKeys: 50 });
    const others = clients("other", 8, FAST); // in the room for what was used once, which is ten
    proveOften(cache, others, 1);
    for (let i = 0; i < 1000; i++) {
      prove(cache, varied("one", i));
      expect(cache.usage().keys).toBe(8 + Math.min(i + 1, 2));
    }
    expect(others.every(({ header }) => cache.findKey(header) !== undefined)).toBe(true);
    const left = [997, 998, 999].map((i) => cache.findKey(varied("one", i).header));
    expect(left.map((entry) => entry !== undefined)).toEqual([false, true, true]);
  });

  test("has no third one after one of them left for want of room", () => {
    const cache = newCache({ maxKeys: 2 });
    const [first, second, third, fourth] = [1, 2, 3, 4].map((i) => varied("one", i));
    if (!first || !second || !third || !fourth) throw new Error("no client");
    proveOften(cache, [first, second, client("other", FAST)], 1);
    const known = (one: Client): boolean => cache.findKey(one.header) !== undefined;
    expect([known(first), known(second)]).toEqual([false, true]);
    proveOften(cache, [second, third, fourth], 1);
    expect([first, second, third, fourth].map(known)).toEqual([false, false, true, true]);
    expect(cache.findKey(fourth.header)?.uses.count).toBe(5);
  });

  test("loses none for one that is too large to be remembered", () => {
    const cache = newCache({ maxKeyBytes: 40_000 }); // 8,000 for what was used once
    const [first, second] = [varied("one", 1), varied("one", 2)];
    proveOften(cache, [first, client("one", FAST, "large".padEnd(8000)), second], 1);
    expect(cache.usage().keys).toBe(2);
    for (const { header } of [first, second]) expect(cache.findKey(header)).toBeDefined();
    const alone = newCache({ maxKeyBytes: 40_000 });
    prove(
      alone,
      client("one", () => fakeKey(1, 100), "large".padEnd(8000)),
    );
    expect(alone.usage()).toMatchObject({ keys: 0, keyBytes: 0, tables: 0, tableBytes: 0 });
  });

  test("loses none for one that left while its proof was waited for", () => {
    const cache = newCache();
    const [first, second, third, fourth] = [1, 2, 3, 4].map((i) => varied("one", i));
    if (!first || !second || !third || !fourth) throw new Error("no client");
    prove(cache, first);
    const stale = cache.findKey(first.header);
    proveOften(cache, [second, third], 1);
    if (stale === undefined) throw new Error("not known");
    cache.keepKey(stale, first.header, stale.value, signedUnder(first.header));
    prove(cache, fourth);
    const known = [first, second, third, fourth].map(({ header }) => cache.findKey(header));
    expect(known.map((entry) => entry !== undefined)).toEqual([false, false, true, true]);
  });

  test("is counted to the byte, before it has tables and after, and its tables by themselves", () => {
    const cache = newCache();
    const one = varied("one", 1);
    const keyBytes = 250 + 640 + 1000; // the header, what is around it, and the key
    prove(cache, one);
    expect(cache.usage()).toMatchObject({ keys: 1, keyBytes, tables: 0, tableBytes: 0 });
    prove(cache, one);
    expect(cache.usage()).toMatchObject({ keys: 1, keyBytes, tables: 1, tableBytes: 100 });
    // The same key, imported once more for a proof that was waited for: what is kept counts, not this one.
    const other = { ...one, key: fakeKey(1, 999, 5000), alg: noble.EdDSA };
    const jwk = { kty: "OKP", crv: "Ed25519", x: one.jkt } as const;
    other.key.verify(BYTES, BYTES);
    cache.keepKey(undefined, one.header, { ...other, jwk }, signedUnder(one.header));
    expect(cache.usage()).toMatchObject({ keys: 1, keyBytes, tables: 1, tableBytes: 100 });
  });

  test("may be all table", () => {
    const cache = newCache();
    const one = client("one", () => fakeKey(1, 100, 0));
    prove(cache, one);
    expect(cache.usage()).toMatchObject({ keys: 1, tables: 1, tableBytes: 100 });
  });

  test("is not even asked for its size where no keys are remembered", () => {
    const key = { verify: () => true, size: Number.NaN };
    const verifier = verifierOf(() => key, { maxKeys: 0 });
    expect(verifier.verify(mint(), TOKEN_REQUEST).ok).toBe(true);
  });

  test("keeps the one that it used last, not the one that came last", () => {
    const cache = newCache();
    const usual = varied("one", 0);
    for (let i = 1; i < 20; i++) {
      prove(cache, usual);
      prove(cache, varied("one", i));
    }
    prove(cache, usual);
    expect(usual.keys).toHaveLength(1);
    expect(cache.usage().keys).toBe(2);
  });

  test("has its tables counted once they are there, and no longer", () => {
    const cache = newCache();
    for (let i = 0; i < 20; i++) proveOften(cache, [varied("one", i)], 3);
    expect(cache.usage()).toMatchObject({ keys: 2, tables: 2, tableBytes: 200 });
  });

  test("counts as one, with all its uses", () => {
    const cache = newCache({ maxTableBytes: 1000 });
    for (let i = 0; i < 8; i++) prove(cache, varied("one", i));
    for (const i of [8, 9]) proveOften(cache, [varied("one", i)], 2);
    const entries = [8, 9].map((i) => cache.findKey(varied("one", i).header));
    expect(entries.map((entry) => entry?.uses.count)).toEqual([12, 12]);
    expect(entries[0]?.value.table?.uses).toBe(entries[1]?.uses);
  });

  test("begins anew once it was forgotten", () => {
    const cache = newCache({ maxKeys: 1 });
    const [one, other] = clients("client", 2, FAST) as [Client, Client];
    proveOften(cache, [one], 5);
    expect(cache.findKey(one.header)?.uses.count).toBe(5);
    prove(cache, other);
    prove(cache, one);
    expect(cache.findKey(one.header)?.uses.count).toBe(1);
    expect(cache.usage().keys).toBe(1);
  });

  test("begins anew once both of its entries were forgotten, one after the other", () => {
    const cache = newCache({ maxKeys: 2 });
    prove(cache, varied("one", 0));
    prove(cache, varied("one", 1));
    for (const other of clients("other", 2, FAST)) prove(cache, other);
    expect(cache.usage().keys).toBe(2);
    prove(cache, varied("one", 2));
    expect(cache.findKey(varied("one", 2).header)?.uses.count).toBe(1);
    prove(cache, varied("one", 3));
    expect(cache.usage().keys).toBe(2);
  });

  test("whole proofs: members of its own, their order and white space", () => {
    const verifier = createVerifier({ backend: fast, replay: "none" });
    for (let i = 0; i < 30; i++) {
      const proof =
        i % 3 === 0 ? mint({ header: { extra: i } }) : mint({ rawHeader: respelled(i) });
      expect(verifier.verify(proof, TOKEN_REQUEST).ok).toBe(true);
      expect(verifier.cacheUsage().keys).toBe(Math.min(i + 1, 2));
    }
  });

  test("both labels of Ed25519 are remembered side by side", () => {
    const [eddsa, ed25519] = [watched(fast.EdDSA), watched(fast.Ed25519)];
    const verifier = createVerifier({
      backend: fast,
      algs: [eddsa.alg, ed25519.alg],
      replay: "none",
    });
    for (let i = 0; i < 10; i++) {
      for (const alg of ["EdDSA", "Ed25519"]) {
        const proof = mint({ key: "Ed25519", header: { alg } });
        expect(verifier.verify(proof, TOKEN_REQUEST).ok).toBe(true);
      }
    }
    expect([eddsa.imports(), ed25519.imports()]).toEqual([1, 1]);
    expect(verifier.cacheUsage()).toMatchObject({ keys: 2, tables: 2 });
  });
});

/** The usual header, with white space that no other header has. */
function respelled(spaces: number): string {
  const [header = ""] = mint().split(".", 1);
  const text = Buffer.from(header, "base64url").toString();
  return text.replace(/^\{/, `{${" ".repeat(spaces)}`);
}

describe("access tokens", () => {
  const keep = (cache: ProofCache<SyncAlg>, token: string, now: number): void =>
    cache.keepAth(cache.findAth(token, now), token, `ath of ${token}`, now);

  test.each([
    ["are known for 300 seconds", NOW + 299.9, true],
    ["are forgotten after 300 seconds", NOW + 300, false],
    ["are known where a clock went back a little", NOW - 299.9, true],
    ["are forgotten where a clock was set back", NOW - 300, false],
    ["are forgotten where the time is one of another world", 0, false],
  ])("%s", (_, now, known) => {
    const cache = newCache();
    keep(cache, "a", NOW);
    keep(cache, "b", NOW);
    expect(cache.findAth("a", now)?.value).toBe(known ? "ath of a" : undefined);
    expect(cache.usage()).toMatchObject(
      known ? { tokens: 2, tokenBytes: 1002 } : { tokens: 0, tokenBytes: 0 },
    );
  });

  test("are forgotten however often they are used", () => {
    const cache = newCache();
    for (let i = 0; i < 300; i++) keep(cache, "a", NOW + i);
    expect(cache.findAth("a", NOW + 299)).toBeDefined();
    expect(cache.findAth("a", NOW + 300)).toBeUndefined();
  });

  test("are forgotten at a proof that has none", () => {
    const cache = newCache();
    keep(cache, "a", NOW);
    cache.findAth(undefined, NOW + 300);
    expect(cache.usage().tokens).toBe(0);
  });

  test("that were found before the others were forgotten are not counted as new", () => {
    const cache = newCache();
    keep(cache, "a", NOW);
    const found = cache.findAth("a", NOW);
    cache.findAth("b", NOW + 300);
    cache.keepAth(found, "a", "ath of a", NOW + 1);
    expect(cache.usage()).toMatchObject({ tokens: 0, tokenBytes: 0 });
    keep(cache, "a", NOW + 301);
    expect(cache.usage()).toMatchObject({ tokens: 1, tokenBytes: 501 });
    expect(cache.findAth("a", NOW + 301)?.value).toBe("ath of a");
  });

  test("whole proofs: a token is hashed once in 300 seconds", () => {
    const sha256 = vi.fn(noble.sha256);
    const verifier = createVerifier({ backend: { ...nodeCrypto, sha256 }, replay: "none" });
    const accessToken = "another-access-token";
    const ath = b64(noble.sha256(Buffer.from(accessToken)));
    const hashes = (): number =>
      sha256.mock.calls.filter(([data]) => Buffer.from(data).toString() === accessToken).length;
    const counts = [0, 100, 299, 300, 599, 600].map((later) => {
      const now = NOW + later;
      const request: ProofRequest = {
        ...TOKEN_REQUEST,
        accessToken,
        jkt: thumbprintOf("ES256"),
        now,
      };
      expect(verifier.verify(mint({ claims: { ath, iat: now } }), request).ok).toBe(true);
      return hashes();
    });
    expect(counts).toEqual([1, 1, 1, 2, 2, 3]);
  });
});

const nothing = (): void => undefined;

describe("what is counted is what is held", () => {
  test("tables that have no room are dropped", () => {
    const cache = newCache({ maxTableBytes: 1000 });
    const both = clients("client", 2, () => fakeKey(1, 600));
    proveOften(cache, both, 1);
    expect(both.map(({ keys }) => keys[0]?.drops())).toEqual([0, 1]);
    expect(cache.usage()).toMatchObject({ keys: 2, tables: 1, tableBytes: 600 });
  });

  test("tables of a key that is used more displace one, which drops them", () => {
    const cache = newCache({ maxTableBytes: 1000 });
    const both = clients("client", 2, () => fakeKey(1, 600));
    proveOften(cache, both.slice(0, 1), 1);
    proveOften(cache, both.slice(1), 3);
    expect(both.map(({ keys }) => keys[0]?.drops())).toEqual([1, 1]);
    expect(atHome(cache, both)).toEqual(both.slice(1));
  });

  test("a key whose tables grew too large for the room keeps those before the last", () => {
    const cache = newCache({ maxTableBytes: 1000 });
    let size = 400;
    const growing = { ...fakeKey(1, 0), verify: () => true, drops: () => 0 };
    const key: FakeKey = Object.defineProperties(growing, {
      size: { get: () => 1000 + size },
      tableSize: { get: () => size },
      dropTables: { value: () => void (size = size > 400 ? 400 : 0) },
    });
    const one = client("one", () => key);
    const usage = (tableBytes: number) => ({ tables: tableBytes > 0 ? 1 : 0, tableBytes });
    prove(cache, one);
    expect(cache.usage()).toMatchObject(usage(400));
    size = 1001;
    prove(cache, one);
    expect(cache.usage()).toMatchObject(usage(400));
    size = 1000;
    prove(cache, one);
    expect(cache.usage()).toMatchObject(usage(1000));
    proveOften(cache, [client("other", () => fakeKey(1, 800))], 9);
    expect([size, cache.usage().tableBytes]).toEqual([0, 800]); // what leaves, leaves with all
  });

  test("a key that leaves drops all its tables, where no garbage collector would find them", () => {
    const cache = newCache({ maxKeys: 1 });
    let size = 500;
    const key: FakeKey = Object.defineProperties(
      { ...fakeKey(1, 0), verify: () => true },
      {
        size: { get: () => 1000 + size },
        tableSize: { get: () => size },
        dropTables: { value: () => void (size = size > 400 ? 400 : 0) },
      },
    );
    prove(
      cache,
      client("one", () => key),
    );
    expect(size).toBe(500);
    proveOften(cache, [client("other", () => fakeKey(1, 100))], 3);
    expect([size, cache.usage().keys]).toEqual([0, 1]);
  });

  test("a key that drops nothing when it is told to has no place among those with tables", () => {
    const cache = newCache({ maxTableBytes: 1000 });
    const stubborn = (): FakeKey => ({ ...fakeKey(1, 0), size: 3000, tableSize: 1001 });
    prove(cache, client("one", stubborn));
    expect(cache.usage()).toMatchObject({ keys: 1, tables: 0, tableBytes: 0 });
  });

  test("nor once its tables grow over the room, whatever place it had", () => {
    const cache = newCache({ maxTableBytes: 1000 });
    let tableSize = 500;
    const key: FakeKey = Object.defineProperties(
      { ...fakeKey(1, 0), size: 3000, dropTables: nothing },
      { tableSize: { get: () => tableSize } },
    );
    const one = client("one", () => key);
    prove(cache, one);
    expect(cache.usage()).toMatchObject({ tables: 1, tableBytes: 500 });
    tableSize = 1001;
    prove(cache, one);
    expect(cache.usage()).toMatchObject({ keys: 1, tables: 0, tableBytes: 0 });
  });

  test("the bytes of a header that is used often count beside its text", () => {
    const cache = newCache();
    const one = client("one", () => fakeKey(Infinity, 0));
    const bytes = Array.from({ length: 20 }, () => {
      prove(cache, one);
      return cache.usage().keyBytes;
    });
    const keyBytes = 250 + 640 + 1000; // the header, what is around it, and the key
    const often = keyBytes + 250 + 300; // the header once more, and its array
    expect(bytes).toEqual([...Array(16).fill(keyBytes), ...Array(4).fill(often)]);
  });

  test.each<[string, PublicJwk, number]>([
    ["P-256", { kty: "EC", crv: "P-256", x: "x".repeat(43), y: "y".repeat(43) }, 0],
    ["P-384", { kty: "EC", crv: "P-384", x: "x".repeat(64), y: "y".repeat(64) }, 42],
    ["P-521", { kty: "EC", crv: "P-521", x: "x".repeat(88), y: "y".repeat(88) }, 90],
    ["Ed25519", { kty: "OKP", crv: "Ed25519", x: "x".repeat(43) }, 0],
    ["RSA, 2048 bits", { kty: "RSA", n: "n".repeat(342), e: "AQAB" }, 342],
  ])("the texts of a key count: %s", (_, jwk, more) => {
    const cache = newCache();
    const known = { alg: noble.EdDSA, jwk, jkt: "jkt", key: fakeKey(Infinity, 0) };
    cache.keepKey(undefined, "header", known, signedUnder("header"));
    expect(cache.usage().keyBytes).toBe("header".length + 640 + 1000 + more);
  });

  test("a key that leaves is not among those with tables", () => {
    const cache = newCache({ maxKeys: 1 });
    proveOften(
      cache,
      clients("client", 20, () => fakeKey(1, 100)),
      1,
    );
    expect(cache.usage()).toMatchObject({ keys: 1, tables: 1, tableBytes: 100 });
    const without = newCache({ maxKeys: 1 });
    proveOften(
      without,
      clients("client", 20, () => fakeKey(Infinity, 100)),
      1,
    );
    expect(without.usage()).toMatchObject({ keys: 1, tables: 0, tableBytes: 0 });
  });

  test("a key that dropped its tables by itself is not counted", () => {
    const cache = newCache();
    const one = client("one", () => fakeKey(2, 100));
    proveOften(cache, [one], 2);
    expect(cache.usage().tables).toBe(1);
    one.keys[0]?.dropTables?.();
    prove(cache, one);
    expect(cache.usage()).toMatchObject({ keys: 1, tables: 0, tableBytes: 0 });
    expect(one.keys[0]?.drops()).toBe(1);
  });

  test("what a key says of its size counts", () => {
    const verifier = verifierOf(() => fakeKey(1, 30_000, 70_000));
    verifier.verify(mint(), TOKEN_REQUEST);
    const { keyBytes, tableBytes: bytes } = verifier.cacheUsage();
    expect(keyBytes).toBeGreaterThan(70_000);
    expect(keyBytes).toBeLessThan(75_000);
    expect(bytes).toBe(30_000);
  });

  test("what is used again counts as before", () => {
    const verifier = createVerifier({ backend: nodeCrypto, replay: "none" });
    const usages = [1, 2, 3].map(() => {
      expect(verifier.verify(withToken.proof, withToken.request).ok).toBe(true);
      return verifier.cacheUsage();
    });
    expect(usages[0]).toMatchObject({ keys: 1, tokens: 1 });
    expect(usages[1]).toEqual(usages[0]);
    expect(usages[2]).toEqual(usages[0]);
  });

  test("two first proofs of a key and a token at once count as one", async () => {
    const one = createAsyncVerifier({ backend: nodeCrypto, replay: "none" });
    await one.verify(withToken.proof, withToken.request);
    const two = createAsyncVerifier({ backend: nodeCrypto, replay: "none" });
    const verify = () => two.verify(withToken.proof, { ...withToken.request, jkt: later });
    const later = async (): Promise<string> => Promise.resolve(thumbprintOf("ES256"));
    const results = await Promise.all([verify(), verify(), verify()]);
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(two.cacheUsage()).toEqual(one.cacheUsage());
  });

  test("a key without tables, or too large to be kept, is not among those with tables", () => {
    const without = verifierOf(() => fakeKey(Infinity, 100));
    without.verify(mint(), TOKEN_REQUEST);
    expect(without.cacheUsage()).toMatchObject({ keys: 1, tables: 0 });
    const tooLarge = verifierOf(() => fakeKey(1, 100, MIB), { maxKeyBytes: MIB });
    for (let i = 0; i < 3; i++) tooLarge.verify(mint(), TOKEN_REQUEST);
    const none = { keys: 0, keyBytes: 0, tables: 0, tableBytes: 0 };
    expect(tooLarge.cacheUsage()).toMatchObject(none);
  });

  test("a key that grew too large to be kept leaves, with its tables", () => {
    let size = 1000;
    const key = {
      verify: () => true,
      get size() {
        return size;
      },
      tableSize: 100,
      dropTables: () => undefined,
    };
    const verifier = verifierOf(() => key, { maxKeyBytes: MIB });
    verifier.verify(mint(), TOKEN_REQUEST);
    expect(verifier.cacheUsage()).toMatchObject({ keys: 1, tables: 1, tableBytes: 100 });
    size = MIB;
    verifier.verify(mint(), TOKEN_REQUEST);
    const none = { keys: 0, keyBytes: 0, tables: 0, tableBytes: 0 };
    expect(verifier.cacheUsage()).toMatchObject(none);
    size = 1000;
    verifier.verify(mint(), TOKEN_REQUEST);
    expect(verifier.cacheUsage()).toMatchObject({ keys: 1, tables: 1, tableBytes: 100 });
  });

  test.each([
    ["without dropTables", { tableSize: 500 }],
    ["with a dropTables that is no function", { tableSize: 500, dropTables: 1 }],
    ["with dropTables only", { dropTables: nothing }],
    ["with both undefined", { tableSize: undefined, dropTables: undefined }],
    ["with a dropTables and no table", { tableSize: undefined, dropTables: nothing }],
  ])("a key %s counts as a whole, and verifies", (_, members) => {
    const key = { verify: () => true, size: 1000, ...members } as SyncKey; // as a backend may make it
    const verifier = verifierOf(() => key, { maxTableBytes: 100 });
    for (let i = 0; i < 3; i++) expect(verifier.verify(mint(), TOKEN_REQUEST).ok).toBe(true);
    expect(verifier.cacheUsage()).toMatchObject({ keys: 1, tables: 0, tableBytes: 0 });
  });

  test.each([
    ["keys", { maxKeys: 0 }, { keys: 0, keyBytes: 0, tables: 0, tableBytes: 0, tokens: 1 }],
    ["access tokens", { maxTokens: 0 }, { keys: 1, tokens: 0, tokenBytes: 0 }],
  ])("with room for no %s, only the other kind is kept", (_, cache, expected) => {
    const verifier = createVerifier({ backend: fast, cache, replay: "none" });
    for (let i = 0; i < 3; i++) verifier.verify(withToken.proof, withToken.request);
    expect(verifier.cacheUsage()).toMatchObject(expected);
  });

  test("after whatever comes, to the byte, and within the bounds at every moment", () => {
    const pool = Array.from({ length: 24 }, (_, i) => i);
    const steps = fc.array(
      fc.record({
        kind: fc.constantFrom("prove", "prove", "prove", "stale", "token", "late token"),
        index: fc.constantFrom(...pool),
        times: fc.integer({ min: 1, max: 5 }),
        after: fc.integer({ min: -400, max: 400 }),
      }),
      { maxLength: 80 },
    );
    const caches = fc.record({
      maxKeys: fc.integer({ min: 0, max: 12 }),
      maxKeyBytes: fc.integer({ min: 0, max: 30_000 }),
      maxTableBytes: fc.integer({ min: 0, max: 2000 }),
      maxTokens: fc.integer({ min: 0, max: 12 }),
      maxTokenBytes: fc.integer({ min: 0, max: 6000 }),
    });
    fc.assert(
      fc.property(caches, steps, (bounds, commands) => {
        const cache = newCache(bounds);
        // Three headers of each key, whose tables grow in two stages.
        const all = pool.map((i) => {
          const [name, bytes] = [`${i >> 1 === 0 ? 0 : (i % 8) + 1}`, (i % 5) * 60];
          return client(name, () => growingKey(bytes), `${i}`.padEnd(20 + 10 * i));
        });
        const tokens = pool.map((i) => `token ${i}`.padEnd(10 + 20 * i));
        let now = NOW;
        let stale = cache.findKey("nothing");
        let staleAth = cache.findAth("nothing", now);
        for (const { kind, index, times, after } of commands) {
          const one = all[index] ?? client("none", FAST);
          const token = tokens[index] ?? "";
          if (kind === "prove") proveOften(cache, [one], times);
          stale ??= cache.findKey(one.header);
          staleAth ??= cache.findAth(token, now);
          if (kind === "stale" && stale !== undefined) {
            const { text: header, value } = stale;
            value.key.verify(BYTES, BYTES);
            cache.keepKey(stale, header, value, signedUnder(header));
          }
          if (kind === "late token") now = Math.max(0, now + after);
          if (kind.endsWith("token")) {
            const found = times === 5 ? staleAth : cache.findAth(token, now);
            cache.keepAth(found, found?.text ?? token, "ath", now);
          }
          recount(cache, all, tokens, now, bounds);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Every number of the usage, found by looking at all that could be there. */
function recount(
  cache: ProofCache<SyncAlg>,
  all: readonly Client[],
  tokens: readonly string[],
  now: number,
  bounds: Required<CacheOptions>,
): void {
  const keys = all.map(({ header }) => cache.findKey(header)).filter((one) => one !== undefined);
  const tables = keys.flatMap(({ value: { table } }) => (table?.in ? [table] : []));
  const aths = tokens.map((one) => cache.findAth(one, now)).filter((one) => one !== undefined);
  const sum = (list: readonly { bytes: number }[]): number =>
    list.reduce((before, { bytes }) => before + bytes, 0);
  const usage = cache.usage();
  expect(usage).toEqual({
    keys: keys.length,
    keyBytes: sum(keys),
    tables: tables.length,
    tableBytes: sum(tables),
    tokens: aths.length,
    tokenBytes: sum(aths),
  });
  expect(usage.keys).toBeLessThanOrEqual(Number(bounds.maxKeys));
  expect(usage.keyBytes).toBeLessThanOrEqual(Number(bounds.maxKeyBytes));
  expect(usage.tableBytes).toBeLessThanOrEqual(Number(bounds.maxTableBytes));
  expect(usage.tokens).toBeLessThanOrEqual(Number(bounds.maxTokens));
  expect(usage.tokenBytes).toBeLessThanOrEqual(Number(bounds.maxTokenBytes));
  for (const { value } of keys) {
    expect(value.table?.in ? value.table.bytes : 0).toBe(value.key.tableSize);
    const { jkt } = value;
    expect(keys.filter((other) => other.value.jkt === jkt).length).toBeLessThanOrEqual(2);
  }
}

/** A key with a small table after two signatures, and a large one after four. */
function growingKey(bytes: number): FakeKey {
  let [valid, drops] = [0, 0];
  const tableSize = (): number => (valid < 2 ? 0 : valid < 4 ? bytes : 5 * bytes);
  return {
    verify() {
      valid++;
      return true;
    },
    get size() {
      return 500 + tableSize();
    },
    get tableSize() {
      return tableSize();
    },
    dropTables() {
      drops++;
      valid = 0;
    },
    drops: () => drops,
  };
}

function verifierOf(importKey: () => SyncKey, cache?: CacheOptions) {
  return createVerifier({ algs: [{ ...noble.ES256, importKey }], cache, replay: "none" });
}

const TOKEN = "an-access-token";
const withToken: { proof: string; request: ProofRequest & { accessToken: string; jkt: string } } = {
  proof: mint({ claims: { ath: b64(noble.sha256(Buffer.from(TOKEN))) } }),
  request: { ...TOKEN_REQUEST, accessToken: TOKEN, jkt: thumbprintOf("ES256") },
};
