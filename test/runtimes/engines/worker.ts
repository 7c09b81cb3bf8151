// The worker that runs the suite, and the modules that go with it, for workerd however it is
// started. While modules load, workerd gives neither time nor random bytes nor WebCrypto, so the
// suite runs in a request.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DIST } from "./places.js";

/** Not later than what the workerd of miniflare knows. */
export const COMPATIBILITY_DATE = "2026-01-01";

export interface WorkerModule {
  readonly name: string;
  readonly text: string;
}

const WORKER = `import { run } from "./suite.run.js";
export default {
  async fetch() {
    try {
      return new Response(await run());
    } catch (error) {
      return new Response(String(error) + " " + String(error && error.stack), { status: 500 });
    }
  },
};
`;

/** The worker first. All files but those that need node:crypto. */
export function workerModules(): readonly WorkerModule[] {
  const published = readdirSync(join(DIST, "dpop-core"))
    .filter((name) => name.endsWith(".js") && name !== "node-crypto.js")
    .map((name) => `dpop-core/${name}`);
  const files = ["suite.run.js", ...published];
  return [
    { name: "worker.js", text: WORKER },
    ...files.map((name) => ({ name, text: readFileSync(join(DIST, name), "utf8") })),
  ];
}
