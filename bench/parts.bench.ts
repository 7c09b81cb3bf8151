// What a verification is made of (RFC 9449 section 4.3): each step of src/verify as a function of its own, with the key known
// (hot) and unknown (cold); and all of them but the signature beside one signature check of node:crypto.
import { createVerifier, type SyncAlg } from "dpop-core";
import { fast } from "dpop-core/fast";
import { decodeBase64urlText } from "../src/bytes/base64url.js";
import { type JsonObject, parseJsonObject } from "../src/input/json.js";
import { readAscii } from "../src/bytes/utf8.js";
import { readPublicJwk } from "../src/jose/jwk.js";
import { decodeSignature, type JwsSegments } from "../src/jose/jws.js";
import { thumbprint } from "../src/jose/thumbprint.js";
import { checkAth, checkHtm, checkHtu, checkIat, checkJkt } from "../src/proof/check.js";
import { type ProofClaims, readClaims, readLimits } from "../src/proof/claims.js";
import { checkHeader, splitProof } from "../src/proof/parse.js";
import { createProofCache, type ProofCache, readCacheBounds } from "../src/verify/cache.js";
import { readProofRequest } from "../src/verify/request.js";
import { type BenchCase, type BenchGroup, demand, syncCase } from "./case.js";
import { type Fixtures, type KeyFixture, NOW } from "./fixtures.js";
import { against, NO_CACHE, type Peers, PROOFS_TO_HEAT, type State } from "./verify.bench.js";
import type { SyncKey } from "../src/jose/alg.js";

const WHOLE = "all of it";
const LIMITS = readLimits(undefined);
const WINDOW = { maxAge: 60, clockTolerance: 15 };

export function partsGroups({ es256, ed25519 }: Fixtures, peers: Peers): readonly BenchGroup[] {
  return [es256, ed25519].flatMap((key) => [
    {
      name: `verify: its parts, ${key.label}, fast, hot`,
      comparison: against(WHOLE, "share"),
      cases: () => [wholeCase(key, "hot"), ...eachTime(key), ...hotParts(key)],
    },
    {
      name: `verify: its parts, ${key.label}, fast, cold`,
      comparison: against(WHOLE, "share"),
      cases: () => [wholeCase(key, "cold"), ...eachTime(key), ...coldParts(key)],
    },
    {
      name: `verify: our own work, ${key.label}`,
      comparison: against(peers.signature?.name, "share"),
      cases: () => [
        ownWorkCase(key, "hot"),
        ownWorkCase(key, "cold"),
        ...signaturePeerCases(peers, key),
      ],
    },
  ]);
}

function algOf({ label }: KeyFixture): SyncAlg {
  return label === "ES256" ? fast.ES256 : fast.EdDSA;
}

function wholeCase(key: KeyFixture, state: State): BenchCase {
  return proofCase(WHOLE, key, state, algOf(key));
}

/** Everything that a verification does, with an algorithm that takes every key and every signature at once. */
function ownWorkCase(key: KeyFixture, state: State): BenchCase {
  const credulous: SyncKey = { size: 0, verify: () => true };
  const alg = { ...algOf(key), importKey: () => credulous };
  return proofCase(`all but importing the key and the signature, ${state}`, key, state, alg);
}

function proofCase(name: string, key: KeyFixture, state: State, alg: SyncAlg): BenchCase {
  const cache = state === "hot" ? undefined : NO_CACHE;
  const verifier = createVerifier({ backend: fast, algs: [alg], cache, replay: "none" });
  const verify = () => verifier.verify(key.proof, key.requests.right);
  for (let i = 0; i < PROOFS_TO_HEAT; i++) demand(verify().ok, `${name}: refuses a good proof`);
  return syncCase(name, verify, {
    right: (result) => result.ok && result.jkt === key.jkt,
    counterpart: () =>
      !verifier.verify(key.proof, key.requests.otherToken).ok &&
      verifier.cacheUsage().keys === (state === "hot" ? 1 : 0),
  });
}

/** A proof of the fixtures, taken apart. */
interface Taken {
  readonly segments: JwsSegments;
  readonly signature: Uint8Array;
  readonly signed: Uint8Array;
  readonly headerText: string;
  readonly payloadText: string;
  readonly header: JsonObject;
  readonly payload: JsonObject;
  readonly claims: ProofClaims;
}

function takeApart(proof: string): Taken {
  const segments = splitProof(proof, LIMITS);
  demand(typeof segments !== "string", "a proof of the fixtures has not three segments");
  const { headerEnd, payloadEnd } = segments;
  const signature = decodeSignature(segments);
  const signed = readAscii(proof, payloadEnd);
  demand(signature !== null && signed !== null, "a proof of the fixtures can't be decoded");
  const headerText = decodeBase64urlText(proof, signed, 0, headerEnd);
  const payloadText = decodeBase64urlText(proof, signed, headerEnd + 1, payloadEnd);
  demand(headerText !== null && payloadText !== null, "a proof of the fixtures is no text");
  const header = parseJsonObject(headerText);
  const payload = parseJsonObject(payloadText);
  demand(header !== null && payload !== null, "a proof of the fixtures is not JSON");
  const claims = readClaims(payload, LIMITS);
  demand(typeof claims !== "string", "the claims of the fixtures can't be read");
  return { segments, signature, signed, headerText, payloadText, header, payload, claims };
}

