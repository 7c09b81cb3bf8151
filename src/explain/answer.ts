// From an examination and the verdict of a verifier to the explanation.
import type { JsonObject } from "../input/json.js";
import { hashOf } from "../proof/ath.js";
import { type ClaimName } from "../proof/claims.js";
import type { VerifyResult } from "../verify/drive.js";
import { type Echo, writtenUrl } from "./echo.js";
import type { Examination, Found } from "./examine.js";
import type {
  ExplainedProof,
  ExplainedRequest,
  ExplainedRule,
  Explanation,
  Fact,
  Verdict,
} from "./explanation.js";
import { factOf } from "./header.js";
import { defined, rulesOf } from "./judgement.js";
import { shortAth } from "./payload.js";

/** Puts together what was found out. `result` is what the verifier answered. */
export function explanationOf(
  examined: Examination,
  bound: Found | null,
  result: VerifyResult,
): Explanation {
  const rules = rulesOf(examined.rules);
  const verdict = verdictOf(result, rules);
  return defined({
    verdict,
    rules,
    proof: proofOf(examined),
    request: requestOf(examined, bound),
    urls: examined.claimed?.urls,
    times: examined.claimed?.times,
  });
}

function verdictOf(result: VerifyResult, rules: readonly ExplainedRule[]): Verdict {
  if (result.ok) return { ok: true };
  const { code, message, clockOffset } = result;
  // The verifier was asked last. Only a time can have passed meanwhile, if a part took a second or more.
  const rule = rules.find((one) => one.code === code)?.name ?? "iat";
  return defined({ ok: false, code, message, rule, clockOffset });
}

const CLAIMS: readonly ClaimName[] = ["jti", "htm", "htu", "iat", "ath", "nonce", "exp", "nbf"];
const MEMBERS = ["typ", "alg", "kid", "jwk"];

function proofOf({ parts, jwk, jkt, echo }: Examination): ExplainedProof {
  const { text, header, payload } = parts;
  const word = (name: string): string | undefined => {
    const value = header?.[name];
    return typeof value === "string" ? echo(value) : undefined;
  };
  return defined({
    length: text === "" ? undefined : text.length,
    typ: word("typ"),
    alg: word("alg"),
    kid: word("kid"),
    jwk,
    jkt,
    otherMembers: header === null ? undefined : otherNames(header, MEMBERS, echo),
    claims: payload === null ? undefined : claimsOf(payload, echo),
    otherClaims: payload === null ? undefined : otherNames(payload, CLAIMS, echo),
  });
}

/** What may be a secret is not among those that are named. */
function otherNames(object: JsonObject, named: readonly string[], echo: Echo): readonly string[] {
  return Object.keys(object)
    .filter((name) => !named.includes(name))
    .map(echo);
}

function claimsOf(payload: JsonObject, echo: Echo): { readonly [name: string]: Fact } {
  const present = CLAIMS.filter((name) => payload[name] !== undefined);
  return Object.fromEntries(
    present.map((name): [string, Fact] => {
      const value = payload[name];
      if (name === "ath" && typeof value === "string") return [name, shortAth(value, echo)];
      if (name === "htu" && typeof value === "string") return [name, echo(writtenUrl(value))];
      return [name, factOf(value, echo)];
    }),
  );
}

function requestOf({ facts, policy, echo }: Examination, bound: Found | null): ExplainedRequest {
  const { method, url, now, accessToken } = facts;
  const jkt = bound === null ? facts.jkt : bound.jkt;
  return defined({
    method: echo(method),
    url: echo(writtenUrl(url)),
    now,
    ath: accessToken === undefined ? undefined : (hashOf(accessToken, policy.hasher) ?? undefined),
    jkt: typeof jkt === "string" ? echo(jkt) : facts.requiredJkt,
  });
}
