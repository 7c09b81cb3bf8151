// npx tsx --tsconfig test/tsconfig.json test/vectors/make.ts: writes the vectors anew.
import { writeFile } from "node:fs/promises";
import { fileOf, makeVectors, textOf } from "./files.js";

for (const [name, vectors] of Object.entries(await makeVectors())) {
  await writeFile(fileOf(name), await textOf(vectors));
  console.log(`${name}: ${vectors.length} vectors`);
}
