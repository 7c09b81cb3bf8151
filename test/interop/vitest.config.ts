// The tests of one peer, which index.ts has started. As in ../vitest.config.ts, the package's own name means its sources.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string =>
  fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
const HERE = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root: HERE,
  resolve: {
    alias: [
      { find: /^dpop-core$/, replacement: source("index.ts") },
      { find: /^dpop-core\/([\w-]+)$/, replacement: source("$1.ts") },
    ],
  },
  plugins: [
    {
      name: "the packages of this folder, for the examples",
      enforce: "pre",
      resolveId(name, importer) {
        const isExample = /\/examples\/(?:clients|mcp)\//.test(importer ?? "");
        if (!isExample || !/^[@a-z]/.test(name) || /^(?:node:|dpop-core)/.test(name)) return null;
        return this.resolve(name, `${HERE}index.ts`, { skipSelf: true });
      },
    },
  ],
  test: {
    include: ["./*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false, // a peer's files share its server, and Spring's counts the proofs that it remembers
  },
});
