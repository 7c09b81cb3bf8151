// Keys, access tokens and proofs for all contestants: the good ones, and ones that are wrong in one
// thing. Proofs of 542 characters (ES256) and tokens of 485, as in bench/fixtures.ts; but the tokens are real
// JWTs, since some contestants verify them too.
import { type JsonWebKey, type KeyObject, sign } from "node:crypto";
import { exportJwk, keyPair as newKeyPair } from "../../../test/support/key-pair.js";
import {
  createProof,
  jwkThumbprint,
  type PrivateJwk,
  type PublicJwk,
  type SyncSigner,
} from "dpop-core";
import { demand } from "./contest.js";
import type { OkpPublicJwk, EcPublicJwk } from "../../../src/jose/jwk.js";

/** The time of every proof, in seconds since the epoch. */
export const NOW = 1562262616;
export const METHOD = "POST";
export const URL_OF_REQUEST = "https://resource.example.org/accounts/4711/transfers";
export const ISSUER = "https://as.example.org";
export const AUDIENCE = "https://resource.example.org";

export type Label = "ES256" | "EdDSA";

/** What a server knows of a request that carries a token. */
export interface BoundRequest {
  readonly method: string;
  readonly url: string;
  readonly accessToken: string;
  readonly jkt: string;
  readonly now: number;
}

export interface Client {
  readonly label: Label;
  readonly signer: SyncSigner;
  readonly privateKey: KeyObject;
  readonly jwk: PublicJwk;
  readonly privateJwk: PrivateJwk;
  readonly jkt: string;
  /** Bound to the client's key. */
  readonly accessToken: string;
  readonly request: BoundRequest;
}

/** A proof that must be refused, and the code by which we refuse it. */
export interface BadProof {
  readonly what: string;
  readonly proof: string;
  readonly request: BoundRequest;
  readonly code: string;
}

/** One client's proofs, which differ in their jti, and proofs that are wrong. */
export interface ProofSet {
  readonly client: Client;
  readonly proofs: readonly string[];
  readonly forged: readonly string[];
  readonly bad: readonly BadProof[];
  /** Of other clients: one each. */
  readonly strangers: readonly { readonly client: Client; readonly proof: string }[];
}

/** Who issues the access tokens. */
export interface Issuer {
  readonly jwk: PublicJwk;
  issue(jkt: string, serial: number): string;
}

export function createIssuer(): Issuer {
  const { signer } = keyPair("ES256");
  return {
    jwk: signer.publicJwk,
    issue(jkt, serial) {
      const claims = {
        iss: ISSUER,
        sub: "4711",
        aud: AUDIENCE,
        client_id: "c1",
        jti: String(serial).padStart(8, "0"),
        iat: NOW - 60,
        exp: NOW + 86_400,
        cnf: { jkt },
      };
      const header = base64url({ alg: "ES256", typ: "at+jwt", kid: "1" });
      const padding = 257 - JSON.stringify({ ...claims, scope: "" }).length;
      const payload = base64url({ ...claims, scope: "a".repeat(padding) });
      const signed = `${header}.${payload}`;
      const signature = signer.sign(new TextEncoder().encode(signed));
      const token = `${signed}.${Buffer.from(signature).toString("base64url")}`;
      demand(token.length === 485, "an access token has not 485 characters");
      return token;
    },
  };
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

let serial = 0;

/** A client with a new key and a token of its own. */
export function createClient(label: Label, issuer: Issuer): Client {
  const { signer, privateKey, privateJwk } = keyPair(label);
  const jwk = signer.publicJwk;
  const jkt = jwkThumbprint(jwk);
  const accessToken = issuer.issue(jkt, serial++);
  const request = { method: METHOD, url: URL_OF_REQUEST, accessToken, jkt, now: NOW };
  return { label, signer, privateKey, jwk, privateJwk, jkt, accessToken, request };
}

/** Another proof of a client, for its own request. */
export function proofOf(
  { signer, accessToken }: Client,
  { url = URL_OF_REQUEST }: { readonly url?: string } = {},
): string {
  const jti = (serial++).toString(36).padStart(22, "e1j3V_bKic8-LAEB_lccD0");
  return createProof(signer, { method: METHOD, url, accessToken, iat: NOW, jti });
}

export function createProofSet(label: Label, issuer: Issuer, strangers: number): ProofSet {
  const client = createClient(label, issuer);
  const proofs = Array.from({ length: 32 }, () => proofOf(client));
  const forged = proofs.map((proof) => spliced(proofOf(client), proof));
  const others = Array.from({ length: strangers }, () => {
    const other = createClient(label, issuer);
    return { client: other, proof: proofOf(other) };
  });
  return { client, proofs, forged, strangers: others, bad: badProofs(client, issuer) };
}

/** Header and claims of one proof with the signature of another. */
function spliced(claimsOf: string, signatureOf: string): string {
  return (
    claimsOf.slice(0, claimsOf.lastIndexOf(".")) + signatureOf.slice(signatureOf.lastIndexOf("."))
  );
}

function badProofs(client: Client, issuer: Issuer): readonly BadProof[] {
  const { request, label } = client;
  const proof = proofOf(client);
  const thief = createClient(label, issuer);
  const stolen = proofOf({ ...thief, accessToken: client.accessToken });
  const otherToken = issuer.issue(client.jkt, serial++);
  return [
    bad("another method", proof, { ...request, method: "GET" }, "htm_mismatch"),
    bad("another URL", proof, { ...request, url: `${request.url}/1` }, "htu_mismatch"),
    bad("another token", proof, { ...request, accessToken: otherToken }, "ath_mismatch"),
    bad("too old", proof, { ...request, now: NOW + 3600 }, "iat_too_old"),
    bad("another key", stolen, request, "jkt_mismatch"),
    bad("a wrong signature", spliced(proofOf(client), proof), request, "signature_invalid"),
  ];
}

function bad(what: string, proof: string, request: BoundRequest, code: string): BadProof {
  return { what, proof, request, code };
}

interface KeyPair {
  readonly signer: SyncSigner;
  readonly privateKey: KeyObject;
  readonly privateJwk: PrivateJwk;
}

/** By node:crypto, which every engine here has: thousands of keys and proofs are made in no time. */
function keyPair(label: Label): KeyPair {
  const { privateKey } = newKeyPair(label === "ES256" ? "P-256" : "ed25519");
  const { d = "", ...rest } = exportJwk(privateKey);
  const publicJwk = publicJwkOf(rest);
  const digest = label === "ES256" ? "sha256" : null; // Ed25519 hashes by itself
  const key = { key: privateKey, dsaEncoding: "ieee-p1363" } as const;
  const signer = {
    alg: label,
    publicJwk,
    sign: (data: Uint8Array) => new Uint8Array(sign(digest, data, key)),
  };
  return { signer, privateKey, privateJwk: { ...publicJwk, d } };
}

function publicJwkOf({ kty, x = "", y = "" }: JsonWebKey): EcPublicJwk | OkpPublicJwk {
  return kty === "EC" ? { kty, crv: "P-256", x, y } : { kty: "OKP", crv: "Ed25519", x };
}

/** What a signature is checked against, and the signature. */
export interface SignedBytes {
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
}

export function signedBytes(proof: string): SignedBytes {
  const dot = proof.lastIndexOf(".");
  return {
    data: new TextEncoder().encode(proof.slice(0, dot)),
    signature: new Uint8Array(Buffer.from(proof.slice(dot + 1), "base64url")),
  };
}
