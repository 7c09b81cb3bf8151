// Properties of the memory replay store: a plain Map is its model while the clock goes forward, and no clock that is off
// makes it answer "new" twice for a proof that can still be accepted.
import { createMemoryReplayStore } from "dpop-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkIat } from "../../src/proof/check.js";
import { replayExpiry } from "../../src/replay/replay.js";
import { runs } from "../support/arbitraries.js";
import { memoryStore, type Word, wordOf } from "../support/store.js";

const START = 1000;

/** Seconds, in eighths most of the time: doubles alone are nearly all very small. */
const seconds = (most: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.nat(8 * most).map((eighths) => eighths / 8) },
    { weight: 1, arbitrary: fc.double({ min: 0, max: most, noNaN: true }) },
  );

describe("with one clock that goes forward", () => {
  /** Adds one of a few keys that is to live for some seconds, after some time has passed. */
  const step = fc.record({
    key: fc.nat(15).map(String),
    lives: fc.integer({ min: 1, max: 20 }),
    passes: seconds(6),
  });

  test("it answers as a Map of live keys does, and holds no more than it may", () => {
    const answers = new Set<string>();
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60, size: "max" }),
        fc.integer({ min: 1, max: 12 }),
        (steps, maxEntries) => {
          const store = memoryStore({ maxEntries });
          const model = new Map<string, number>();
          let now = START;
          for (const { key, lives, passes } of steps) {
            now += passes;
            for (const [one, expiry] of model) if (expiry <= Math.floor(now)) model.delete(one);
            const expiresAt = Math.floor(now) + lives;
            const expected = model.has(key) ? "seen" : model.size < maxEntries ? "new" : "full";
            if (expected === "new") model.set(key, expiresAt);
            answers.add(expected);
            expect(store.add(key, expiresAt, now)).toBe(expected);
            expect(store.size).toBe(model.size);
          }
        },
      ),
      runs(300),
    );
    expect([...answers].toSorted()).toEqual(["full", "new", "seen"]);
  });
});

describe("with several clients", () => {
  const step = fc.record({
    key: fc.nat(40).map(String),
    client: fc.nat(4),
    lives: fc.integer({ min: 1, max: 20 }),
    passes: seconds(4),
  });

  test("it answers as a Map does that counts each client's live keys, and says when there is room", () => {
    const answers = new Set<string>();
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80, size: "max" }),
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 1, max: 16 }),
        (steps, maxEntries, share) => {
          const maxEntriesPerKey = Math.min(share, maxEntries);
          const store = createMemoryReplayStore({ maxEntries, maxEntriesPerKey });
          const model = new Map<string, { readonly client: number; readonly expiry: number }>();
          let now = START;
          for (const { key, client, lives, passes } of steps) {
            now += passes;
            for (const [one, { expiry }] of model) if (expiry <= Math.floor(now)) model.delete(one);
            const expiresAt = Math.floor(now) + lives;
            const own = [...model.values()].filter((entry) => entry.client === client);
            const jkt = `${client}`.repeat(43);
            const answer = store.add(`${client} ${key}`, expiresAt, now, jkt);
            const waitingFor =
              model.size >= maxEntries
                ? [...model.values()]
                : own.length >= maxEntriesPerKey
                  ? own
                  : [];
            if (model.has(`${client} ${key}`)) expect(answer).toBe("seen");
            else if (waitingFor.length === 0) {
              expect(answer).toBe("new");
              model.set(`${client} ${key}`, { client, expiry: expiresAt });
            } else {
              const first = Math.min(...waitingFor.map(({ expiry }) => expiry));
              expect(answer).toEqual({ full: true, retryAfter: Math.ceil(first - now) });
            }
            answers.add(wordOf(answer) + (model.size < maxEntries ? "" : ", no room"));
            expect(store.usage().entries).toBe(model.size);
          }
        },
      ),
      runs(300),
    );
    expect([...answers]).toEqual(expect.arrayContaining(["new", "seen", "full", "full, no room"]));
  });
});

