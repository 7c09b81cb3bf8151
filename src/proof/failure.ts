// Failures: every reason to refuse a request, with the rule that it comes from and what OAuth
// answers at each place.
import type { ClaimFault } from "./claims.js";

/** Why a request was refused: a key of FAILURES. */
export type FailureCode =
  | "credentials_missing"
  | "credentials_malformed"
  | "credentials_multiple"
  | "scheme_unsupported"
  | "dpop_jkt_invalid"
  | "proof_missing"
  | "proof_multiple"
  | "proof_too_large"
  | "jws_malformed"
  | "typ_mismatch"
  | "crit_unsupported"
  | "alg_unsupported"
  | "claim_missing"
  | "claim_invalid"
  | "claim_too_long"
  | "htm_mismatch"
  | "url_invalid"
  | "htu_invalid"
  | "htu_mismatch"
  | "nonce_missing"
  | "nonce_mismatch"
  | "iat_too_old"
  | "iat_in_future"
  | "proof_expired"
  | "proof_not_yet_valid"
  | "ath_missing"
  | "ath_mismatch"
  | "ath_unexpected"
  | "jwk_private"
  | "jwk_invalid"
  | "jwk_alg_mismatch"
  | "token_inactive"
  | "token_unbound"
  | "token_bound_as_bearer"
  | "binding_invalid"
  | "binding_unsupported"
  | "grant_invalid"
  | "jkt_mismatch"
  | "dpop_jkt_mismatch"
  | "client_key_reused"
  | "signature_invalid"
  | "jti_replayed"
  | "replay_store_full"
  | "scope_insufficient";

/** The codes that a verifier returns; the others come only from the roles of a server. */
export type VerifyFailureCode = Exclude<
  FailureCode,
  | "credentials_missing"
  | "credentials_malformed"
  | "credentials_multiple"
  | "scheme_unsupported"
  | "dpop_jkt_invalid"
  | "token_inactive"
  | "token_unbound"
  | "token_bound_as_bearer"
  | "binding_invalid"
  | "binding_unsupported"
  | "grant_invalid"
  | "dpop_jkt_mismatch"
  | "scope_insufficient"
>;

/** What a server answers at one place: at a protected resource or at an endpoint. */
export interface OAuthAnswer<Status extends number = number> {
  /** The HTTP status code. */
  readonly status: Status;
  /** The OAuth `error`; null where the answer has none. */
  readonly error: string | null;
  /** The text for `error_description` that the RFC has at this place. Default: `message`. */
  readonly description?: string;
}

/** The status of a refusal at a protected resource. */
export type ResourceStatus = 400 | 401 | 403 | 503;

/** The status of a refusal at an endpoint of an authorization server. */
export type ServerStatus = 400 | 503;

/**
 * What FAILURES says about a code. The answer at a place is null where the code does not occur
 * there.
 */
export interface FailureRow {
  /**
   * The item of RFC 9449 section 4.3, such as `12a`, or another section of it, such as `§7.1`, or that of
   * another RFC.
   */
  readonly item: string;
  /**
   * Fixed English that fits `error_description` (RFC 6750 section 3). It never holds anything that
   * the client sent.
   */
  readonly message: string;
  /** The answer of a protected resource. */
  readonly resource: OAuthAnswer<ResourceStatus> | null;
  /** The answer of the token endpoint. */
  readonly token: OAuthAnswer<ServerStatus> | null;
  /** The answer of the pushed authorization request endpoint (RFC 9126). */
  readonly pushed: OAuthAnswer<ServerStatus> | null;
}

/** A refusal. The code says why, for logs, metrics and tests; FAILURES says what to answer. */
export interface Failure<Code extends FailureCode = FailureCode> {
  readonly ok: false;
  readonly code: Code;
  readonly message: string;
  /** Only for a failure of a clock: the claim minus the server's time, in seconds. */
  readonly clockOffset?: number | undefined;
  /** Only for a failure of the nonce: the value to send in `DPoP-Nonce`. */
  readonly nextNonce?: string | undefined;
  /**
   * Only for `replay_store_full`, where the store gives it: the value of `Retry-After`, in seconds.
   */
  readonly retryAfter?: number | undefined;
  /**
   * What is known of some failures beside the code, for logs: JSON.stringify and the spread leave it
   * out, so that it is not sent by mistake. It holds what the client sent, as it was sent.
   */
  readonly detail?: FailureDetail | undefined;
}

/** What `detail` of a failure holds. */
interface FailureDetail {
  /** `claim_missing`, `claim_invalid`, `claim_too_long`: the name of the claim. */
  readonly claim?: string | undefined;
  /** `htm_mismatch`: the claim, and the method of the request. */
  readonly htm?: string | undefined;
  readonly method?: string | undefined;
  /**
   * `htu_mismatch`, `htu_invalid`, `url_invalid`: the claim, and the URL of the request, both before their
   * query.
   */
  readonly htu?: string | undefined;
  readonly url?: string | undefined;
}

// Above the table, which is made from them when this file is loaded.
const INVALID_TOKEN = { status: 401, error: "invalid_token" } as const;
const INVALID_GRANT = { status: 400, error: "invalid_grant" } as const;
const INVALID_REQUEST = { status: 400, error: "invalid_request" } as const;

