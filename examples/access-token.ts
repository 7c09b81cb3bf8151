import { bindingFromClaims } from "dpop-core";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const { ISSUER: issuer = "http://localhost:4000" } = process.env;
const { PORT = "3000", API: audience = `http://localhost:${PORT}` } = process.env;
const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
const rules = { issuer, audience, typ: "at+jwt", requiredClaims: ["exp"] };

/** Returns what the token is bound to, null for a bad token. Throws where it can't be checked. */
export async function binding(accessToken: string) {
  try {
    const { payload } = await jwtVerify(accessToken, keys, rules);
    return bindingFromClaims(payload);
  } catch (error) {
    if (error instanceof errors.JOSEError && BAD_TOKEN.has(error.code)) return null;
    throw error;
  }
}

/** What jose says of a token; its other codes are about the issuer's keys. */
const BAD_TOKEN = new Set([
  "ERR_JWT_CLAIM_VALIDATION_FAILED",
  "ERR_JWT_EXPIRED",
  "ERR_JWT_INVALID",
  "ERR_JWS_INVALID",
  "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
  "ERR_JWKS_NO_MATCHING_KEY",
  "ERR_JWKS_MULTIPLE_MATCHING_KEYS",
  "ERR_JOSE_NOT_SUPPORTED",
]);

/** The answer where a token can't be checked: nothing is granted, and no token is called bad. */
export function unavailable(error: unknown) {
  console.error(error);
  return { ok: false, status: 503, headers: {} } as const;
}
