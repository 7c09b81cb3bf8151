// npm run check:package: packs the package and uses what would be published, as its users would.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../support/build.js";
import { checkBundlers } from "./bundlers.js";
import { check, endOfChecks } from "./check.js";
import { checkCommandLine } from "./command-line.js";
import { checkContents, checkTools } from "./contents.js";
import { checkDeno } from "./deno.js";
import { install, pack } from "./pack.js";
import { checkReproducible } from "./reproducible.js";
import { checkSbom } from "./sbom-check.js";
import { checkSizes } from "./sizes.js";
import { checkUse } from "./use.js";

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "dpop-core-"));
  try {
    let tarball = "";
    let project = "";
    await check("the package builds and packs", async () => {
      tarball = await pack(ROOT, join(folder, "first"));
    });
    if (tarball === "") return;
    await checkTools(tarball);
    await check("the tarball installs without a network", async () => {
      project = await install(folder, tarball);
    });
    if (project === "") return;
    await checkContents(project);
    await checkSbom(project);
    await checkReproducible(folder, tarball, project);
    await checkUse(project);
    await checkCommandLine(project);
    await checkBundlers(project);
    await checkDeno(project);
    await checkSizes(project);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
endOfChecks("check:package");
