// npm run test:vectors -- FOLDER, or with DPOP_VECTORS=FOLDER: raw signature vectors that others
// made, in FOLDER/raw-signatures.json, through the JWK reader and the noble backend.
// Last line: `test:vectors: N passed, N failed`. A folder that is not there is a failure.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { noble, type SyncAlg, verifyProof } from "dpop-core";
import { objectArgument, stringArgument } from "../src/bytes/argument.js";
import { type PublicJwk, readPublicJwk } from "../src/jose/jwk.js";
import { b64, NOW, TOKEN_URL } from "./support/mint.js";

/** A key and what it is said to have signed. */
interface Group {
  readonly source: string;
  readonly runners: readonly Runner[];
  readonly jwk: unknown;
  readonly tests: readonly SignatureTest[];
}

interface SignatureTest {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly msg: Uint8Array;
  readonly sig: Uint8Array;
  readonly result: "valid" | "invalid";
}

type Answer = "valid" | "invalid" | "unsupported";

/** How the vectors of one label are run. */
interface Runner {
  readonly label: string;
  /** What should come of a test. */
  expected(test: SignatureTest): Answer;
  /** What comes of it: an answer, or what else happened. */
  answer(jwk: unknown, test: SignatureTest): string;
}

/** How often each right answer was given, and how often another one. */
type Tally = Record<Answer | "wrong", number>;

// The file: unknown JSON to groups. Every error says where.

function readGroups(value: unknown): readonly Group[] {
  return list(value, "the file").map((one, i) => {
    const group = objectArgument(one, `[${i}]`);
    return {
      source: stringArgument(group["source"], `[${i}].source`),
      runners: runnersOf(stringArgument(group["alg"], `[${i}].alg`)),
      jwk: objectArgument(group["jwk"], `[${i}].jwk`),
      tests: list(group["tests"], `[${i}].tests`).map((test, j) =>
        readTest(test, `[${i}].tests[${j}]`),
      ),
    };
  });
}

function readTest(value: unknown, path: string): SignatureTest {
  const { tcId, comment, flags, msg, sig, result } = objectArgument(value, path);
  if (typeof tcId !== "number") throw new TypeError(`${path}.tcId must be a number`);
  if (result !== "valid" && result !== "invalid")
    throw new TypeError(`${path}.result must be valid or invalid`);
  return {
    tcId,
    comment: stringArgument(comment, `${path}.comment`),
    flags: list(flags, `${path}.flags`).map((flag) => stringArgument(flag, `${path}.flags`)),
    msg: hexBytes(msg, `${path}.msg`),
    sig: hexBytes(sig, `${path}.sig`),
    result,
  };
}

function list(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`${path} must be a list`);
  return value;
}

/** Buffer.from alone would stop at the first character that is no digit. */
function hexBytes(value: unknown, path: string): Uint8Array {
  const hex = stringArgument(value, path);
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex)) throw new TypeError(`${path} must be hexadecimal`);
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

// What is run.

function runnersOf(alg: string): readonly Runner[] {
  switch (alg) {
    case "ES256":
      return [verifies(noble.ES256)];
    case "ES384":
      return [verifies(noble.ES384)];
    case "ES512":
      return [verifies(noble.ES512)];
    case "EdDSA":
      return [verifies(noble.EdDSA), verifies(noble.Ed25519)]; // RFC 9864: two labels of it
    case "ES256K":
      return [refuses(alg)];
    default:
      throw new TypeError(`${alg} is an algorithm that nothing is known of here`);
  }
}

function verifies(alg: SyncAlg): Runner {
  return {
    label: alg.alg,
    expected: ({ result }) => result,
    answer(jwk, { msg, sig }) {
      const read = readPublicJwk(jwk, alg);
      const key = typeof read === "string" ? null : alg.importKey(read);
      if (key === null) return "invalid";
      // Twice with one key: what a key may keep from its first use must not change the second.
      const answers: readonly unknown[] = [key.verify(sig, msg), key.verify(sig, msg)];
      if (answers.every((one) => one === true)) return "valid";
      if (answers.every((one) => one === false)) return "invalid";
      return answers.join(", then ");
    },
  };
}

