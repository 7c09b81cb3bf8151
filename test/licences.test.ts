// The licences of what is bundled: their notices ship with it, and what is bundled is what is locked.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { buildPackage, type BuiltPackage, objectOf, readJson, ROOT } from "./support/build.js";

const BUNDLED = ["@noble/curves", "@noble/hashes"];

describe.each(BUNDLED)("%s", (name) => {
  const folder = join(ROOT, "node_modules", name);

  test("is installed in the version that is locked", async () => {
    expect((await readJson(join(folder, "package.json")))["version"]).toBe(await locked(name));
  });

  test("has its whole notice under its version in THIRD-PARTY-LICENSES", async () => {
    const notices = await readFile(join(ROOT, "THIRD-PARTY-LICENSES"), "utf8");
    const licence = await readFile(join(folder, "LICENSE"), "utf8");
    expect(licence).toContain("Copyright (c)");
    // The heading and the text as one: both texts are the same today, and each package needs its own.
    expect(notices).toContain(`\n${name} ${await locked(name)}\n\n${licence.trimEnd()}\n`);
  });
});

describe("the build", () => {
  let built: BuiltPackage;
  beforeAll(async () => {
    built = await buildPackage({ metafile: true });
    return () => built.remove();
  }, 30_000);

  test.each(["esm", "cjs"])(
    "bundles only our sources and those packages, as %s",
    async (format) => {
      const metafile = await readJson(join(built.dist, `metafile-${format}.json`));
      const inputs = Object.keys(objectOf(metafile["inputs"]));
      expect(new Set(inputs.map(originOf))).toEqual(new Set(["src", ...BUNDLED]));
    },
  );
});

test("a second copy of a package is not taken for the locked one", () => {
  const nested = "node_modules/@noble/curves/node_modules/@noble/hashes/sha2.js";
  expect(originOf(nested)).toBe(nested);
  expect(originOf("../elsewhere/node_modules/@noble/hashes/sha2.js")).not.toBe("@noble/hashes");
});

/** The version that package-lock.json locks. */
async function locked(name: string): Promise<unknown> {
  const { packages } = await readJson(join(ROOT, "package-lock.json"));
  return objectOf(objectOf(packages)[`node_modules/${name}`])["version"];
}

/** `src` or the bundled package that an input of the build belongs to; the whole path where it is neither. */
function originOf(input: string): string {
  const known = ["src", ...BUNDLED].find((origin) => {
    const folder = origin === "src" ? "src/" : `node_modules/${origin}/`;
    return input.startsWith(folder) && !input.slice(folder.length).includes("node_modules/");
  });
  return known ?? input;
}
