// dpop-core/jwt: the check of access tokens, for a resource server: JWTs by the keys of their issuer, opaque
// tokens by introspection. No cryptography: a backend is passed in.
export { createJwtAccessTokens } from "./tokens/jwt.js";
export {
  createIntrospection,
  type IntrospectionClaims,
  type IntrospectionCredentials,
  type IntrospectionOptions,
} from "./tokens/introspection.js";
export type { AsyncAccessTokens } from "./tokens/access-token.js";
export type { JwtClaims, OptionalClaim } from "./tokens/claims.js";
export type { DocumentFetch, DocumentResponse } from "./tokens/document.js";
export type { KeySetOptions } from "./tokens/issuer-keys.js";
export type { TokenMemoryOptions } from "./tokens/memory.js";
export type { JsonWebKeySet, JwtAccessTokensOptions, UntypedTokens } from "./tokens/policy.js";
