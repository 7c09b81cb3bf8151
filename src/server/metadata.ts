// Metadata (RFC 9449 sections 5.1 and 5.2, RFC 9728 section 2): what servers and clients say of
// their DPoP, as fragments to merge into their documents.
import { membersArgument, stringArgument } from "../input/argument.js";
import { readUnboundTokens, type UnboundTokens } from "../proof/unbound-tokens.js";

/** Anything that knows its labels: a verifier, an authorization server, a resource server. */
export interface WithAlgs {
  readonly algs: readonly string[];
}

/** For the metadata of the authorization server (RFC 8414): its presence says that DPoP is known. */
export interface ServerMetadata {
  readonly dpop_signing_alg_values_supported: readonly string[];
}

/**
 * The labels of an authorization server as its metadata have them (section 5.1): pass the authorization
 * server or its verifier. Throws a TypeError where `algs` is no array of strings.
 */
export function serverMetadata(server: WithAlgs): ServerMetadata {
  return { dpop_signing_alg_values_supported: readLabels(server) };
}

/** For the metadata of the protected resource (RFC 9728). */
export interface ResourceMetadata {
  readonly dpop_signing_alg_values_supported: readonly string[];
  /** True where bearer tokens are not taken. */
  readonly dpop_bound_access_tokens_required: boolean;
}

/**
 * The labels and the policy of a resource server as its metadata have them (RFC 9728 section 2). Throws
 * a TypeError where `algs` is no array of strings, or `unboundTokens` is no such word.
 */
export function resourceMetadata(
  server: WithAlgs & { readonly unboundTokens: UnboundTokens },
): ResourceMetadata {
  return {
    dpop_signing_alg_values_supported: readLabels(server),
    dpop_bound_access_tokens_required: readUnboundTokens(server.unboundTokens) === "refused",
  };
}

/** For the metadata of a client (RFC 7591): its access tokens are always bound, or not. */
export interface ClientMetadata {
  readonly dpop_bound_access_tokens: boolean;
}

/**
 * What a client registers (section 5.2); where it is true, it gets no token without a proof. Throws a
 * TypeError where `boundAccessTokens` is neither true nor false.
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
