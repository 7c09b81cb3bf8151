// Job: what a verification is made of (RFC 9449 section 4.3). Each step of src/verify is called as a
// function of its own, with the key known (hot) and unknown (cold), beside the whole.
import {
  accessTokenHash,
  createVerifier,
  type PublicJwk,
  type SyncAlg,
  type VerifyResult,
} from "dpop-core";
import { decodeBase64urlText } from "../../src/bytes/base64url.js";
import { type JsonObject, parseJsonObject } from "../../src/input/json.js";
import { readAscii } from "../../src/bytes/utf8.js";
import { readPublicJwk } from "../../src/jose/jwk.js";
import { decodeSignature } from "../../src/jose/jws.js";
import { thumbprint } from "../../src/jose/thumbprint.js";
import { checkAth, checkHtm, checkHtu, checkIat, checkJkt } from "../../src/proof/check.js";
import { readClaims, readLimits } from "../../src/proof/claims.js";
import { checkHeader, splitProof } from "../../src/proof/parse.js";
import {
  createProofCache,
  type FoundAth,
  type FoundKey,
  type ProofCache,
  readCacheBounds,
  type CacheOptions,
} from "../../src/verify/cache.js";
import { readProofRequest } from "../../src/verify/request.js";
import { type Contest, demand, type Implementation, operation } from "../engine/contest.js";
import { type Job, shortTiming } from "../engine/task.js";
import {
  at,
  type BoundRequest,
  createIssuer,
  createProofSet,
  NOW,
  type ProofSet,
  RSA_JKT,
  RSA_JWK,
  signedBytes,
} from "../implementations/fixtures.js";
import { fast, importedKey, NO_CACHE } from "../implementations/ours.js";
import type { SyncKey } from "../../src/jose/alg.js";

type Steps = readonly Implementation[];

const LIMITS = readLimits(undefined);
const WINDOW = { maxAge: 60, clockTolerance: 15 };

export const parts: Job = (task) =>
  (["ES256", "EdDSA"] as const).map((label): Contest => {
    const set = createProofSet(label, createIssuer(), 1);
    return {
      group: "parts",
      name: `verify: its parts, ${label}, fast`,
      comparison: "share",
      timing: shortTiming(task),
      implementations() {
        const taken = takeApart(set);
        const all = [whole("all of it, hot", taken), whole("all of it, cold", taken, NO_CACHE)];
        return [...all, ...eachTime(taken), ...hotSteps(taken), ...coldSteps(taken)];
      },
    };
  });

/** A good proof, its client, and what the steps make of it. */
type Taken = ReturnType<typeof takeApart>;

function takeApart({ client, proofs, forged }: ProofSet) {
  const { request, jwk, jkt, label } = client;
  const [proof, wrong] = [at(proofs, 0), at(forged, 0)];
  const segments = splitProof(proof, LIMITS);
  demand(typeof segments !== "string", "a good proof does not have three segments");
  const { data: signed, signature } = signedBytes(proof);
  const { headerEnd, payloadEnd } = segments;
  const payload = jsonOf(proof, signed, headerEnd + 1, payloadEnd);
  demand(payload !== null, "a good proof does not have claims");
  const claims = readClaims(payload, LIMITS);
  demand(typeof claims !== "string", "the claims of a good proof can't be read");
  const alg = fast[label];
  return {
    proof,
    wrong,
    client,
    request,
    jwk,
    jkt,
    alg,
    segments,
    signed,
    signature,
    payload,
    claims,
  };
}

/** A verification as a whole, which comes to its state by the warm-up. */
function whole(name: string, taken: Taken, cache?: CacheOptions): Implementation {
  const { alg, request, proof, jkt } = taken;
  const verifier = createVerifier({ backend: fast, algs: [alg], cache, replay: "none" });
  const otherToken = { ...request, accessToken: "a" };
  const keys = cache === undefined ? 1 : 0;
  return operation<BoundRequest, VerifyResult>(
    name,
    [request, (result) => result.ok && result.jkt === jkt && verifier.cacheUsage().keys === keys],
    [otherToken, (result) => !result.ok && result.code === "ath_mismatch"],
    (one) => verifier.verify(proof, one),
  );
}

