// Bindings (RFC 9449 section 6, RFC 7800): from the claims or the introspection of an access token to
// what it is bound to, and whether it may be used with a scheme.
import { leave, membersArgument, objectArgument, plainArgument } from "../input/argument.js";
import { isThumbprint } from "../jose/thumbprint.js";
import { type Failure, failure } from "../proof/failure.js";

/** What an access token is bound to. */
export type Binding =
  | {
      /** `cnf.jkt`: the thumbprint of its DPoP key. */
      readonly jkt: string;
      /**
       * The names of further confirmation methods in `cnf`. The token is bound to all of them, so each
       * must be in `verifiedMethods` of the request.
       */
      readonly otherMethods?: readonly string[] | undefined;
    }
  /** A bearer token. */
  | { readonly unbound: true }
  /** Bound, but it is unclear to what. */
  | { readonly invalid: true }
  /** Bound by these members of `cnf`, not to a DPoP key. */
  | { readonly unsupported: readonly string[] };

/** The claims of a token, or an introspection response. Other members are allowed. */
export type TokenClaims =
  | Readonly<Record<string, unknown>>
  | {
      readonly cnf?: unknown;
      /** Only in an introspection response. */
      readonly active?: unknown;
      /** Only in an introspection response. */
      readonly token_type?: unknown;
    };

/**
 * Reads what an access token is bound to, from the claims of a JWT or from an introspection response.
 * Check the signature, issuer, audience and expiry of a JWT first.
 *
 * - `jkt`: the token is bound to a DPoP key. `otherMethods` names the further registered confirmation
 *   methods of its `cnf`: jwk, jwe, kid, jku, x5t#S256 and osc. Members with other names are ignored
 *   (RFC 7800 section 3.1).
 * - `unsupported`: the `cnf` has no `jkt`; these are the names of its members.
 * - `invalid`: the `cnf` is not an object, is empty, or has a `jkt` that is not a SHA-256 thumbprint; or
 *   the `token_type` of an introspection response contradicts the `cnf`.
 * - `unbound`: there is no `cnf`, and `claims` are those of an access token (with at least one of iss,
 *   sub, aud, exp, client_id and scope) or an introspection response with `active: true`. Everything
 *   else without `cnf` is `invalid`, and so is what has a member `error` or a `cnf` one level further
 *   down: it could be what an HTTP client returns around the claims of a bound token.
 * - null: an introspection response whose `active` is not `true`.
 *
 * @param claims the claims or the introspection response, as parsed JSON.
 * @returns the binding, for the answer of `accessTokens` of a resource server.
 * @throws a TypeError where `claims` is not a plain object (a promise, for example), and where it only
 *   holds the claims: the result of a verification instead of its `payload`, or the claims of a signed
 *   introspection response (RFC 9701) instead of their `token_introspection`.
 * @example
 * ```ts
 * import { bindingFromClaims } from "dpop-core";
 *
 * const jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
 * console.log(bindingFromClaims({ sub: "someone", cnf: { jkt } })); // { jkt: "0ZcO…" }
 * console.log(bindingFromClaims({ sub: "someone" })); // { unbound: true }
 * ```
 * @see RFC 9449 sections 6.1 and 6.2; RFC 7800 section 3.1
 */
export function bindingFromClaims(claims: TokenClaims): Binding | null {
  const members = objectArgument(plainArgument(claims, "claims"), "claims");
  if (!owns(members, "cnf") && isAroundClaims(members)) {
    throw new TypeError("claims must be those of the token, not what holds them");
  }
  const isIntrospection = owns(members, "active");
  if (isIntrospection && members["active"] !== true) return null;
  const binding = owns(members, "cnf")
    ? bindingFromConfirmation(members["cnf"])
    : bindingWithoutConfirmation(members);
  return isIntrospection && contradicts(members["token_type"], binding) ? INVALID : binding;
}

/**
 * Reads what a token is bound to from claims that are certainly those of a good access token: without
 * `cnf` it is bound to nothing, whatever other claims its issuer gives it.
 */
export function bindingFromVerified(claims: object): Binding {
  if (!owns(claims, "cnf")) return UNBOUND;
  const { cnf } = claims as { readonly cnf: unknown }; // it has that member, as was just checked
  return bindingFromConfirmation(cnf);
}

/** Does the same with an introspection response that says `active: true`. */
export function bindingFromActive(response: object): Binding {
  const { token_type: tokenType } = response as { readonly token_type?: unknown }; // an object may have any member
  const binding = bindingFromVerified(response);
  return contradicts(tokenType, binding) ? INVALID : binding;
}

/** True for what libraries return around the claims, and for the claims of RFC 9701 section 5. */
function isAroundClaims(members: object): boolean {
  if (owns(members, "payload") || owns(members, "token_introspection")) return true;
  return owns(members, "header") && owns(members, "claims");
}

/** Claims that access tokens have (RFC 9068 section 2.2). One of them is enough evidence. */
const EVIDENCE = ["iss", "sub", "aud", "exp", "client_id", "scope"];

