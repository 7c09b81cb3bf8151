// A client of the suite: keys, tokens and proofs made with jose, so that what the library checks is not what it
// made.
import { createHash, randomUUID } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { TOKENS } from "./api.js";

export interface Key {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
  readonly jkt: string;
}

export async function createKey(): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(publicKey);
  return { privateKey, publicKey, jwk, jkt: await calculateJwkThumbprint(jwk) };
}

export interface ProofOf {
  readonly htm: string;
  readonly htu: string;
  readonly token: string;
  readonly nonce?: string | undefined;
}

export async function prove(
  { privateKey, jwk }: Key,
  { htm, htu, token, nonce }: ProofOf,
): Promise<string> {
  const ath = createHash("sha256").update(token).digest("base64url");
  const claims = { htm, htu, ath, jti: randomUUID(), ...(nonce === undefined ? {} : { nonce }) };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk })
    .setIssuedAt()
    .sign(privateKey);
}

/** Issues a token that is bound to a key, or to nothing. */
export function issue(
  jkt: string | undefined,
  over: { readonly scope?: string; readonly isExpired?: boolean } = {},
): string {
  const token = `token-${randomUUID()}`;
  TOKENS.set(token, { sub: "someone", scope: "read", jkt, ...over });
  return token;
}
