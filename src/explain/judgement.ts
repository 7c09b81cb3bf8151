// Judgements: how a proof stands to one rule, and the names and titles of the rules.
import type { VerifyFailure } from "../proof/failure.js";
import { type Cause, wordsOf } from "./cause.js";
import type { ExplainedRule, Fact, RuleName } from "./explanation.js";

/** What is found out about a rule; the rest of an ExplainedRule is the same for every proof. */
export type Judgement = Omit<ExplainedRule, "name" | "item" | "section" | "title">;

/** What a rule asks for, and what there is. */
export interface Facts {
  readonly expected?: Fact | undefined;
  readonly found?: Fact | undefined;
}

export function passed(facts: Facts = {}): Judgement {
  return { status: "passed", ...facts };
}

/** `more` is put behind the text, such as the name of a claim. */
export function failed(
  code: VerifyFailure["code"],
  cause: Cause,
  facts: Facts = {},
  more = "",
): Judgement {
  const { text, hint } = wordsOf(cause);
  return { status: "failed", code, cause, text: text + more, hint, ...facts };
}

export function notReached(after: RuleName): Judgement {
  return { status: "not reached", after };
}

export function notChecked(text: string): Judgement {
  return { status: "not checked", text };
}

/** Name, item and title of every rule, in the order of section 4.3. */
// prettier-ignore
const RULES: readonly (readonly [name: RuleName, item: string, title: string])[] = [
  ["single", "1", "the request has one header field DPoP"],
  ["size", "2", "the proof is not too long"],
  ["form", "2", "the proof is a well-formed JWT"],
  ["crit", "2", "the header demands no extension"],
  ["claims", "3", "jti, htm, htu and iat are there, and all claims are well-formed"],
  ["typ", "4", "typ is dpop+jwt"],
  ["alg", "5", "alg is an algorithm that is accepted"],
  ["jwk", "6", "jwk is a valid public key for alg"],
  ["signature", "6", "the signature verifies with jwk"],
  ["public", "7", "jwk holds no private key"],
  ["htm", "8", "htm is the method of the request"],
  ["htu", "9", "htu is the URL of the request"],
  ["nonce", "10", "nonce is one that the server gave out lately"],
  ["iat", "11", "iat is within the window of time"],
  ["lifetime", "11", "exp and nbf hold"],
  ["ath", "12a", "ath is the hash of the access token"],
  ["jkt", "12b", "the key is the one that the token or grant is bound to"],
  ["client key", "§5", "the key is not the one that the client authenticates with"],
  ["replay", "§11.1", "the proof was not used before"],
];

/** Returns every rule with its judgement. */
export function rulesOf(judgements: ReadonlyMap<RuleName, Judgement>): readonly ExplainedRule[] {
  return RULES.map(([name, place, title]) => {
    const isItem = !place.startsWith("§");
    const section = isItem ? "4.3" : place.slice(1);
    const judgement = judgements.get(name) ?? notReached("form");
    return defined({ name, item: isItem ? place : undefined, section, title, ...judgement });
  });
}

/** Returns a copy without members that are undefined, which JSON does not know. */
export function defined<T extends object>(value: T): T {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as T; // T allows each of these to be absent, since they are undefined
}
