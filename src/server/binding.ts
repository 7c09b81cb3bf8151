// Bindings (RFC 9449 section 6, RFC 7800): what an access token is bound to, from its claims or from
// introspection, and whether it may be used with a scheme.
import { leave, membersArgument, objectArgument, plainArgument } from "../input/argument.js";
import { isThumbprint } from "../jose/thumbprint.js";
import { type Failure, failure } from "../proof/failure.js";

/** What an access token is bound to. */
export type Binding =
  | {
      /** `cnf.jkt`: the thumbprint of its DPoP key. */
      readonly jkt: string;
      /**
       * Further confirmation methods of `cnf`, by name. Each must be in `verifiedMethods` of the request:
       * the token is bound to all of them.
       */
      readonly otherMethods?: readonly string[] | undefined;
    }
  /** A bearer token. */
  | { readonly unbound: true }
  /** Bound, but it can't be told to what. */
  | { readonly invalid: true }
  /** Bound by these members of `cnf`, and not to a DPoP key. */
  | { readonly unsupported: readonly string[] };

/** The claims of a token, or an introspection response; of these members, the rest is yours. */
export type TokenClaims =
  | Readonly<Record<string, unknown>>
  | {
      readonly cnf?: unknown;
      /** Of an introspection response. */
      readonly active?: unknown;
      /** Of an introspection response. */
      readonly token_type?: unknown;
    };

/**
 * Reads the binding of an access token: from the claims of a JWT of which you checked the signature,
 * issuer, audience and expiry (section 6.1), or from an introspection response (section 6.2).
 *
 * Returns `jkt` for a token that is bound to a DPoP key. Further confirmation methods beside it are
 * named in `otherMethods`: the registered ones, jwk, jwe, kid, jku, x5t#S256 and osc. Members of
 * `cnf` with other names are ignored (RFC 7800 section 3.1).
 *
 * Returns `unsupported` with the names of its members for a `cnf` without `jkt`, and `invalid` for a
 * `cnf` that is not an object, is empty, or has a `jkt` that is not a SHA-256 thumbprint.
 *
 * Returns `unbound` without `cnf`, but only where `claims` are recognisably those of an access token,
 * with one at least of iss, sub, aud, exp, client_id and scope, or an introspection response with
 * `active: true`. What is neither is `invalid`: an empty object, an error, or an HTTP client's
 * response around the claims would otherwise pass for a token that is bound to nothing. So is what has
 * a `cnf` one level further down, where it is the token's own claims that were not passed.
 *
 * An introspection response has a member `active`. It returns null where that is not `true`, and
 * `invalid` where its `token_type` contradicts its `cnf`.
 *
 * Throws a TypeError where `claims` is not a plain object, a promise above all, where it is the whole
 * result of a verification instead of its `payload`, and where it is the claims of a JWT that an
 * introspection endpoint signed (RFC 9701) instead of their `token_introspection`.
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

/** What libraries return besides the claims, and RFC 9701 section 5. */
function isAroundClaims(members: object): boolean {
  if (owns(members, "payload") || owns(members, "token_introspection")) return true;
  return owns(members, "header") && owns(members, "claims");
}

/** Claims that access tokens have (RFC 9068 section 2.2); one of them is evidence enough. */
const EVIDENCE = ["iss", "sub", "aud", "exp", "client_id", "scope"];

/** Only what is certainly about an access token can say that it is bound to nothing. */
function bindingWithoutConfirmation(members: Readonly<Record<string, unknown>>): Binding {
  if (owns(members, "error")) return INVALID; // RFC 6749 section 5.2: an error response
  if (Object.values(members).some(holdsConfirmation)) return INVALID;
  if (owns(members, "active")) return UNBOUND; // and it is true
  const isEvidence = (claim: string): boolean =>
    owns(members, claim) && members[claim] !== undefined && members[claim] !== null;
  return EVIDENCE.some(isEvidence) ? UNBOUND : INVALID;
}

/** Some libraries put all claims into a member, and a few of them beside it. */
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

/**
 * Section 6.2: a `token_type` of a token that is bound is `DPoP`, and one that is not is not; where
 * there is one.
 */
function contradicts(tokenType: unknown, binding: Binding): boolean {
  if (tokenType === undefined) return false;
  const saysDpop = typeof tokenType === "string" && tokenType.toLowerCase() === "dpop";
  return saysDpop !== "jkt" in binding;
}

/** The wire decides the names of members, so that what is inherited is none. */
function owns(value: object, member: string): boolean {
  return Object.prototype.hasOwnProperty.call(value, member);
}

const FORMS = ["jkt", "otherMethods", "unbound", "invalid", "unsupported"];

/** Guards what the caller gave or looked up; null where the token is unknown or inactive. */
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
  "(an array of strings), or be a function that returns such a value; createAsyncResourceServer takes " +
  "one that returns a promise";

function readNames(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError(BINDING);
  return value.map((name: unknown) => {
    if (typeof name !== "string") throw new TypeError(BINDING);
    return name;
  });
}

/** The thumbprint that a proof for the token must have, or why there is none. */
export function dpopBinding(
  binding: Binding | null,
  verifiedMethods: readonly string[],
): string | Failure {
  if (binding === null) return failure("token_inactive");
  if ("unbound" in binding) return failure("token_unbound"); // section 7.1
  if ("invalid" in binding) return failure("binding_invalid"); // section 6
  if ("unsupported" in binding) return failure("binding_unsupported");
  if (!isThumbprint(binding.jkt)) return failure("binding_invalid");
  const others = binding.otherMethods ?? [];
  return others.every((name) => verifiedMethods.includes(name))
    ? binding.jkt
    : failure("binding_unsupported");
}

/** Section 7.2: a bound token is no bearer token; null where this one is. */
export function bearerFault(binding: Binding | null): Failure | null {
  if (binding === null) return failure("token_inactive");
  if ("unbound" in binding) return null;
  if ("invalid" in binding) return failure("binding_invalid");
  return failure("jkt" in binding ? "token_bound_as_bearer" : "binding_unsupported");
}
