// The package's own name means its sources here, as it does in tsconfig.json; check:package tries the built package.
import { fileURLToPath } from "node:url";
import { defineConfig, mergeConfig, type ViteUserConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`../src/${path}`, import.meta.url));

/** Every test, in one project. */
export const everyTest: ViteUserConfig = defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  resolve: {
    alias: [
      { find: /^dpop-core$/, replacement: source("index.ts") },
      { find: /^dpop-core\/([\w-]+)$/, replacement: source("$1.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    // What nested packages install; and npm run test:adapters and test:interop, which install what these need.
    exclude: ["**/node_modules/**", "test/adapters/**", "test/interop/**"],
    testTimeout: 60_000,
    maxWorkers: "100%", // all processors: by default one is left idle, of two that is half
    // A worker that stands still is ended from outside, and the run fails: watchdog.ts.
    pool: "forks",
    globalSetup: [fileURLToPath(new URL("support/watchdog.ts", import.meta.url))],
    setupFiles: [fileURLToPath(new URL("support/sign-of-life.ts", import.meta.url))],
  },
});

/** They measure time or memory, which depends on what ran before in the same process: each file has one of its own. */
const MEASURING = [
  "test/access-tokens/memory.test.ts",
  "test/cache.test.ts",
  "test/cache-room.test.ts",
  "test/client/challenge.test.ts",
  "test/costs.test.ts",
  "test/explain/agreement.test.ts",
  "test/hostile-input.test.ts",
  "test/memory-store.test.ts",
  "test/slots.test.ts",
  "test/stopwatch.test.ts",
];

function project(name: string, test: ViteUserConfig["test"]): ViteUserConfig {
  return mergeConfig(everyTest, { test: { name, ...test } });
}

/** The other files of a worker share their modules: to load them for each file would take a fifth of the time. */
export default defineConfig({
  test: {
    maxWorkers: "100%",
    projects: [
      project("shared", { isolate: false, exclude: MEASURING }),
      { ...everyTest, test: { ...everyTest.test, name: "measuring", include: MEASURING } },
    ],
  },
});
