import type { TokenRequest } from "dpop-core";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export const { PORT = "4000", ISSUER = `http://localhost:${PORT}` } = process.env;
const { API: audience = "http://localhost:3000" } = process.env;
const { privateKey, publicKey } = await generateKeyPair("ES256");
export const jwks = { keys: [await exportJWK(publicKey)] };

/** What you know once you authenticated the client and read its request. */
export type Client = Pick<TokenRequest, "clientType" | "boundAccessTokens" | "grant">;

export const metadata = { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` }; // RFC 8414

export function signAccessToken(cnf: { readonly jkt: string } | undefined): Promise<string> {
  const claims = { iss: ISSUER, aud: audience, sub: "a-client", client_id: "a-client" };
  const token = new SignJWT({ ...claims, ...(cnf === undefined ? {} : { cnf }) });
  token.setProtectedHeader({ alg: "ES256", typ: "at+jwt" }).setIssuedAt().setExpirationTime("10m");
  return token.sign(privateKey);
}

/** The answer where something of the server's own fails. */
export function failed(error: unknown) {
  console.error(error);
  return { status: 500, headers: {}, body: { error: "server_error" } } as const;
}
