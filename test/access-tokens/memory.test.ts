// Remembered tokens: what a hot request costs, and that no answer depends on the memory.
import fc from "fast-check";
import { createJwtAccessTokens, type JwtAccessTokensOptions } from "dpop-core/jwt";
import { type NodeCryptoBackend, nodeCrypto } from "dpop-core/node-crypto";
import { createHash } from "node:crypto";
import type { SyncAlg } from "dpop-core/core";
import { expect, test } from "vitest";
import { createTokenMemory, forwardClock } from "../../src/tokens/memory.js";
import { API, FakeIssuer, ISSUER, newKey, NOW, tokenOf } from "./issuer.js";

const one = newKey("ES256", "one");
const two = newKey("ES256", "two");
const other = newKey("ES256", "one"); // the kid of another key
const usual = { issuer: ISSUER, audience: API };

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

/** nodeCrypto with counts of its work. */
function counted(): { backend: NodeCryptoBackend; work: Record<string, number> } {
  const work = { imports: 0, signatures: 0, hashes: 0 };
  const ES256: SyncAlg = {
    ...nodeCrypto.ES256,
    importKey(jwk) {
      work.imports++;
      const key = nodeCrypto.ES256.importKey(jwk);
      if (key === null) return null;
      const verify = (signature: Uint8Array, data: Uint8Array): boolean => {
        work.signatures++;
        return key.verify(signature, data);
      };
      return { size: key.size, verify };
    },
  };
  const sha256 = (data: Uint8Array): Uint8Array => {
    work.hashes++;
    return nodeCrypto.sha256(data);
  };
  return { work, backend: { ...nodeCrypto, algs: [ES256], ES256, sha256 } };
}

test("a remembered token whose hash is known costs no cryptography", async () => {
  const { backend, work } = counted();
  const { clock, fetch } = new FakeIssuer(one);
  const check = createJwtAccessTokens({ ...usual, backend, clock, fetch });
  const token = tokenOf(one, "ES256");
  const first = await check(token, hashOf(token));
  expect(work).toEqual({ imports: 1, signatures: 1, hashes: 0 });
  for (let i = 0; i < 10; i++) expect(await check(token, hashOf(token))).toBe(first);
  expect(work).toEqual({ imports: 1, signatures: 1, hashes: 0 });
  expect(await check(token, undefined)).toBe(first);
  expect(work).toEqual({ imports: 1, signatures: 1, hashes: 1 });
  const second = tokenOf(one, "ES256", { jti: "2" });
  await check(second, hashOf(second));
  expect(work).toEqual({ imports: 1, signatures: 2, hashes: 1 }); // the key is remembered too
});

test('a token is checked again after maxTokenAge; with memory "none" each time, and then nothing is hashed', async () => {
  const issuer = new FakeIssuer(one);
  const { backend, work } = counted();
  const { clock, fetch } = issuer;
  const check = createJwtAccessTokens({ ...usual, backend, clock, fetch });
  const token = tokenOf(one, "ES256");
  await check(token, hashOf(token));
  issuer.now += 59.5;
  await check(token, hashOf(token));
  expect(work["signatures"]).toBe(1);
  issuer.now += 0.5;
  await check(token, hashOf(token));
  expect(work["signatures"]).toBe(2);
  const none = createJwtAccessTokens({ ...usual, backend, clock, fetch, memory: "none" });
  await none(token, undefined);
  await none(token, undefined);
  expect(work).toEqual({ imports: 2, signatures: 4, hashes: 0 });
});

test("a key is the same after a new fetch of its set: it is not imported again, and its tokens are remembered", async () => {
  const issuer = new FakeIssuer(one);
  const { backend, work } = counted();
  const { clock, fetch } = issuer;
  const memory = { maxTokenAge: 3600 };
  const check = createJwtAccessTokens({ ...usual, backend, clock, fetch, memory });
  const token = tokenOf(one, "ES256", { exp: NOW + 3000 });
  await check(token, undefined);
  issuer.keys(two, one);
  issuer.now += 600;
  expect(await check(token, undefined)).not.toBeNull();
  expect(issuer.fetches).toBe(2);
  expect(work).toMatchObject({ imports: 1, signatures: 1 });
});

