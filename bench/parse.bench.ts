// Parsing (RFC 9449 section 4.2): a JWS and its claims, of proofs as they come and of input that was made to be dear.
import { encodeBase64url } from "../src/bytes/base64url.js";
import { type ParsedJws, parseJws, splitJws } from "../src/jose/jws.js";
import { readClaims, readLimits } from "../src/proof/claims.js";
import { type BenchCase, type BenchGroup, demand, syncCase } from "./case.js";
import type { Fixtures } from "./fixtures.js";

/** The default limit of a proof, in characters: nothing longer reaches the parser. */
const LARGEST = 8192;

export function parseGroups(fixtures: Fixtures): readonly BenchGroup[] {
  const { es256, ed25519, rsaProof } = fixtures;
  return [
    {
      name: "parse a JWS",
      cases: () => [
        accepted(`ES256 proof, ${es256.proof.length} characters`, es256.proof, "ES256"),
        accepted(`EdDSA proof, ${ed25519.proof.length} characters`, ed25519.proof, "EdDSA"),
        accepted(`RS256 proof, ${rsaProof.length} characters`, rsaProof, "RS256"),
      ],
    },
    {
      name: `parse a JWS: hostile, ${LARGEST} characters`,
      cases: () => hostile().map(([name, jws]) => refused(name, jws, es256.proof)),
    },
    { name: "read the claims: jti, htm, htu, iat, ath", cases: () => [claimsCase(es256.proof)] },
  ];
}

function parsed(jws: string): ParsedJws | null {
  const segments = splitJws(jws);
  return segments === null ? null : parseJws(segments);
}

function accepted(name: string, jws: string, alg: string): BenchCase {
  return syncCase(name, () => parsed(jws), {
    right: (answer) => answer?.header["alg"] === alg && answer.payload["htm"] === "POST",
    counterpart: () => parsed(`${jws}=`) === null && parsed(`${jws}.`) === null,
  });
}

function refused(name: string, jws: string, good: string): BenchCase {
  demand(jws.length <= LARGEST && jws.length > LARGEST - 8, `${name}: is not as long as it says`);
  return syncCase(name, () => parsed(jws), {
    right: (answer) => answer === null,
    counterpart: () => parsed(good) !== null,
  });
}

/** Each gets past as many steps as it can before it is refused. */
function hostile(): readonly (readonly [name: string, jws: string])[] {
  return [
    ["dots", ".".repeat(LARGEST)],
    ["a signature with a bad last character", `e30.e30.${"A".repeat(LARGEST - 9)}=`],
    ["a header with bad UTF-8 at its end", withHeader(`{"a":"${" ".repeat(6100)}\u00ff`)],
    ["a header of open brackets", withHeader("[".repeat(6100))],
    ["a header of flat arrays in an array", withHeader(`[${"[],".repeat(2030)}0]`)],
    ["a header of many names, the last one twice", withHeader(manyNames(6080))],
    ["a header that is JSON but for its end", withHeader(`{"a":[${"0,".repeat(3040)}]}`)],
  ];
}

/** A JWS with the header `json`, written in Latin-1, and a signature that fills it up to the limit. */
function withHeader(json: string): string {
  const bytes = Uint8Array.from(json, (character) => character.charCodeAt(0));
  const start = `${encodeBase64url(bytes)}.e30.`;
  const room = LARGEST - start.length;
  return start + "A".repeat(room - (room % 4)); // any other remainder could be no base64url
}

function manyNames(length: number): string {
  let json = "{";
  for (let i = 0; json.length < length; i++) json += `"a${i.toString(36)}":0,`;
  return `${json}"a0":0}`;
}

function claimsCase(proof: string): BenchCase {
  const limits = readLimits(undefined);
  const payload = parsed(proof)?.payload;
  demand(payload !== undefined, "the proof of the fixtures does not parse");
  return syncCase("ES256 proof", () => readClaims(payload, limits), {
    right: (claims) => typeof claims !== "string" && claims.htm === "POST",
    counterpart: () => readClaims({ ...payload, iat: "1562262616" }, limits) === "claim_invalid",
  });
}
