// dpop-core/redis without a Redis: the one command, its replies, and what the verifier makes of them. test/interop has the
// real server and real clients.
import {
  type AsyncVerifierOptions,
  createAsyncVerifier,
  type NonceCheck,
  type VerifyResult,
} from "dpop-core";
import { explainProofAsync } from "dpop-core/explain";
import { nodeCrypto } from "dpop-core/node-crypto";
import { createRedisReplayStore, type RedisCommand, type RedisReplayStore } from "dpop-core/redis";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runs } from "./support/arbitraries.js";
import { at, mint, NOW } from "./support/mint.js";
import { JKT } from "./support/rfc.js";

const KEY = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
const KEY_FORM = /^[A-Za-z0-9_-]{43}$/;

/** A Redis that knows each command in one form, and whose clock a test sets, in milliseconds. */
class FakeRedis {
  now = 0;
  readonly sent: string[][] = [];
  readonly #expiry = new Map<string, number>();

  readonly send = (args: RedisCommand): Promise<unknown> => {
    this.sent.push([...args]);
    const [command, key, value, nx, px, ttl = "", ...rest] = args;
    if (command === "EXISTS" && args.length === 2) {
      return Promise.resolve((this.#expiry.get(key) ?? 0) > this.now ? 1 : 0);
    }
    const form = [command, value, nx, px, ...rest].join(" ");
    if (form !== "SET 1 NX PX" || !/^[1-9][0-9]*$/.test(ttl)) {
      return Promise.reject(new Error("ERR syntax error"));
    }
    if ((this.#expiry.get(key) ?? 0) > this.now) return Promise.resolve(null);
    this.#expiry.set(key, this.now + Number(ttl));
    return Promise.resolve("OK");
  };
}

/** A store whose `send` does nothing but answer this. */
function answering(reply: unknown): RedisReplayStore {
  return createRedisReplayStore({ send: () => Promise.resolve(reply) });
}

const outcomeOf = (result: VerifyResult): string => (result.ok ? "ok" : result.code);

// The store measures how long a reply took: no pause of this machine is to change an answer. Not from
// 0, at which what is added to a time and what is taken from it look alike.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "performance"], now: NOW * 1000 });
  vi.advanceTimersByTime(5000);
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the command", () => {
  test("is one SET NX PX, all of it strings", async () => {
    const { send, sent } = new FakeRedis();
    expect(await createRedisReplayStore({ send }).add(KEY, NOW + 60, NOW, JKT)).toBe("new");
    expect(sent).toEqual([["SET", `dpop:replay:${KEY}`, "1", "NX", "PX", "60000"]]);
  });

  test("takes its prefix from the options", async () => {
    const { send, sent } = new FakeRedis();
    await createRedisReplayStore({ send, prefix: "{api}:" }).add(KEY, NOW + 60, NOW, JKT);
    await createRedisReplayStore({ send, prefix: undefined }).add(KEY, NOW + 60, NOW, JKT);
    expect(sent.map(([, key]) => key)).toEqual([`{api}:${KEY}`, `dpop:replay:${KEY}`]);
  });

  test("is an array of its own every time, which a client may change", async () => {
    const { send, sent } = new FakeRedis();
    const store = createRedisReplayStore({
      send(args) {
        const reply = send(args);
        args.length = 0;
        return reply;
      },
    });
    expect(await store.add(KEY, NOW + 60, NOW, JKT)).toBe("new");
    expect(await store.add(KEY, NOW + 60, NOW, JKT)).toBe("seen");
    expect(sent[1]).toEqual(sent[0]);
  });

  test.each([
    [60, 0, "60000"],
    [60, 0.25, "59750"],
    [60, 0.9995, "59001"], // rounded up: 59000.5
    [60, 59.9999, "1"],
    [60, 60, "1"],
    [60, 61, "1"],
    [60, 9999.5, "1"],
  ])("has the time from now to expiry: %d − %d seconds are %s ms", async (expiry, now, ttl) => {
    const { send, sent } = new FakeRedis();
    // Small numbers, for doubles near today's time can't hold every one of these fractions.
    expect(await createRedisReplayStore({ send }).add(KEY, expiry, now, JKT)).toBe("new");
    expect(sent[0]?.[5]).toBe(ttl);
  });

  test("is in decimal digits, even for the latest expiry", async () => {
    const { send, sent } = new FakeRedis();
    await createRedisReplayStore({ send }).add(KEY, Number.MAX_SAFE_INTEGER, 0, JKT);
    expect(sent[0]?.[5]).toMatch(/^[0-9]{19}$/);
  });
});

describe("has", () => {
  test("asks whether an entry is live, by one EXISTS, and records nothing", async () => {
    const redis = new FakeRedis();
    const store = createRedisReplayStore({ send: redis.send, prefix: "{api}:" });
    expect(await store.has(KEY)).toBe(false);
    expect(await store.add(KEY, NOW + 60, NOW, JKT)).toBe("new");
    expect(await store.has(KEY)).toBe(true);
    redis.now = 60_000;
    expect(await store.has(KEY)).toBe(false);
    expect(redis.sent[0]).toEqual(["EXISTS", `{api}:${KEY}`]);
  });

  test.each([undefined, null, "1", "0", true, 2, "QUEUED", [1]])(
    "takes no %j for a reply",
    async (reply) => {
      await expect(answering(reply).has(KEY)).rejects.toThrow(
        /^send must return the number 1 or 0 for EXISTS$/,
      );
    },
  );

  test("refuses a key that no verifier asks for, and lets errors of send pass", async () => {
    await expect(answering(1).has("short")).rejects.toThrow("key must be 32 bytes in base64url");
    const error = new Error("down");
    const store = createRedisReplayStore({ send: () => Promise.reject(error) });
    await expect(store.has(KEY)).rejects.toBe(error);
  });

  test("tells explainProofAsync that a proof was used", async () => {
    const store = createRedisReplayStore({ send: new FakeRedis().send });
    const [proof, request] = [mint(), at(NOW)];
    const explained = async () => {
      const options = { backend: nodeCrypto, replay: store };
      const { verdict } = await explainProofAsync(proof, request, options);
      return verdict.ok ? "ok" : verdict.code;
    };
    expect([await explained(), await explained()]).toEqual(["ok", "ok"]);
    const verifier = createAsyncVerifier({ replay: store });
    expect(outcomeOf(await verifier.verify(proof, request))).toBe("ok");
    expect(await explained()).toBe("jti_replayed");
  });
});

describe("the reply", () => {
  test("OK is new and null is seen", async () => {
    expect(await answering("OK").add(KEY, NOW + 60, NOW, JKT)).toBe("new");
    expect(await answering(null).add(KEY, NOW + 60, NOW, JKT)).toBe("seen");
  });

  test("may come at once, in plain JavaScript", async () => {
    const send: unknown = () => "OK";
    const store = createRedisReplayStore({ send: send as () => Promise<unknown> }); // what no type checker sees
    expect(await store.add(KEY, NOW + 60, NOW, JKT)).toBe("new");
  });

  test.each([
    ["undefined", undefined],
    ["QUEUED", "QUEUED"],
    ["ok in lower case", "ok"],
    ["the empty string", ""],
    ["bytes", Buffer.from("OK")],
    ["a String object", Object("OK")],
    ["a list", ["OK"]],
    ["what a REST client wraps it in", { result: "OK" }],
    ["true", true],
    ["false", false],
    ["1", 1],
    ["0", 0],
    ["an Error that was resolved", new Error("secret")],
  ])("%s is an error that says so and echoes nothing", async (_, reply) => {
    const answer = Promise.resolve(answering(reply).add(KEY, NOW + 60, NOW, JKT));
    await expect(answer).rejects.toThrow(/^send must return "OK" or null for SET NX; it returned /);
    const message = await answer.catch(String);
    for (const echoed of [KEY, "QUEUED", "secret", "result"]) expect(message).not.toContain(echoed);
  });

  test("the error says of text that it is another one, and of all else what it is", async () => {
    for (const [reply, kind] of [
      ["QUEUED", /another string$/],
      [{ result: "OK" }, /of type object$/],
      [undefined, /of type undefined$/],
    ] as const) {
      await expect(answering(reply).add(KEY, NOW + 60, NOW, JKT)).rejects.toThrow(kind);
    }
  });

  test("what send rejects with or throws propagates unchanged", async () => {
    const error = new Error("READONLY You can't write against a read only replica.");
    const rejecting = createRedisReplayStore({ send: () => Promise.reject(error) });
    await expect(rejecting.add(KEY, NOW + 60, NOW, JKT)).rejects.toBe(error);
    const throwing = createRedisReplayStore({
      send() {
        throw error;
      },
    });
    await expect(throwing.add(KEY, NOW + 60, NOW, JKT)).rejects.toBe(error);
  });
});

describe("a command that was held back", () => {
  /** Returns after some milliseconds. */
  const slow = (milliseconds: number, reply: unknown): RedisReplayStore =>
    createRedisReplayStore({
      send() {
        vi.advanceTimersByTime(milliseconds);
        return Promise.resolve(reply);
      },
    });

  test("is believed for as long as the entry of another caller would have lived", async () => {
    expect(await slow(60_000, "OK").add(KEY, NOW + 60, NOW, JKT)).toBe("new");
    expect(await slow(60_001, null).add(KEY, NOW + 60, NOW, JKT)).toBe("seen");
    await expect(slow(60_001, "OK").add(KEY, NOW + 60, NOW, JKT)).rejects.toThrow(
      /^send took longer /,
    );
  });

  test("is not believed where the wall clock was set back by a minute meanwhile", async () => {
    const send = (): Promise<unknown> => {
      vi.advanceTimersByTime(60_001);
      vi.setSystemTime(Date.now() - 60_000);
      return Promise.resolve("OK");
    };
    const answer = createRedisReplayStore({ send }).add(KEY, NOW + 60, NOW, JKT);
    await expect(answer).rejects.toThrow(/^send took longer /);
  });

  test("is measured by the wall clock where there is no other", async () => {
    vi.stubGlobal("performance", undefined);
    try {
      expect(await slow(60_000, "OK").add(KEY, NOW + 60, NOW, JKT)).toBe("new");
      const late = slow(60_001, "OK").add(KEY, NOW + 60, NOW, JKT);
      await expect(late).rejects.toThrow(/^send took longer /);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test("grants nothing through a queue that outlives the first use of the proof", async () => {
    const redis = new FakeRedis();
    const proof = mint();
    const ours = createAsyncVerifier({
      replay: createRedisReplayStore({ send: redis.send }),
    });
    expect(outcomeOf(await ours.verify(proof, at(NOW)))).toBe("ok");
    const theirs = createAsyncVerifier({
      replay: createRedisReplayStore({
        send(args) {
          vi.advanceTimersByTime(300_000); // Redis was away for five minutes
          redis.now += 300_000;
          return redis.send(args);
        },
      }),
    });
    await expect(theirs.verify(proof, at(NOW))).rejects.toThrow(/^send took longer /);
  });
});

describe("in a verifier", () => {
  function verifierOver(
    redis: FakeRedis,
    options: Partial<AsyncVerifierOptions> = {},
  ): ReturnType<typeof createAsyncVerifier> {
    const replay = createRedisReplayStore({ send: redis.send });
    return createAsyncVerifier({ ...options, replay });
  }

  test("a proof that one instance took is a replay for every other one", async () => {
    const redis = new FakeRedis();
    const [ours, theirs] = [verifierOver(redis), verifierOver(redis)];
    const proof = mint();
    const results = await Promise.all([
      ours.verify(proof, at(NOW)),
      theirs.verify(proof, at(NOW)),
      ours.verify(proof, at(NOW)),
    ]);
    expect(results.map(outcomeOf).toSorted()).toEqual(["jti_replayed", "jti_replayed", "ok"]);
  });

  test("servers with prefixes of their own don't stand in each other's way", async () => {
    const { send } = new FakeRedis();
    const proof = mint();
    for (const prefix of ["a:", "b:"]) {
      const replay = createRedisReplayStore({ send, prefix });
      expect(outcomeOf(await createAsyncVerifier({ replay }).verify(proof, at(NOW)))).toBe("ok");
    }
  });

  test("keys are of one length, however long the jti", async () => {
    const redis = new FakeRedis();
    for (const jti of ["a", "b".repeat(256)]) {
      await verifierOver(redis).verify(mint({ claims: { jti } }), at(NOW));
    }
    const keys = redis.sent.map(([, key = ""]) => key.slice("dpop:replay:".length));
    expect(keys).toEqual([expect.stringMatching(KEY_FORM), expect.stringMatching(KEY_FORM)]);
    expect(keys[0]).not.toBe(keys[1]);
  });

  test("a store that fails is the caller's error, and nothing is granted", async () => {
    const error = new Error("connection refused");
    const redis = new FakeRedis();
    let down = true;
    const replay = createRedisReplayStore({
      send: (args) => (down ? Promise.reject(error) : redis.send(args)),
    });
    const verifier = createAsyncVerifier({ replay });
    const proof = mint();
    await expect(verifier.verify(proof, at(NOW))).rejects.toBe(error);
    await expect(verifier.verify(proof, at(NOW))).rejects.toBe(error);
    down = false;
    expect(outcomeOf(await verifier.verify(proof, at(NOW)))).toBe("ok");
    expect(outcomeOf(await verifier.verify(proof, at(NOW)))).toBe("jti_replayed");
  });

  test("a reply that means nothing is an error, and nothing is granted", async () => {
    const verifier = createAsyncVerifier({ replay: answering("QUEUED") });
    await expect(verifier.verify(mint(), at(NOW))).rejects.toThrow(TypeError);
  });

  test("a proof that is refused anyway costs no command", async () => {
    const redis = new FakeRedis();
    const verifier = verifierOver(redis);
    for (const proof of [mint({ signer: "otherES256" }), mint({ claims: { htm: "GET" } }), "x"]) {
      expect((await verifier.verify(proof, at(NOW))).ok).toBe(false);
    }
    expect(redis.sent).toEqual([]);
  });

  // maxAge 60 and clockTolerance 15: the last second is iat + 60, by a clock that may be 15 behind; and one more.
  test.each([
    [0, 0, "76000"],
    [15, 0, "91000"],
    [-60, 0, "16000"],
    [0, 0.25, "75750"],
    [0.5, 0.25, "76750"],
  ])("iat %d from NOW, at NOW + %d: it is kept for %s ms", async (iat, later, ttl) => {
    const redis = new FakeRedis();
    const proof = mint({ claims: { iat: NOW + iat } });
    expect(outcomeOf(await verifierOver(redis).verify(proof, at(NOW + later)))).toBe("ok");
    expect(redis.sent.map((args) => args[5])).toEqual([ttl]);
  });

  test("where a nonce decides the time, it is kept by the nonce's last second", async () => {
    const redis = new FakeRedis();
    const nonce: NonceCheck = { check: () => ({ status: "valid", acceptUntil: NOW + 200.5 }) };
    const proof = mint({ claims: { iat: NOW - 9999, nonce: "n" } });
    expect(outcomeOf(await verifierOver(redis, { nonce }).verify(proof, at(NOW)))).toBe("ok");
    expect(redis.sent.map((args) => args[5])).toEqual(["217000"]);
  });

  test.each([-60, 0, 15])("iat %d from NOW: never accepted twice in its window", async (iat) => {
    const redis = new FakeRedis();
    const proof = mint({ claims: { iat: NOW + iat } });
    const behind = verifierOver(redis); // its clock is 15 seconds behind ours
    expect(outcomeOf(await verifierOver(redis).verify(proof, at(NOW)))).toBe("ok");
    const outcomes = new Set<string>();
    for (let passed = 0; passed <= iat + 60 + 15; passed += 0.5) {
      redis.now = passed * 1000;
      outcomes.add(outcomeOf(await behind.verify(proof, at(NOW + passed - 15))));
    }
    outcomes.delete("iat_in_future"); // where that clock stands before the window
    expect([...outcomes]).toEqual(["jti_replayed"]);
  });
});

describe("a programmer's mistake", () => {
  const send = (): Promise<unknown> => Promise.resolve("OK");
  const made = (options: unknown): (() => unknown) => {
    return () => createRedisReplayStore(options as { readonly send: typeof send }); // the mistake under test
  };

  test.each([
    ["no options", undefined, TypeError, /^options /],
    ["options null", null, TypeError, /^options /],
    ["a client as the options", new FakeRedis(), TypeError, /^options /],
    ["an unknown member", { send, ttl: 5 }, TypeError, /^options /],
    ["no send", {}, TypeError, /^send /],
    ["send null", { send: null }, TypeError, /^send /],
    ["send a client", { send: { call: send } }, TypeError, /^send /],
    ["prefix null", { send, prefix: null }, TypeError, /^prefix /],
    ["prefix a number", { send, prefix: 1 }, TypeError, /^prefix /],
    ["prefix empty", { send, prefix: "" }, RangeError, /prefix .* characters$/],
    ["prefix too long", { send, prefix: "x".repeat(129) }, RangeError, /prefix .* characters$/],
  ])("%s", (_, options, type, message) => {
    expect(made(options)).toThrow(type);
    expect(made(options)).toThrow(message);
  });

  test("prefixes of 1 and of 128 characters are accepted", () => {
    for (const prefix of ["x", "x".repeat(128)]) {
      expect(createRedisReplayStore({ send, prefix }).add).toBeTypeOf("function");
    }
  });

  test.each([
    ["a key that is no string", 1, NOW + 1, NOW, TypeError, /^key /],
    ["a key too short", KEY.slice(1), NOW + 1, NOW, TypeError, /^key /],
    ["a key too long", `${KEY}A`, NOW + 1, NOW, TypeError, /^key /],
    ["a key with a space", ` ${KEY.slice(1)}`, NOW + 1, NOW, TypeError, /^key /],
    ["a key with a wide letter", `é${KEY.slice(1)}`, NOW + 1, NOW, TypeError, /^key /],
    ["a key with bits too many", `${KEY.slice(1)}_`, NOW + 1, NOW, TypeError, /^key /],
    ["expiresAt no number", KEY, "1", NOW, TypeError, /^expiresAt /],
    ["expiresAt a fraction", KEY, NOW + 0.5, NOW, RangeError, /^expiresAt /],
    ["expiresAt negative", KEY, -1, NOW, RangeError, /^expiresAt /],
    ["expiresAt NaN", KEY, Number.NaN, NOW, RangeError, /^expiresAt /],
    ["expiresAt infinite", KEY, Number.POSITIVE_INFINITY, NOW, RangeError, /^expiresAt /],
    ["now no number", KEY, NOW + 1, undefined, TypeError, /^now /],
    ["now NaN", KEY, NOW + 1, Number.NaN, RangeError, /^now /],
    ["now in milliseconds", KEY, NOW + 1, NOW * 1000, RangeError, /^now /],
  ])("%s is sent nowhere", async (_, key, expiresAt, now, type, message) => {
    const redis = new FakeRedis();
    const { add } = createRedisReplayStore({ send: redis.send });
    const mistaken = add as (...args: unknown[]) => Promise<unknown>; // the mistake under test
    const answer = mistaken(key, expiresAt, now);
    await expect(answer).rejects.toThrow(type);
    await expect(answer).rejects.toThrow(message);
    expect(redis.sent).toEqual([]);
  });
});

test("the store is frozen, and what it was given is read once", async () => {
  const redis = new FakeRedis();
  const options = { send: redis.send, prefix: "a:" };
  const store = createRedisReplayStore(options);
  options.prefix = "b:";
  options.send = () => Promise.resolve("OK");
  await store.add(KEY, NOW + 60, NOW, JKT);
  expect(redis.sent.map(([, key]) => key)).toEqual([`a:${KEY}`]);
  expect(Object.isFrozen(store)).toBe(true);
});

describe("property", () => {
  const key = fc
    .nat(3)
    .map((which) => Buffer.from(new Uint8Array(32).fill(which)).toString("base64url"));
  /** Adds a key that is to live for some seconds, after some milliseconds have passed. */
  const step = fc.record({
    key,
    lives: fc.integer({ min: 1, max: 20 }),
    passes: fc.oneof(fc.constant(0), fc.nat(9000), fc.double({ min: 0, max: 9000, noNaN: true })),
  });

  test("a key is new once while it lives, and again afterwards, whatever the clock of Redis says", async () => {
    const answers = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40, size: "max" }),
        fc.nat(1e9),
        async (steps, offset) => {
          const redis = new FakeRedis();
          const stores = [0, 1].map(() => createRedisReplayStore({ send: redis.send }));
          const model = new Map<string, number>();
          let passed = 0; // milliseconds
          for (const [i, { key: one, lives, passes }] of steps.entries()) {
            passed += passes;
            redis.now = passed + offset;
            const now = NOW + passed / 1000;
            const expiresAt = Math.floor(now) + lives;
            const live = model.get(one);
            const answer = await stores[i % 2]?.add(one, expiresAt, now, JKT);
            answers.add(String(answer));
            if (live !== undefined && now < live) expect(answer).toBe("seen");
            if (live === undefined || now > live + 0.002) expect(answer).toBe("new"); // rounded up to a millisecond
            if (answer === "new") model.set(one, expiresAt);
          }
        },
      ),
      runs(200),
    );
    expect(answers).toEqual(new Set(["new", "seen"]));
  });
});