/** What is done for every proof, whoever sent it. */
function eachTime(key: KeyFixture): readonly BenchCase[] {
  const { proof, requests, jkt } = key;
  const { segments, signed, payloadText, payload, claims } = takeApart(proof);
  const { headerEnd, payloadEnd } = segments;
  const clock = (): number => NOW;
  return [
    syncCase("reading the request", () => readProofRequest(requests.right, clock, "loopback"), {
      right: ({ method, now }) => method === requests.right.method && now === NOW,
      counterpart: () => readProofRequest(requests.late, clock, "loopback").now !== NOW,
    }),
    syncCase("splitting", () => splitProof(proof, LIMITS), {
      right: (answer) => typeof answer !== "string" && answer.payloadEnd === payloadEnd,
      counterpart: () => splitProof(`${proof}.`, LIMITS) === "jws_malformed",
    }),
    syncCase("decoding the signature", () => decodeSignature(segments), {
      right: (bytes) => bytes?.length === 64,
      counterpart: () => decodeSignature({ ...segments, jws: `${proof}=` }) === null,
    }),
    syncCase(
      "decoding the claims",
      () => decodeBase64urlText(proof, signed, headerEnd + 1, payloadEnd),
      {
        right: (text) => text === payloadText,
        counterpart: () => decodeBase64urlText(proof, signed, headerEnd, payloadEnd) === null, // with a dot
      },
    ),
    syncCase("JSON of the claims", () => parseJsonObject(payloadText), {
      right: (answer) => JSON.stringify(answer) === payloadText,
      counterpart: () => parseJsonObject(`${payloadText},`) === null,
    }),
    syncCase("reading the claims", () => readClaims(payload, LIMITS), {
      right: (answer) => JSON.stringify(answer) === JSON.stringify(claims),
      counterpart: () => readClaims({ ...payload, iat: "1" }, LIMITS) === "claim_invalid",
    }),
    syncCase("htm", () => checkHtm(claims, requests.right.method), {
      right: (answer) => answer === null,
      counterpart: () => checkHtm(claims, requests.otherMethod.method) !== null,
    }),
    syncCase("htu", () => checkHtu(claims, requests.right.url, 4096), {
      right: (answer) => answer === null,
      counterpart: () => checkHtu(claims, requests.otherUrl.url, 4096) !== null,
    }),
    syncCase("iat", () => checkIat(claims, NOW, WINDOW), {
      right: (answer) => answer === null,
      counterpart: () => checkIat(claims, NOW + 3600, WINDOW) !== null,
    }),
    syncCase("jkt", () => checkJkt(key.jkt, jkt), {
      right: (answer) => answer === null,
      counterpart: () => checkJkt(key.jkt, jkt.toLowerCase()) !== null,
    }),
  ];
}

/** What a known client costs beside that. */
function hotParts(key: KeyFixture): readonly BenchCase[] {
  const { proof, forged, requests } = key;
  const { segments, signature, signed, claims } = takeApart(proof);
  const { headerEnd, payloadEnd } = segments;
  const header = proof.slice(0, headerEnd);
  const headerBytes = signed.slice(0, headerEnd);
  const { accessToken = "" } = requests.right;
  const alg = algOf(key);
  const imported = importedKey(key);
  for (let i = 0; i < PROOFS_TO_HEAT; i++) {
    demand(imported.verify(signature, signed), "a signature of the fixtures is not valid");
  }
  const cache: ProofCache<SyncAlg> = createProofCache(readCacheBounds(undefined));
  const known = { alg, jwk: key.jwk, jkt: key.jkt, key: imported };
  cache.keepKey(undefined, header, known, signed);
  cache.keepAth(undefined, accessToken, claims.ath ?? "", NOW);
  const [foundKey, foundAth] = [cache.findKey(header), cache.findAth(accessToken, NOW)];
  return [
    syncCase("finding the key", () => cache.findKey(proof.slice(0, headerEnd)), {
      right: (entry) => entry?.value.jkt === key.jkt,
      counterpart: () => cache.findKey(proof.slice(0, headerEnd - 1)) === undefined,
    }),
    syncCase("finding the hash of the token", () => cache.findAth(accessToken, NOW), {
      right: (entry) => entry?.value === claims.ath,
      counterpart: () => cache.findAth(accessToken.slice(1), NOW) === undefined,
    }),
    syncCase(
      "ath, the hash known",
      () => checkAth(claims, accessToken, fast, foundAth?.value),
      athExpectation(key, claims),
    ),
    syncCase(
      "signing input, its beginning known",
      () => readAscii(proof, payloadEnd, headerBytes),
      {
        right: (bytes) => isSame(bytes, signed),
        counterpart: () => !isSame(readAscii(forged, payloadEnd, headerBytes), signed),
      },
    ),
    syncCase(
      "the signature, tables final",
      () => imported.verify(signature, signed),
      signatureExpectation(key, imported),
    ),
    syncCase(
      "remembering again",
      () => {
        cache.keepKey(foundKey, header, known, signed);
        cache.keepAth(foundAth, accessToken, claims.ath ?? "", NOW);
        return cache;
      },
      {
        right: ({ usage }) => usage().keys === 1 && usage().tokens === 1 && usage().tables === 1,
        counterpart: () => {
          const other: ProofCache<SyncAlg> = createProofCache(readCacheBounds(NO_CACHE));
          other.keepKey(undefined, header, known, signed);
          return other.usage().keys === 0;
        },
      },
    ),
  ];
}