/** What every proof costs, whether its client is known or not. */
function eachTime(taken: Taken): Steps {
  const { proof, request, jkt, segments, signed, signature, payload, claims } = taken;
  const { headerEnd, payloadEnd } = segments;
  const clock = (): number => NOW;
  const isAt = (time: number) => (read: { readonly now: number }) => read.now === time;
  const late = { ...request, now: NOW + 1 };
  return [
    operation("reading the request", [request, isAt(NOW)], [late, isAt(NOW + 1)], (one) =>
      readProofRequest(one, clock, "loopback"),
    ),
    operation("splitting", [proof, segments], [`${proof}.`, "jws_malformed"], (one) =>
      splitProof(one, LIMITS),
    ),
    operation(
      "decoding the signature",
      [segments, signature],
      [{ ...segments, jws: `${proof}=` }, null],
      decodeSignature,
    ),
    // The bad one begins with a dot.
    operation("decoding the claims", [headerEnd + 1, payload], [headerEnd, null], (start) =>
      jsonOf(proof, signed, start, payloadEnd),
    ),
    operation("reading the claims", [payload, claims], [{}, "claim_missing jti"], (one) =>
      readClaims(one, LIMITS),
    ),
    operation("htm", [request.method, null], ["GET", isCode], (one) => checkHtm(claims, one)),
    operation("htu", [request.url, null], [`${request.url}/1`, isCode], (one) =>
      checkHtu(claims, one, 4096),
    ),
    operation("iat", [NOW, null], [NOW + 3600, isCode], (now) => checkIat(claims, now, WINDOW)),
    operation("jkt", [jkt, null], [jkt.toLowerCase(), isCode], (one) => checkJkt(jkt, one)),
  ];
}

function jsonOf(proof: string, signed: Uint8Array, start: number, end: number): JsonObject | null {
  const text = decodeBase64urlText(proof, signed, start, end);
  return text === null ? null : parseJsonObject(text);
}

function isCode(answer: unknown): boolean {
  return answer !== null;
}

/** What a known client costs beside that. */
function hotSteps(taken: Taken): Steps {
  const { proof, wrong, request, jwk, jkt, alg, segments, signed, signature, claims } = taken;
  const { headerEnd, payloadEnd } = segments;
  const { accessToken } = request;
  const [header, headerBytes] = [proof.slice(0, headerEnd), signed.slice(0, headerEnd)];
  const key = importedKey(alg, taken.client);
  const ath = accessTokenHash(accessToken);
  const cache: ProofCache<SyncAlg> = createProofCache(readCacheBounds(undefined));
  cache.keepKey(undefined, header, { alg, jwk, jkt, key }, signed);
  cache.keepAth(undefined, accessToken, ath, NOW);
  return [
    operation<number, FoundKey<SyncAlg> | undefined>(
      "finding the key",
      [headerEnd, (entry) => entry?.value.jkt === jkt],
      [headerEnd - 1, undefined],
      (end) => cache.findKey(proof.slice(0, end)),
    ),
    operation<string, FoundAth | undefined>(
      "finding the hash of the token",
      [accessToken, (entry) => entry?.value === ath],
      [accessToken.slice(1), undefined],
      (token) => cache.findAth(token, NOW),
    ),
    operation("ath, the hash known", [ath, null], [jkt, isCode], (hash) =>
      checkAth(claims, accessToken, fast, hash),
    ),
    operation(
      "signing input, its beginning known",
      [proof, signed],
      [wrong, signedBytes(wrong).data],
      (one) => readAscii(one, payloadEnd, headerBytes),
    ),
    operation(
      "the signature, tables final",
      [signed, true],
      [signedBytes(wrong).data, false],
      (data) => key.verify(signature, data),
    ),
  ];
}

/** What a client that was never seen costs beside what every proof does. */
function coldSteps(taken: Taken): Steps {
  const { proof, wrong, request, jwk, jkt, alg, segments, signed, signature, claims } = taken;
  const { headerEnd, payloadEnd } = segments;
  const key = importedKey(alg, taken.client);
  const header = jsonOf(proof, signed, 0, headerEnd);
  demand(header !== null, "a good proof does not have a header");
  return [
    // The bad one ends with a dot.
    operation("decoding the header", [headerEnd, header], [headerEnd + 1, null], (end) =>
      jsonOf(proof, signed, 0, end),
    ),
    operation("typ and crit", [header, null], [{ ...header, typ: "JWT" }, isCode], checkHeader),
    operation("ath, the token hashed", [request.accessToken, null], ["a", isCode], (token) =>
      checkAth(claims, token, fast),
    ),
    operation(
      "reading the key",
      [header["jwk"], jwk],
      [{ ...jwk, d: "AA" }, "jwk_private"],
      (one) => readPublicJwk(one, alg),
    ),
    operation<PublicJwk, string>("thumbprint", [jwk, jkt], [RSA_JWK, RSA_JKT], (one) =>
      thumbprint(one, fast),
    ),
    operation<PublicJwk, SyncKey | null>(
      "importing the key",
      [jwk, isCode],
      [RSA_JWK, null],
      (one) => alg.importKey(one),
    ),
    operation("signing input", [proof, signed], [wrong, signedBytes(wrong).data], (one) =>
      readAscii(one, payloadEnd),
    ),
    operation(
      "the signature, no table",
      [signed, true],
      [signedBytes(wrong).data, false],
      (data) => {
        const isValid = key.verify(signature, data);
        key.dropTables?.(); // each costs twice as many signatures as the last: soon there are none
        return isValid;
      },
    ),
  ];
}
