// The tests that judge mutants: those of ../vitest.config.ts, without what can't see one, the cheap ones first.
import { fileURLToPath } from "node:url";
import { defineConfig, mergeConfig } from "vitest/config";
import { BaseSequencer, type Reporter, type TestSpecification, type Vitest } from "vitest/node";
import { everyTest as main } from "../vitest.config.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The last to run: the first test that fails ends the run for a mutant. */
const LAST = [
  "webcrypto",
  "hostile-input",
  "properties/verify",
  "properties/signatures",
  "vectors",
  "backends",
];

class CheapFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number =>
      LAST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
    return Promise.resolve(
      files.toSorted((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1)),
    );
  }
}

/** A test file that no longer loads has noticed the mutant: Stryker sees only what tests say. */
class FilesThatFail implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestModuleEnd: NonNullable<Reporter["onTestModuleEnd"]> = (module) => {
    // As an Error: Stryker makes a text of it, and what came from the worker has no method toString.
    for (const { message } of module.errors())
      this.#vitest?.state.catchError(new Error(message), "Test file");
  };
}

/** By --tests, in place of those of the other configuration: mergeConfig would add them to these. */
const chosen = JSON.parse(process.env["MUTATION_TESTS"] ?? "[]") as readonly string[]; // by stryker.ts
const all = main.test?.include ?? [];

export default mergeConfig(
  { ...main, test: { ...main.test, include: [] } },
  defineConfig({
    test: {
      include: chosen.length === 0 ? [...all] : [...chosen],
      exclude: [
        // They read or build the sources, or run them in another process, where no mutant can be switched on.
        "test/{architecture,bundle,demo,docstrings,examples,language,licences,portability,proportions,readme,standstill,workflow}.test.ts",
        "test/rfc9449/checklist.test.ts",
        "test/fuzz/**",
        // It compares times, which code that is made to be mutated changes.
        "test/costs.test.ts",
        // dpop-core/fast by itself.
        "test/fast/**",
        "test/wasm/**",
      ],
      env: { QUICK: "1" },
      setupFiles: [here("setup.ts")],
      sequence: { sequencer: CheapFirst },
      reporters: [new FilesThatFail()],
    },
  }),
);
