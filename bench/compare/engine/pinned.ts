// Job: every contest of which the calls go one by one. Meant for one core.
import { type ContestResult, hold } from "./contest.js";
import { creationContestants } from "./creation.js";
import { joseVerify, keptJoseVerify } from "./jose.js";
import { progress, runJob, type Task, timingOf } from "./job.js";
import { oauth4webapiVerify } from "./oauth4webapi.js";
import { opensslContestant } from "./openssl.js";
import { loadBackends, type OurBackends, ourVerifiers, ownWork, refusals } from "./ours.js";
import { createIssuer, createProofSet, type Issuer, type ProofSet } from "./proofs.js";
import {
  labelOfCurve,
  nodeContestant,
  rawContestants,
  tableSize,
  webCryptoContestant,
} from "./signatures.js";
import { hotContestant } from "./verifiers.js";

await runJob(async (task) => {
  const backends = await loadBackends();
  const issuer = createIssuer();
  const contests: ContestResult[] = [];
  const tables: { readonly backend: string; readonly label: string; readonly bytes: number }[] = [];
  for (const label of ["ES256", "EdDSA"] as const) {
    const set = createProofSet(label, issuer, 64);
    const run = { set, backends, issuer, task };
    contests.push(await proofs(run), await signatures(run), await creations(run));
    for (const name of ["fast", "noble"] as const) {
      const backend = backends[name];
      if (backend !== null) tables.push({ backend: name, label, bytes: tableSize(backend, set) });
    }
  }
  return { contests, tables };
});

interface Run {
  readonly set: ProofSet;
  readonly backends: OurBackends;
  readonly issuer: Issuer;
  readonly task: Task;
}

async function proofs({ set, backends, issuer, task }: Run): Promise<ContestResult> {
  const { label } = set.client;
  progress(`${label}: whole proofs`);
  const openssl = label === "ES256" && task.mode === "full" ? [opensslContestant(task.clock)] : [];
  const entrants = [
    hotContestant("jose", set, joseVerify(label)),
    hotContestant("jose, key kept", { ...set, strangers: [] }, await keptJoseVerify(set.client)),
    hotContestant("oauth4webapi", set, oauth4webapiVerify(issuer, label)),
    ...ourVerifiers(set, backends),
    ...ownWork(set),
    nodeContestant(set),
    await webCryptoContestant(set),
    ...openssl,
    ...refusals(set, backends),
  ];
  return hold(`${label} proof`, entrants, timingOf(task));
}

async function signatures({ set, backends, task }: Run): Promise<ContestResult> {
  const label = labelOfCurve(set.client.label);
  progress(`${label}: signatures alone`);
  return hold(`${label} signature`, await rawContestants(set, backends), timingOf(task));
}

async function creations({ set, task }: Run): Promise<ContestResult> {
  const { label } = set.client;
  progress(`${label}: making proofs`);
  return hold(`create ${label}`, await creationContestants(set), timingOf(task));
}
