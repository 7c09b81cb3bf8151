// Rounds of signatures past every implementation: each must give the verdict of the signature's class.
import { type Curve, LEAST_PER_CLASS, type SignatureCase, type Verdict } from "./case.js";
import { createDice } from "./dice.js";
import { groupedBy } from "./groups.js";
import { type Answer, type Implementations, keyStates, NODE, nodeItself } from "./key-states.js";
import type { Part, Round } from "./part.js";
import { added, type Mismatch, NOTHING, type Outcome, type Tally, tallyOf } from "./tally.js";

/** Of how many signatures one is asked of noble with every table, which costs the most. */
const THOROUGH_EVERY = 100;

/** `own` replaces the implementations: over a hash that is not the algorithm's. */
export function differential(curve: Curve, own?: Implementations): Part {
  return {
    name: curve.name,
    classes: [...curve.classes.keys()],
    perRound: curve.perRound,
    perClass: LEAST_PER_CLASS,
    start: (implementations) => rounds(curve, own ?? implementations),
  };
}

function rounds(curve: Curve, implementations: Implementations): Round {
  const verdictOf = (name: string): Verdict => {
    const verdict = curve.classes.get(name);
    if (verdict === undefined) throw new Error(`${curve.name} has no class ${name}`);
    return verdict;
  };
  const examples = curve.round(createDice("examples"));
  const valid = examples.find(({ name }) => name === "valid");
  if (valid === undefined) throw new Error("a valid signature was due");
  const statesOf = keyStates(curve, implementations, valid.subject);
  const groupsOf = groupedBy(curve, implementations, valid.subject);
  const disputed = examples.find(({ name }) => verdictOf(name) === "disputed");
  const nodeDecides = disputed === undefined ? "refused" : answerOfNode(disputed);

  function judged(
    one: SignatureCase,
    inGroup: Outcome,
    where: Pick<Mismatch, "seed" | "round" | "index">,
  ): Tally {
    const verdict = verdictOf(one.name);
    const alone = statesOf(one.subject)(one, where.index % THOROUGH_EVERY === 0);
    const outcomes = [...alone, inGroup];
    const isRight = outcomes.every((outcome) => agrees(outcome, verdict, nodeDecides));
    const mismatch = isRight
      ? undefined
      : { part: curve.name, name: one.name, ...where, ...described(one, verdict, outcomes) };
    return tallyOf(one.name, outcomes, mismatch);
  }

  return (seed, round) => {
    const dice = createDice(`${seed} ${curve.name} ${round}`);
    const cases = curve.round(dice);
    if (cases.length !== curve.perRound) {
      throw new Error(`a round of ${curve.name} has ${cases.length} signatures`);
    }
    const inGroups = groupsOf(cases, dice);
    return cases
      .map((one, index) => judged(one, inGroups(index), { seed, round, index }))
      .reduce(added, NOTHING);
  };
}

function agrees({ by, answer }: Outcome, verdict: Verdict, nodeDecides: Answer): boolean {
  switch (verdict) {
    case "disputed":
      return answer === (by === NODE ? nodeDecides : "refused");
    case "no key":
      // OpenSSL looks at a point of Ed25519 no sooner than when it verifies.
      return answer === "no key" || (by === NODE && answer === "refused");
    default:
      return answer === verdict;
  }
}

function answerOfNode(disputed: SignatureCase): Answer {
  const [outcome] = nodeItself(disputed.subject)(disputed);
  if (outcome === undefined) throw new Error("a key that our reader takes was due");
  return outcome.answer;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function described(
  { subject, signature, data }: SignatureCase,
  verdict: Verdict,
  outcomes: readonly Outcome[],
): Pick<Mismatch, "answers" | "input"> {
  return {
    answers: [`due: ${verdict}`, ...outcomes.map(({ by, answer }) => `${by}: ${answer}`)],
    input: { jwk: JSON.stringify(subject.jwk), signature: hex(signature), data: hex(data) },
  };
}
