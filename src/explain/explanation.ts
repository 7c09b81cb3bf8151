// The explanation of a verdict (RFC 9449 section 4.3): the data that a command line, a page and logs show. It
// is plain JSON, and holds no secret: no access token, no signature, no private member of a key, no query of a
// URL. What it echoes of a request is cut to 2048 characters, and is as the sender wrote it: escape it where
// you show it, as formatExplanation does.
import type { VerifyFailureCode } from "../proof/failure.js";
import type { PublicJwk } from "../jose/jwk.js";
import type { Cause } from "./cause.js";

/** Why a verifier accepts or refuses a proof, rule by rule. */
export interface Explanation {
  /** What a verifier with these options answers. */
  readonly verdict: Verdict;
  /** Every rule, in the order of section 4.3. */
  readonly rules: readonly ExplainedRule[];
  /** What the proof says, as far as it can be read. */
  readonly proof: ExplainedProof;
  /** What the proof is compared with. */
  readonly request: ExplainedRequest;
  /** Both URLs; absent where the proof has no `htu` that can be read. */
  readonly urls?: ExplainedUrls | undefined;
  /** The clock; absent where the proof has no `iat` that can be read. */
  readonly times?: ExplainedTimes | undefined;
}

/** What a verifier answers. */
export type Verdict = { readonly ok: true } | RefusalVerdict;

/** What a verifier answers to a proof that it refuses. */
export interface RefusalVerdict {
  readonly ok: false;
  /** As the verifier gives it; FAILURES says what a server answers. */
  readonly code: VerifyFailureCode;
  /** The fixed text of the code. */
  readonly message: string;
  /** The rule that decided. */
  readonly rule: RuleName;
  /** Only for a failure of a clock: the claim minus the server's time, in seconds. */
  readonly clockOffset?: number | undefined;
}

/**
 * The name of a rule. In the order of section 4.3:
 *
 * | Item | Rules |
 * | --- | --- |
 * | 1 | `single`: one header field |
 * | 2 | `size`, `form`: a compact JWS of JSON objects, `crit`: no extensions |
 * | 3 | `claims`: the required ones are there, and all are well-formed |
 * | 4 | `typ` |
 * | 5 | `alg` |
 * | 6 | `jwk`: a valid key for the algorithm, `signature` |
 * | 7 | `public`: no private key |
 * | 8 | `htm` |
 * | 9 | `htu` |
 * | 10 | `nonce` |
 * | 11 | `iat`, `lifetime`: `exp` and `nbf` |
 * | 12a | `ath` |
 * | 12b | `jkt` |
 * | section 5 | `client key`: not the key that the client authenticates with |
 * | section 11.1 | `replay`: not used before |
 */
export type RuleName =
  | "single"
  | "size"
  | "form"
  | "crit"
  | "claims"
  | "typ"
  | "alg"
  | "jwk"
  | "signature"
  | "public"
  | "htm"
  | "htu"
  | "nonce"
  | "iat"
  | "lifetime"
  | "ath"
  | "jkt"
  | "client key"
  | "replay";

/**
 * What became of a rule. "not reached": it needs something that a failed rule would have given.
 * "not checked": the options or the request ask for no such check, as where no nonces are used.
 */
export type RuleStatus = "passed" | "failed" | "not reached" | "not checked";

/** One rule, and how the proof stands to it. */
export interface ExplainedRule {
  readonly name: RuleName;
  /** The item of section 4.3, such as "12a"; absent for a rule of another section. */
  readonly item?: string | undefined;
  /** The section of RFC 9449: "4.3", "5" or "11.1". */
  readonly section: string;
  readonly status: RuleStatus;
  /** Where it failed: the code that a verifier gives if this rule decides. */
  readonly code?: VerifyFailureCode | undefined;
  /** What the rule asks for. */
  readonly expected?: Fact | undefined;
  /** What the proof, or the request, has. */
  readonly found?: Fact | undefined;
  /** Where it failed: the likely cause. describeRule says it in words. */
  readonly cause?: Cause | undefined;
  /** Where `claims` failed: the claims that the cause is about. */
  readonly names?: readonly string[] | undefined;
  /**
   * Where a time failed, in seconds: the claim minus the server's time; of a nonce that has expired, the time since it was
   * replaced.
   */
  readonly seconds?: number | undefined;
  /** Where it was not reached: the rule that failed. */
  readonly after?: RuleName | undefined;
}

/** A value of an explanation: plain JSON. */
export type Fact =
  string | number | boolean | null | readonly Fact[] | { readonly [name: string]: Fact };

/** What a proof says, as far as it can be read. Nothing in it is verified. */
export interface ExplainedProof {
  /** Characters of the header field. */
  readonly length?: number | undefined;
  /** `typ`, `alg` and `kid` of the header, where they are text. */
  readonly typ?: string | undefined;
  readonly alg?: string | undefined;
  readonly kid?: string | undefined;
  /** The public key, by its members of RFC 7638. */
  readonly jwk?: PublicJwk | undefined;
  /** The thumbprint of that key. */
  readonly jkt?: string | undefined;
  /** The names of the other members of the header. */
  readonly otherMembers?: readonly string[] | undefined;
  /** The claims that RFC 9449 and RFC 7519 name: jti, htm, htu, iat, ath, nonce, exp, nbf. */
  readonly claims?: { readonly [name: string]: Fact } | undefined;
  /** The names of the other claims. */
  readonly otherClaims?: readonly string[] | undefined;
}

/** What a proof is compared with. */
export interface ExplainedRequest {
  readonly method: string;
  /** Without its query and fragment. */
  readonly url: string;
  /** The time, in seconds since the epoch. */
  readonly now: number;
  /** The hash of the access token. */
  readonly ath?: string | undefined;
  /** The thumbprint that the key must have. */
  readonly jkt?: string | undefined;
}

/** A URL, without its query and fragment, and without its user information. */
export interface ExplainedUrl {
  /** As it was written; "?…" or "#…" at its end stands for what was left out. */
  readonly written: string;
  /** In the normal form in which it is compared; null where it is not an http or https URI. */
  readonly normal: string | null;
}

/** Both URLs of item 9, and how they differ. */
export interface ExplainedUrls {
  /** The claim. */
  readonly htu: ExplainedUrl;
  /** That of the request. */
  readonly url: ExplainedUrl;
  /** Where both have a normal form, and these differ. */
  readonly difference?:
    | {
        /** The part of the URL. */
        readonly part: "scheme" | "host" | "port" | "path";
        /** The first character of the normal forms that differs, from 0. */
        readonly index: number;
      }
    | undefined;
}

/** The clock of item 11, in seconds since the epoch. */
export interface ExplainedTimes {
  readonly now: number;
  /** The window in which `iat` is accepted, both ends included; absent where the nonce decides. */
  readonly window?: { readonly earliest: number; readonly latest: number } | undefined;
  readonly iat: number;
  readonly exp?: number | undefined;
  readonly nbf?: number | undefined;
  /** `iat` minus `now`: negative where the proof is from the past. */
  readonly offset: number;
  /** Where the nonce decides: the last second in which it is accepted. */
  readonly acceptUntil?: number | undefined;
}
