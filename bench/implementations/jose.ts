// jose, as node-oidc-provider calls it: jwtVerify with the key of the header, the claims compared by
// hand, then the thumbprint. And the best that it can do where a server keeps the key.
import { createHash, timingSafeEqual } from "node:crypto";
import {
  calculateJwkThumbprint,
  EmbeddedJWK,
  errors,
  importJWK,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyOptions,
} from "jose";
import { type BoundRequest, type Client, type Label } from "./fixtures.js";
import type { Verify } from "./verifiers.js";

/** The key of every proof is imported, since jose has nowhere to keep it. */
export function joseVerify(label: Label): Verify {
  return async (proof, request) => {
    const options = optionsFor(label, request);
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, options);
    checkClaims(payload, request);
    if (protectedHeader.jwk === undefined) refuse("jwk");
    if ((await calculateJwkThumbprint(protectedHeader.jwk)) !== request.jkt) refuse("jkt");
    return true;
  };
}

/** With the key of one client, imported once. */
export async function keptJoseVerify({ label, jwk, jkt }: Client): Promise<Verify> {
  const key = await importJWK({ ...jwk }, label);
  return async (proof, request) => {
    const { payload } = await jwtVerify(proof, key, optionsFor(label, request));
    checkClaims(payload, request);
    if (jkt !== request.jkt) refuse("jkt");
    return true;
  };
}

function optionsFor(label: Label, { now }: BoundRequest): JWTVerifyOptions {
  return {
    typ: "dpop+jwt",
    algorithms: [label],
    currentDate: new Date(now * 1000),
    maxTokenAge: 60,
    clockTolerance: 15,
  };
}

/** What jose leaves to the server. */
function checkClaims(payload: JWTPayload, { method, url, accessToken }: BoundRequest): void {
  const { jti, htm, htu, ath } = payload;
  if (typeof jti !== "string" || jti === "") refuse("jti");
  if (htm !== method) refuse("htm");
  if (typeof htu !== "string") refuse("htu");
  const actual = new URL(htu);
  actual.hash = "";
  actual.search = "";
  if (actual.href !== url) refuse("htu");
  const expected = createHash("sha256").update(accessToken).digest("base64url");
  if (typeof ath !== "string" || ath.length !== expected.length) refuse("ath");
  if (!timingSafeEqual(Buffer.from(ath), Buffer.from(expected))) refuse("ath");
}

function refuse(claim: string): never {
  throw new errors.JWTInvalid(`"${claim}" is not the expected one`);
}
