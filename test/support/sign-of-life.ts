// In every worker, before a file of tests: says which file it is, and shows that the event loop turns. The
// other half is watchdog.ts.
import { rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { expect, inject } from "vitest";

const EVERY = 1000; // milliseconds

const sign = join(inject("signsOfLife"), String(process.pid));
writeFileSync(sign, expect.getState().testPath ?? "an unknown file");

// Once in a worker, which has several files where they are not isolated. The real timers, whatever a test puts in their
// place later.
const worker = globalThis as { dpopSignOfLife?: NodeJS.Timeout };
if (worker.dpopSignOfLife === undefined) {
  worker.dpopSignOfLife = setInterval(() => {
    const now = new Date();
    utimesSync(sign, now, now);
  }, EVERY).unref();
  process.on("exit", () => rmSync(sign, { force: true }));
}
