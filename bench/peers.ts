// What we are compared with on engines that have it: jose, called the way servers call it, and node:crypto for signatures.
import { createPublicKey, hash, verify } from "node:crypto";
import {
  calculateJwkThumbprint,
  EmbeddedJWK,
  importJWK,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyOptions,
} from "jose";
import type { ProofRequest } from "dpop-core";
import { demand } from "./case.js";
import { derOf } from "./der.js";
import { type KeyFixture, NOW } from "./fixtures.js";
import type { Peers, ProofPeer, SignaturePeer } from "./verify.bench.js";

/** As node-oidc-provider and others do it: the key of the header is imported for every proof. */
const jose: ProofPeer = {
  name: "jose, as servers use it: jwtVerify, EmbeddedJWK, calculateJwkThumbprint",
  verifierOf: async (key) => async (proof, request) => {
    const { payload, protectedHeader } = await jwtVerify(
      proof,
      EmbeddedJWK,
      optionsFor(key, request),
    );
    checkClaims(payload, request);
    demand(protectedHeader.jwk !== undefined, "jose verified a proof without a jwk");
    return matching(await calculateJwkThumbprint(protectedHeader.jwk), request);
  },
};

/** The best that jose can do where somebody keeps the key and its thumbprint. */
const joseWithKey: ProofPeer = {
  name: "jose, key and thumbprint kept: jwtVerify",
  async verifierOf(key) {
    const imported = await importJWK({ ...key.jwk }, key.label);
    const jkt = await calculateJwkThumbprint({ ...key.jwk });
    return async (proof, request) => {
      const { payload } = await jwtVerify(proof, imported, optionsFor(key, request));
      checkClaims(payload, request);
      return matching(jkt, request);
    };
  },
};

function optionsFor(key: KeyFixture, { now = NOW }: ProofRequest): JWTVerifyOptions {
  return {
    typ: "dpop+jwt",
    algorithms: [key.label],
    currentDate: new Date(now * 1000),
    maxTokenAge: 60,
    clockTolerance: 15,
  };
}

/** What jose leaves to the server, in the words of node-oidc-provider. */
function checkClaims(payload: JWTPayload, { method, url, accessToken }: ProofRequest): void {
  const { jti, htm, htu, ath } = payload;
  if (typeof jti !== "string" || jti === "") throw new Error("jti");
  if (htm !== method) throw new Error("htm");
  if (typeof htu !== "string") throw new Error("htu");
  const actual = new URL(htu);
  actual.hash = "";
  actual.search = "";
  if (actual.href !== new URL(url).href) throw new Error("htu");
  if (accessToken !== undefined && ath !== hash("sha256", accessToken, "base64url"))
    throw new Error("ath");
}

function matching(jkt: string, request: ProofRequest): string {
  if (jkt !== request.jkt) throw new Error("jkt");
  return jkt;
}

const nodeCrypto: SignaturePeer = {
  name: "node:crypto verify, key imported once",
  verifierOf(key) {
    const imported = createPublicKey({ key: { ...key.jwk }, format: "jwk" });
    return key.label === "ES256"
      ? (signature, data) => verify("sha256", data, imported, derOf(signature))
      : (signature, data) => verify(null, data, imported, signature); // it hashes by itself
  },
};

export const peers: Peers = { proofs: [jose, joseWithKey], signature: nodeCrypto };
