// dpop-core/explain: why a verifier accepts or refuses a proof, rule by rule, for people and for programs.
// No cryptography: a backend is passed in.
export { explainProof, explainProofAsync } from "./explain/explain.js";
export { formatExplanation, type FormatOptions } from "./explain/format.js";
export { describeRule, type RuleWords } from "./explain/words.js";
export type {
  ExplainedProof,
  ExplainedRequest,
  ExplainedRule,
  ExplainedTimes,
  ExplainedUrl,
  ExplainedUrls,
  Explanation,
  Fact,
  RefusalVerdict,
  RuleName,
  RuleStatus,
  Verdict,
} from "./explain/explanation.js";
export type { Cause } from "./explain/cause.js";
export type { AsyncExplainOptions, ExplainOptions, ReplayReader } from "./explain/options.js";
