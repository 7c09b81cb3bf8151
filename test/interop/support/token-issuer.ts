// The issuer of JWT access tokens for the peers that are resource servers: tokens made by jose, and the keys to check
// them with.
import { randomUUID } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from "jose";
import { answerWith, listen } from "./loopback.js";

export interface TokenIssuer {
  readonly issuer: string;
  readonly jwksUri: string;
  /** The audience of its tokens. */
  readonly audience: string;
  /** A JWT access token (RFC 9068), bound to a key unless there is no `jkt`. */
  issue(jkt?: string): Promise<string>;
  close(): Promise<void>;
}

export async function startTokenIssuer(): Promise<TokenIssuer> {
  const loopback = await listen();
  const issuer = loopback.origin;
  const audience = "https://api.example.com";
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  const keys = [{ ...jwk, kid, alg: "ES256", use: "sig" }];
  answerWith(loopback, ({ path }) =>
    path === "/jwks" ? { status: 200, body: { keys } } : { status: 404 },
  );
  return {
    issuer,
    jwksUri: `${issuer}/jwks`,
    audience,
    issue: async (jkt) =>
      new SignJWT({ client_id: "a-client", ...(jkt === undefined ? {} : { cnf: { jkt } }) })
        .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject("an-account")
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime("1 minute")
        .sign(privateKey),
    close: loopback.close,
  };
}
