// The package's own name means its sources here, as it does in tsconfig.json; check:package tries the built package.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`../src/${path}`, import.meta.url));

export default defineConfig({
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
