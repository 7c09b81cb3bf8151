// Creation (RFC 9449 section 4.2): a signer and a request to a proof; nearly all of it is the signature.
import {
  type Backend,
  createProof,
  createProofAsync,
  createSigner,
  jwkThumbprint,
  type ProofInit,
  noble,
  type SyncSigner,
  verifyProof,
} from "dpop-core";
import { createSigner as createNodeSigner, nodeCrypto } from "dpop-core/node-crypto";
import {
  createSigner as createWebCryptoSigner,
  generateKeyPair,
  webcrypto,
} from "dpop-core/webcrypto";
import { asyncCase, type BenchCase, type BenchGroup, syncCase } from "./case.js";
import { type Fixtures, type KeyFixture, NOW } from "./fixtures.js";

const SIGNATURE_LEFT_OUT = "the signature left out";

export function createGroups({ es256, ed25519 }: Fixtures): readonly BenchGroup[] {
  return [es256, ed25519].map((key): BenchGroup => ({
    name: `create a proof with an access token, ${key.label}`,
    comparison: { with: "noble", as: "speed" },
    cases: async () => [
      createCase("noble", noble, createSigner(key.privateJwk, { alg: key.label }), key),
      createCase("node", nodeCrypto, createNodeSigner(key.privateJwk, { alg: key.label }), key),
      await webCryptoCase(key),
      unsignedCase(key),
    ],
  }));
}

function newProof({ requests }: KeyFixture): ProofInit {
  const { method, url, accessToken } = requests.right;
  return { method, url, accessToken, iat: NOW };
}

function createCase(
  name: string,
  backend: Backend,
  signer: SyncSigner,
  key: KeyFixture,
): BenchCase {
  const options = { backend };
  const request = newProof(key);
  return syncCase(name, () => createProof(signer, request, options), {
    right: (proof) => verifyProof(proof, key.requests.right, { replay: "none" }).ok,
    counterpart: () => {
      const other = createProof(signer, { ...request, method: "GET" }, options);
      return !verifyProof(other, key.requests.right, { replay: "none" }).ok;
    },
  });
}

/** Over a key pair of its own, which can't be extracted, as a browser has it. */
async function webCryptoCase(key: KeyFixture): Promise<BenchCase> {
  const signer = await createWebCryptoSigner(await generateKeyPair(key.label), { alg: key.label });
  const request = newProof(key);
  const options = { backend: webcrypto };
  const isRight = (proof: string): boolean => {
    const { method, url, accessToken, now } = key.requests.right;
    const jkt = jwkThumbprint(signer.publicJwk);
    return verifyProof(proof, { method, url, accessToken, jkt, now }, { replay: "none" }).ok;
  };
  return asyncCase("webcrypto", () => createProofAsync(signer, request, options), {
    right: isRight,
    counterpart: async () =>
      !isRight(await createProofAsync(signer, { ...request, method: "GET" }, options)),
  });
}

/** Our own work alone: a signer that always gives the same bytes. */
function unsignedCase(key: KeyFixture): BenchCase {
  const signature = new Uint8Array(64);
  const signer = { alg: key.label, publicJwk: key.jwk, sign: () => signature };
  const request = newProof(key);
  return syncCase(SIGNATURE_LEFT_OUT, () => createProof(signer, request), {
    right: (proof) => proof.endsWith(`.${"A".repeat(86)}`),
    counterpart: () =>
      !verifyProof(createProof(signer, request), key.requests.right, { replay: "none" }).ok,
  });
}
