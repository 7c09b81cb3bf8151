// The stopwatch behind waits: whichever clock a platform has, and whatever is done to it meanwhile.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startStopwatch } from "../src/verify/stopwatch.js";

const TODAY = 1_800_000_000_000;

/** What the platform's monotonic clock says, in milliseconds. */
let monotonic = 0;

/** A monotonic clock that must be asked on its object, as those of platforms are. */
const PERFORMANCE = {
  now(): number {
    if (this !== PERFORMANCE) throw new TypeError("Illegal invocation");
    return monotonic;
  },
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: TODAY });
  monotonic = 5000;
  vi.stubGlobal("performance", PERFORMANCE);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Seconds that a stopwatch tells when its clocks have moved by so many milliseconds. */
function told(byMonotonic: number, byWall: number): number {
  const elapsed = startStopwatch();
  monotonic += byMonotonic;
  vi.setSystemTime(Date.now() + byWall);
  return elapsed();
}

describe("with a monotonic clock", () => {
  test.each([
    ["both clocks agree", 1500, 1500, 1.5],
    ["nothing was waited for", 0, 0, 0],
    ["the wall clock was set back by a minute meanwhile", 2000, -58_000, 2],
    ["the machine slept, and the monotonic clock with it", 10, 90_000, 90],
    ["both went back, which no clock does", -3, -4, 0],
  ])("%s", (_, byMonotonic, byWall, seconds) => {
    expect(told(byMonotonic, byWall)).toBe(seconds);
  });

  test("can be asked more than once", () => {
    const elapsed = startStopwatch();
    monotonic += 1000;
    expect(elapsed()).toBe(1);
    monotonic += 1000;
    expect(elapsed()).toBe(2);
  });
});

describe("without one, the wall clock decides", () => {
  test.each([
    ["no performance", undefined],
    ["performance null", null],
    ["no now", {}],
    ["now a number", { now: 5 }],
    ["now that tells no number", { now: () => "5" }],
    ["now that tells NaN", { now: () => Number.NaN }],
    ["now that tells infinity", { now: () => Number.POSITIVE_INFINITY }],
  ])("%s", (_, performance) => {
    vi.stubGlobal("performance", performance);
    expect(told(0, 2500)).toBe(2.5);
    expect(told(0, -2500)).toBe(0);
  });
});