/** Returns `unbound` only for what is certainly about an access token. */
function bindingWithoutConfirmation(members: Readonly<Record<string, unknown>>): Binding {
  if (owns(members, "error")) return INVALID; // RFC 6749 section 5.2: an error response
  if (Object.values(members).some(holdsConfirmation)) return INVALID;
  if (owns(members, "active")) return UNBOUND; // and it is true
  const isEvidence = (claim: string): boolean =>
    owns(members, claim) && members[claim] !== undefined && members[claim] !== null;
  return EVIDENCE.some(isEvidence) ? UNBOUND : INVALID;
}

/** Some libraries put all claims into a member, with a few of them beside it. */
function holdsConfirmation(value: unknown): boolean {
  return typeof value === "object" && value !== null && owns(value, "cnf");
}

const UNBOUND: Binding = /* @__PURE__ */ Object.freeze({ unbound: true });
const INVALID: Binding = /* @__PURE__ */ Object.freeze({ invalid: true });

function bindingFromConfirmation(cnf: unknown): Binding {
  if (typeof cnf !== "object" || cnf === null || Array.isArray(cnf)) return INVALID;
  const names = Object.keys(cnf);
  if (!owns(cnf, "jkt")) return names.length === 0 ? INVALID : { unsupported: names };
  const { jkt } = cnf as { readonly jkt: unknown }; // it has that member, as was just checked
  if (!isThumbprint(jkt)) return INVALID;
  const otherMethods = names.filter((name) => OTHER_METHODS.has(name));
  return otherMethods.length === 0 ? { jkt } : { jkt, otherMethods };
}

/** IANA, "JWT Confirmation Methods": RFC 7800 sections 3.2 to 3.5, RFC 8705 section 3.1, RFC 9203. */
const OTHER_METHODS: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "jwk",
  "jwe",
  "kid",
  "jku",
  "x5t#S256",
  "osc",
]);

/** A `token_type` is optional; it is `DPoP` for a bound token and only for that (section 6.2). */
function contradicts(tokenType: unknown, binding: Binding): boolean {
  if (tokenType === undefined) return false;
  const saysDpop = typeof tokenType === "string" && tokenType.toLowerCase() === "dpop";
  return saysDpop !== "jkt" in binding;
}

/** The names of members come from outside, so that inherited members do not count. */
function owns(value: object, member: string): boolean {
  return Object.prototype.hasOwnProperty.call(value, member);
}

const FORMS = ["jkt", "otherMethods", "unbound", "invalid", "unsupported"];

/** Guards what the caller gave or looked up. null: the token is unknown or inactive. */
export function readBinding(value: unknown): Binding | null {
  if (value === null) return null;
  if (typeof value !== "object" || Array.isArray(value) || "then" in value) {
    leave(value);
    throw new TypeError(BINDING);
  }
  const given: Partial<Record<string, unknown>> = membersArgument(value, "binding", FORMS);
  const { jkt, otherMethods, unbound, invalid, unsupported } = given;
  const forms = [jkt, unbound, invalid, unsupported].filter((form) => form !== undefined);
  if (forms.length !== 1) throw new TypeError(BINDING);
  if (typeof jkt === "string") return { jkt, otherMethods: readNames(otherMethods) };
  if (otherMethods !== undefined) throw new TypeError(BINDING);
  if (unbound === true) return UNBOUND;
  if (invalid === true) return INVALID;
  if (unsupported === undefined) throw new TypeError(BINDING);
  return { unsupported: readNames(unsupported) };
}

const BINDING =
  "binding must be null or hold one of jkt (a string), unbound (true), invalid (true) and unsupported " +
  "(an array of strings)";

function readNames(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError(BINDING);
  return value.map((name: unknown) => {
    if (typeof name !== "string") throw new TypeError(BINDING);
    return name;
  });
}

/**
 * Returns the thumbprint that the key of a proof for the token must have, or why the token is
 * refused.
 */
export function dpopBinding(
  token: { readonly binding: Binding } | null,
  verifiedMethods: readonly string[],
): string | Failure {
  if (token === null) return failure("token_inactive");
  const { binding } = token;
  if ("unbound" in binding) return failure("token_unbound"); // section 7.1
  if ("invalid" in binding) return failure("binding_invalid"); // section 6
  if ("unsupported" in binding) return failure("binding_unsupported");
  if (!isThumbprint(binding.jkt)) return failure("binding_invalid");
  const others = binding.otherMethods ?? [];
  return others.every((name) => verifiedMethods.includes(name))
    ? binding.jkt
    : failure("binding_unsupported");
}

/**
 * Returns why a token is not a bearer token, null for one that is: a bound token is not (section
 * 7.2).
 */
export function bearerFault(token: { readonly binding: Binding } | null): Failure | null {
  if (token === null) return failure("token_inactive");
  const { binding } = token;
  if ("unbound" in binding) return null;
  if ("invalid" in binding) return failure("binding_invalid");
  return failure("jkt" in binding ? "token_bound_as_bearer" : "binding_unsupported");
}
