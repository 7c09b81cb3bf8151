// Making proofs (RFC 9449 section 4.2) with an access token: `dpop` beside createProof.
import * as dpop from "dpop";
import {
  createProof,
  createProofAsync,
  createSigner,
  type SyncSigner,
  verifyProof,
} from "dpop-core";
import { demand, type Implementation } from "../engine/contest.js";
import { type Client, METHOD, URL_OF_REQUEST } from "./fixtures.js";
import { createNodeSigner, createWebCryptoSigner } from "./ours.js";

export async function creations(client: Client): Promise<readonly Implementation[]> {
  const { label: alg, privateJwk, privateKey, accessToken } = client;
  const keys = await keyPairOf(client);
  const request = { method: METHOD, url: URL_OF_REQUEST, accessToken };
  const signer = await createWebCryptoSigner(keys, { alg });
  const sync = (name: string, own: SyncSigner): Implementation =>
    creation(name, client, () => createProof(own, request));
  const signature = new Uint8Array(64);
  const unsigned = { alg, publicJwk: client.jwk, sign: () => signature }; // our own work only
  return [
    // It knows Ed25519 by the label of RFC 9864.
    creation("dpop", client, () =>
      dpop.generateProof(keys, URL_OF_REQUEST, METHOD, undefined, accessToken),
    ),
    sync("node-crypto", createNodeSigner(privateKey, { alg })),
    creation("webcrypto", client, () => createProofAsync(signer, request)),
    sync("noble", createSigner(privateJwk, { alg })),
    creation(
      "the signature left out",
      client,
      () => createProof(unsigned, request),
      "signature_invalid",
    ),
  ];
}

async function keyPairOf({ label, privateJwk }: Client) {
  const params = label === "ES256" ? { name: "ECDSA", namedCurve: "P-256" } : { name: "Ed25519" };
  const { subtle } = globalThis.crypto;
  const { alg: _, d, ...members } = privateJwk;
  return {
    privateKey: await subtle.importKey("jwk", { ...members, d }, params, false, ["sign"]),
    publicKey: await subtle.importKey("jwk", members, params, true, ["verify"]),
  };
}

/** `expected` is the code of a proof that is right in all but one thing. */
function creation(
  name: string,
  client: Client,
  make: () => string | Promise<string>,
  expected: "signature_invalid" | null = null,
): Implementation {
  const codeOf = (proof: string, method: string): string | null => {
    const request = { ...client.request, method, now: undefined }; // the proofs are of today
    const result = verifyProof(proof, request, { replay: "none" });
    return result.ok ? null : result.code;
  };
  return {
    name,
    async check() {
      const [one, other] = [await make(), await make()];
      demand(one !== other, "two proofs are the same");
      demand(codeOf(one, METHOD) === expected, "the proof does not hold");
      demand(codeOf(one, "GET") === "htm_mismatch", "the proof holds for another method");
    },
    run() {
      const proof = make();
      return typeof proof === "string" ? proof.length > 400 : proof.then((p) => p.length > 400);
    },
  };
}
