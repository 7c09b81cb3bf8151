// npm run docs:write: writes the code of the examples into the pages that show them, and the tables that are made from
// the code. Tables of what is measured are written by `npm run sizes` and `npm run test:runtimes`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../support/build.js";
import { PAGES, readText, written } from "./pages.js";

for (const page of PAGES) {
  const text = readText(page);
  const due = await written(text);
  if (due === text) continue;
  writeFileSync(join(ROOT, page), due);
  console.log(`wrote ${page}`);
}
