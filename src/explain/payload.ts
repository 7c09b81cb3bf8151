// The claims of a proof against the request (RFC 9449 section 4.3, items 3 and 8 to 12a).
import type { JsonObject } from "../input/json.js";
import type { Alg } from "../jose/alg.js";
import { hashOf } from "../proof/ath.js";
import { checkAth, checkHtm, checkHtu, checkIat, checkLifetime } from "../proof/check.js";
import { type ClaimFault, type ClaimName, type ProofClaims, readClaims } from "../proof/claims.js";
import { normalizeHtu, pathEnd } from "../proof/htu.js";
import type { ReplayStore } from "../replay/replay.js";
import { askNonce, checkNonce, type NonceAnswer } from "../verify/nonce-check.js";
import type { Policy } from "../verify/policy.js";
import { isIatFree } from "../verify/prepare.js";
import type { RequestFacts } from "../verify/request.js";
import { athCause } from "./ath.js";
import type { Cause } from "./cause.js";
import { clockCause, lifetimeCause } from "./clock.js";
import { type Echo, writtenUrl } from "./echo.js";
import type { ExplainedTimes, ExplainedUrls, Fact, RuleName } from "./explanation.js";
import { factOf } from "./header.js";
import { failed, type Judgement, notChecked, notReached, passed } from "./judgement.js";
import { nonceCause } from "./nonce.js";
import { differenceOf, invalidCause, urlCause } from "./url.js";

/** The settings and the request that claims are judged by. */
export interface Standard {
  readonly policy: Policy<Alg, ReplayStore>;
  readonly facts: RequestFacts;
  /** Why a verifier throws for this URL; null where it does not. */
  readonly urlFault: Cause | null;
  readonly echo: Echo;
}

/** What the claims give to later rules, and to the explanation. */
export interface ClaimParts {
  /** The claims, where one that is missing or malformed is replaced by another. */
  readonly claims: ProofClaims;
  /** Returns true where none of these was replaced. */
  has(...names: readonly ClaimName[]): boolean;
  readonly urls: ExplainedUrls | undefined;
  readonly times: ExplainedTimes | undefined;
}

/** Judges `claims`, `htm`, `htu`, `nonce`, `iat`, `lifetime` and `ath`. */
export function examinePayload(
  payload: JsonObject,
  standard: Standard,
  rules: Map<RuleName, Judgement>,
): ClaimParts {
  const { policy, facts, echo } = standard;
  const [claims, faults] = repairedClaims(payload, standard);
  const bad = new Set(faults.map((fault) => fault.split(" ")[1]));
  const has = (...names: readonly ClaimName[]): boolean => names.every((name) => !bad.has(name));
  const judge = (rule: RuleName, names: readonly ClaimName[], judgement: () => Judgement): void => {
    rules.set(rule, has(...names) ? judgement() : notReached("claims"));
  };
  rules.set("claims", judgeClaims(faults, payload, echo));
  judge("htm", ["htm"], () => judgeHtm(claims, facts, echo));
  const urls = has("htu") ? urlsOf(claims.htu, standard) : undefined;
  judge("htu", ["htu"], () => judgeHtu(claims, standard, urls));
  const isAsked = policy.nonce !== undefined && has("nonce");
  const answer = isAsked ? askNonce(policy.nonce, claims.nonce, facts.now) : undefined;
  judge("nonce", ["nonce"], () => judgeNonce(claims, answer, standard));
  judge("iat", ["iat"], () => judgeIat(claims, answer, standard, rules));
  judge("lifetime", ["exp", "nbf"], () => judgeLifetime(claims, standard));
  judge("ath", ["ath"], () => judgeAth(claims, standard));
  return {
    claims,
    has,
    urls,
    times: has("iat") ? timesOf(claims, answer, standard, has) : undefined,
  };
}

/** What stands for a claim that is missing or malformed, so that the others can be read. */
const STAND_IN: Readonly<Record<ClaimName, string | number>> = {
  jti: "-",
  htm: "-",
  htu: "-",
  iat: 0,
  ath: "-",
  nonce: "-",
  exp: 0,
  nbf: 0,
};

