// Judgements: how a proof stands to one rule, and the names of the rules.
import type { VerifyFailure } from "../proof/failure.js";
import type { Cause } from "./cause.js";
import type { ExplainedRule, RuleName } from "./explanation.js";

/** What is found out about a rule; the rest of an ExplainedRule is the same for every proof. */
export type Judgement = Omit<ExplainedRule, "name" | "item" | "section">;

/** What a rule asks for, and what there is. */
export type Facts = Pick<ExplainedRule, "expected" | "found" | "names" | "seconds">;

export function passed(facts: Facts = {}): Judgement {
  return { status: "passed", ...facts };
}

export function failed(code: VerifyFailure["code"], cause: Cause, facts: Facts = {}): Judgement {
  return { status: "failed", code, cause, ...facts };
}

export function notReached(after: RuleName): Judgement {
  return { status: "not reached", after };
}

export function notChecked(facts: Facts = {}): Judgement {
  return { status: "not checked", ...facts };
}

/** Name and item of every rule, in the order of section 4.3; of other sections, their number. */
// prettier-ignore
const RULES: readonly (readonly [name: RuleName, item: string])[] = [
  ["single", "1"],
  ["size", "2"],
  ["form", "2"],
  ["crit", "2"],
  ["claims", "3"],
  ["typ", "4"],
  ["alg", "5"],
  ["jwk", "6"],
  ["signature", "6"],
  ["public", "7"],
  ["htm", "8"],
  ["htu", "9"],
  ["nonce", "10"],
  ["iat", "11"],
  ["lifetime", "11"],
  ["ath", "12a"],
  ["jkt", "12b"],
  ["client key", "§5"],
  ["replay", "§11.1"],
];

/** Returns every rule with its judgement. */
export function rulesOf(judgements: ReadonlyMap<RuleName, Judgement>): readonly ExplainedRule[] {
  const ground = judgements.get("form")?.after ?? "form"; // what kept the others from being read
  return RULES.map(([name, place]) => {
    const isItem = !place.startsWith("§");
    const section = isItem ? "4.3" : place.slice(1);
    const judgement = judgements.get(name) ?? notReached(ground);
    return defined({ name, item: isItem ? place : undefined, section, ...judgement });
  });
}

/** Returns a copy without members that are undefined, which JSON does not know. */
export function defined<T extends object>(value: T): T {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as T; // T allows each of these to be absent, since they are undefined
}
