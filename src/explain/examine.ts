// The examination of a proof (RFC 9449 section 4.3): what the drivers of an explanation share. It holds the
// judgement of each rule, and what later rules need.
import { leave, plainArgument, stringArgument } from "../input/argument.js";
import type { FieldValue } from "../input/http.js";
import { type Alg, algShape, type AsyncKey, type SyncKey } from "../jose/alg.js";
import { thumbprint } from "../jose/thumbprint.js";
import { hashOf } from "../proof/ath.js";
import { isHttpUrl } from "../proof/htu.js";
import { type ReplayStore, replayKey } from "../replay/replay.js";
import { checkFound, checkKeys, checkSignature } from "../verify/drive.js";
import type { Policy } from "../verify/policy.js";
import { type AsyncProofRequest, readProofRequest, type RequestFacts } from "../verify/request.js";
import type { Cause } from "./cause.js";
import { createEcho } from "./echo.js";
import type { RuleName } from "./explanation.js";
import { examineField, type Parts } from "./field.js";
import { examineHeader, type HeaderParts } from "./header.js";
import { jktCause } from "./jkt.js";
import { failed, type Judgement, notChecked, notReached, passed } from "./judgement.js";
import { type ClaimParts, examinePayload, judgeUrl, type Standard } from "./payload.js";
import { attemptsOf, otherCause } from "./signature.js";
import { invalidCause } from "./url.js";

/** What is known of a proof so far. */
export interface Examination extends Standard, HeaderParts {
  readonly rules: Map<RuleName, Judgement>;
  readonly parts: Parts;
  readonly jkt: string | undefined;
  /** Undefined where the payload can't be read. */
  readonly claimed: ClaimParts | undefined;
}

/** Judges every rule that needs no look-up, no signature and no replay store. */
export function examine(
  proof: FieldValue,
  request: AsyncProofRequest,
  policy: Policy<Alg, ReplayStore>,
): Examination {
  const { facts, urlFault } = readFacts(request, policy);
  const standard = { policy, facts, urlFault, echo: createEcho(facts.accessToken) };
  const rules = new Map<RuleName, Judgement>();
  const parts = examineField(proof, policy.limits, rules);
  const { header, payload } = parts;
  const { alg, jwk } =
    header === null ? NOTHING : examineHeader(header, policy, standard.echo, rules);
  const claimed = payload === null ? undefined : examinePayload(payload, standard, rules);
  if (urlFault !== null) rules.set("htu", judgeUrl(standard, claimed?.urls));
  const jkt = jwk === undefined ? undefined : thumbprint(jwk, policy.hasher);
  return { ...standard, rules, parts, alg, jwk, jkt, claimed };
}

const NOTHING: HeaderParts = { alg: undefined, jwk: undefined };

/**
 * A URL that is not absolute, or plain http without permission, makes a verifier throw, since the server composed
 * it. That is what many look for, so it is explained.
 */
function readFacts(
  request: AsyncProofRequest,
  { clock, plainHttp }: Policy<Alg, ReplayStore>,
): Pick<Standard, "facts" | "urlFault"> {
  plainArgument(request, "request");
  const url = stringArgument(request.url, "url");
  if (isHttpUrl(url, plainHttp)) {
    return { facts: readProofRequest(request, clock, plainHttp), urlFault: null };
  }
  const facts = readProofRequest({ ...request, url: "https://localhost/" }, clock, plainHttp);
  const urlFault = isHttpUrl(url, "anywhere") ? "plain_http" : invalidCause(url, "");
  return { facts: { ...facts, url }, urlFault };
}

/** What a look-up found. */
export interface Found {
  readonly jkt: unknown;
}

/**
 * Returns the look-up of the request where it can be asked, else null. A verifier asks it only of a proof that
 * passed all before, with the same hash.
 */
export function lookupOf({
  facts,
  policy,
  jkt,
}: Examination): (() => ReturnType<Exclude<RequestFacts["jkt"], string | undefined>>) | null {
  const { jkt: lookup, accessToken } = facts;
  if (typeof lookup !== "function" || jkt === undefined) return null;
  const ath = accessToken === undefined ? "" : hashOf(accessToken, policy.hasher);
  return ath === null ? null : () => lookup(ath);
}

