// One set of keys and proofs, the same in every run and engine: published test keys, a fixed clock, deterministic signatures.
import {
  accessTokenHash,
  createProof,
  createSigner,
  jwkThumbprint,
  type PrivateJwk,
  type ProofRequest,
  type PublicJwk,
  type SigningLabel,
} from "dpop-core";
import { encodeBase64url } from "../src/bytes/base64url.js";
import { asciiBytes } from "../src/bytes/utf8.js";

/** The time of every proof and request, in seconds since the epoch: that of RFC 9449's own examples. */
export const NOW = 1562262616;

const METHOD = "POST";
const URL = "https://resource.example.org/accounts/4711/transfers";
const JTI = "e1j3V_bKic8-LAEB_lccD0";
const OTHER_JTI = "8J-fX7ofQcXXkfTv8yWkqA";

/** As long as a usual JWT access token: 485 characters. */
const ACCESS_TOKEN = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ."
  .padEnd(398, "eyJpc3MiOiJodHRwczovL2FzLmV4YW1wbGUub3JnIiwic3ViIjoiNDcxMSIs")
  .concat(".")
  .padEnd(485, "2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-y");

/** RFC 7515 appendix A.3. */
const EC_KEY: PrivateJwk = {
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
  d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
};

/** RFC 8037 appendix A.1. */
const OKP_KEY: PrivateJwk = {
  kty: "OKP",
  crv: "Ed25519",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
};

/** RFC 7638 section 3.1: 2048 bits. */
export const RSA_JWK: PublicJwk = {
  kty: "RSA",
  n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
  e: "AQAB",
};

/** The thumbprint that RFC 7638 section 3.1 gives of it. */
export const RSA_JKT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

/** Requests that every proof is checked against: the one it was made for, and others. */
export interface Requests {
  readonly right: ProofRequest;
  readonly otherMethod: ProofRequest;
  readonly otherUrl: ProofRequest;
  readonly otherToken: ProofRequest;
  readonly late: ProofRequest;
}

/** A key, a proof of it, and proofs that are wrong. */
export interface KeyFixture {
  readonly label: SigningLabel;
  readonly privateJwk: PrivateJwk;
  readonly jwk: PublicJwk;
  readonly jkt: string;
  readonly proof: string;
  /** The signature of `proof` under claims with another jti: everything is right but the signature. */
  readonly forged: string;
  readonly requests: Requests;
}

export interface Fixtures {
  readonly accessToken: string;
  readonly ath: string;
  readonly es256: KeyFixture;
  readonly ed25519: KeyFixture;
  /** Of the form and size of an RS256 proof. Nothing here verifies RSA, so that its signature is 256 arbitrary bytes. */
  readonly rsaProof: string;
}

export function makeFixtures(): Fixtures {
  return {
    accessToken: ACCESS_TOKEN,
    ath: accessTokenHash(ACCESS_TOKEN),
    es256: keyFixture("ES256", EC_KEY),
    ed25519: keyFixture("EdDSA", OKP_KEY),
    rsaProof: rsaProof(),
  };
}

function keyFixture(label: SigningLabel, privateJwk: PrivateJwk): KeyFixture {
  const signer = createSigner(privateJwk, { alg: label });
  const jwk = signer.publicJwk;
  const jkt = jwkThumbprint(jwk);
  const made = { method: METHOD, url: URL, accessToken: ACCESS_TOKEN, iat: NOW };
  const proof = createProof(signer, { ...made, jti: JTI });
  const other = createProof(signer, { ...made, jti: OTHER_JTI });
  return {
    label,
    privateJwk,
    jwk,
    jkt,
    proof,
    forged: spliced(other, proof),
    requests: requests(jkt),
  };
}

/** Header and claims of one proof with the signature of another. */
function spliced(claimsOf: string, signatureOf: string): string {
  return (
    claimsOf.slice(0, claimsOf.lastIndexOf(".")) + signatureOf.slice(signatureOf.lastIndexOf("."))
  );
}

function requests(jkt: string): Requests {
  const right = { method: METHOD, url: URL, accessToken: ACCESS_TOKEN, jkt, now: NOW };
  return {
    right,
    otherMethod: { ...right, method: "GET" },
    otherUrl: { ...right, url: `${URL}/1` },
    otherToken: { ...right, accessToken: ACCESS_TOKEN.slice(1) },
    late: { ...right, now: NOW + 3600 },
  };
}

function rsaProof(): string {
  const header = { typ: "dpop+jwt", alg: "RS256", jwk: RSA_JWK };
  const claims = { jti: JTI, htm: METHOD, htu: URL, iat: NOW, ath: accessTokenHash(ACCESS_TOKEN) };
  const signature = Uint8Array.from({ length: 256 }, (_, index) => index);
  return [
    encodeBase64url(asciiBytes(JSON.stringify(header))),
    encodeBase64url(asciiBytes(JSON.stringify(claims))),
    encodeBase64url(signature),
  ].join(".");
}
