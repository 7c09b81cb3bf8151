// npm run test:vectors -- FOLDER, or with DPOP_VECTORS=FOLDER: raw signature vectors that others
// made, in FOLDER/raw-signatures.json, through the JWK reader and every backend: with a new key for
// each vector, and with keys that have each of the tables that valid signatures earn them.
// Last line: `test:vectors: N passed, N failed`. A folder that is not there is a failure.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AsyncAlg, noble, verifyProof } from "dpop-core";
import { objectArgument, stringArgument } from "../src/input/argument.js";
import { type PublicJwk, readPublicJwk } from "../src/jose/jwk.js";
import type { Signed, Subject } from "./fuzz/case.js";
import { climb, importKey, ladders, type Staged, stagesOf } from "./fuzz/key-states.js";
import type { SyncKey } from "../src/jose/alg.js";
import type { Outcome } from "./fuzz/tally.js";
import { forged } from "./support/forged.js";
import {
  ALL_LABELS,
  CURVE_LABELS,
  type Label,
  type SyncImplementation,
} from "./support/implementation.js";
import { FAST, IMPLEMENTATIONS, NOBLE, WEBCRYPTO } from "./support/implementations.js";
import { b64, NOW, TOKEN_URL } from "./support/mint.js";

/** A key and what it is said to have signed. */
interface Group {
  readonly source: string;
  readonly alg: string;
  readonly jwk: Subject["jwk"];
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
  /** Takes up a group's key, which a valid signature may be known of. */
  start(
    jwk: Subject["jwk"],
    witness: Signed | undefined,
  ): (test: SignatureTest) => readonly Outcome[] | Promise<readonly Outcome[]>;
  /** Asks for all tests of all keys in groups of every size from 1 to 33, so that each stands in every place. */
  inGroups?(
    all: readonly GroupTest[],
  ): Iterable<{ readonly of: GroupTest; readonly outcome: Outcome }>;
}

/** A test, and its key's valid signature where there is one. */
interface GroupTest {
  readonly group: Group;
  readonly test: SignatureTest;
  readonly witness: Signed | undefined;
}

/** How often each right answer was given, and how often another one. */
type Tally = Record<Answer | "wrong", number>;

// The file: unknown JSON to groups. Every error says where.

function readGroups(value: unknown): readonly Group[] {
  return list(value, "the file").map((one, i) => {
    const group = objectArgument(one, `[${i}]`);
    return {
      source: stringArgument(group["source"], `[${i}].source`),
      alg: stringArgument(group["alg"], `[${i}].alg`),
      jwk: readMembers(group["jwk"], `[${i}].jwk`),
      tests: list(group["tests"], `[${i}].tests`).map((test, j) =>
        readTest(test, `[${i}].tests[${j}]`),
      ),
    };
  });
}

function readMembers(value: unknown, path: string): Subject["jwk"] {
  const members = Object.entries(objectArgument(value, path));
  return Object.fromEntries(
    members.map(([name, member]) => [name, stringArgument(member, `${path}.${name}`)]),
  );
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

/** Buffer.from itself would stop at the first character that is no digit. */
function hexBytes(value: unknown, path: string): Uint8Array {
  const hex = stringArgument(value, path);
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex)) throw new TypeError(`${path} must be hexadecimal`);
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

// What is run.

/** `example` is a key of this algorithm with a valid signature; undefined where no group has one. */
function runnersOf(alg: string, example: Subject | undefined): readonly Runner[] {
  if (alg === "EdDSA") return [verifies("EdDSA", example), verifies("Ed25519", example)]; // RFC 9864: two labels of it
  if (alg === "ES256K") return [refuses(alg)];
  const label = ALL_LABELS.find((one) => one === alg && one !== "Ed25519");
  if (label === undefined)
    throw new TypeError(`${alg} is an algorithm that nothing is known of here`);
  return [verifies(label, example)];
}

/** ES384 and ES512 of fast are noble's own. */
function syncImplementations(label: Label): readonly SyncImplementation[] {
  return IMPLEMENTATIONS.flatMap((one) => {
    if (!one.sync || !one.labels.includes(label)) return [];
    return one === FAST && one.algOf(label) === NOBLE.algOf(label) ? [] : [one];
  });
}

