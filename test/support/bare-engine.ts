// What dpop-core does in an engine that has nothing but ECMAScript: bundled into one script, run where there is no platform,
// and read back through `results`. Plain values only: they cross over as JSON.
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import {
  createClientSession,
  createMemoryReplayStore,
  createNonceIssuer,
  createProof,
  createResourceServer,
  createAuthorizationServer,
  createVerifier,
  jwkThumbprint,
  type ProofRequest,
  verifyProof,
} from "dpop-core/core";
import { generatePrivateJwk, noble, nobleBackend, type SigningLabel } from "dpop-core/noble";
import { ACCESS_TOKEN, JKT, P1, P3, RESOURCE } from "./rfc.js";

/** Not random, so that every run is the same; of a server it must be. */
const SECRET: Uint8Array = Uint8Array.from({ length: 32 }, (_, i) => i);

const TOKEN_REQUEST = {
  method: "POST",
  url: "https://server.example.com/token",
  now: 1_562_262_616,
};

/** The counter stands in for the platform's randomness, which is not there. */
let calls = 0;
const backend = nobleBackend({
  p256,
  p384,
  p521,
  ed25519,
  sha256,
  sha384,
  sha512,
  randomBytes: (length) => new Uint8Array(length).fill(++calls),
});

function outcome(proof: string, request: ProofRequest): string {
  const result = verifyProof(proof, request, { backend: noble, replay: "none" });
  return result.ok ? result.jkt : result.code;
}

/** Makes a key and a proof, and verifies it twice. */
function roundTrip(alg: SigningLabel): readonly string[] {
  const { ES256, ES384, ES512, EdDSA, Ed25519 } = backend;
  const signer = backend.createSigner(backend.generatePrivateJwk(alg));
  const request = { ...TOKEN_REQUEST, nonce: "n", iat: TOKEN_REQUEST.now };
  const { now: _, ...newProof } = request;
  const proof = createProof(signer, newProof, { backend });
  const verifier = createVerifier({
    backend,
    algs: [ES256, ES384, ES512, EdDSA, Ed25519],
    replay: createMemoryReplayStore(),
  });
  return [1, 2].map(() => {
    const result = verifier.verify(proof, TOKEN_REQUEST);
    return result.ok ? result.alg : result.code;
  });
}

/** Client, authorization server and resource server in one: a token is asked for, and used. */
function roles(): readonly unknown[] {
  const clock = (): number => TOKEN_REQUEST.now;
  const signer = backend.createSigner(backend.generatePrivateJwk("ES256"));
  const session = createClientSession({ signer, backend, clock });
  const nonceOf = (audience: string) =>
    createNonceIssuer({ backend, secrets: [SECRET], audience, clock });
  const atServer = createVerifier({ backend, nonce: nonceOf("server"), clock, replay: "none" });
  const endpoint = createAuthorizationServer({ verifier: atServer });
  const api = createResourceServer({
    verifier: createVerifier({ backend, nonce: nonceOf("api"), clock, replay: "none" }),
    accessTokens: () => ({ binding: { jkt: session.jkt }, claims: {} }),
  });
  const seen: unknown[] = [];
  const { url } = TOKEN_REQUEST;
  for (let attempt = 1; attempt <= 2; attempt++) {
    const proof = session.buildProof({ method: "POST", url });
    const grant = { type: "client_credentials" } as const;
    const client = { clientType: "public", boundAccessTokens: true, grant } as const;
    const result = endpoint.checkTokenRequest({ method: "POST", url, proof, ...client });
    session.observe({ url }, { status: 400, headers: headersOf(result.headers) });
    seen.push(result.ok ? result.tokenType : result.body.error);
  }
  const resource = { method: "GET", url: RESOURCE, accessToken: ACCESS_TOKEN };
  for (let attempt = 1; attempt <= 2; attempt++) {
    const proof = session.buildProof(resource);
    const access = api.authenticate({
      method: "GET",
      url: RESOURCE,
      authorization: `DPoP ${ACCESS_TOKEN}`,
      proof,
    });
    const response = { status: 401, headers: headersOf(access.headers) };
    session.observe(resource, response);
    seen.push(access.ok ? access.scheme : session.shouldRetry(proof, response, attempt));
  }
  return seen;
}

function headersOf(fields: Readonly<Record<string, string>>): { get(name: string): string | null } {
  const all = new Map(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
  return { get: (name) => all.get(name.toLowerCase()) ?? null };
}

function messageOf(call: () => unknown): string {
  try {
    call();
    return "nothing was thrown";
  } catch (error) {
    return String(error);
  }
}

const p3Request = { method: "GET", url: RESOURCE, now: 1_562_262_618 };

export const results = {
  tokenRequest: outcome(P1, TOKEN_REQUEST),
  resourceRequest: outcome(P3, { ...p3Request, accessToken: ACCESS_TOKEN, jkt: JKT }),
  otherToken: outcome(P3, { ...p3Request, accessToken: `${ACCESS_TOKEN}x`, jkt: JKT }),
  changedSignature: outcome(`${P1.slice(0, -2)}AA`, TOKEN_REQUEST),
  otherMethod: outcome(P1, { ...TOKEN_REQUEST, method: "GET" }),
  thumbprint: jwkThumbprint(
    {
      kty: "EC",
      crv: "P-256",
      x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
      y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    },
    { backend: noble },
  ),
  ES256: roundTrip("ES256"),
  ES384: roundTrip("ES384"),
  ES512: roundTrip("ES512"),
  EdDSA: roundTrip("EdDSA"),
  Ed25519: roundTrip("Ed25519"),
  roles: roles(),
  noRandomSource: messageOf(() => generatePrivateJwk("ES256")),
};
