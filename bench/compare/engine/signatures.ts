// Raw signatures: each contestant gets the bytes of a signing input and of a signature, and a key
// that it has imported (hot), or a JWK to import each time (cold).
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import type { PublicJwk } from "dpop-core";
import { derOf } from "../../der.js";
import { type Contestant, demand, type Missing } from "./contest.js";
import { namesOf, type OurBackend, type OurBackends, syncAlg } from "./ours.js";
import { type Client, type Label, type ProofSet, type SignedBytes, signedBytes } from "./proofs.js";
import type { SyncKey } from "../../../src/jose/alg.js";

type Check = (signed: SignedBytes) => boolean | Promise<boolean>;

export async function rawContestants(
  set: ProofSet,
  backends: OurBackends,
): Promise<readonly (Contestant | Missing)[]> {
  const { client } = set;
  const ours = namesOf(backends).flatMap((name) => {
    const backend = backends[name];
    return backend === null ? [] : ourContestants(name, backend, set);
  });
  return [
    { ...hot("noble", set, nobleCheck(client)), litters: true },
    ...ours,
    nodeContestant(set),
    cold("node:crypto, createPublicKey each time", set, (other) => nodeCheck(other)),
    ...(await webCryptoContestants(set)),
  ];
}

function ourContestants(name: string, backend: OurBackend, set: ProofSet): readonly Contestant[] {
  const alg = syncAlg(backend, set.client.label);
  const check = ({ jwk }: Client): Check => {
    const key = alg.importKey(jwk);
    demand(key !== null, "a good key is refused");
    return ({ signature, data }) => key.verify(signature, data);
  };
  return [
    { ...hot(`${name}, hot`, set, check(set.client)), litters: name === "noble" },
    ...(name === "fast" ? [cold(`${name}, cold`, set, check)] : []),
  ];
}

/** The bytes of tables that a key holds once it is hot. */
export function tableSize(backend: OurBackend, set: ProofSet): number {
  const key: SyncKey | null = syncAlg(backend, set.client.label).importKey(set.client.jwk);
  demand(key !== null, "a good key is refused");
  for (let round = 0; round < 2; round++) {
    for (const proof of set.proofs) {
      const { signature, data } = signedBytes(proof);
      demand(key.verify(signature, data), "a good signature is refused");
    }
  }
  return key.tableSize ?? 0;
}

/** node:crypto with a key that was imported once: what T3b and T7 compare with. */
export function nodeContestant(set: ProofSet): Contestant {
  return hot(NODE_CRYPTO, set, nodeCheck(set.client));
}

export const NODE_CRYPTO = "node:crypto, key kept";

function nodeCheck({ label, jwk }: Client): Check {
  const key: KeyObject = createPublicKey({ key: { ...jwk }, format: "jwk" });
  return label === "ES256"
    ? ({ signature, data }) => verify("sha256", data, key, derOf(signature))
    : ({ signature, data }) => verify(null, data, key, signature); // it hashes by itself
}

/** With the settings of RFC 7515: a high s is as good as a low one. */
function nobleCheck({ label, jwk }: Client): Check {
  const key = encodedPoint(jwk);
  return label === "ES256"
    ? ({ signature, data }) => p256.verify(signature, data, key, { lowS: false })
    : ({ signature, data }) => ed25519.verify(signature, data, key, { zip215: false });
}

function encodedPoint(jwk: PublicJwk): Uint8Array<ArrayBuffer> {
  demand(jwk.kty !== "RSA", "not a key of a curve");
  const x = Buffer.from(jwk.x, "base64url");
  return jwk.kty === "OKP"
    ? new Uint8Array(x)
    : Uint8Array.of(4, ...x, ...Buffer.from(jwk.y, "base64url"));
}

async function webCryptoContestants(set: ProofSet): Promise<readonly (Contestant | Missing)[]> {
  const oneByOne = await webCryptoContestant(set);
  const names = ["WebCrypto, key kept, 16 at once", "WebCrypto, importKey each time"] as const;
  if ("missing" in oneByOne) return [oneByOne, ...names.map((name) => ({ ...oneByOne, name }))];
  const [together, each] = names;
  return [
    oneByOne,
    { ...oneByOne, name: together, atOnce: 16 },
    cold(each, set, (other) => async (signed) => (await webCryptoCheck(other))(signed)),
  ];
}

/** crypto.subtle with a key that was imported once: no verifier over it can be faster (T6). */
export async function webCryptoContestant(set: ProofSet): Promise<Contestant | Missing> {
  try {
    return hot(WEB_CRYPTO, set, await webCryptoCheck(set.client));
  } catch (error) {
    if (!(error instanceof Error && error.name === "NotSupportedError")) throw error;
    return { name: WEB_CRYPTO, missing: "not in this engine" };
  }
}

const WEB_CRYPTO = "WebCrypto, key kept";

async function webCryptoCheck({ label, jwk }: Client): Promise<Check> {
  const { subtle } = globalThis.crypto;
  const params =
    label === "ES256"
      ? { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
      : { name: "Ed25519" };
  const key = await subtle.importKey("raw", encodedPoint(jwk), params, false, ["verify"]);
  return ({ signature, data }) =>
    subtle.verify(params, key, new Uint8Array(signature), new Uint8Array(data));
}

function hot(name: string, set: ProofSet, check: Check): Contestant {
  const signed = set.proofs.map(signedBytes);
  return contestant(
    name,
    set,
    () => check,
    signed,
    () => check,
  );
}

function cold(name: string, set: ProofSet, checkOf: (client: Client) => Check): Contestant {
  const signed = set.strangers.map(({ proof }) => signedBytes(proof));
  const clients = set.strangers.map(({ client }) => client);
  const [first] = clients;
  demand(first !== undefined, "nobody is a stranger");
  return contestant(name, set, checkOf, signed, (turn) =>
    checkOf(clients[turn % clients.length] ?? first),
  );
}

function contestant(
  name: string,
  set: ProofSet,
  checkOf: (client: Client) => Check,
  signed: readonly SignedBytes[],
  checkAt: (turn: number) => Check,
): Contestant {
  return {
    name,
    run(turn) {
      const one = signed[turn % signed.length];
      return one !== undefined && checkAt(turn)(one);
    },
    async check() {
      const check = checkOf(set.client);
      for (const proof of set.proofs) demand(await check(signedBytes(proof)), "good, but refused");
      for (const forged of set.forged) {
        demand(!(await check(signedBytes(forged))), "a signature of other data is accepted");
      }
      await checkChanged(check, signedBytes(set.proofs[0] ?? ""));
      const stranger = signedBytes(set.strangers[0]?.proof ?? "");
      demand(!(await check(stranger)), "a signature of another key is accepted");
    },
  };
}

async function checkChanged(check: Check, { data, signature }: SignedBytes): Promise<void> {
  for (const at of [0, 31, 33, 63]) {
    const changed = signature.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    demand(!(await check({ data, signature: changed })), "a changed signature is accepted");
  }
}

export function labelOfCurve(label: Label): string {
  return label === "ES256" ? "ES256" : "Ed25519";
}
