// Profiles: what documents that stand on RFC 9449 ask of a verifier, as options with a name, to be
// spread into those of createVerifier or createAsyncVerifier.
import type { AsyncVerifierOptions } from "./policy.js";

/** Frozen options. An option after the spread replaces that of the profile, and the rule with it. */
export type VerifierProfile = Readonly<
  Pick<AsyncVerifierOptions, "maxAge" | "clockTolerance" | "iatWithNonce" | "permittedAlgs">
>;

/**
 * The FAPI 2.0 Security Profile (Final), as far as the proofs of its clients are concerned:
 * `createVerifier({ ...profiles.fapi2, replay, backend })`, at an authorization server and at a resource
 * server.
 *
 * | Section | Rule | What fulfils it |
 * | --- | --- | --- |
 * | 5.3.2.1-13 | an `iat` or `nbf` of up to 10 s ahead is accepted | `clockTolerance` 15 s |
 * | 5.3.2.1-13 | one of more than 60 s ahead is refused, with a nonce too | `clockTolerance` 15 s, `iatWithNonce` "checked" |
 * | 5.3.2.1 | a client whose clock is 10 s behind gets in (the conformance suite asks it) | `maxAge` 60 s |
 * | 5.4 | PS256, ES256 and EdDSA with Ed25519 (label Ed25519 too, RFC 9864) | `permittedAlgs`: another label in `algs` is a TypeError; a backend's own list is within it |
 * | 5.4 | no `none` | every verifier: it is no label of an algorithm |
 * | 5.4 | RSA keys of 2048 bits at least | every verifier: `jwk_invalid` |
 *
 * Where nonces are used, the conformance suite would let a proof of any `iat` in, and warns that this
 * one does not: the rule itself knows no nonces.
 *
 * Yours remain what is not about a proof: TLS, sender-constrained tokens only (a resource server's
 * `unboundTokens` at its default), client authentication, pushed requests, and the lives of codes.
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
 * | one outside is refused, with a nonce too (the conformance suite sends its nonce with it) | `iatWithNonce` "checked" |
 * | asymmetric algorithms only | every verifier |
 * | remembering `jti` is optional | a `replay` store, which five minutes make the more worth having |
 *
 * A proof can be accepted for up to 10 minutes, and its entry in a replay store lives for up to 15. A
 * claim `content_digest`, which some drafts ask for, is yours to compare: it is among the `claims` of
 * the result.
 *
 * @see SEP-1932, "DPoP Proof Validity Window" and "MCP Server Validation"
 */
const mcp: VerifierProfile = /* @__PURE__ */ Object.freeze({
  maxAge: 300,
  clockTolerance: 300,
  iatWithNonce: "checked",
});

/** The profiles of a verifier, by name: what documents that rest on RFC 9449 ask of it. */
export const profiles: {
  readonly fapi2: VerifierProfile;
  readonly mcp: VerifierProfile;
} = /* @__PURE__ */ Object.freeze({ fapi2, mcp });
