// For standstill.test.ts: a run of one file, which never ends by itself.
import { defineConfig } from "vitest/config";
import { everyTest as config } from "../vitest.config.js";

export default defineConfig({
  ...config,
  test: { ...config.test, include: ["test/support/stands-still.ts"], testTimeout: 1000 },
});
