// The conformance suite of the built package, for any engine that has ECMAScript 2020: nothing
// enters, a JSON text of SuiteReport leaves. It imports the package and its own data, and touches no
// global of a platform but to see whether it is there.
import type { BackendName, BackendReport, SuiteReport } from "../engine.js";
import { firstVerify, warmVerify } from "./clock.js";
import {
  type Contender,
  fastContender,
  nobleContender,
  nodeContender,
  webcryptoContender,
} from "./contenders.js";
import { creationCases, otherCases } from "./proof-cases.js";
import { roleCases } from "./role-cases.js";
import { newTally, runCase, type Tally } from "./tally.js";
import { ed25519Vectors, htuVectors, proofVectors, thumbprintVectors } from "./vector-cases.js";

/** Runs everything with every backend that is there, one after another. */
export async function run(): Promise<string> {
  const found: readonly (readonly [
    BackendName,
    () => Contender | string | Promise<Contender | string>,
  ])[] = [
    ["noble", nobleContender],
    ["fast", fastContender],
    ["webcrypto", webcryptoContender],
    ["node", nodeContender],
  ];
  const backends: BackendReport[] = [];
  for (const [name, open] of found) backends.push(await reportOf(name, open));
  const report: SuiteReport = { backends };
  return JSON.stringify(report);
}

async function reportOf(
  name: BackendName,
  open: () => Contender | string | Promise<Contender | string>,
): Promise<BackendReport> {
  const tally = newTally();
  let missing: string | undefined;
  let lacking: readonly string[] | undefined;
  let first: number | null = null;
  let warm: number | null = null;
  await runCase(tally, "the backend opens", async (check) => {
    const contender = await open();
    check("which", typeof contender === "string" ? name : contender.name, name);
    if (typeof contender === "string") {
      missing = contender;
      return;
    }
    lacking = lackingOf(contender);
    await runCase(tally, "the example of RFC 9449, first of all", async (checkFirst) => {
      first = await firstVerify(contender);
      checkFirst("verified", true, true); // it throws otherwise
    });
    await runAll(tally, contender);
    await runCase(tally, "the example of RFC 9449, again and again", async (checkWarm) => {
      warm = await warmVerify(contender);
      checkWarm("verified", true, true); // it throws otherwise
    });
  });
  if (missing !== undefined)
    return {
      name,
      passed: 0,
      failed: 0,
      failures: [],
      missing,
      firstVerify: null,
      warmVerify: null,
    };
  return { name, ...tally, lacking, firstVerify: first, warmVerify: warm };
}

async function runAll(tally: Tally, contender: Contender): Promise<void> {
  await proofVectors(tally, contender);
  await ed25519Vectors(tally, contender);
  await thumbprintVectors(tally, contender);
  if (contender.name === "noble") await htuVectors(tally); // of no backend: once
  await creationCases(tally, contender);
  await otherCases(tally, contender);
  await roleCases(tally, contender);
}

/** The labels that the backend knows and the engine does not. */
function lackingOf({ name, backend, labels }: Contender): readonly string[] | undefined {
  if (name === "noble" || name === "fast") return undefined;
  const known = Object.keys(backend).filter((label) => /^(?:[ERP]S|Ed)/.test(label));
  const lacking = known.filter((label) => !labels.some((one) => one === label));
  return lacking.length === 0 ? undefined : lacking;
}