/** A refusal by a verifier. */
export type VerifyFailure = Failure<VerifyFailureCode>;

/**
 * Every failure by its code, in the order of the checks, with what a server answers.
 *
 * @see RFC 9449 sections 4.3, 5, 7.1, 8 and 9
 */
export const FAILURES: Readonly<Record<FailureCode, FailureRow>> = /* @__PURE__ */ failureTable();

function failureTable(): Readonly<Record<FailureCode, FailureRow>> {
  return Object.freeze({
    credentials_missing: challengeOnly("The request carries no access token"),
    credentials_malformed: badCredentials("§7.1", "The Authorization header is malformed"),
    credentials_multiple: badCredentials("§7.2", "Multiple methods used to include access token"),
    scheme_unsupported: challengeOnly("The authentication scheme is not supported here"),
    dpop_jkt_invalid: badDpopJkt("§10", "The dpop_jkt is not a JWK SHA-256 thumbprint"),
    proof_missing: badProof("1", "The request carries no DPoP proof"),
    proof_multiple: badProof("1", "The request carries more than one DPoP proof"),
    proof_too_large: badProof("2", "The DPoP proof is too large"),
    jws_malformed: badProof("2", "The DPoP proof is not a well-formed JWT"),
    typ_mismatch: badProof("4", "The typ of the DPoP proof is not dpop+jwt"),
    crit_unsupported: badProof("2", "The DPoP proof demands an extension that is not supported"),
    alg_unsupported: badProof("5", "The alg of the DPoP proof is missing or not accepted"),
    claim_missing: badProof("3", "The DPoP proof lacks one of the claims jti, htm, htu and iat"),
    claim_invalid: badProof("3", "A claim of the DPoP proof has the wrong type or form"),
    claim_too_long: badProof("3", "A claim of the DPoP proof is too long"),
    htm_mismatch: badProof("8", "The htm of the DPoP proof is not the method of the request"),
    url_invalid: badProof("9", "The URL of the request is not a valid http or https URI"),
    htu_invalid: badProof("9", "The htu of the DPoP proof is not a valid http or https URI"),
    htu_mismatch: badProof("9", "The htu of the DPoP proof is not the URL of the request"),
    nonce_missing: wantsNonce("The DPoP proof carries no nonce"),
    nonce_mismatch: wantsNonce("The nonce of the DPoP proof is not one that is accepted now"),
    iat_too_old: badProof("11", "The DPoP proof was created too long ago"),
    iat_in_future: badProof("11", "The DPoP proof was created in the future"),
    proof_expired: badProof("11", "The DPoP proof has expired"),
    proof_not_yet_valid: badProof("11", "The DPoP proof is not valid yet"),
    ath_missing: badAth("The DPoP proof carries no ath"),
    ath_mismatch: badAth("The ath of the DPoP proof is not the hash of the access token"),
    ath_unexpected: badProof("12a", "The DPoP proof carries an ath where no access token is used"),
    jwk_private: badProof("7", "The jwk of the DPoP proof holds a private key"),
    jwk_invalid: badProof("6", "The jwk of the DPoP proof is missing or not a valid public key"),
    jwk_alg_mismatch: badProof("6", "The jwk of the DPoP proof is not a key for its alg"),
    token_inactive: badToken("§7.2", "Invalid token"),
    token_unbound: badToken("§7.1", "The access token is not bound to a DPoP key"),
    token_bound_as_bearer: badToken(
      "§7.2",
      "The access token is bound to a key, so it is not a Bearer token",
    ),
    binding_invalid: badToken("§6", "The confirmation of the access token is damaged"),
    binding_unsupported: badToken("§6", "The access token is bound in a way not supported here"),
    grant_invalid: row("§5", "Invalid grant", { token: INVALID_GRANT }),
    jkt_mismatch: row("12b", "Invalid DPoP key binding", {
      resource: INVALID_TOKEN,
      token: INVALID_GRANT,
      pushed: INVALID_REQUEST,
    }),
    dpop_jkt_mismatch: badDpopJkt(
      "§10.1",
      "The dpop_jkt is not the thumbprint of the key of the DPoP proof",
    ),
    client_key_reused: badProof("§5", "The DPoP proof is signed with the key of the client"),
    signature_invalid: badProof("6", "The signature of the DPoP proof is not valid"),
    jti_replayed: badProof("§11.1", "The DPoP proof was used before"),
    replay_store_full: unavailable("The server cannot accept DPoP proofs at the moment"),
    scope_insufficient: row("RFC 6750 §3.1", "The access token lacks a scope that is needed here", {
      resource: { status: 403, error: "insufficient_scope" },
    }),
  });
}

type Answers = Partial<Pick<FailureRow, "resource" | "token" | "pushed">>;

/** Section 5 and section 7.1: the proof is at fault. */
function badProof(item: string, message: string): FailureRow {
  const error = "invalid_dpop_proof";
  const atServer = { status: 400, error } as const;
  return row(item, message, {
    resource: { status: 401, error },
    token: atServer,
    pushed: atServer,
  });
}

