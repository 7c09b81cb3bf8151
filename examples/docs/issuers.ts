import { createJwtAccessTokens } from "dpop-core/jwt";
import { nodeCrypto as backend } from "dpop-core/node-crypto";

/** Keycloak: each client has the attribute `access.token.header.type.rfc9068`, the API an audience mapper. */
export const keycloak = createJwtAccessTokens({
  backend,
  issuer: "https://sso.example/realms/main",
  audience: "orders-api",
  optionalClaims: ["client_id"], // azp has it
});

/** Auth0: the API has the JWT profile RFC 9068. The issuer ends with a slash. */
export const auth0 = createJwtAccessTokens({
  backend,
  issuer: "https://tenant.auth0.com/",
  audience: "https://api.example",
});

/** Okta: a custom authorization server. */
export const okta = createJwtAccessTokens({
  backend,
  issuer: "https://org.okta.com/oauth2/default",
  audience: "api://default",
  untypedTokens: "accepted",
  optionalClaims: ["client_id"], // cid has it
  scopeClaim: "scp",
});

/** Entra: tokens of version 2.0. */
export const entra = createJwtAccessTokens({
  backend,
  issuer: "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0",
  audience: "11111111-1111-1111-1111-111111111111",
  typ: "JWT",
  optionalClaims: ["client_id"], // azp has it
  scopeClaim: "scp",
});
