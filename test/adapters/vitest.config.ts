// The tests of the adapters. As in ../vitest.config.ts, the package's own name means its sources.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const source = (path: string): string =>
  fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

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
      name: "the frameworks of this folder, for the examples",
      enforce: "pre",
      resolveId(name, importer) {
        const isExample = importer?.includes("/examples/frameworks/") === true;
        if (!isExample || !/^[@a-z]/.test(name) || /^(?:node:|dpop-core)/.test(name)) return null;
        return this.resolve(name, `${HERE}suite.test.ts`, { skipSelf: true });
      },
    },
  ],
  test: {
    include: ["./*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