/** readClaims tells only the first fault. It is asked again with that one mended, until no fault is left. */
function repairedClaims(
  payload: JsonObject,
  { policy }: Standard,
): readonly [ProofClaims, readonly ClaimFault[]] {
  const faults: ClaimFault[] = [];
  for (let mended = payload; ;) {
    const read = readClaims(mended, policy.limits);
    if (typeof read !== "string") return [read, faults];
    faults.push(read);
    const name = nameIn(read);
    mended = { ...mended, [name]: STAND_IN[name] };
  }
}

function nameIn(fault: ClaimFault): ClaimName {
  return fault.split(" ")[1] as ClaimName; // as the type of a fault says
}

const CLAIM_CAUSES = {
  claim_missing: "claim_absent",
  claim_invalid: "claim_type",
  claim_too_long: "claim_long",
} as const satisfies Readonly<Record<string, Cause>>;

function judgeClaims(faults: readonly ClaimFault[], payload: JsonObject, echo: Echo): Judgement {
  const [first] = faults;
  if (first === undefined) return passed();
  const code = first.split(" ")[0] as keyof typeof CLAIM_CAUSES; // as the type of a fault says
  const found = Object.fromEntries(
    faults.map(nameIn).map((name): [string, Fact] => [name, factOf(payload[name], echo)]),
  );
  const names = faults.filter((fault) => fault.startsWith(code)).map(nameIn);
  const expected = code === "claim_missing" ? ["jti", "htm", "htu", "iat"] : undefined;
  return failed(code, CLAIM_CAUSES[code], { expected, found, names });
}

function judgeHtm(claims: ProofClaims, { method }: RequestFacts, echo: Echo): Judgement {
  const facts = { expected: echo(method), found: echo(claims.htm) };
  const failure = checkHtm(claims, method);
  return failure === null
    ? passed(facts)
    : failed(failure.code, methodCause(claims.htm, method), facts);
}

function methodCause(htm: string, method: string): Cause {
  const [a, b] = [htm.toUpperCase(), method.toUpperCase()];
  if (a === b) return "method_case";
  if (`${a} ${b}` === "GET HEAD" || `${a} ${b}` === "HEAD GET") return "method_head";
  return /^(?:POST|GET)$/.test(a) || /^(?:POST|GET)$/.test(b) ? "method_override" : "method_other";
}

function urlsOf(htu: string, { policy, facts, echo }: Standard): ExplainedUrls {
  const explained = (url: string): ExplainedUrls["htu"] => {
    const isLong = url.length > policy.limits.htu && pathEnd(url) > policy.limits.htu;
    const normal = isLong ? null : normalizeHtu(url);
    return { written: echo(writtenUrl(url)), normal: normal === null ? null : echo(normal) };
  };
  const [claim, url] = [explained(htu), explained(facts.url)];
  const difference =
    claim.normal === null || url.normal === null
      ? undefined
      : differenceOf(claim.normal, url.normal);
  return { htu: claim, url, ...(difference === undefined ? {} : { difference }) };
}

/** A verifier throws for such a URL, since the server composed it. */
export function judgeUrl(
  { urlFault, facts, echo }: Standard,
  urls: ExplainedUrls | undefined,
): Judgement {
  const found = echo(writtenUrl(facts.url));
  const expected = urls?.htu.written ?? "an https URL";
  const isSwapped =
    urls?.difference?.part === "scheme" && urls.htu.normal?.startsWith("https:") === true;
  const cause = isSwapped ? urlCause(urls.htu.normal ?? "", urls.url.normal ?? "") : urlFault;
  return failed("url_invalid", cause ?? "url_form", { expected, found });
}

function judgeHtu(
  claims: ProofClaims,
  { policy, facts, echo }: Standard,
  urls: ExplainedUrls | undefined,
): Judgement {
  const sides = { expected: echo(writtenUrl(facts.url)), found: echo(writtenUrl(claims.htu)) };
  const failure = checkHtu(claims, facts.url, policy.limits.htu);
  if (failure === null) return passed(sides);
  const [htu, url] = [claims.htu, facts.url];
  if (failure.code === "url_invalid") return failed(failure.code, invalidCause(url, htu), sides);
  if (failure.code === "htu_invalid") return failed(failure.code, invalidCause(htu, url), sides);
  const [a, b] = [normalizeHtu(htu), urls?.url.normal == null ? null : normalizeHtu(url)];
  const cause = a === null || b === null ? "path_other" : urlCause(a, b); // null: too long to be read
  return failed(failure.code, cause, sides);
}

