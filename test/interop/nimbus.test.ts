// Nimbus' proofs at our verifiers, and ours at Nimbus': every algorithm that both know, and what each must refuse.
import { randomBytes } from "node:crypto";
import {
  createNonceIssuer,
  createProofAsync,
  type FailureCode,
  jwkThumbprint,
  type ProofInit,
  type ProofRequest,
  type Signer,
} from "dpop-core";
import { beforeAll, describe, expect, test } from "vitest";
import { factsOf } from "./peer.js";
import {
  type AnyVerifier,
  type Label,
  type OurBackend,
  ourBackends,
  type OurSigners,
  ourSigners,
} from "./support/our-backends.js";
import { textMember } from "./support/peers.js";
import { seconds, withSignatureOf } from "./support/proofs.js";

const { origin } = factsOf("origin");

const API_URL = "https://api.example.com/things";
const TOKEN_URL = "https://server.example.com/token";
const ACCESS_TOKEN = "an-access-token";

const atApi = { method: "GET", url: API_URL, accessToken: ACCESS_TOKEN } as const;
const atToken = { method: "POST", url: TOKEN_URL } as const;

async function ask(path: string, request: object): Promise<unknown> {
  const response = await fetch(origin + path, { method: "POST", body: JSON.stringify(request) });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return answer;
}

/** What Nimbus' factory makes a proof for. */
interface Ordered {
  readonly method: string;
  readonly url: string;
  readonly accessToken?: string | undefined;
  readonly nonce?: string | undefined;
  /** In seconds. */
  readonly age?: number;
  /** The name of its key. */
  readonly key?: string;
}

interface Ready {
  readonly proof: string;
  /** As Nimbus computes it. */
  readonly jkt: string;
}

async function order(alg: Label, ordered: Ordered): Promise<Ready> {
  const answer = await ask("/proof", { key: "own", ...ordered, alg });
  return { proof: textMember(answer, "proof"), jkt: textMember(answer, "jkt") };
}

async function outcome(
  verifier: AnyVerifier,
  proof: string,
  request: ProofRequest,
): Promise<string> {
  const result = await verifier.verify(proof, request);
  return result.ok ? "ok" : result.code;
}

/** A proof or a request that differs in one thing from those that are good. */
const ourRefusals: readonly (readonly [
  what: string,
  code: FailureCode,
  differs: { readonly proof?: Partial<Ordered>; readonly request?: object },
])[] = [
  ["another method", "htm_mismatch", { request: { method: "POST" } }],
  ["another URL", "htu_mismatch", { request: { url: `${API_URL}/1` } }],
  ["another access token", "ath_mismatch", { request: { accessToken: "of-another" } }],
  ["no access token in the proof", "ath_missing", { proof: { accessToken: undefined } }],
  ["the key of another", "jkt_mismatch", { proof: { key: "another" } }],
  ["an old proof", "iat_too_old", { proof: { age: 3600 } }],
  ["a proof of the future", "iat_in_future", { proof: { age: -3600 } }],
];

const verifiers = ourBackends.flatMap((backend) =>
  backend.labels.map((label) => [label, backend.name, { label, backend }] as const),
);

describe("its proofs at our verifier", () => {
  describe.each(verifiers)("%s, %s", (_label, _name, { label, backend }) =>
    testItsProofs(label, backend),
  );
});

