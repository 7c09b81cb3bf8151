// The SBOM against the schema of CycloneDX, package-lock.json and the code that the tarball holds.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { deepStrictEqual, ok, throws } from "node:assert/strict";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { buildPackage, objectOf, readJson, ROOT } from "../support/build.js";
import { check } from "./check.js";
import { filesOf, homeIn } from "./pack.js";
import { inputsOf, packagesOf, SBOM_FILE } from "./sbom.js";

export async function checkSbom(project: string): Promise<void> {
  const home = homeIn(project);
  const text = await readFile(join(home, SBOM_FILE), "utf8");
  const listed = componentsOf(text);

  await check("the SBOM is valid by the strict schema of CycloneDX 1.6", async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    deepStrictEqual(await validator.validate(text), null);
    const wrong = text.replace('"SHA-512"', '"SHA-0"');
    ok((await validator.validate(wrong)) !== null, "the validator takes anything");
  });
  await check("the SBOM has no time and no random id, and names this version", async () => {
    const { metadata, ...rest } = objectOf(JSON.parse(text));
    ok(!("serialNumber" in rest), "serialNumber");
    const { component, ...others } = objectOf(metadata);
    deepStrictEqual(others, {});
    const { name, version } = await readJson(join(home, "package.json"));
    deepStrictEqual(objectOf(component)["purl"], `pkg:npm/${String(name)}@${String(version)}`);
  });
  await check("its components are those of package-lock.json, to the hash", async () => {
    const { packages } = await readJson(join(ROOT, "package-lock.json"));
    for (const [name, component] of listed) {
      const { version, license, integrity } = objectOf(objectOf(packages)[`node_modules/${name}`]);
      deepStrictEqual(component["version"], version);
      deepStrictEqual(component["licenses"], [{ license: { id: license } }]);
      const purl = `pkg:npm/${name.replace("@", "%40")}@${String(version)}`;
      deepStrictEqual([component["purl"], component["bom-ref"]], [purl, purl]);
      const content = Buffer.from(String(integrity).slice("sha512-".length), "base64");
      deepStrictEqual(component["hashes"], [{ alg: "SHA-512", content: content.toString("hex") }]);
      deepStrictEqual(content.length, 64);
    }
  });
  await check("every bundled file is of a listed component, and every component is bundled", () =>
    checkBundled(new Set(listed.keys())),
  );
  await check("so say the origins that stand in the published files", async () => {
    const origins = await originsIn(home);
    ok(origins.length > 0, "no file says where its code is from");
    deepStrictEqual(packagesOf(origins), new Set(listed.keys()));
  });
  await check("code of another package, or of a second copy, is not taken for a listed one", () => {
    deepStrictEqual(packagesOf(["src/a.ts", "node_modules/b/c.js"]), new Set(["b"]));
    throws(() => packagesOf(["node_modules/@noble/curves/node_modules/@noble/hashes/sha2.js"]));
    throws(() => packagesOf(["../elsewhere/node_modules/@noble/hashes/sha2.js"]));
  });
}

/** By their full names. */
function componentsOf(sbom: string): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const { components } = objectOf(JSON.parse(sbom));
  if (!Array.isArray(components)) throw new TypeError("the SBOM has no list of components");
  return new Map(
    components.map((one: unknown) => {
      const component = objectOf(one);
      return [`${String(component["group"])}/${String(component["name"])}`, component];
    }),
  );
}

/** A build of its own, as the tests make it, and what the bundler says of it. */
async function checkBundled(listed: ReadonlySet<string>): Promise<void> {
  const built = await buildPackage({ metafile: true });
  try {
    for (const format of ["esm", "cjs"]) {
      const inputs = await inputsOf(join(built.dist, `metafile-${format}.json`));
      deepStrictEqual(packagesOf(inputs), listed, format);
    }
  } finally {
    await built.remove();
  }
}

/** The bundler leaves a comment with its path before the code of each file. */
async function originsIn(home: string): Promise<readonly string[]> {
  const files = (await filesOf(home)).filter((file) => /\.c?js$/.test(file));
  const texts = await Promise.all(files.map((file) => readFile(join(home, file), "utf8")));
  return texts
    .flatMap((text) => text.split("\n"))
    .filter((line) => /^\/\/ \S+\.[jt]s$/.test(line))
    .map((line) => line.slice("// ".length));
}
