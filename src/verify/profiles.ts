// Profiles: what documents based on RFC 9449 require of a verifier, as named options to spread into those
// of createVerifier or createAsyncVerifier.
import type { AsyncVerifierOptions } from "./policy.js";

/** Frozen options. An option after the spread replaces that of the profile, and gives up its rule. */
export type VerifierProfile = Readonly<
  Pick<AsyncVerifierOptions, "maxAge" | "clockTolerance" | "iatWithNonce" | "permittedAlgs">
>;

/**
 * The FAPI 2.0 Security Profile (Final), as far as it is about proofs, for authorization servers and
 * resource servers: `createVerifier({ ...profiles.fapi2, replay, backend })`.
 *
 * | Section | Rule | What fulfils it |
 * | --- | --- | --- |
 * | 5.3.2.1-13 | an `iat` or `nbf` of up to 10 s ahead is accepted | `clockTolerance` 15 s |
 * | 5.3.2.1-13 | one of more than 60 s ahead is refused, with a nonce too | `clockTolerance` 15 s, `iatWithNonce` "checked" |
 * | 5.3.2.1 | a client whose clock is 10 s behind gets in (the conformance suite tests it) | `maxAge` 60 s |
 * | 5.4 | PS256, ES256 and EdDSA with Ed25519 (label Ed25519 too, RFC 9864) | `permittedAlgs`: another label in `algs` is a TypeError; the default list of every backend conforms |
 * | 5.4 | no `none` | every verifier: no algorithm can have that label |
 * | 5.4 | RSA keys of 2048 bits at least | every verifier: `jwk_invalid` |
 *
 * Where nonces are used, the conformance suite accepts a proof with any `iat`, and warns that this profile
 * does not. The text of the rule makes no exception for nonces.
 *
 * What is not about proofs remains yours: TLS, only sender-constrained tokens (leave `unboundTokens` of a
 * resource server at its default), client authentication, pushed requests, the lifetime of codes.
 *
 * @see FAPI 2.0 Security Profile sections 5.3.2.1 and 5.4
 */
const fapi2: VerifierProfile = /* @__PURE__ */ Object.freeze({
  maxAge: 60,
  clockTolerance: 15,
  iatWithNonce: "checked",
  permittedAlgs: /* @__PURE__ */ Object.freeze(["PS256", "ES256", "EdDSA", "Ed25519"]),
});

/**
 * The DPoP profile of the Model Context Protocol (SEP-1932, a draft), for an MCP server:
 * `createVerifier({ ...profiles.mcp, replay, backend })`.
 *
 * | Rule | What fulfils it |
 * | --- | --- |
 * | an `iat` within 5 minutes of the server's time, on either side, is accepted | `maxAge` 300 s, `clockTolerance` 300 s |
 * | one outside is refused, with a nonce too (the conformance suite sends one) | `iatWithNonce` "checked" |
 * | asymmetric algorithms only | every verifier |
 * | remembering `jti` is optional | a `replay` store, advised since a proof can be used for minutes |
 *
 * A proof can be accepted for up to 10 minutes, and its entry in a replay store lives for up to 15. The
 * claim `content_digest`, which some drafts require, is yours to compare: it is in `claims` of the result.
 *
 * @see SEP-1932, "DPoP Proof Validity Window" and "MCP Server Validation"
 */
const mcp: VerifierProfile = /* @__PURE__ */ Object.freeze({
  maxAge: 300,
  clockTolerance: 300,
  iatWithNonce: "checked",
});

/**
 * Options of a verifier for documents based on RFC 9449, by name.
 *
 * @example
 * ```ts
 * import { createVerifier, profiles } from "dpop-core";
 *
 * const verifier = createVerifier({ ...profiles.fapi2, replay: "none" }); // in production: a store
 * ```
 * @see FAPI 2.0 Security Profile; SEP-1932 of the Model Context Protocol
 */
export const profiles: {
  readonly fapi2: VerifierProfile;
  readonly mcp: VerifierProfile;
} = /* @__PURE__ */ Object.freeze({ fapi2, mcp });
