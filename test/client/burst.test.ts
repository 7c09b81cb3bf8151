// Bursts (RFC 9449 sections 8 and 9): who goes first at a server that wants nonces, and whom the others wait for.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createTurns, type Turns } from "../../src/client/burst.js";

const A = "https://a.example";
const known = (): boolean => true;
const unknown = (): boolean => false;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A request, whose turn may not have come yet. */
interface Call {
  isOff: boolean;
  end: (isAnswered: boolean) => void;
}

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

async function begin(turns: Turns, server: string, hasNonce = known): Promise<Call> {
  const call: Call = { isOff: false, end: () => expect.unreachable() };
  void turns.wait(server, hasNonce).then((end) => Object.assign(call, { isOff: true, end }));
  await settled();
  return call;
}

async function see(turns: Turns, server: string, hasNonce = known): Promise<void> {
  (await begin(turns, server, hasNonce)).end(true);
}

/** Whether a second request waits for a first one. Both fail, so that nothing is learned. */
async function isQueued(turns: Turns, server: string, hasNonce = known): Promise<boolean> {
  const first = await begin(turns, server, hasNonce);
  const second = await begin(turns, server, hasNonce);
  const { isOff } = second;
  first.end(false);
  await settled();
  second.end(false);
  return !isOff;
}

const later = (seconds: number): unknown => vi.setSystemTime(Date.now() + seconds * 1000);

describe("one goes first", () => {
  test("where the nonce is of a session before, but not where it was seen to be good", async () => {
    const turns = createTurns();
    expect(await isQueued(turns, A)).toBe(true);
    await see(turns, A);
    expect(await isQueued(turns, A)).toBe(false);
    expect(await isQueued(turns, "https://b.example")).toBe(true);
  });

  test("after a minute without an answer, to the second", async () => {
    const turns = createTurns();
    await see(turns, A);
    later(59);
    expect(await isQueued(turns, A)).toBe(false);
    later(1);
    expect(await isQueued(turns, A)).toBe(true);
  });

  test("where a server that wanted nonces has none any more", async () => {
    const turns = createTurns();
    expect(await isQueued(turns, A, unknown)).toBe(false);
    await see(turns, A, unknown); // it wants none
    expect(await isQueued(turns, A, unknown)).toBe(false);
    await see(turns, A);
    expect(await isQueued(turns, A, unknown)).toBe(true);
  });

  test("an answer without a nonce counts where there was one before", async () => {
    const turns = createTurns();
    await see(turns, A);
    later(59);
    await see(turns, A, unknown);
    later(2);
    expect(await isQueued(turns, A)).toBe(false);
  });

  test("a request that failed says nothing of the nonce", async () => {
    const turns = createTurns();
    (await begin(turns, A)).end(false);
    expect(await isQueued(turns, A)).toBe(true);
  });
});

describe("256 servers are remembered", () => {
  const serverOf = (i: number): string => `https://${i}.example`;

  test("and the one that was seen longest ago is forgotten", async () => {
    const turns = createTurns();
    for (let i = 0; i < 256; i++) await see(turns, serverOf(i));
    expect(await isQueued(turns, serverOf(1))).toBe(false);
    await see(turns, serverOf(0)); // again: now 1 was seen longest ago
    expect(await isQueued(turns, serverOf(1))).toBe(false);
    await see(turns, serverOf(256));
    expect(await isQueued(turns, serverOf(1))).toBe(true);
    for (const i of [0, 2, 255, 256]) expect(await isQueued(turns, serverOf(i))).toBe(false);
  });
});

describe("those who wait are let go by the one that went first, and by no other", () => {
  test("not by one that was on its way before", async () => {
    const turns = createTurns();
    await see(turns, A);
    const early = await begin(turns, A);
    later(60);
    const first = await begin(turns, A);
    early.end(false);
    const waiting = await begin(turns, A);
    expect([first.isOff, waiting.isOff]).toEqual([true, false]);
    first.end(true);
    await settled();
    expect(waiting.isOff).toBe(true);
  });

  test("not by one that has waited itself", async () => {
    const turns = createTurns();
    const first = await begin(turns, A);
    const waited = await begin(turns, A);
    first.end(false);
    await settled();
    const next = await begin(turns, A);
    waited.end(false);
    const waiting = await begin(turns, A);
    expect([waited.isOff, next.isOff, waiting.isOff]).toEqual([true, true, false]);
  });

  test("not by one that went first before, whose attempts have come to their end", async () => {
    const turns = createTurns();
    const before = await begin(turns, A);
    before.end(true); // its first attempt was answered
    later(60);
    const first = await begin(turns, A);
    before.end(false);
    const waiting = await begin(turns, A);
    expect([first.isOff, waiting.isOff]).toEqual([true, false]);
  });

  test("nor for longer than 5 seconds", async () => {
    const turns = createTurns();
    await begin(turns, A);
    const waiting = await begin(turns, A);
    await vi.advanceTimersByTimeAsync(4999);
    expect(waiting.isOff).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(waiting.isOff).toBe(true);
  });
});