function verifies(label: Label, example: Subject | undefined): Runner {
  const staged = syncImplementations(label).map((one) =>
    example === undefined
      ? { name: one.name, alg: one.algOf(label), sizes: [] }
      : stagesOf(one, label, example),
  );
  const lanes = staged.find(({ name, alg }) => name === "wasm" && alg.verifyMany !== undefined);
  return {
    label,
    expected: ({ result }) => result,
    inGroups: (all) => (lanes === undefined ? [] : groupsOf(lanes, all)),
    start(jwk, witness) {
      const subject: Subject = { jwk, witness };
      const asks = staged.flatMap((one) => [coldOf(one, subject), hotOf(one, label, subject)]);
      const asksLater = webcryptoOf(WEBCRYPTO.algOf(label), jwk);
      return async ({ sig: signature, msg: data }) => {
        const now = asks.flatMap((ask) => ask({ signature, data }));
        return [...now, ...(await asksLater({ signature, data }))];
      };
    },
  };
}

/** The largest group: one more than a verifier makes. */
const MOST = 33;

/**
 * By dpop-core/wasm, with each of the tables in turn: a ring of all tests is read in groups of each size, one after
 * the other from each start, so that over all of them each test stands in every place. Counted once for a table.
 */
function* groupsOf(
  { name, alg, sizes }: Staged,
  all: readonly GroupTest[],
): Generator<{ readonly of: GroupTest; readonly outcome: Outcome }> {
  for (const tableSize of sizes) {
    const keys = new Map<string, SyncKey | null>();
    const items = all.flatMap((of) => {
      const { jwk } = of.group;
      const id = JSON.stringify(jwk);
      let key = keys.get(id);
      if (key === undefined) {
        const { witness } = of;
        key = witness
          ? climb(alg, tableSize, { jwk, witness }, witness)
          : importKey(alg, { jwk, witness });
        keys.set(id, key);
      }
      return key === null ? [] : [{ of, key, signature: of.test.sig, data: of.test.msg }];
    });
    const answers = items.map(() => new Set<string>());
    const ring = [...items, ...items.slice(0, MOST)];
    for (let size = 1; size <= MOST; size++) {
      for (let start = 0; start < items.length; start++) {
        const group = ring.slice(start, start + size);
        const verdicts = alg.verifyMany?.(group) ?? [];
        for (let i = 0; i < size; i++) {
          const verdict = verdicts[i];
          const text = verdict === true ? "valid" : verdict === false ? "invalid" : String(verdict);
          answers[(start + i) % items.length]?.add(text);
        }
      }
    }
    for (const [i, { of }] of items.entries()) {
      const answer = [...(answers[i] ?? [])].join(", then ");
      yield { of, outcome: { by: `${name}, table of ${tableSize} bytes, in groups`, answer } };
    }
  }
}

type Ask = (signed: Signed) => readonly Outcome[];

/** Twice with one key: what a key may keep from its first use must not change the second. */
function coldOf({ name, alg }: Staged, subject: Subject): Ask {
  return ({ signature, data }) => {
    const answer = answerOf(() => {
      const key = importKey(alg, subject);
      return key === null ? [false] : [key.verify(signature, data), key.verify(signature, data)];
    });
    return [{ by: `${name}, cold`, answer }];
  };
}

/**
 * With each table. A key that no valid signature is known of gets its tables by one that is valid for
 * a hash of our choice, which only fast lets us choose.
 */
function hotOf(staged: Staged, label: string, { jwk, witness }: Subject): Ask {
  const made = witness === undefined && staged.name === "fast" ? forged(label, jwk) : undefined;
  const subject = { jwk, witness: witness ?? made?.witness };
  const ask = ladders({ ...staged, alg: made?.alg ?? staged.alg }, subject);
  return (signed) =>
    ask(signed).map(({ by, answer }) => {
      if (answer === "accepted") return { by, answer: "valid" };
      return { by, answer: answer === "refused" || answer === "no key" ? "invalid" : answer };
    });
}

