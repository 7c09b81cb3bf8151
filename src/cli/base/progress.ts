// A line that says what a command waits for, where that takes longer than a second and a person reads along.
import type { Io } from "./io.js";

const SECOND = 1000;
const ERASE_LINE = "\r\u001b[2K";

/** Returns what `work` returns. `what` is shown with the seconds that have passed, and wiped away in the end. */
export async function withProgress<T>(
  { stderr, env }: Pick<Io, "stderr" | "env">,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  if (stderr.isTTY !== true || env["TERM"] === "dumb") return work();
  let seconds = 0;
  const timer = setInterval(() => {
    seconds++;
    stderr.write(`${ERASE_LINE}${what} (${seconds} s)`);
  }, SECOND);
  timer.unref(); // it must not keep the process
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (seconds > 0) stderr.write(ERASE_LINE);
  }
}
