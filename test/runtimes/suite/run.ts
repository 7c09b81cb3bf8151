// The conformance suite of the built package, for any engine that has ECMAScript 2020: nothing
// enters, a JSON text of SuiteReport leaves. It imports the package and its own data, and touches no
// global of a platform but to see whether it is there.
import type { Implementation, ImplementationName } from "../../support/implementation.js";
import type { BackendReport, SuiteReport } from "../engine.js";
import { firstVerify, warmVerify } from "./clock.js";
import { OPENERS } from "./implementations.js";
import { groupCases } from "./group-cases.js";
import { creationCases, otherCases } from "./proof-cases.js";
import { roleCases } from "./role-cases.js";
import { newTally, runCase, type Tally } from "./tally.js";
import { ed25519Vectors, htuVectors, proofVectors, thumbprintVectors } from "./vector-cases.js";

/** Runs everything with every backend that is there, one after another. */
export async function run(): Promise<string> {
  const backends: BackendReport[] = [];
  for (const [name, open] of OPENERS) backends.push(await reportOf(name, open));
  const report: SuiteReport = { backends };
  return JSON.stringify(report);
}

async function reportOf(
  name: ImplementationName,
  open: () => Promise<Implementation | string>,
): Promise<BackendReport> {
  const tally = newTally();
  let missing: string | undefined;
  let lacking: readonly string[] | undefined;
  let first: number | null = null;
  let warm: number | null = null;
  await runCase(tally, "the backend opens", async (check) => {
    const implementation = await open();
    check("which", typeof implementation === "string" ? name : implementation.name, name);
    if (typeof implementation === "string") {
      missing = implementation;
      return;
    }
    lacking = lackingOf(implementation);
    await runCase(tally, "the example of RFC 9449, first of all", async (checkFirst) => {
      first = await firstVerify(implementation);
      checkFirst("verified", true, true); // it throws otherwise
    });
    await runAll(tally, implementation);
    await runCase(tally, "the example of RFC 9449, again and again", async (checkWarm) => {
      warm = await warmVerify(implementation);
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

async function runAll(tally: Tally, implementation: Implementation): Promise<void> {
  await proofVectors(tally, implementation);
  await ed25519Vectors(tally, implementation);
  await thumbprintVectors(tally, implementation);
  if (implementation.name === "noble") await htuVectors(tally); // of no backend: once
  await creationCases(tally, implementation);
  await otherCases(tally, implementation);
  await roleCases(tally, implementation);
  await groupCases(tally, implementation);
}

/** The labels that the backend knows and the engine does not. */
function lackingOf({ native, backend, labels }: Implementation): readonly string[] | undefined {
  if (!native) return undefined;
  const known = Object.keys(backend).filter((label) => /^(?:[ERP]S|Ed)/.test(label));
  const lacking = known.filter((label) => !labels.some((one) => one === label));
  return lacking.length === 0 ? undefined : lacking;
}
