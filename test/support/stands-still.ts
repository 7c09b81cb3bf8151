// For standstill.test.ts: a test whose event loop never turns again, as in Node 20's deadlock. Its timeout, a
// second, can't end it.
import { test } from "vitest";

test("stands still", () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