test("a bad token is not remembered", async () => {
  const { backend, work } = counted();
  const { clock, fetch } = new FakeIssuer(one);
  const check = createJwtAccessTokens({ ...usual, backend, clock, fetch });
  const bad = tokenOf({ ...one, privateKey: two.privateKey }, "ES256");
  expect(await check(bad, hashOf(bad))).toBeNull();
  expect(await check(bad, hashOf(bad))).toBeNull();
  expect(work["signatures"]).toBe(2);
});

test("a remembered token ends with its exp, also where the check waits past it", async () => {
  const issuer = new FakeIssuer(one);
  const { clock, fetch } = issuer;
  const check = createJwtAccessTokens({ ...usual, backend: nodeCrypto, clock, fetch });
  const token = tokenOf(one, "ES256", { exp: NOW + 5 });
  expect(await check(token, undefined)).not.toBeNull();
  issuer.now += 5;
  expect(await check(token, undefined)).toBeNull();
  const slow = new FakeIssuer(one);
  const { documents } = slow;
  for (const [url, document] of documents) {
    documents.set(url, () => {
      slow.now += 10;
      return document();
    });
  }
  const late = createJwtAccessTokens({
    ...usual,
    backend: nodeCrypto,
    clock: slow.clock,
    fetch: slow.fetch,
  });
  expect(await late(token, undefined)).toBeNull();
});

test("a clock that is set back during a check gives no token back that had ended when it began", async () => {
  const { fetch } = new FakeIssuer(one);
  const times = [NOW, NOW, NOW + 5, NOW + 4];
  const clock = (): number => times.shift() ?? NOW + 4;
  const check = createJwtAccessTokens({ ...usual, backend: nodeCrypto, clock, fetch });
  const token = tokenOf(one, "ES256", { exp: NOW + 5 });
  expect(await check(token, undefined)).not.toBeNull();
  expect(await check(token, undefined)).toBeNull();
  expect(times).toEqual([NOW + 4]); // left over: the last token needed no second look at the clock
});

test("what is returned can't be changed, and is one object for all requests", async () => {
  const jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
  const { clock, fetch } = new FakeIssuer(one);
  const check = createJwtAccessTokens({ ...usual, backend: nodeCrypto, clock, fetch });
  const known = await check(tokenOf(one, "ES256", { cnf: { jkt }, roles: ["a"] }), undefined);
  expect(known).toMatchObject({ binding: { jkt }, scopes: ["read", "write"] });
  for (const part of [known, known?.binding, known?.claims, known?.scopes, known?.claims["roles"]])
    expect(Object.isFrozen(part)).toBe(true);
});

