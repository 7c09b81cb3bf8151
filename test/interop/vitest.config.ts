// The tests of one peer, which index.ts has started. As in ../vitest.config.ts, the package's own name means its sources.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string =>
  fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
const sdk = fileURLToPath(
  new URL("node_modules/@modelcontextprotocol/sdk/dist/esm/", import.meta.url),
);

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  resolve: {
    alias: [
      { find: /^dpop-core$/, replacement: source("index.ts") },
      { find: /^dpop-core\/([\w-]+)$/, replacement: source("$1.ts") },
      // For the examples, which are in no folder above this one; the same is in tsconfig.json.
      { find: /^@modelcontextprotocol\/sdk\//, replacement: sdk },
    ],
  },
  test: {
    include: ["./*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false, // a peer's files share its server, and Spring's counts the proofs that it remembers
  },
});
