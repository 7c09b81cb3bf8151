// Two builds in two folders, in other surroundings, give the same bytes.
import { existsSync } from "node:fs";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { deepStrictEqual, notDeepStrictEqual } from "node:assert/strict";
import { ROOT } from "../support/build.js";
import { check, run } from "./check.js";
import { filesOf, homeIn, install, integrityOf, pack } from "./pack.js";

/** Another time zone, and a language with an alphabet of its own. */
const ELSEWHERE = { TZ: "Pacific/Kiritimati", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" };

export async function checkReproducible(
  folder: string,
  tarball: string,
  project: string,
): Promise<void> {
  const other = join(folder, "a folder of another name", "dpop");
  let second = "";
  await check("a copy elsewhere builds and packs", async () => {
    const usual = process.umask(0o077); // only its owner reads what is written
    try {
      await copyRepository(other);
      second = await pack(other, join(folder, "second"), { env: ELSEWHERE });
    } finally {
      process.umask(usual);
    }
  });
  if (second === "") return;
  await check("both builds hold the same files, byte for byte", async () => {
    const project2 = await install(join(folder, "second"), second);
    const [one, two] = [homeIn(project), homeIn(project2)];
    notDeepStrictEqual(one, two);
    const files = await filesOf(one);
    deepStrictEqual(await filesOf(two), files);
    const differing = await Promise.all(
      files.map(async (file) => {
        const [a, b] = await Promise.all([one, two].map((home) => readFile(join(home, file))));
        return a !== undefined && b?.equals(a) === true ? [] : [file];
      }),
    );
    deepStrictEqual(differing.flat(), []);
  });
  await check("both tarballs have the same integrity", async () => {
    deepStrictEqual(await integrityOf(second), await integrityOf(tarball));
  });
}

/** What git knows or would take up, and node_modules. */
async function copyRepository(target: string): Promise<void> {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  const listed = (await run("git", args, ROOT)).split("\0").filter((file) => file !== "");
  const present = listed.filter((file) => existsSync(join(ROOT, file)));
  const needed = present.filter((file) => !/^(bench|examples)\//.test(file));
  await Promise.all(
    needed.map((file) => cp(join(ROOT, file), join(target, file), { recursive: true })),
  );
  const modules = join(ROOT, "node_modules");
  await cp(modules, join(target, "node_modules"), { recursive: true, verbatimSymlinks: true });
}
