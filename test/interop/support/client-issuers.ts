// Issuers for the examples of libraries, which all give an access token for a refresh token, and want nonces.
import { bindingFromClaims } from "dpop-core";
import { type AsyncAccessTokens, createIntrospection } from "dpop-core/jwt";
import { nodeCrypto } from "dpop-core/node-crypto";
import type { Account } from "../../../examples/clients/refresh.js";
import { startOidcProvider } from "./oidc-provider.js";
import { startOurServers } from "./our-servers.js";
import { peer } from "./peers.js";

export interface ClientIssuer {
  /** A new account whose refresh token is bound to a key. */
  accountFor(jkt: string): Promise<Account>;
  /** For an API. */
  readonly accessTokens: AsyncAccessTokens;
  close(): Promise<void>;
}

/** For describe.each. */
export const clientIssuers: readonly (readonly [
  name: string,
  start: () => Promise<ClientIssuer>,
])[] = [
  ["our authorization server", ours],
  [peer("oidc-provider"), foreign],
];

async function ours(): Promise<ClientIssuer> {
  const { issuer, tokenUrl, refreshTokenFor, claimsOf, close } = await startOurServers({
    nonces: true,
  });
  return {
    async accountFor(jkt) {
      const refreshToken = refreshTokenFor(jkt);
      return { issuer, tokenEndpoint: tokenUrl, clientId: "a-client", refreshToken };
    },
    accessTokens(accessToken) {
      const claims = claimsOf(accessToken);
      return claims === undefined ? null : { binding: bindingFromClaims(claims), claims };
    },
    close,
  };
}

async function foreign(): Promise<ClientIssuer> {
  const provider = await startOidcProvider({ nonces: true });
  return {
    async accountFor(jkt) {
      const { issuer, tokenUrl: tokenEndpoint, publicClientId: clientId } = provider;
      return { issuer, tokenEndpoint, clientId, refreshToken: await provider.refreshTokenFor(jkt) };
    },
    accessTokens: createIntrospection({
      backend: nodeCrypto,
      endpoint: provider.introspectionUrl,
      authenticate: () => ({ authorization: provider.basic }),
    }),
    close: provider.close,
  };
}
