// Verification (RFC 9449 section 4.3): whole proofs, good and bad, beside what other servers use, and its dearest parts.
import {
  createVerifier,
  type FailureCode,
  noble,
  type ProofRequest,
  type SyncAlg,
  type Verifier,
} from "dpop-core";
import { asciiBytes } from "../src/bytes/utf8.js";
import type { SyncKey } from "../src/jose/alg.js";
import { decodeSignature, splitJws } from "../src/jose/jws.js";
import { asyncCase, type BenchCase, type BenchGroup, demand, syncCase } from "./case.js";
import type { Fixtures, KeyFixture } from "./fixtures.js";

/** Another implementation of proof verification. */
export interface ProofPeer {
  readonly name: string;
  /** Answers the thumbprint of the key; rejects where the proof is refused. */
  verifierOf(key: KeyFixture): Promise<(proof: string, request: ProofRequest) => Promise<string>>;
}

/** Another implementation of the signature check alone. */
export interface SignaturePeer {
  readonly name: string;
  verifierOf(key: KeyFixture): (signature: Uint8Array, data: Uint8Array) => boolean;
}

/** What we are compared with; none on an engine that has none of them. */
export interface Peers {
  readonly proofs: readonly ProofPeer[];
  readonly signature?: SignaturePeer | undefined;
}

const OURS = "dpop-core, noble";
const VALID = "valid";
const OWN_WORK = "all but importing the key and the signature";

export function verifyGroups({ es256, ed25519 }: Fixtures, peers: Peers): readonly BenchGroup[] {
  return [es256, ed25519].flatMap((key) => [
    {
      name: `verify: ${key.label} proof of ${key.proof.length} characters with an access token`,
      comparison: against(peers.proofs[0]?.name, "speed"),
      cases: async () => [
        validCase(OURS, key),
        ...(await Promise.all(peers.proofs.map((peer) => peerCase(peer, key)))),
      ],
    },
    {
      name: `verify: what a refusal costs, ${key.label}`,
      comparison: against(VALID, "share"),
      cases: () => refusals(key),
    },
    {
      name: `verify: its parts, ${key.label}`,
      comparison: against(VALID, "share"),
      cases: () => [validCase(VALID, key), ownWorkCase(key), importCase(key), signatureCase(key)],
    },
    {
      name: `verify: our own work, ${key.label}`,
      comparison: against(peers.signature?.name, "share"),
      cases: () => [ownWorkCase(key), ...signaturePeerCases(peers, key)],
    },
  ]);
}

function against(name: string | undefined, as: "speed" | "share"): BenchGroup["comparison"] {
  return name === undefined ? undefined : { with: name, as };
}

/** Each wrong in one thing; every contestant refuses them all before it is timed. */
function badProofs(key: KeyFixture): readonly (readonly [string, ProofRequest, FailureCode])[] {
  const { proof, forged, requests } = key;
  return [
    [proof, requests.otherMethod, "htm_mismatch"],
    [proof, requests.otherUrl, "htu_mismatch"],
    [proof, requests.otherToken, "ath_mismatch"],
    [proof, requests.late, "iat_too_old"],
    [forged, requests.right, "signature_invalid"],
    [`${proof}=`, requests.right, "jws_malformed"],
  ];
}

function refusesAll(verifier: Verifier, key: KeyFixture): boolean {
  return badProofs(key).every(([proof, request, code]) => {
    const result = verifier.verify(proof, request);
    return !result.ok && result.code === code;
  });
}

function accepts(verifier: Verifier, key: KeyFixture): boolean {
  const result = verifier.verify(key.proof, key.requests.right);
  return result.ok && result.jkt === key.jkt;
}

function validCase(name: string, key: KeyFixture): BenchCase {
  const verifier = createVerifier();
  return syncCase(name, () => verifier.verify(key.proof, key.requests.right), {
    right: (result) => result.ok && result.jkt === key.jkt,
    counterpart: () => refusesAll(verifier, key),
  });
}

function refusals(key: KeyFixture): readonly BenchCase[] {
  const { proof, forged, requests } = key;
  return [
    validCase(VALID, key),
    refusalCase(
      "refused before the signature: htm",
      key,
      proof,
      requests.otherMethod,
      "htm_mismatch",
    ),
    refusalCase(
      "refused before the signature: ath",
      key,
      proof,
      requests.otherToken,
      "ath_mismatch",
    ),
    refusalCase("refused at the signature", key, forged, requests.right, "signature_invalid"),
  ];
}

function refusalCase(
  name: string,
  key: KeyFixture,
  proof: string,
  request: ProofRequest,
  code: FailureCode,
): BenchCase {
  const verifier = createVerifier();
  return syncCase(name, () => verifier.verify(proof, request), {
    right: (result) => !result.ok && result.code === code,
    counterpart: () => accepts(verifier, key),
  });
}

async function peerCase(peer: ProofPeer, key: KeyFixture): Promise<BenchCase> {
  const verify = await peer.verifierOf(key);
  return asyncCase(peer.name, () => verify(key.proof, key.requests.right), {
    right: (jkt) => jkt === key.jkt,
    counterpart: async () => {
      const verdicts = badProofs(key).map(([proof, request]) => verify(proof, request));
      return (await Promise.allSettled(verdicts)).every(({ status }) => status === "rejected");
    },
  });
}

/** Everything that a verification does, with an algorithm that takes every key and every signature at once. */
function ownWorkCase(key: KeyFixture): BenchCase {
  const credulous: SyncKey = { size: 0, verify: () => true };
  const verifier = createVerifier({ algs: [{ ...algOf(key), importKey: () => credulous }] });
  return syncCase(OWN_WORK, () => verifier.verify(key.proof, key.requests.right), {
    right: (result) => result.ok && result.jkt === key.jkt,
    counterpart: () => !verifier.verify(key.proof, key.requests.otherToken).ok,
  });
}

function importCase(key: KeyFixture): BenchCase {
  const alg = algOf(key);
  return syncCase("importing the key", () => alg.importKey(key.jwk), {
    right: (imported) => imported !== null,
    counterpart: () => alg.importKey({ kty: "RSA", n: "AA", e: "AQAB" }) === null,
  });
}

function signatureCase(key: KeyFixture): BenchCase {
  const imported = algOf(key).importKey(key.jwk);
  demand(imported !== null, "the key of the fixtures can't be imported");
  return rawCase("the signature, key imported once", key, (signature, data) =>
    imported.verify(signature, data),
  );
}

function signaturePeerCases({ signature }: Peers, key: KeyFixture): readonly BenchCase[] {
  return signature === undefined ? [] : [rawCase(signature.name, key, signature.verifierOf(key))];
}

function rawCase(
  name: string,
  key: KeyFixture,
  verify: (signature: Uint8Array, data: Uint8Array) => boolean,
): BenchCase {
  const good = signedOf(key.proof);
  return syncCase(name, () => verify(good.signature, good.data), {
    right: (answer) => answer,
    counterpart: () => !verify(good.signature, signedOf(key.forged).data),
  });
}

function signedOf(proof: string): { readonly signature: Uint8Array; readonly data: Uint8Array } {
  const segments = splitJws(proof);
  const signature = segments === null ? null : decodeSignature(segments);
  demand(segments !== null && signature !== null, "a proof of the fixtures does not parse");
  return { signature, data: asciiBytes(proof, segments.payloadEnd) };
}

function algOf(key: KeyFixture): SyncAlg {
  return key.label === "ES256" ? noble.ES256 : noble.EdDSA;
}
