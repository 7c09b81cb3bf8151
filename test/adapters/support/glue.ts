// The lines that a user writes for DPoP, in one program: those that end with the mark, or stand between two of them.
import { readFileSync } from "node:fs";

/** Lines of a file of this folder. Throws for one of more than 100 characters, which counts for two. */
export function glueIn(file: string): number {
  const text = readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
  let count = 0;
  let isInside = false;
  for (const line of text.split("\n")) {
    if (line.endsWith("// glue: from here")) isInside = true;
    else if (line.endsWith("// glue: to here")) isInside = false;
    else if (isInside || line.endsWith("// glue")) {
      const code = line.replace(/ \/\/ glue$/, "");
      if (code.length > 100) throw new Error(`${file}: a line of ${code.length} characters`);
      count++;
    }
  }
  return count;
}

/** The same in every program: the verifier and the API of support/api.ts, and the import of the access tokens. */
export const commonGlue: number = glueIn("support/api.ts") + 1;
