// The SBOM of what is bundled, as CycloneDX 1.6: what the bundler says it took in, and package-lock.json, come in. No
// time and no random id: it is the same every time. The hash of a component is that of its tarball.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { objectOf, readJson } from "../support/build.js";

export const SBOM_FILE = "dist/sbom.cdx.json";

interface Component {
  readonly type: "library";
  readonly "bom-ref": string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly licenses: readonly [{ readonly license: { readonly id: string } }];
  readonly purl: string;
  readonly hashes?: readonly [{ readonly alg: "SHA-512"; readonly content: string }];
}

/** The packages of node_modules that files of a build come from; "src" is our own. Throws on any other place. */
export function packagesOf(inputs: readonly string[]): ReadonlySet<string> {
  const packages = new Set<string>();
  for (const input of inputs) {
    if (input.startsWith("src/")) continue;
    const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/@]+)\/(?!.*node_modules\/)/.exec(input) ?? [];
    if (name === undefined) throw new Error(`${input} is of no locked package at the top`);
    packages.add(name);
  }
  return packages;
}

/** The SBOM of a build with code of these packages. Throws where one is not locked, or installed in another version. */
export async function sbomOf(root: string, packages: ReadonlySet<string>): Promise<string> {
  const own = await readJson(join(root, "package.json"));
  const lock = objectOf((await readJson(join(root, "package-lock.json")))["packages"]);
  const ours = component(textOf(own, "name"), own);
  const bundled = await Promise.all(
    [...packages].toSorted().map(async (name) => {
      const locked = objectOf(lock[`node_modules/${name}`]);
      const installed = await readJson(join(root, "node_modules", name, "package.json"));
      if (installed["version"] !== locked["version"])
        throw new Error(`${name} is not installed in the version that is locked`);
      return {
        name,
        component: component(name, locked),
        needs: objectOf(locked["dependencies"] ?? {}),
      };
    }),
  );
  const refs = bundled.map((one) => one.component["bom-ref"]);
  const dependencies = bundled.map(({ component: { "bom-ref": ref }, needs }) => ({
    ref,
    dependsOn: bundled.filter(({ name }) => name in needs).map((one) => one.component["bom-ref"]),
  }));
  const sbom = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: ours },
    components: bundled.map((one) => one.component),
    dependencies: [{ ref: ours["bom-ref"], dependsOn: refs }, ...dependencies],
    // All that is bundled is in the list, so a name that is not there is not in the package.
    compositions: [{ aggregate: "complete", assemblies: [ours["bom-ref"]] }],
  };
  return `${JSON.stringify(sbom, null, 2)}\n`;
}

/** Facts of package.json or of an entry of package-lock.json; the hash is that of the package as it was published. */
function component(fullName: string, facts: Readonly<Record<string, unknown>>): Component {
  const version = textOf(facts, "version");
  const [name = "", group] = fullName.split("/").toReversed();
  const purl = `pkg:npm/${fullName.replace("@", "%40")}@${version}`;
  return {
    type: "library",
    "bom-ref": purl,
    ...(group === undefined ? {} : { group }),
    name,
    version,
    licenses: [{ license: { id: textOf(facts, "license") } }],
    purl,
    ...(facts["integrity"] === undefined ? {} : { hashes: hashesOf(textOf(facts, "integrity")) }),
  };
}

function hashesOf(integrity: string): NonNullable<Component["hashes"]> {
  const [, base64] = /^sha512-([A-Za-z0-9+/]{86}==)$/.exec(integrity) ?? [];
  if (base64 === undefined) throw new Error("package-lock.json has no single SHA-512 there");
  return [{ alg: "SHA-512", content: Buffer.from(base64, "base64").toString("hex") }];
}

function textOf(facts: Readonly<Record<string, unknown>>, name: string): string {
  const value = facts[name];
  if (typeof value !== "string") throw new TypeError(`${name} must be a string`);
  return value;
}

/** The files that a build has any code of; what was read and dropped is not in it. */
export async function inputsOf(metafile: string): Promise<readonly string[]> {
  const { outputs } = objectOf(JSON.parse(await readFile(metafile, "utf8")));
  return Object.values(objectOf(outputs)).flatMap((output) =>
    Object.entries(objectOf(objectOf(output)["inputs"]))
      .filter(([, input]) => objectOf(input)["bytesInOutput"] !== 0)
      .map(([path]) => path),
  );
}
