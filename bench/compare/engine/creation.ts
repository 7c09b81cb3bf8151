// Making proofs (RFC 9449 section 4.2) with an access token: `dpop` beside createProof.
import * as dpop from "dpop";
import {
  createProof,
  createProofAsync,
  createSigner,
  type ProofInit,
  type SyncSigner,
  verifyProof,
} from "dpop-core";
import { createSigner as webcryptoSigner } from "dpop-core/webcrypto";
import { type Contestant, demand, type Missing } from "./contest.js";
import { type Client, METHOD, type ProofSet, URL_OF_REQUEST } from "./proofs.js";

type Make = () => string | Promise<string>;

export async function creationContestants(
  set: ProofSet,
): Promise<readonly (Contestant | Missing)[]> {
  const { client } = set;
  return [
    await peer(client),
    await nodeCreation(client),
    await webcryptoCreation(client),
    sync("noble", createSigner(client.privateJwk, { alg: client.label }), client),
  ];
}

const PEER = "dpop";

/** It knows Ed25519 by the label of RFC 9864. */
async function peer(client: Client): Promise<Contestant> {
  const keys = await keyPairOf(client);
  const { accessToken } = client;
  return creation(PEER, client, () =>
    dpop.generateProof(keys, URL_OF_REQUEST, METHOD, undefined, accessToken),
  );
}

async function webcryptoCreation(client: Client): Promise<Contestant> {
  const signer = await webcryptoSigner(await keyPairOf(client), { alg: client.label });
  const request = requestOf(client);
  return creation("webcrypto", client, () => createProofAsync(signer, request));
}

async function nodeCreation(client: Client): Promise<Contestant | Missing> {
  try {
    const { createSigner: nodeSigner } = await import("dpop-core/node-crypto");
    return sync("node", nodeSigner(client.privateKey, { alg: client.label }), client);
  } catch (error) {
    if (String(error).includes("dpop-core/node-crypto")) {
      return { name: "node", missing: "the entry is not built" };
    }
    throw error;
  }
}

function sync(name: string, signer: SyncSigner, client: Client): Contestant {
  const request = requestOf(client);
  return creation(name, client, () => createProof(signer, request));
}

function requestOf({ accessToken }: Client): ProofInit {
  return { method: METHOD, url: URL_OF_REQUEST, accessToken };
}

async function keyPairOf({
  label,
  privateJwk,
}: Client): Promise<{ readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }> {
  const params = label === "ES256" ? { name: "ECDSA", namedCurve: "P-256" } : { name: "Ed25519" };
  const { subtle } = globalThis.crypto;
  const { alg: _, d, ...members } = privateJwk;
  return {
    privateKey: await subtle.importKey("jwk", { ...members, d }, params, false, ["sign"]),
    publicKey: await subtle.importKey("jwk", members, params, true, ["verify"]),
  };
}

function creation(name: string, client: Client, make: Make): Contestant {
  const request = { ...client.request, now: undefined }; // the proofs are of today
  return {
    name,
    async check() {
      const [one, other] = [await make(), await make()];
      demand(one !== other, "two proofs are the same");
      demand(verifyProof(one, request, { replay: "none" }).ok, "the proof does not hold");
      const wrong = verifyProof(one, { ...request, method: "GET" }, { replay: "none" });
      demand(!wrong.ok && wrong.code === "htm_mismatch", "the proof holds for another method");
    },
    run() {
      const proof = make();
      return typeof proof === "string" ? proof.length > 400 : proof.then((p) => p.length > 400);
    },
  };
}
