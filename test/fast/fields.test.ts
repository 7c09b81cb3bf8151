// The generated arithmetic is what its generator writes: nobody edited it by hand.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/build.js";
import { makeFields } from "./make-fields.js";

const FILES = await makeFields();

test("There are two fields.", () => {
  expect([...FILES.keys()]).toEqual([
    "src/fast/p256/field.generated.ts",
    "src/fast/ed25519/field.generated.ts",
  ]);
});

test.each([...FILES])("%s is what test/fast/make-fields.ts writes.", async (path, text) => {
  expect(await readFile(join(ROOT, path), "utf8")).toBe(text);
});
