// Properties of the memory replay store: a plain Map is its model while the clock goes forward, and no clock that is off
// makes it answer "new" twice for a proof that can still be accepted.
import { createMemoryReplayStore } from "dpop-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkIat } from "../../src/proof/check.js";
import { replayExpiry } from "../../src/verify/replay.js";
import { runs } from "../support/arbitraries.js";

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
          const store = createMemoryReplayStore({ maxEntries });
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
    const store = createMemoryReplayStore();
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
