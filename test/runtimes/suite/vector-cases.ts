// The files of test/vectors: proofs.json and ed25519.json by every backend, thumbprints.json by its
// hash, and htu.json.
import {
  FAILURES,
  jwkThumbprint,
  type NonceCheck,
  normalizeHtu,
  parseProof,
  type ProofRequest,
  type PublicJwk,
  type SyncReplayStore,
} from "dpop-core";
import { createMemoryReplayStore } from "dpop-core/core";
import type { Contender, SigningLabel } from "./contenders.js";
import { codeOf, type Parts, verifyAll } from "./drivers.js";
import { type Check, runCase, type Tally, thrownBy } from "./tally.js";
import {
  bytesOfHex,
  type Ed25519Vector,
  htuGroups,
  type PolicyVector,
  proofs,
  type ProofVector,
  signatures,
  thumbprints,
} from "./vectors.js";

export async function proofVectors(tally: Tally, contender: Contender): Promise<void> {
  for (const vector of proofs.filter((one) => isWithin(contender, one))) {
    const name = `proofs.json: ${vector.section}: ${vector.name}`;
    await runCase(tally, name, (check) => proofVector(check, contender, vector));
  }
}

/** Whether the engine has the algorithm that decides; false of none of noble's. */
function isWithin({ labels }: Contender, { proof, policy, expect }: ProofVector): boolean {
  const has = (label: string): boolean => labels.some((one) => one === label);
  if (policy.algs !== undefined && !policy.algs.every(has)) return false;
  if (has("EdDSA") && has("Ed25519")) return true;
  const parsed = parseProof(proof);
  if (parsed.ok) return parsed.alg === "ES256" || has(parsed.alg) || expect === "alg_unsupported";
  return !JSON.stringify([proof]).includes(ED25519_HEADER);
}

/** How a header begins of which the label is Ed25519. */
const ED25519_HEADER = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVkMjU1MTki";

/** No points of their curves. Some engines look at a point no sooner than when they verify. */
const NO_POINTS = [
  "an A that is not on the curve: y = 2",
  "x and y swapped: not on the curve",
  "the point 0, 0",
];

async function proofVector(check: Check, contender: Contender, vector: ProofVector): Promise<void> {
  const { proof, policy, expect, jkt } = vector;
  const use = { proof, request: requestOf(vector) };
  const uses = policy.replay === "seen" ? [use, use] : [use];
  const results = await verifyAll(check, contender, uses, () => partsOf(vector));
  const result = results[results.length - 1];
  const late = contender.native && NO_POINTS.some((name) => vector.name.endsWith(name));
  const code = codeOf(result);
  check("outcome", late && code === "signature_invalid" ? "jwk_invalid" : code, expect);
  if (result === undefined) return;
  if (result.ok) check("jkt", result.jkt, jkt);
  else if (!late && expect !== "ok") check("message", result.message, FAILURES[expect].message);
}

function requestOf({ request }: ProofVector): ProofRequest {
  const { method, url, now, accessToken, jkt, clientKeyJkt } = request;
  if (accessToken === undefined) return { method, url, now, jkt, clientKeyJkt };
  return { method, url, now, accessToken, jkt: jkt ?? "" };
}

function partsOf({ policy, request }: ProofVector): Parts {
  const { algs, nonce, replay, maxAge, clockTolerance, limits, noncePolicy } = policy;
  return {
    labels: algs,
    maxAge,
    clockTolerance,
    limits,
    noncePolicy,
    nonce: nonce === undefined ? undefined : nonceCheck(nonce),
    replay: replay === undefined ? "none" : replayStore(replay, request.now),
  };
}

function nonceCheck(data: NonNullable<PolicyVector["nonce"]>): NonceCheck {
  const { accept, status = "valid", acceptUntil, next } = data;
  return {
    check(nonce) {
      if (nonce === undefined) return { status: "missing", nextNonce: next };
      return nonce === accept
        ? { status, acceptUntil, nextNonce: next }
        : { status: "invalid", nextNonce: next };
    },
  };
}

function replayStore(state: "fresh" | "seen" | "full", now: number): SyncReplayStore {
  const store = createMemoryReplayStore({ maxEntries: 1 });
  if (state === "full") store.add("of another proof", now + 1000, now, "of another key");
  return store;
}

export async function ed25519Vectors(tally: Tally, contender: Contender): Promise<void> {
  const both: readonly SigningLabel[] = ["EdDSA", "Ed25519"];
  for (const label of both.filter((one) => contender.labels.includes(one))) {
    for (const vector of signatures) {
      const name = `ed25519.json: ${label}: ${vector.name}`;
      await runCase(tally, name, (check) => ed25519Vector(check, contender, label, vector));
    }
  }
}

async function ed25519Vector(
  check: Check,
  contender: Contender,
  label: SigningLabel,
  vector: Ed25519Vector,
): Promise<void> {
  const { jwk, message, signature, expect } = vector;
  // As a verifier does: what is no canonical public key never reaches a backend.
  const isWellFormed = thrownBy(() => jwkThumbprint(jwk)) === "nothing";
  const key = isWellFormed ? await contender.alg(label).importKey(jwk) : null;
  const answers = [await key?.verify(bytesOfHex(signature), bytesOfHex(message))];
  const syncKey = isWellFormed ? contender.syncAlg(label)?.importKey(jwk) : null;
  // Twice: a key that was right once is verified in another way.
  for (const again of syncKey ? [syncKey, syncKey] : [])
    answers.push(again.verify(bytesOfHex(signature), bytesOfHex(message)));
  for (const answer of answers) check("valid", answer === true, expect === "valid");
  if (!contender.native || !isWellFormed) check("no key", key === null, expect === "jwk_invalid");
}

export async function thumbprintVectors(tally: Tally, { backend }: Contender): Promise<void> {
  for (const { name, jwk, jkt } of thumbprints) {
    await runCase(tally, `thumbprints.json: ${name}`, (check) => {
      check("jkt", jwkThumbprint(jwk, { backend }), jkt);
    });
  }
  const privateKey: PublicJwk & { readonly d: string } = {
    kty: "OKP",
    crv: "Ed25519",
    x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
  };
  await runCase(tally, "a private key has no thumbprint", (check) => {
    check(
      "thrown",
      thrownBy(() => jwkThumbprint(privateKey, { backend })),
      "TypeError",
    );
  });
}

export async function htuVectors(tally: Tally): Promise<void> {
  for (const { rule, cases } of htuGroups) {
    for (const { name, uri, normal } of cases) {
      await runCase(tally, `htu.json: ${rule}: ${name}`, (check) => {
        check("normal form", normalizeHtu(uri), normal);
        if (normal !== null) check("which stays", normalizeHtu(normal), normal);
      });
    }
  }
}