/** What a client that was never seen costs beside what each proof does. */
function coldParts(key: KeyFixture): readonly BenchCase[] {
  const { proof, forged, requests, jwk, jkt } = key;
  const { segments, signature, signed, headerText, header, claims } = takeApart(proof);
  const { headerEnd, payloadEnd } = segments;
  const { accessToken } = requests.right;
  const alg = algOf(key);
  const imported = importedKey(key);
  return [
    syncCase("decoding the header", () => decodeBase64urlText(proof, signed, 0, headerEnd), {
      right: (text) => text === headerText,
      counterpart: () => decodeBase64urlText(proof, signed, 0, headerEnd + 1) === null, // with a dot
    }),
    syncCase("JSON of the header", () => parseJsonObject(headerText), {
      right: (answer) => JSON.stringify(answer) === headerText,
      counterpart: () => parseJsonObject(`${headerText},`) === null,
    }),
    syncCase("typ and crit", () => checkHeader(header), {
      right: (answer) => answer === null,
      counterpart: () => checkHeader({ ...header, typ: "JWT" }) === "typ_mismatch",
    }),
    syncCase(
      "ath, the token hashed",
      () => checkAth(claims, accessToken, fast),
      athExpectation(key, claims),
    ),
    syncCase("reading the key", () => readPublicJwk(header["jwk"], alg), {
      right: (read) => JSON.stringify(read) === JSON.stringify(jwk),
      counterpart: () => readPublicJwk({ ...jwk, d: "AA" }, alg) === "jwk_private",
    }),
    syncCase("thumbprint", () => thumbprint(jwk, fast), {
      right: (hash) => hash === jkt,
      counterpart: () => thumbprint({ kty: "OKP", crv: "Ed25519", x: "AA" }, fast) !== jkt,
    }),
    syncCase("importing the key", () => alg.importKey(jwk), {
      right: (answer) => answer !== null,
      counterpart: () => alg.importKey({ kty: "RSA", n: "AA", e: "AQAB" }) === null,
    }),
    syncCase("signing input", () => readAscii(proof, payloadEnd), {
      right: (bytes) => isSame(bytes, signed),
      counterpart: () => !isSame(readAscii(forged, payloadEnd), signed),
    }),
    syncCase(
      "the signature, no table",
      () => {
        const valid = imported.verify(signature, signed);
        imported.dropTables?.(); // each costs twice as many signatures as the last: soon there are none
        return valid;
      },
      signatureExpectation(key, imported),
    ),
  ];
}

function importedKey(key: KeyFixture): SyncKey {
  const imported = algOf(key).importKey(key.jwk);
  demand(imported !== null, "the key of the fixtures can't be imported");
  return imported;
}

function athExpectation({ requests }: KeyFixture, claims: ProofClaims) {
  return {
    right: (answer: unknown) => answer === null,
    counterpart: () => checkAth(claims, requests.otherToken.accessToken, fast) !== null,
  };
}

function signatureExpectation(
  key: KeyFixture,
  imported: Pick<SyncKey, "verify">,
): { right(answer: boolean): boolean; counterpart(): boolean } {
  const { signature } = takeApart(key.proof);
  return {
    right: (answer) => answer,
    counterpart: () => !imported.verify(signature, takeApart(key.forged).signed),
  };
}

function signaturePeerCases({ signature: peer }: Peers, key: KeyFixture): readonly BenchCase[] {
  if (peer === undefined) return [];
  const { signature, signed } = takeApart(key.proof);
  const verify = peer.verifierOf(key);
  return [
    syncCase(
      peer.name,
      () => verify(signature, signed),
      signatureExpectation(key, { verify: (one, data) => verify(one, data) }),
    ),
  ];
}

function isSame(bytes: Uint8Array | null, expected: Uint8Array): boolean {
  return bytes?.length === expected.length && bytes.every((byte, i) => byte === expected[i]);
}
