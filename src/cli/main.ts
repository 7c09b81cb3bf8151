#!/usr/bin/env node
// dpop-core: the program that npx and a shell start. It hands the process to run().
import type { Io } from "./base/io.js";
import { run } from "./program.js";

const ending = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => ending.abort());
}
// A reader that has enough, such as head, is no fault.
for (const output of [process.stdout, process.stderr]) {
  output.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

const io: Io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  clock: () => Date.now() / 1000,
  fetch: (url, init) => fetch(url, init),
  signal: ending.signal,
};

// A read from a terminal would keep the process.
ending.signal.addEventListener("abort", () => process.stdin.destroy());

// Not process.exit: what was written to a pipe would be lost.
process.exitCode = await run(io, process.argv.slice(2));
