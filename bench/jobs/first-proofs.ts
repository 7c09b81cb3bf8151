// Program: verifies the first proofs of one client, as `engine first-proofs.js BACKEND`, and writes how many
// milliseconds the dearest of them took.
import process from "node:process";
import { createVerifier } from "dpop-core";
import { demand } from "../engine/contest.js";
import { tokenlessProof } from "../implementations/fixtures.js";
import { BACKENDS, NAMES } from "../implementations/ours.js";

/** At the third at the latest, whichever the backend, a key has its first table. */
const PROOFS = 4;

const name = NAMES.find((one) => one === process.argv[2]);
demand(name !== undefined, "there is no such backend");
const { proof, request } = tokenlessProof();
const verifier = createVerifier({ backend: BACKENDS[name], replay: "none" });
const times = Array.from({ length: PROOFS }, () => {
  const start = performance.now();
  const { ok } = verifier.verify(proof, request);
  const took = performance.now() - start;
  demand(ok, "a good proof is refused");
  return took;
});
if (name === "wasm") demand(BACKENDS.wasm.lanes !== "idle", "the module was not needed");
process.stdout.write(String(Math.max(...times)));