/** Judges `jkt` and `client key`. */
export function judgeKeys(examined: Examination, found: Found | null): void {
  const { rules, facts, jkt, parts } = examined;
  if (jkt === undefined) {
    if (parts.header === null) return;
    for (const name of ["jkt", "client key"] as const) rules.set(name, notReached("jwk"));
    return;
  }
  rules.set("jkt", judgeJkt(examined, jkt, found));
  const { clientKeyJkt } = facts;
  const own = checkKeys({ jkt }, { ...facts, jkt: undefined, requiredJkt: undefined });
  rules.set(
    "client key",
    own !== null
      ? failed(own.code, "client_key", { found: jkt })
      : clientKeyJkt === undefined
        ? notChecked()
        : passed({ found: jkt }),
  );
}

function judgeJkt(
  { facts, policy, parts, echo }: Examination,
  jkt: string,
  found: Found | null,
): Judgement {
  const { requiredJkt } = facts;
  if (typeof facts.jkt === "function" && found === null) return notReached("ath");
  const bound: unknown = found === null ? facts.jkt : found.jkt;
  const others = found === null ? null : checkFound({ jkt }, facts, found.jkt);
  const failure = checkKeys({ jkt }, { ...facts, clientKeyJkt: undefined }) ?? others;
  const expected = bound ?? requiredJkt;
  if (failure === null) {
    if (expected === undefined) return notChecked();
    return passed({ expected: String(expected), found: jkt });
  }
  const wrong = bound === undefined || bound === jkt ? requiredJkt : bound;
  const cause = jktCause(wrong, jkt, parts.header ?? {}, policy.hasher);
  const facing = { expected: typeof wrong === "string" ? echo(wrong) : null, found: jkt };
  return failed(failure.code, cause, facing);
}

/** A signature, with the cause that it would show if it verified; null for the one of the proof itself. */
export interface Trial {
  readonly cause: Cause | null;
  readonly signature: Uint8Array;
  readonly signed: Uint8Array;
}

/** Returns the signature of the proof, then other forms of it; nothing where none can be verified. */
export function trialsOf({ alg, jwk, parts, policy }: Examination): readonly Trial[] {
  const { signature, signed } = parts;
  if (alg === undefined || jwk === undefined || signature === null || signed === null) return [];
  return [{ cause: null, signature, signed }, ...attemptsOf(alg, signature, signed, policy.hasher)];
}

/** Guards the verdict of a backend, as a verifier does. */
export function isValid(verdict: unknown): boolean {
  return checkSignature(verdict) === null;
}

/**
 * Judges `signature`, and `jwk` once more. `key` is null where the point is not on the curve; `trial` is the one
 * that verified.
 */
export function judgeSignature(
  { rules, alg, jwk, parts }: Examination,
  key: SyncKey | AsyncKey | null | undefined,
  trial: Trial | undefined,
): void {
  if (parts.header === null) return;
  if (alg === undefined || jwk === undefined || key === null) {
    rules.set("signature", notReached(alg === undefined ? "alg" : "jwk"));
    if (key !== null) return;
    const { expected, found } = rules.get("jwk") ?? {};
    rules.set("jwk", failed("jwk_invalid", "jwk_off_curve", { expected, found }));
    return;
  }
  const { signature } = parts;
  if (signature === null) return;
  const expected = algShape(alg.alg)?.signatureSize;
  const facing = {
    expected: expected === undefined ? undefined : `${expected} bytes`,
    found: `${signature.length} bytes`,
  };
  const cause = trial === undefined ? otherCause(alg, signature) : trial.cause;
  rules.set(
    "signature",
    cause === null ? passed(facing) : failed("signature_invalid", cause, facing),
  );
}

/** Returns the key under which a store knows the proof; null where it can't be read. */
export function replayKeyOf({ jkt, claimed, policy }: Examination): string | null {
  if (jkt === undefined || claimed?.has("jti") !== true) return null;
  return replayKey(jkt, claimed.claims.jti, policy.hasher);
}

/** Judges `replay`. `used` is what the store returned; undefined where it was not asked. */
export function judgeReplay(
  { rules, claimed, parts, jkt, echo }: Examination,
  hasReader: boolean,
  used: unknown,
): void {
  if (!hasReader) rules.set("replay", notChecked());
  if (!hasReader || parts.header === null || claimed === undefined) return;
  if (jkt === undefined || !claimed.has("jti")) {
    rules.set("replay", notReached(jkt === undefined ? "jwk" : "claims"));
    return;
  }
  if (used !== true && used !== false) {
    leave(used);
    throw new TypeError(
      "replay.has must return true or false; explainProofAsync takes one that returns a promise",
    );
  }
  const found = echo(claimed.claims.jti);
  rules.set("replay", used ? failed("jti_replayed", "used", { found }) : passed({ found }));
}
