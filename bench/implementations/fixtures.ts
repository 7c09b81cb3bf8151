// Keys, access tokens and proofs for all implementations: good ones, and ones that are wrong in one
// thing. A proof has 542 characters (ES256). An access token has 485 and is a real JWT, since some
// implementations verify it too.
import type { KeyObject } from "node:crypto";
import { exportJwk, keyPair as newKeyPair } from "../../test/support/key-pair.js";
import {
  createProof,
  jwkThumbprint,
  type PrivateJwk,
  type ProofRequest,
  type PublicJwk,
  type SyncSigner,
} from "dpop-core";
import { createSigner } from "dpop-core/node-crypto";
import { demand } from "../engine/contest.js";

/** The time of every proof, in seconds since the epoch. */
export const NOW = 1562262616;
export const METHOD = "POST";
export const URL_OF_REQUEST = "https://resource.example.org/accounts/4711/transfers";
export const ISSUER = "https://as.example.org";
export const AUDIENCE = "https://resource.example.org";

export type Label = "ES256" | "EdDSA";

/** RFC 7638 section 3.1: 2048 bits. */
export const RSA_JWK: PublicJwk = {
  kty: "RSA",
  n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
  e: "AQAB",
};

/** The thumbprint of RSA_JWK, as RFC 7638 section 3.1 gives it. */
export const RSA_JKT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

/** What a server knows about a request that carries a token. */
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

/** A proof and the request that it was made for. */
export interface SentProof {
  readonly proof: string;
  readonly request: ProofRequest;
}

/** A client, and the one proof of it that is known. */
export interface Stranger {
  readonly client: Client;
  readonly proof: string;
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
  /** Of other clients, one each. */
  readonly strangers: readonly Stranger[];
}

/** The issuer of the access tokens. */
export interface Issuer {
  readonly jwk: PublicJwk;
  /** Undefined makes a token that is bound to nothing. */
  issue(jkt: string | undefined): string;
}

let serial = 0;

export function createIssuer(): Issuer {
  const { signer } = keyPair("ES256");
  return {
    jwk: signer.publicJwk,
    issue(jkt) {
      const names = { iss: ISSUER, sub: "4711", aud: AUDIENCE, client_id: "c1" };
      const jti = String(serial++).padStart(8, "0");
      const times = { iat: NOW - 60, exp: NOW + 86_400 };
      const claims = { ...names, jti, ...times, ...(jkt === undefined ? {} : { cnf: { jkt } }) };
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

/** A client with a new key and a token of its own. */
export function createClient(label: Label, issuer: Issuer): Client {
  const keys = keyPair(label);
  const jwk = keys.signer.publicJwk;
  const jkt = jwkThumbprint(jwk);
  const accessToken = issuer.issue(jkt);
  const request = { method: METHOD, url: URL_OF_REQUEST, accessToken, jkt, now: NOW };
  return { label, ...keys, jwk, jkt, accessToken, request };
}

/** Another proof of a client, for its own request. */
export function proofOf({ signer, request: { method, url, accessToken } }: Client): string {
  const jti = (serial++).toString(36).padStart(22, "e1j3V_bKic8-LAEB_lccD0");
  return createProof(signer, { method, url, accessToken, iat: NOW, jti });
}

export function createStranger(label: Label, issuer: Issuer): Stranger {
  const client = createClient(label, issuer);
  return { client, proof: proofOf(client) };
}

/** A proof without an access token, by a key that nothing else uses. */
export function tokenlessProof(): SentProof {
  const request = { method: METHOD, url: URL_OF_REQUEST };
  const proof = createProof(keyPair("ES256").signer, { ...request, iat: NOW });
  return { proof, request: { ...request, now: NOW } };
}

export function createProofSet(label: Label, issuer: Issuer, strangers: number): ProofSet {
  const client = createClient(label, issuer);
  const proofs = Array.from({ length: 32 }, () => proofOf(client));
  const forged = proofs.map((proof) => spliced(proofOf(client), proof));
  const others = Array.from({ length: strangers }, () => createStranger(label, issuer));
  return { client, proofs, forged, strangers: others, bad: badProofs(client, issuer) };
}

/** The inputs take turns. */
export function at<T>(inputs: readonly T[], turn: number): T {
  const input = inputs[turn % inputs.length];
  demand(input !== undefined, "there is no input");
  return input;
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
  const stolen = proofOf({ ...thief, request });
  const otherToken = issuer.issue(client.jkt);
  const bad: readonly (readonly [string, string, BoundRequest, string])[] = [
    ["another method", proof, { ...request, method: "GET" }, "htm_mismatch"],
    ["another URL", proof, { ...request, url: `${request.url}/1` }, "htu_mismatch"],
    ["another token", proof, { ...request, accessToken: otherToken }, "ath_mismatch"],
    ["too old", proof, { ...request, now: NOW + 3600 }, "iat_too_old"],
    ["another key", stolen, request, "jkt_mismatch"],
    ["a wrong signature", spliced(proofOf(client), proof), request, "signature_invalid"],
  ];
  return bad.map(([what, wrong, asked, code]) => ({ what, proof: wrong, request: asked, code }));
}

/** A bad proof by what is wrong with it. */
export function badProof(set: ProofSet, what: string): BadProof {
  const found = set.bad.find((one) => one.what === what);
  demand(found !== undefined, `there is no such bad proof: ${what}`);
  return found;
}

/** By node:crypto, which every engine here has, since it makes thousands of keys and proofs quickly. */
function keyPair(label: Label): Pick<Client, "signer" | "privateKey" | "privateJwk"> {
  const { privateKey } = newKeyPair(label === "ES256" ? "P-256" : "ed25519");
  const signer = createSigner(privateKey, { alg: label });
  const { publicJwk } = signer;
  demand(publicJwk.kty !== "RSA", "not a key of a curve");
  return { signer, privateKey, privateJwk: { ...publicJwk, d: exportJwk(privateKey).d ?? "" } };
}

/** A signing input and its signature. */
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