function testItsProofs(label: Label, backend: OurBackend): void {
  test("at a resource: taken once, and its key has the thumbprint that Nimbus gives it", async () => {
    const verifier = backend.verifier();
    const { proof, jkt } = await order(label, atApi);
    const result = await verifier.verify(proof, { ...atApi, jkt });
    expect(result).toMatchObject({ ok: true, jkt, claims: { htm: "GET", htu: API_URL } });
    expect(await outcome(verifier, proof, { ...atApi, jkt })).toBe("jti_replayed");
  });

  test("at a token endpoint: taken once, and one that was made for a resource is not", async () => {
    const verifier = backend.verifier();
    const { proof, jkt } = await order(label, atToken);
    expect(await verifier.verify(proof, atToken)).toMatchObject({ ok: true, jkt });
    expect(await outcome(verifier, proof, atToken)).toBe("jti_replayed");
    const other = await order(label, { ...atToken, accessToken: ACCESS_TOKEN });
    expect(await outcome(verifier, other.proof, atToken)).toBe("ath_unexpected");
  });

  test("with a nonce of ours: taken; without one, or with another: refused", async () => {
    const nonces = createNonceIssuer({ secrets: [randomBytes(32)], audience: API_URL });
    const verifier = backend.verifier(nonces);
    const sent = async (nonce: string | undefined): Promise<string> => {
      const { proof, jkt } = await order(label, { ...atApi, nonce });
      return outcome(verifier, proof, { ...atApi, jkt });
    };
    expect(await sent(nonces.issue(seconds()))).toBe("ok");
    expect(await sent(undefined)).toBe("nonce_missing");
    expect(await sent("of-another")).toBe("nonce_mismatch");
  });

  test.each(ourRefusals)("refused: %s, %s", async (_what, code, differs) => {
    const { jkt } = await order(label, atApi);
    const { proof } = await order(label, { ...atApi, ...differs.proof });
    const request = { ...atApi, ...differs.request, jkt };
    expect(await outcome(backend.verifier(), proof, request)).toBe(code);
  });

  test("refused: the signature of another proof of the key, signature_invalid", async () => {
    const [one, other] = await Promise.all([order(label, atApi), order(label, atApi)]);
    const request = { ...atApi, jkt: one.jkt };
    const forged = withSignatureOf(other.proof, one.proof);
    expect(await outcome(backend.verifier(), forged, request)).toBe("signature_invalid");
    expect(await outcome(backend.verifier(), one.proof, request)).toBe("ok");
  });
}

const signing = ourSigners.flatMap((signers) =>
  signers.labels.map((label) => [label, signers.name, { label, signers }] as const),
);
const isEdwards = (label: Label): boolean => label === "EdDSA" || label === "Ed25519";

const refusal = (exception: string, message: string): object => ({
  ok: false,
  exception,
  message,
});
const badProof = (message: string): object =>
  refusal("InvalidDPoPProofException", `Invalid DPoP proof: ${message}`);
const badNonce = (message: string): object =>
  refusal("InvalidDPoPNonceException", `Invalid DPoP proof: ${message}`);
const badToken = (message: string): object => refusal("AccessTokenValidationException", message);

const REPLAYED = badProof("The jti was already used in the past 60 seconds");
const OTHER_METHOD = badProof("JWT htm claim value rejected");
const OTHER_TOKEN = badToken("The access token hash doesn't match the DPoP proof ath claim");
const OTHER_KEY = badToken(
  "The DPoP proof JWK doesn't match the JWK SHA-256 thumbprint confirmation",
);

/** As in `ourRefusals`, with what Nimbus says of it. */
const itsRefusals: readonly (readonly [
  what: string,
  said: object,
  differs: { readonly proof?: () => Partial<ProofInit>; readonly request?: object },
])[] = [
  ["another method", OTHER_METHOD, { request: { method: "POST" } }],
  ["another URL", badProof("JWT htu claim value rejected"), { request: { url: `${API_URL}/1` } }],
  ["another access token", OTHER_TOKEN, { request: { accessToken: "of-another" } }],
  [
    "no access token in the proof",
    badProof("JWT missing required claims: [ath]"),
    { proof: () => ({ accessToken: undefined }) },
  ],
  ["the key of another", OTHER_KEY, { request: { jkt: "A".repeat(43) } }],
  [
    "an old proof",
    badProof("DPoP proof iat too old (>60s)"),
    { proof: () => ({ iat: seconds() - 3600 }) },
  ],
  [
    "a proof of the future",
    badProof("DPoP proof iat too far in future (>15s)"),
    { proof: () => ({ iat: seconds() + 3600 }) },
  ],
  [
    "no nonce where one is wanted",
    badNonce("JWT missing required claims: [nonce]"),
    { request: { nonce: "a-nonce" } },
  ],
  [
    "another nonce",
    badNonce("JWT nonce claim value rejected"),
    { proof: () => ({ nonce: "of-another" }), request: { nonce: "a-nonce" } },
  ],
  // RFC 9449 does not forbid a nonce that was not asked for; a client that keeps an old one is refused here.
  [
    "a nonce that was not asked for",
    badNonce("JWT has prohibited claims: [nonce]"),
    { proof: () => ({ nonce: "a-nonce" }) },
  ],
];

