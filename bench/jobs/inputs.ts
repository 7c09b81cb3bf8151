// Job: single functions by the shape of their input: parsing (RFC 9449 section 4.2), normalisation of
// htu (section 4.3), thumbprints (RFC 7638) and hashes of access tokens.
import { createHash } from "node:crypto";
import { accessTokenHash, jwkThumbprint, normalizeHtu, type PublicJwk } from "dpop-core";
import { encodeBase64url } from "../../src/bytes/base64url.js";
import { type ParsedJws, parseJws, splitJws } from "../../src/jose/jws.js";
import { demand, type Implementation, operation } from "../engine/contest.js";
import { type Job, shortTiming } from "../engine/task.js";
import {
  type Client,
  createClient,
  createIssuer,
  proofOf,
  RSA_JKT,
  RSA_JWK,
  URL_OF_REQUEST,
} from "../implementations/fixtures.js";

/** The default limit of a proof, in characters: nothing longer reaches the parser. */
const LARGEST = 8192;

export const inputs: Job = (task) => {
  const timing = shortTiming(task);
  const issuer = createIssuer();
  const [es256, eddsa] = [createClient("ES256", issuer), createClient("EdDSA", issuer)];
  const contest = (group: string, name: string, rows: () => readonly Implementation[]) =>
    ({ group, name, timing, comparison: "none", implementations: rows }) as const;
  return [
    contest("parse", "parse a JWS", () => [
      accepted(proofOf(es256), "ES256"),
      accepted(proofOf(eddsa), "EdDSA"),
      accepted(rsaProof(), "RS256"),
    ]),
    contest("parse", `parse a JWS: hostile, ${LARGEST} characters`, () =>
      hostile().map(([name, jws]) => refused(name, jws, proofOf(es256))),
    ),
    contest("htu", "normalizeHtu", uris),
    contest("thumbprint", "jwkThumbprint and accessTokenHash", () => hashes(es256)),
  ];
};

function parsed(jws: string): ParsedJws | null {
  const segments = splitJws(jws);
  return segments === null ? null : parseJws(segments);
}

function accepted(jws: string, alg: string): Implementation {
  const isRead = (answer: ParsedJws | null): boolean => answer?.header["alg"] === alg;
  const name = `${alg} proof, ${jws.length} characters`;
  return operation(name, [jws, isRead], [`${jws}=`, null], parsed);
}

/** Of the form and size of an RS256 proof. Nothing here verifies it: its signature is 256 arbitrary bytes. */
function rsaProof(): string {
  const header = { typ: "dpop+jwt", alg: "RS256", jwk: RSA_JWK };
  const payload = { jti: "e1j3V_bKic8-LAEB_lccD0", htm: "POST", htu: URL_OF_REQUEST, iat: 1 };
  const texts = [header, { ...payload, ath: RSA_JKT }].map((part) => JSON.stringify(part));
  return `${texts.map(encoded).join(".")}.${encoded("\u00e9".repeat(256))}`;
}

/** base64url of a text in Latin-1. */
function encoded(text: string): string {
  return encodeBase64url(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}

function refused(name: string, jws: string, good: string): Implementation {
  demand(jws.length <= LARGEST && jws.length > LARGEST - 8, `${name}: is not as long as it says`);
  return operation(name, [jws, null], [good, (answer) => answer !== null], parsed);
}

/** Each passes as many steps as it can before it is refused. */
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

/** A JWS with the header `json`, and a signature that fills it up to the limit. */
function withHeader(json: string): string {
  const start = `${encoded(json)}.e30.`;
  const room = LARGEST - start.length;
  return start + "A".repeat(room - (room % 4)); // any other remainder could be no base64url
}

function manyNames(length: number): string {
  let json = "{";
  for (let i = 0; json.length < length; i++) json += `"a${i.toString(36)}":0,`;
  return `${json}"a0":0}`;
}

function uris(): readonly Implementation[] {
  const normal = URL_OF_REQUEST;
  const long = `${normal}/${"a".repeat(4042)}`;
  const far = "HTTPS://Resource.Example.ORG:443/a/./b/../%61ccounts/%34711/transfers%2f";
  const near = "https://resource.example.org/a/accounts/4711/transfers%2F";
  const escapes = `${normal}/${"%61".repeat(1347)}`;
  const rows: readonly (readonly [name: string, uri: string, expected: string])[] = [
    ["in normal form", normal, normal],
    ["with a query", `${normal}?amount=100&currency=EUR`, normal],
    ["escapes, dots, capitals and a port", far, near],
    ["4 KiB of dot segments", `${normal}${"/a/..".repeat(808)}`, `${normal}/`],
    ["4 KiB of escapes", escapes, `${normal}/${"a".repeat(1347)}`],
  ];
  return [
    ...rows.map(([name, uri, expected]) =>
      operation(name, [uri, expected], [uri.replace("//", "//user@"), null], normalizeHtu),
    ),
    operation("4 KiB with a space at the end", [`${long} `, null], [long, long], normalizeHtu),
  ];
}

function hashes({ jwk, jkt, accessToken }: Client): readonly Implementation[] {
  const ath = createHash("sha256").update(accessToken).digest("base64url");
  const isOther = (hash: string): boolean => hash !== ath;
  const ec: readonly [PublicJwk, string] = [jwk, jkt];
  const rsa: readonly [PublicJwk, string] = [RSA_JWK, RSA_JKT];
  const name = `accessTokenHash: ${accessToken.length} characters`;
  return [
    operation("jwkThumbprint: P-256", ec, rsa, (one) => jwkThumbprint(one)),
    operation("jwkThumbprint: RSA, 2048 bits", rsa, ec, (one) => jwkThumbprint(one)),
    operation(name, [accessToken, ath], [accessToken.slice(1), isOther], (token) =>
      accessTokenHash(token),
    ),
  ];
}
