// The generated arithmetic is what its generator writes: it was not edited by hand.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/build.js";
import { ED25519_FIELD, makeFields, P256_FIELD } from "./make-fields.js";

const FILES = await makeFields();

test("There are two fields.", () => {
  expect([...FILES.keys()]).toEqual([`src/fast/${P256_FIELD}`, `src/fast/${ED25519_FIELD}`]);
});

test.each([...FILES])("%s is what npm run generate writes.", async (path, text) => {
  expect(await readFile(join(ROOT, path), "utf8")).toBe(text);
});
