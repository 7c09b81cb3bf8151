// On Node 20 a process can stand still for ever: where a garbage collection runs while a KeyObject of
// generateKeyPairSync is exported as a JWK, the main thread waits for itself, and no timer fires any more.
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./support/build.js";

const DEADLINE = 240_000; // milliseconds; it takes a tenth of that

interface Ended {
  /** null where the deadline ended it. */
  readonly code: number | null;
  /** What it printed, errors last. */
  readonly printed: string;
}

function run(args: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const env = { ...process.env, TSX_TSCONFIG_PATH: "test/tsconfig.json", ...variables };
  const options = { cwd: ROOT, env, timeout: DEADLINE, killSignal: "SIGKILL" } as const;
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, printed: stdout + stderr });
    });
  });
}

test(
  "a garbage collection at any moment: 30,000 keys and signers of KeyObjects are made",
  { timeout: DEADLINE + 10_000 },
  async () => {
    // So little room for what is young makes it collect all the time.
    const flags = ["--max-semi-space-size=1", "--import", "tsx"];
    const ended = await run([...flags, "test/support/many-keys.ts"]);
    expect(ended).toEqual({ code: 0, printed: "30000\n" });
  },
);

test(
  "a worker that stands still is killed from outside, its file is named, and the run fails",
  { timeout: DEADLINE + 10_000 },
  async () => {
    const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config"];
    const ended = await run([...vitest, "test/support/stands-still.config.ts"], {
      DPOP_TEST_SILENCE: "5000",
    });
    expect(ended.code).toBe(1);
    expect(ended.printed).toMatch(/test\/support\/stands-still\.ts: its worker was killed/);
  },
);

/** What makes keys or exports them, and the files that do so with care. */
const RISKS: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /\bgenerateKeyPairSync\(/,
    [
      "src/node-crypto/crypto.d.ts",
      "src/node-crypto/signer.ts",
      "test/support/key-pair.ts",
      "test/support/many-keys.ts",
    ],
  ],
  [
    /\.export\(\s*\{\s*format:\s*["']jwk["']/,
    ["src/cli/base/key.ts", "src/node-crypto/signer.ts", "test/support/key-pair.ts"],
  ],
];

async function sources(): Promise<readonly string[]> {
  const folders = ["src", "test", "bench", "examples", "docs"];
  const found = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(ROOT, folder), { recursive: true })).map((file) => `${folder}/${file}`),
    ),
  );
  const isSource = /^(?!.*\/(?:node_modules|dist)\/).*\.(?:[cm]?[jt]s|md)$/;
  return ["README.md", ...found.flat().filter((file) => isSource.test(file))];
}

test("nothing else in the repository makes a KeyObject or exports one as a JWK", async () => {
  const files = await sources();
  const texts = await Promise.all(files.map((file) => readFile(join(ROOT, file), "utf8")));
  for (const [risk, careful] of RISKS) {
    const found = files.filter((_, index) => risk.test(texts[index] ?? ""));
    expect(found.toSorted()).toEqual(careful);
  }
});