/** Section 4.3 item 12a: only a protected resource compares the proof with an access token. */
function badAth(message: string): FailureRow {
  return row("12a", message, { resource: { status: 401, error: "invalid_dpop_proof" } });
}

/** Sections 8 and 9: the client may try again with the nonce that the answer carries. */
function wantsNonce(message: string): FailureRow {
  const error = "use_dpop_nonce";
  const atResource = "Resource server requires nonce in DPoP proof";
  const description = "Authorization server requires nonce in DPoP proof";
  const atServer = { status: 400, error, description } as const;
  return row("10", message, {
    resource: { status: 401, error, description: atResource },
    token: atServer,
    pushed: atServer,
  });
}

/** Sections 6 and 7: the proof may be good, but the access token must not be used like this. */
function badToken(item: string, message: string): FailureRow {
  return row(item, message, { resource: INVALID_TOKEN });
}

/** RFC 6750 section 3.1: the header field `Authorization` is wrong. */
function badCredentials(item: string, message: string): FailureRow {
  return row(item, message, { resource: INVALID_REQUEST });
}

/** Section 10: the parameter `dpop_jkt` is wrong; a token request has none. */
function badDpopJkt(item: string, message: string): FailureRow {
  return row(item, message, { pushed: INVALID_REQUEST });
}

/** Section 7.1: a request without credentials is told how to authenticate, and gets no error. */
function challengeOnly(message: string): FailureRow {
  return row("§7.1", message, { resource: { status: 401, error: null } });
}

/**
 * Section 11.1: the server could not remember the proof, so it refuses it. The client did nothing
 * wrong.
 */
function unavailable(message: string): FailureRow {
  const atServer = { status: 503, error: "temporarily_unavailable" } as const;
  const resource = { status: 503, error: null } as const;
  return row("§11.1", message, { resource, token: atServer, pushed: atServer });
}

function row(item: string, message: string, answers: Answers): FailureRow {
  const { resource = null, token = null, pushed = null } = answers;
  return Object.freeze({
    item,
    message,
    resource: Object.freeze(resource),
    token: Object.freeze(token),
    pushed: Object.freeze(pushed),
  });
}

/** One frozen value for each code, so that a refusal allocates nothing. */
const CONSTANTS: Readonly<Record<FailureCode, Failure>> = /* @__PURE__ */ constants();

function constants(): Readonly<Record<FailureCode, Failure>> {
  const entries = Object.entries(FAILURES).map(([code, { message }]) => [
    code,
    Object.freeze({ ok: false, code, message }),
  ]);
  // The keys of FAILURES are all the codes. Without a prototype, no other text is a key.
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(entries)));
}

/** Returns the failure that `code` stands for. */
export function failure<Code extends FailureCode>(code: Code): Failure<Code> {
  return CONSTANTS[code] as Failure<Code>; // the constant of a code carries that code
}

/** Returns a failure with what is known beside its code. */
export function detailedFailure<Code extends FailureCode>(
  code: Code,
  detail: FailureDetail,
): Failure<Code> {
  const { message } = FAILURES[code];
  return Object.defineProperty({ ok: false, code, message } as const, "detail", { value: detail });
}

/** Those of claims, by their faults. They are made once, since there are few. */
const ofClaims: Map<ClaimFault, VerifyFailure> = /* @__PURE__ */ new Map();

/** Returns the failure of a fault of the claims. */
export function claimFailure(fault: ClaimFault): VerifyFailure {
  const known = ofClaims.get(fault);
  if (known !== undefined) return known;
  const [code, claim] = fault.split(" ") as [VerifyFailureCode, string]; // as the type of a fault says
  const made = Object.freeze(detailedFailure(code, Object.freeze({ claim })));
  ofClaims.set(fault, made);
  return made;
}

/**
 * Returns a failure of a clock, with the measured offset: the claim minus the server's time, in
 * seconds.
 */
export function clockFailure<Code extends FailureCode>(
  code: Code,
  clockOffset: number,
): Failure<Code> {
  return { ok: false, code, message: FAILURES[code].message, clockOffset };
}

/** Returns a failure of the nonce, with the value to hand out where there is one. */
export function nonceFailure<Code extends FailureCode>(
  code: Code,
  nextNonce: string | undefined,
): Failure<Code> {
  return { ok: false, code, message: FAILURES[code].message, nextNonce };
}

/** Returns a failure for want of room, with the whole seconds after which room is expected. */
export function fullFailure(retryAfter: number): Failure<"replay_store_full"> {
  const code = "replay_store_full";
  return { ok: false, code, message: FAILURES[code].message, retryAfter };
}

/**
 * Returns true for the delay-seconds of RFC 9110 section 10.2.3, except 0, which asks to come again
 * at once.
 */
export function isRetryAfter(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}

/** Returns true for a failure, of this copy of the package or another. */
export function isFailure(value: unknown): value is Failure {
  if (typeof value !== "object" || value === null) return false;
  const { ok, code } = value as { readonly ok?: unknown; readonly code?: unknown }; // an object, as was just checked
  return ok === false && typeof code === "string" && code in CONSTANTS;
}
