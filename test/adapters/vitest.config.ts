// The tests of the adapters. As in ../vitest.config.ts, the package's own name means its sources.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string =>
  fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  resolve: {
    alias: [
      { find: /^dpop-core$/, replacement: source("index.ts") },
      { find: /^dpop-core\/([\w-]+)$/, replacement: source("$1.ts") },
    ],
  },
  test: {
    include: ["./*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
