// Whether an explanation agrees with what a verifier returned for the same input, and with itself.
import { isDeepStrictEqual } from "node:util";
import type { VerifyResult } from "dpop-core";
import { describeRule, type Explanation, formatExplanation } from "dpop-core/explain";

/** Returns what is wrong, in words; nothing where all agrees. */
export function disagreements(explanation: Explanation, result: VerifyResult): readonly string[] {
  const { verdict, rules } = explanation;
  const summary = formatExplanation(explanation).split("\n", 1)[0] ?? "";
  const failed = rules.filter(({ status }) => status === "failed");
  const decisive = verdict.ok ? undefined : rules.find(({ name }) => name === verdict.rule);
  const faults: readonly (readonly [boolean, string])[] = [
    [verdict.ok === result.ok, "the verdict is another"],
    [!verdict.ok || failed.length === 0, "a rule of a good proof failed"],
    [result.ok || verdict.ok || verdict.code === result.code, "the code is another"],
    [result.ok || verdict.ok || verdict.message === result.message, "the message is another"],
    [
      result.ok || verdict.ok || verdict.clockOffset === result.clockOffset,
      "the offset of the clock is another",
    ],
    [
      verdict.ok || (decisive?.status === "failed" && decisive.code === verdict.code),
      "no failed rule has that code",
    ],
    [
      failed.every(
        (rule) => rule.code && rule.cause && describeRule(rule).text && describeRule(rule).hint,
      ),
      "a failed rule has no cause",
    ],
    [/^(?:Accepted|Refused): /.test(summary) && summary.length <= 100, "the first line is another"],
    [
      isDeepStrictEqual(JSON.parse(JSON.stringify(explanation)), explanation),
      "it is no plain JSON",
    ],
  ];
  return faults.flatMap(([isRight, fault]) => (isRight ? [] : [fault]));
}
