// On Node 20 a process can stand still for ever: where a garbage collection runs while a KeyObject of
// generateKeyPairSync is exported as a JWK, the main thread waits for itself, and no timer fires any more.
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./support/build.js";

const DEADLINE = 240_000; // milliseconds; it takes a tenth of that

/** What the program printed; where it did not end, the signal that ended it. */
function run(program: string, flags: readonly string[]): Promise<string> {
  const env = { ...process.env, TSX_TSCONFIG_PATH: "test/tsconfig.json" };
  const options = { cwd: ROOT, env, timeout: DEADLINE, killSignal: "SIGKILL" } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, [...flags, "--import", "tsx", program], options, (error, stdout) => {
      resolve(error === null ? stdout.trim() : String(error.signal ?? error.message));
    });
  });
}

test(
  "a garbage collection at any moment: 30,000 keys and signers of KeyObjects are made",
  { timeout: DEADLINE + 10_000 },
  async () => {
    // So little room for what is young makes it collect all the time.
    const printed = await run("test/support/many-keys.ts", ["--max-semi-space-size=1"]);
    expect(printed).toBe("30000");
  },
);

/** What makes keys or exports them, and the files that do so with care. */
const RISKS: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /\bgenerateKeyPairSync\(/,
    [
      "src/node.ts",
      "src/node/crypto.d.ts",
      "test/support/key-pair.ts",
      "test/support/many-keys.ts",
    ],
  ],
  [/\.export\(\s*\{\s*format:\s*["']jwk["']/, ["src/node.ts", "test/support/key-pair.ts"]],
];

async function sources(): Promise<readonly string[]> {
  const folders = ["src", "test", "bench", "examples"];
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