/** All the answers of a key as one; a backend that throws is broken. */
function answerOf(ask: () => readonly unknown[]): string {
  try {
    return summed(ask());
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

function summed(answers: readonly unknown[]): string {
  if (answers.every((one) => one === true)) return "valid";
  if (answers.every((one) => one === false)) return "invalid";
  return answers.join(", then ");
}

/** With a new key for each vector, twice, and with one key for all. */
function webcryptoOf(
  alg: AsyncAlg,
  jwk: Subject["jwk"],
): (signed: Signed) => Promise<readonly Outcome[]> {
  const read = readPublicJwk(jwk, alg);
  const imported = async (): ReturnType<AsyncAlg["importKey"]> =>
    typeof read === "string" ? null : alg.importKey(read);
  const kept = imported();
  return async ({ signature, data }) => {
    const [cold, used] = await Promise.all(
      [imported(), kept].map(async (importing) => {
        const key = await importing;
        if (key === null) return "invalid";
        return summed([await key.verify(signature, data), await key.verify(signature, data)]);
      }),
    ).catch((error: unknown) => [`threw ${String(error)}`, `threw ${String(error)}`]);
    return [
      { by: "webcrypto, cold", answer: cold ?? "" },
      { by: "webcrypto, used", answer: used ?? "" },
    ];
  };
}

/** A label that we do not have: a proof under it is refused for that, and its key by the reader. */
function refuses(label: string): Runner {
  const algs = CURVE_LABELS.map((known) => noble[known]);
  const isRefused = (read: PublicJwk | string): boolean => typeof read === "string";
  return {
    label,
    expected: () => "unsupported",
    start: (jwk) => (test) => [{ by: "every verifier", answer: answer(jwk, test) }],
  };

  function answer(jwk: Subject["jwk"], { sig }: SignatureTest): string {
    const header = JSON.stringify({ typ: "dpop+jwt", alg: label, jwk });
    const claims = JSON.stringify({ jti: "a", htm: "POST", htu: TOKEN_URL, iat: NOW });
    const signature = sig.length === 0 ? new Uint8Array(64) : sig; // an empty segment is no JWS
    const proof = `${b64(header)}.${b64(claims)}.${b64(signature)}`;
    const result = verifyProof(
      proof,
      { method: "POST", url: TOKEN_URL, now: NOW },
      { algs, replay: "none" },
    );
    if (result.ok) return "accepted";
    if (result.code !== "alg_unsupported") return result.code;
    const use = { alg: label, kty: jwk["kty"] ?? "", crv: jwk["crv"] };
    const keyIsRefused = isRefused(readPublicJwk(jwk)) && isRefused(readPublicJwk(jwk, use));
    return keyIsRefused ? "unsupported" : "unsupported, but its key was read";
  }
}

// The counts.

type Tallies = Map<string, Tally>;

function count(
  tallies: Tallies,
  { label, expected }: Runner,
  { source }: Group,
  test: SignatureTest,
  { by, answer }: Outcome,
): void {
  const name = `${label}, ${by}`;
  const tally = tallies.get(name) ?? { valid: 0, invalid: 0, unsupported: 0, wrong: 0 };
  tallies.set(name, tally);
  const due = expected(test);
  if (answer === due) {
    tally[due]++;
    return;
  }
  tally.wrong++;
  const about = [test.comment, ...test.flags].join("; ");
  console.log(
    `WRONG ${name}: ${source} tcId ${test.tcId} (${about}): expected ${due}, answered ${answer}`,
  );
}

const keyText = ({ alg, jwk }: Group): string => JSON.stringify([alg, jwk]);

/** A valid signature of every key that has one. */
function witnessesOf(groups: readonly Group[]): ReadonlyMap<string, Signed> {
  return new Map(
    groups.flatMap((group) =>
      group.tests
        .filter(({ result }) => result === "valid")
        .map(({ msg, sig }) => [keyText(group), { data: msg, signature: sig }] as const),
    ),
  );
}

async function tallyAll(groups: readonly Group[]): Promise<Tallies> {
  const tallies: Tallies = new Map();
  const witnesses = witnessesOf(groups);
  const witnessOf = (group: Group): Signed | undefined => witnesses.get(keyText(group));
  for (const alg of new Set(groups.map((group) => group.alg))) {
    const ours = groups.filter((group) => group.alg === alg);
    const example = ours.find((group) => witnessOf(group) !== undefined);
    const subject = example && { jwk: example.jwk, witness: witnessOf(example) };
    for (const runner of runnersOf(alg, subject)) {
      if (runner.inGroups !== undefined) {
        const all = ours.flatMap((group) =>
          group.tests.map((each) => ({ group, test: each, witness: witnessOf(group) })),
        );
        for (const { of, outcome } of runner.inGroups(all)) {
          count(tallies, runner, of.group, of.test, outcome);
        }
      }
      for (const group of ours) {
        const ask = runner.start(group.jwk, witnessOf(group));
        for (const test of group.tests) {
          for (const outcome of await ask(test)) count(tallies, runner, group, test, outcome);
        }
      }
    }
    const bare = new Set(ours.filter((group) => witnessOf(group) === undefined).map(keyText));
    if (bare.size > 0) {
      console.log(`${alg}: ${bare.size} keys have no valid signature, and no tables but with fast`);
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
  for (const [name, { valid, invalid, unsupported, wrong }] of await tallyAll(
    readGroups(content),
  )) {
    const right =
      unsupported > 0
        ? `${unsupported} unsupported`
        : `${valid} valid accepted, ${invalid} invalid refused`;
    console.log(`${name}: ${right}, ${wrong} wrong`);
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
