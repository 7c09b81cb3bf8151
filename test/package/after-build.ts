// The last step of `npm run build`: builds the command line, turns what `tsup --metafile` left in dist/ into the SBOM, which is published, and
// gives the files of the tarball their modes, which would follow the umask of the user who cloned the repository.
import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildCommandLine, ROOT } from "../support/build.js";
import { COMMAND_LINE, filesOf, TOP_FILES } from "./pack.js";
import { inputsOf, packagesOf, SBOM_FILE, sbomOf } from "./sbom.js";

const dist = join(ROOT, "dist");
const metafiles = ["esm", "cjs"].map((format) => join(dist, `metafile-${format}.json`));
const inputs = await Promise.all(metafiles.map(inputsOf));
await writeFile(join(ROOT, SBOM_FILE), await sbomOf(ROOT, packagesOf(inputs.flat())));
await Promise.all(metafiles.map((file) => rm(file)));
await buildCommandLine(dist);

const published = [...(await filesOf(dist)).map((file) => join("dist", file)), ...TOP_FILES];
const modeOf = (file: string): number => (file === COMMAND_LINE ? 0o755 : 0o644);
await Promise.all(published.map((file) => chmod(join(ROOT, file), modeOf(file))));