describe("our proofs at its verifiers", () => {
  describe.each(signing.filter(([label]) => !isEdwards(label)))(
    "%s, %s",
    (_label, _name, { label, signers }) => testOurProofs(label, signers),
  );

  // Its factory makes proofs with them, its verifiers take none.
  test.each(signing.filter(([label]) => isEdwards(label)))(
    "refused: %s, %s, which its verifiers don't know",
    async (_label, _name, { label, signers }) => {
      const { signer } = await signers.open(label);
      const proof = await createProofAsync(signer, atToken);
      const said = badProof(`JWS header algorithm not accepted: ${label}`);
      expect(await ask("/token", { url: TOKEN_URL, proof })).toEqual(said);
    },
  );
});

function testOurProofs(label: Label, signers: OurSigners): void {
  let signer: Signer;
  let jkt: string;
  beforeAll(async () => {
    ({ signer } = await signers.open(label));
    jkt = jwkThumbprint(signer.publicJwk);
  });

  test.each([["without a nonce"], ["with a nonce", "a-nonce"]])(
    "at its resource, %s: taken once",
    async (_with, nonce?: string) => {
      const proof = await createProofAsync(signer, { ...atApi, nonce });
      const request = { ...atApi, nonce, jkt, proof };
      expect(await ask("/resource", request)).toEqual({ ok: true });
      expect(await ask("/resource", request)).toEqual(REPLAYED);
    },
  );

  test.each([["without a nonce"], ["with a nonce", "a-nonce"]])(
    "at its token endpoint, %s: taken once, and answered with the same thumbprint",
    async (_with, nonce?: string) => {
      const proof = await createProofAsync(signer, { ...atToken, nonce });
      const request = { url: TOKEN_URL, nonce, proof };
      expect(await ask("/token", request)).toEqual({ ok: true, jkt });
      expect(await ask("/token", request)).toEqual(REPLAYED);
    },
  );

  test.each(itsRefusals)("refused: %s", async (_what, said, differs) => {
    const proof = await createProofAsync(signer, { ...atApi, ...differs.proof?.() });
    const request = { ...atApi, jkt, proof, ...differs.request };
    expect(await ask("/resource", request)).toEqual(said);
  });

  test("refused: the signature of another proof of the key", async () => {
    const [one, other] = await Promise.all([
      createProofAsync(signer, atApi),
      createProofAsync(signer, atApi),
    ]);
    const request = { ...atApi, jkt, proof: withSignatureOf(other, one) };
    const said = badProof("Signed JWT rejected: Invalid signature");
    expect(await ask("/resource", request)).toEqual(said);
    expect(await ask("/resource", { ...request, proof: one })).toEqual({ ok: true });
  });

  test("at its token endpoint: another method is refused, an ath is no matter", async () => {
    const get = await createProofAsync(signer, { ...atToken, method: "GET" });
    expect(await ask("/token", { url: TOKEN_URL, proof: get })).toEqual(OTHER_METHOD);
    // Ours refuses it: such a proof was made for a resource.
    const withToken = await createProofAsync(signer, { ...atToken, accessToken: ACCESS_TOKEN });
    expect(await ask("/token", { url: TOKEN_URL, proof: withToken })).toEqual({
      ok: true,
      jkt,
    });
  });
}

describe("thumbprints", () => {
  test.each(["ES256", "ES384", "ES512", "Ed25519", "RS256"] as const)(
    "of a key for %s, ours and its are the same",
    async (label) => {
      const keys = ourSigners.filter(({ labels }) => labels.some((one) => one === label));
      const holders = await Promise.all(keys.map(({ open }) => open(label)));
      const sessions = holders.map((holder) => holder.session());
      expect(sessions.length).toBeGreaterThan(1);
      const theirs = await Promise.all(
        sessions.map(({ publicJwk }) => ask("/thumbprint", { jwk: publicJwk })),
      );
      const ours = sessions.map(({ jkt }) => ({ jkt }));
      expect(theirs).toEqual(ours);
      expect(new Set(ours.map(({ jkt }) => jkt)).size).toBe(sessions.length);
    },
  );
});