describe("with a clock that goes anywhere", () => {
  type Command =
    | { readonly do: "add"; readonly key: number; readonly lives: number }
    | {
        readonly do: "add many";
        readonly from: number;
        readonly count: number;
        readonly lives: number;
      }
    | { readonly do: "advance" | "go back"; readonly by: number };

  /** Seconds that an entry lives: mostly few, sometimes past or very many. */
  const lives = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 20 }) },
    { weight: 1, arbitrary: fc.integer({ min: -30, max: 0 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER - 2 * START),
    },
  );
  const command = (keys: number, many: number): fc.Arbitrary<Command> =>
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant("add" as const), key: fc.nat(keys), lives }),
      },
      {
        weight: many > 0 ? 2 : 0,
        arbitrary: fc.record({
          do: fc.constant("add many" as const),
          from: fc.nat(keys),
          count: fc.nat(many),
          lives,
        }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("advance" as const), by: seconds(12) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("go back" as const), by: seconds(25) }) },
    );

  /** What the store promises, in the plainest way. */
  function modelStore(maxEntries: number) {
    const live = new Map<string, number>();
    let swept = 0;
    let dropped = 0;
    return {
      live,
      add(key: string, expiresAt: number, now: number): Word {
        const second = Math.floor(now);
        if (second !== swept) {
          swept = second;
          for (const [one, expiry] of live) {
            if (expiry > second) continue;
            live.delete(one);
            dropped = Math.max(dropped, expiry);
          }
        }
        if (live.has(key)) return "seen";
        if (expiresAt <= dropped || live.size >= maxEntries) return "full";
        live.set(key, expiresAt);
        return "new";
      },
    };
  }

  test.each([
    ["tiny", 15, 0, fc.integer({ min: 1, max: 8 }), 400],
    ["large", 5000, 3000, fc.integer({ min: 2000, max: 100_000 }), 40],
  ] as const)(
    "a %s store answers as the model does, command by command",
    (_, keys, many, most, count) => {
      const answers = new Set<string>();
      fc.assert(
        fc.property(
          fc.array(command(keys, many), { maxLength: 60, size: "max" }),
          most,
          (commands, maxEntries) => {
            const store = memoryStore({ maxEntries });
            const model = modelStore(maxEntries);
            let now = START;
            const add = (key: number, life: number): void => {
              const expiresAt = Math.floor(now) + life;
              const expected = model.add(`${key}`, expiresAt, now);
              answers.add(expected);
              if (store.add(`${key}`, expiresAt, now) !== expected)
                expect.fail(`${key} is not ${expected}`);
              if (store.size !== model.live.size)
                expect.fail(`${store.size} of ${model.live.size} are held`);
            };
            for (const one of commands) {
              if (one.do === "add") add(one.key, one.lives);
              else if (one.do === "add many")
                for (let i = 0; i < one.count; i++) add(one.from + i, one.lives + (i % 3));
              else now = Math.max(100, now + (one.do === "advance" ? one.by : -one.by));
            }
            for (const key of model.live.keys()) {
              if (store.add(key, 2 ** 40, now) !== model.add(key, 2 ** 40, now))
                expect.fail(`${key} at the end`);
            }
          },
        ),
        runs(count),
      );
      expect([...answers].toSorted()).toEqual(["full", "new", "seen"]);
    },
  );
});

describe("with several instances of which the clocks differ", () => {
  const MAX_AGE = 60;

  /** One proof of a few, sent to one of the instances, after some time has passed. */
  const sending = fc.record({
    proof: fc.nat(5),
    instance: fc.nat(3),
    passes: seconds(30),
  });
  const iat = seconds(150).map((later) => START - 30 + later);
  const proofs = fc.array(iat, { minLength: 6, maxLength: 6 });
  const sendings = fc.array(sending, { maxLength: 60, size: "max" });

  /** What is answered to each proof while the instance that it was sent to could accept it. */
  function play(
    iats: readonly number[],
    sent: readonly { readonly proof: number; readonly instance: number; readonly passes: number }[],
    offsets: readonly number[],
    tolerance: number,
  ): readonly (readonly string[])[] {
    const store = memoryStore();
    const answers = iats.map((): string[] => []);
    let time = START;
    for (const { proof, instance, passes } of sent) {
      time += passes;
      const now = time + (offsets[instance] ?? 0);
      const claims = {
        jti: `${proof}`,
        htm: "GET",
        htu: "https://a.example/",
        iat: iats[proof] ?? 0,
      };
      if (checkIat(claims, now, { maxAge: MAX_AGE, clockTolerance: tolerance }) !== null) continue;
      const expiresAt = replayExpiry(claims.iat + MAX_AGE, tolerance);
      answers[proof]?.push(store.add(claims.jti, expiresAt, now));
    }
    return answers;
  }

  test("by no more than the tolerance, every proof is new once and then seen", () => {
    let again = 0;
    fc.assert(
      fc.property(
        proofs,
        sendings,
        fc.array(seconds(15), { minLength: 4, maxLength: 4 }),
        (iats, sent, offsets) => {
          for (const [first, ...others] of play(iats, sent, offsets, 15)) {
            if (first !== undefined) expect(first).toBe("new");
            for (const other of others) expect(other).toBe("seen");
            again += others.length;
          }
        },
      ),
      runs(1000),
    );
    expect(again).toBeGreaterThan(100);
  });

  test("by anything at all, no proof is new twice", () => {
    let full = 0;
    fc.assert(
      fc.property(
        proofs,
        sendings,
        fc.array(seconds(200), { minLength: 4, maxLength: 4 }),
        fc.nat(30),
        (iats, sent, offsets, tolerance) => {
          for (const answers of play(iats, sent, offsets, tolerance)) {
            expect(answers.filter((answer) => answer === "new").length).toBeLessThan(2);
            full += answers.filter((answer) => answer === "full").length;
          }
        },
      ),
      runs(1000),
    );
    expect(full).toBeGreaterThan(0); // it was put to the test
  });

  test("the expiry is a whole second, past the last in which the proof could be accepted and the tolerance", () => {
    fc.assert(
      fc.property(seconds(1e8), seconds(1000), (limit, tolerance) => {
        const expiry = replayExpiry(limit, tolerance);
        expect(Number.isInteger(expiry)).toBe(true);
        expect(expiry - (limit + tolerance)).toBeGreaterThanOrEqual(1);
        expect(expiry - (limit + tolerance)).toBeLessThanOrEqual(2); // it is rounded
      }),
      runs(1000),
    );
  });
});
