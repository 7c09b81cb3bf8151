// Job: whole proofs, 16 under way at once, on all the cores that there are.
import { type Contestant, type ContestResult, hold } from "./contest.js";
import { joseVerify, keptJoseVerify } from "./jose.js";
import { progress, runJob, timingOf } from "./job.js";
import { oauth4webapiVerify } from "./oauth4webapi.js";
import { loadBackends, ourVerifiers } from "./ours.js";
import { createIssuer, createProofSet } from "./proofs.js";
import { webCryptoContestant } from "./signatures.js";
import { hotContestant } from "./verifiers.js";

await runJob(async (task) => {
  const backends = await loadBackends();
  const issuer = createIssuer();
  const contests: ContestResult[] = [];
  for (const label of ["ES256", "EdDSA"] as const) {
    progress(`${label}: whole proofs, 16 at once`);
    const set = createProofSet(label, issuer, 64);
    const peers: readonly Contestant[] = [
      hotContestant("jose", set, joseVerify(label)),
      hotContestant("jose, key kept", { ...set, strangers: [] }, await keptJoseVerify(set.client)),
      hotContestant("oauth4webapi", set, oauth4webapiVerify(issuer, label)),
    ];
    const entrants = [...peers, ...ourVerifiers(set, backends), await webCryptoContestant(set)];
    const timing = { ...timingOf(task), atOnce: 16 };
    contests.push(await hold(`${label} proof, 16 at once`, entrants, timing));
  }
  return { contests };
});