function judgeNonce(
  claims: ProofClaims,
  answer: NonceAnswer | undefined,
  { policy, facts, echo }: Standard,
): Judgement {
  const { nonce } = claims;
  const found = nonce === undefined ? null : echo(nonce);
  if (policy.nonce === undefined || answer === undefined) {
    return notChecked({ found });
  }
  const failure = checkNonce(answer, facts.now, policy.noncePolicy);
  if (failure !== null) {
    const [cause, seconds] = nonceCause(policy.nonce, nonce, answer, facts.now);
    return failed(failure.code, cause, { expected: "a nonce of DPoP-Nonce", found, seconds });
  }
  return nonce === undefined ? notChecked({ found }) : passed({ found });
}

function judgeIat(
  claims: ProofClaims,
  answer: NonceAnswer | undefined,
  { policy, facts }: Standard,
  rules: ReadonlyMap<RuleName, Judgement>,
): Judgement {
  const { now } = facts;
  const expected = { earliest: now - policy.maxAge, latest: now + policy.clockTolerance };
  const facing = { expected, found: claims.iat };
  const nonce = rules.get("nonce")?.status;
  if (nonce !== "failed" && isIatFree(answer, policy)) {
    return notChecked({ found: claims.iat });
  }
  // With a good nonce, this time might not count at all.
  if (nonce === "failed" && policy.iatWithNonce === "free")
    return { ...notReached("nonce"), ...facing };
  const failure = checkIat(claims, now, policy);
  if (failure === null) return passed(facing);
  const cause = clockCause(claims.iat, now, policy);
  return failed(failure.code, cause, { ...facing, seconds: claims.iat - now });
}

function judgeLifetime(claims: ProofClaims, { policy, facts }: Standard): Judgement {
  const { exp, nbf } = claims;
  if (exp === undefined && nbf === undefined) return notChecked();
  const found: Fact = {
    ...(exp === undefined ? {} : { exp }),
    ...(nbf === undefined ? {} : { nbf }),
  };
  const failure = checkLifetime(claims, facts.now, policy);
  if (failure === null) return passed({ found });
  const cause = lifetimeCause(failure.code, claims, facts.now);
  return failed(failure.code, cause, { found, seconds: failure.clockOffset });
}

function judgeAth(claims: ProofClaims, { policy, facts, echo }: Standard): Judgement {
  const { accessToken } = facts;
  const found = claims.ath === undefined ? null : shortAth(claims.ath, echo);
  const failure = checkAth(claims, accessToken, policy.hasher);
  if (accessToken === undefined) {
    return failure === null
      ? notChecked()
      : failed(failure.code, "ath_unexpected", { expected: null, found });
  }
  const facing = { expected: hashOf(accessToken, policy.hasher), found };
  if (failure === null) return passed(facing);
  return failed(failure.code, athCause(claims.ath, accessToken, policy.hasher), facing);
}

/** A text of another length than any form of a hash may be a token, or a part of one. */
export function shortAth(ath: string, echo: Echo): string {
  return HASH_LENGTHS.has(ath.length) ? echo(ath) : `${ath.length} characters`;
}

/** Of the half and of the whole of a hash in base64url, of its hexadecimal, and of the base64url of that; also padded. */
const HASH_LENGTHS: ReadonlySet<number> = /* @__PURE__ */ new Set([22, 24, 43, 44, 64, 86, 88]);

function timesOf(
  { iat, exp, nbf }: ProofClaims,
  answer: NonceAnswer | undefined,
  { policy, facts: { now } }: Standard,
  has: ClaimParts["has"],
): ExplainedTimes {
  const window = { earliest: now - policy.maxAge, latest: now + policy.clockTolerance };
  const isFree = isIatFree(answer, policy);
  return {
    now,
    ...(isFree ? {} : { window }),
    iat,
    ...(exp === undefined || !has("exp") ? {} : { exp }),
    ...(nbf === undefined || !has("nbf") ? {} : { nbf }),
    offset: iat - now,
    ...(answer?.acceptUntil === undefined ? {} : { acceptUntil: answer.acceptUntil }),
  };
}
