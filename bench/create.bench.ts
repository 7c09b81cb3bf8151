// Creation (RFC 9449 section 4.2): a signer and a request to a proof; nearly all of it is the signature.
import { createProof, createSigner, verifyProof } from "dpop-core";
import { type BenchCase, type BenchGroup, syncCase } from "./case.js";
import { type Fixtures, type KeyFixture, NOW } from "./fixtures.js";

export function createGroups({ es256, ed25519 }: Fixtures): readonly BenchGroup[] {
  return [
    {
      name: "create a proof with an access token",
      cases: () => [createCase(es256), createCase(ed25519), unsignedCase(es256)],
    },
  ];
}

function createCase(key: KeyFixture): BenchCase {
  const signer = createSigner(key.privateJwk, { alg: key.label });
  const { method, url, accessToken } = key.requests.right;
  return syncCase(
    `${key.label}, noble`,
    () => createProof(signer, { method, url, accessToken, iat: NOW }),
    {
      right: (proof) => verifyProof(proof, key.requests.right).ok,
      counterpart: () => {
        const other = createProof(signer, { method: "GET", url, accessToken, iat: NOW });
        return !verifyProof(other, key.requests.right).ok;
      },
    },
  );
}

/** Our own work alone: a signer that always gives the same bytes. */
function unsignedCase(key: KeyFixture): BenchCase {
  const signature = new Uint8Array(64);
  const signer = { alg: key.label, publicJwk: key.jwk, sign: () => signature };
  const { method, url, accessToken } = key.requests.right;
  return syncCase(
    `${key.label}, the signature left out`,
    () => createProof(signer, { method, url, accessToken, iat: NOW }),
    {
      right: (proof) => proof.endsWith(`.${"A".repeat(86)}`),
      counterpart: () => {
        const proof = createProof(signer, { method, url, accessToken, iat: NOW });
        return !verifyProof(proof, key.requests.right).ok;
      },
    },
  );
}