test(
  "remembered or not, the answer is the same until exp, whatever clocks and keys do",
  { timeout: 60_000 },
  async () => {
    const keys = [one, two, other];
    const long = { exp: NOW + 3000 };
    const tokens = [
      tokenOf(one, "ES256", long),
      tokenOf(two, "ES256", long),
      tokenOf(other, "ES256", long),
      tokenOf(one, "ES256", { exp: NOW + 40 }),
      tokenOf(one, "ES256", { ...long, nbf: NOW + 30 }),
      tokenOf(two, "ES256", { ...long, iat: NOW + 20 }),
      tokenOf(one, "ES256", long, { kid: undefined }),
    ];
    const keySet = { maxAge: 100, maxStale: 500 };
    type Step =
      | { readonly token: number }
      | { readonly wait: number }
      | { readonly keys: readonly number[] }
      | { readonly away: boolean };
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 6, arbitrary: fc.nat(tokens.length - 1).map((token) => ({ token })) },
      {
        weight: 3,
        arbitrary: fc
          .constantFrom(-700, -50, -10, -1, 1, 10, 31, 59, 101, 101, 101, 600)
          .map((wait) => ({ wait })),
      },
      { weight: 2, arbitrary: fc.subarray([0, 1, 2]).map((some) => ({ keys: some })) },
      { weight: 1, arbitrary: fc.boolean().map((away) => ({ away })) },
    );
    let hits = 0;
    let throws = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 10, maxLength: 40, size: "max" }),
        async (steps) => {
          const { backend, work } = counted();
          const issuer = new FakeIssuer(one, two);
          let isAway = false;
          const fetch = async (url: string, init: unknown): Promise<Response> => {
            if (isAway) throw new TypeError("gone");
            return issuer.fetch(url, init);
          };
          const make = (
            options: Partial<JwtAccessTokensOptions>,
          ): ((token: string) => Promise<unknown>) => {
            const { clock } = issuer;
            const check = createJwtAccessTokens({
              ...usual,
              backend,
              clock,
              fetch,
              keySet,
              ...options,
            });
            return async (token) => {
              try {
                return await check(token, undefined);
              } catch (error) {
                return String(error);
              }
            };
          };
          const [remembering, forgetful] = [
            make({ memory: { maxTokenAge: 3600 } }),
            make({ memory: "none" }),
          ];
          for (const next of steps) {
            if ("wait" in next) issuer.now += next.wait;
            else if ("keys" in next) issuer.keys(...next.keys.map((i) => keys[i] ?? one));
            else if ("away" in next) isAway = next.away;
            else {
              const token = tokens[next.token] ?? "";
              const start = work["signatures"] ?? 0;
              const answer = await remembering(token);
              const between = work["signatures"] ?? 0;
              expect(answer).toEqual(await forgetful(token));
              if (typeof answer === "string") throws++;
              if (answer !== null && typeof answer !== "string" && start === between) hits++;
            }
          }
        },
      ),
      { numRuns: 400, seed: 15 },
    );
    expect(hits).toBeGreaterThan(100); // or the memory was not tried
    expect(throws).toBeGreaterThan(10);
  },
);

test("a memory keeps its bounds, and what was used last", () => {
  const memory = createTokenMemory<number>({ maxTokenAge: 60, maxTokens: 3, maxBytes: 10_000 });
  for (const i of [1, 2, 3]) memory.add(`${i}`, i, 0, 100);
  expect(memory.find("1", 1)).toBe(1);
  memory.add("4", 4, 1, 100);
  expect(["1", "2", "3", "4"].map((hash) => memory.find(hash, 2))).toEqual([1, undefined, 3, 4]);
  memory.add("5", 5, 2, 4400); // nearly all of the bytes
  expect(["1", "3", "4", "5"].map((hash) => memory.find(hash, 2))).toEqual([
    undefined,
    undefined,
    undefined,
    5,
  ]);
  memory.add("6", 6, 2, 5000); // more than all
  expect([memory.find("5", 2), memory.find("6", 2)]).toEqual([5, undefined]);
  expect(memory.find("5", 62)).toBeUndefined();
  for (let i = 0; i < 1000; i++) memory.add("5", i, 70, 1000); // again and again, in the room of one
  memory.add("7", 7, 70, 1000);
  expect([memory.find("5", 70), memory.find("7", 70)]).toEqual([999, 7]);
});

test("a memory is full at its bound, not before", () => {
  const bytes = 1024 + 2 * 100; // of a token of 100 characters
  const memory = createTokenMemory<number>({ maxTokenAge: 60, maxTokens: 9, maxBytes: 2 * bytes });
  for (const i of [1, 2]) memory.add(`${i}`, i, 0, 100);
  expect(["1", "2"].map((hash) => memory.find(hash, 1))).toEqual([1, 2]);
  memory.add("3", 3, 0, 100);
  expect(["1", "2", "3"].map((hash) => memory.find(hash, 1))).toEqual([undefined, 2, 3]);
  const small = createTokenMemory<number>({ maxTokenAge: 60, maxTokens: 9, maxBytes: bytes });
  small.add("1", 1, 0, 100);
  expect(small.find("1", 1)).toBe(1);
});

test("a forward clock never goes back, and never faster than the clock that it reads", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1000, max: 1000 })), (steps) => {
      const ageOf = forwardClock();
      let [now, age] = [NOW, ageOf(NOW)];
      expect(age).toBe(0);
      for (const step of steps) {
        now += step;
        const next = ageOf(now);
        expect(next - age).toBe(Math.max(0, step));
        age = next;
      }
    }),
  );
});