/** A label that we do not have: a proof under it is refused for that, and its key by the reader. */
function refuses(label: string): Runner {
  const { ES256, ES384, ES512, EdDSA, Ed25519 } = noble;
  const algs = [ES256, ES384, ES512, EdDSA, Ed25519];
  const isRefused = (read: PublicJwk | string): boolean => typeof read === "string";
  return {
    label,
    expected: () => "unsupported",
    answer(jwk, { sig }) {
      const header = JSON.stringify({ typ: "dpop+jwt", alg: label, jwk });
      const claims = JSON.stringify({ jti: "a", htm: "POST", htu: TOKEN_URL, iat: NOW });
      const signature = sig.length === 0 ? new Uint8Array(64) : sig; // an empty segment is no JWS
      const proof = `${b64(header)}.${b64(claims)}.${b64(signature)}`;
      const result = verifyProof(proof, { method: "POST", url: TOKEN_URL, now: NOW }, { algs });
      if (result.ok) return "accepted";
      if (result.code !== "alg_unsupported") return result.code;
      const { kty, crv } = objectArgument(jwk, "jwk");
      const use = { alg: label, kty: String(kty), crv: String(crv) };
      const keyIsRefused = isRefused(readPublicJwk(jwk)) && isRefused(readPublicJwk(jwk, use));
      return keyIsRefused ? "unsupported" : "unsupported, but its key was read";
    },
  };
}

// The counts.

/** A backend that throws is broken, which is neither of the answers. */
function answerOf(runner: Runner, jwk: unknown, test: SignatureTest): string {
  try {
    return runner.answer(jwk, test);
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

function count(tally: Tally, group: Group, runner: Runner, test: SignatureTest): void {
  const expected = runner.expected(test);
  const answer = answerOf(runner, group.jwk, test);
  if (answer === expected) {
    tally[expected]++;
    return;
  }
  tally.wrong++;
  const about = [test.comment, ...test.flags].join("; ");
  const where = `${runner.label} ${group.source} tcId ${test.tcId} (${about})`;
  console.log(`WRONG ${where}: expected ${expected}, answered ${answer}`);
}

function tallyAll(groups: readonly Group[]): ReadonlyMap<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const group of groups) {
    for (const runner of group.runners) {
      const tally = tallies.get(runner.label) ?? { valid: 0, invalid: 0, unsupported: 0, wrong: 0 };
      tallies.set(runner.label, tally);
      for (const test of group.tests) count(tally, group, runner, test);
    }
  }
  return tallies;
}

async function main(): Promise<{ readonly passed: number; readonly failed: number }> {
  const folder = process.argv[2] || process.env["DPOP_VECTORS"];
  if (!folder) throw new Error("no folder was given: npm run test:vectors -- FOLDER");
  const file = join(folder, "raw-signatures.json");
  const content: unknown = JSON.parse(await readFile(file, "utf8"));
  let passed = 0;
  let failed = 0;
  for (const [label, { valid, invalid, unsupported, wrong }] of tallyAll(readGroups(content))) {
    const right =
      unsupported > 0
        ? `${unsupported} unsupported`
        : `${valid} valid accepted, ${invalid} invalid refused`;
    console.log(`${label}: ${right}, ${wrong} wrong`);
    passed += valid + invalid + unsupported;
    failed += wrong;
  }
  if (passed + failed === 0) throw new Error("the file holds no vectors");
  return { passed, failed };
}

const { passed, failed } = await main().catch((error: unknown) => {
  console.log(error instanceof Error ? error.message : String(error));
  return { passed: 0, failed: 1 };
});
console.log(`test:vectors: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
