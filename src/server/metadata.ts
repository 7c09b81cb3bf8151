// Metadata (RFC 9449 sections 5.1 and 5.2, RFC 9728 section 2): what servers and clients publish about
// DPoP, as members to merge into their documents.
import { membersArgument, stringArgument } from "../input/argument.js";
import { readUnboundTokens, type UnboundTokens } from "../proof/unbound-tokens.js";

/** Anything that has labels: a verifier, an authorization server, a resource server. */
export interface WithAlgs {
  readonly algs: readonly string[];
}

/**
 * For the metadata of the authorization server (RFC 8414). Its presence says that the server knows
 * DPoP.
 */
export interface ServerMetadata {
  readonly dpop_signing_alg_values_supported: readonly string[];
}

/**
 * Makes the metadata of an authorization server: the JWS labels that a proof may have.
 *
 * @param server the authorization server or its verifier.
 * @returns the member to merge into the document.
 * @throws a TypeError where `algs` is not an array of strings.
 * @example
 * ```ts
 * import { createVerifier, serverMetadata } from "dpop-core";
 *
 * const verifier = createVerifier({ replay: "none" });
 * const metadata = { issuer: "https://server.example.com", ...serverMetadata(verifier) };
 * ```
 * @see RFC 9449 section 5.1; RFC 8414 section 2
 */
export function serverMetadata(server: WithAlgs): ServerMetadata {
  return { dpop_signing_alg_values_supported: readLabels(server) };
}

/** For the metadata of the protected resource (RFC 9728). */
export interface ResourceMetadata {
  readonly dpop_signing_alg_values_supported: readonly string[];
  /** True if the resource server accepts no bearer tokens. */
  readonly dpop_bound_access_tokens_required: boolean;
}

/**
 * Makes the metadata of a protected resource: the JWS labels that a proof may have, and whether bearer
 * tokens are refused.
 *
 * @param server the resource server.
 * @returns the members to merge into the document.
 * @throws a TypeError where `algs` is not an array of strings or `unboundTokens` is another value.
 * @example
 * ```ts
 * import { createResourceServer, createVerifier, resourceMetadata } from "dpop-core";
 *
 * const verifier = createVerifier({ replay: "none" });
 * const server = createResourceServer({ verifier, accessTokens: () => null });
 * const metadata = { resource: "https://api.example", ...resourceMetadata(server) };
 * ```
 * @see RFC 9728 section 2
 */
export function resourceMetadata(
  server: WithAlgs & { readonly unboundTokens: UnboundTokens },
): ResourceMetadata {
  return {
    dpop_signing_alg_values_supported: readLabels(server),
    dpop_bound_access_tokens_required: readUnboundTokens(server.unboundTokens) === "refused",
  };
}

/** For the metadata of a client (RFC 7591): whether its access tokens are always bound. */
export interface ClientMetadata {
  readonly dpop_bound_access_tokens: boolean;
}

/**
 * Makes the metadata that a client registers. With `true`, the client gets no token without a proof.
 *
 * @param options whether its access tokens are always bound.
 * @returns the member to merge into the document.
 * @throws a TypeError where `boundAccessTokens` is neither true nor false.
 * @example
 * ```ts
 * import { clientMetadata } from "dpop-core";
 *
 * const metadata = { client_name: "An app", ...clientMetadata({ boundAccessTokens: true }) };
 * ```
 * @see RFC 9449 section 5.2; RFC 7591 section 2
 */
export function clientMetadata(options: { readonly boundAccessTokens: boolean }): ClientMetadata {
  const { boundAccessTokens } = membersArgument(options, "options", ["boundAccessTokens"]);
  if (typeof boundAccessTokens !== "boolean") {
    throw new TypeError("boundAccessTokens must be true or false");
  }
  return { dpop_bound_access_tokens: boundAccessTokens };
}

function readLabels({ algs }: WithAlgs): readonly string[] {
  if (!Array.isArray(algs)) throw new TypeError("algs must be an array of strings");
  return algs.map((alg) => stringArgument(alg, "algs[]"));
}
