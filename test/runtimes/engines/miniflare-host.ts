// The process that miniflare runs in: it starts a workerd that must end with it.
import { Miniflare } from "miniflare";
import { REPORT_MARK } from "./shell.js";
import { COMPATIBILITY_DATE, workerModules } from "./worker.js";

const miniflare = new Miniflare({
  modules: workerModules().map(({ name, text }) => ({
    type: "ESModule" as const,
    path: name,
    contents: text,
  })),
  compatibilityDate: COMPATIBILITY_DATE,
  cf: false, // or it would ask Cloudflare where we are
});
try {
  const response = await miniflare.dispatchFetch("http://127.0.0.1/");
  const text = await response.text();
  if (!response.ok) throw new Error(text.slice(0, 2_000));
  process.stdout.write(`${REPORT_MARK}${text}\n`);
} finally {
  await miniflare.dispose();
}
