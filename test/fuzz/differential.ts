// Rounds of signatures past every contestant: each must give the verdict of the signature's class.
import { type Curve, LEAST_PER_CLASS, type SignatureCase, type Verdict } from "./case.js";
import { type Answer, type Backends, NODE, nodePanel, panels } from "./contestants.js";
import { createDice } from "./dice.js";
import type { Part, Round } from "./part.js";
import { added, type Mismatch, NOTHING, type Opinion, type Tally, tallyOf } from "./tally.js";

/** Of how many signatures one is asked of noble with every table, which costs the most. */
const THOROUGH_EVERY = 100;

/** `own` replaces the backends: over a hash that is not the algorithm's. */
export function differential(curve: Curve, own?: Backends): Part<Backends> {
  return {
    name: curve.name,
    classes: [...curve.classes.keys()],
    perRound: curve.perRound,
    perClass: LEAST_PER_CLASS,
    start: (backends) => rounds(curve, own ?? backends),
  };
}

function rounds(curve: Curve, backends: Backends): Round {
  const verdictOf = (name: string): Verdict => {
    const verdict = curve.classes.get(name);
    if (verdict === undefined) throw new Error(`${curve.name} has no class ${name}`);
    return verdict;
  };
  const examples = curve.round(createDice("examples"));
  const valid = examples.find(({ name }) => name === "valid");
  if (valid === undefined) throw new Error("a valid signature was due");
  const panelFor = panels(curve, backends, valid.subject);
  const disputed = examples.find(({ name }) => verdictOf(name) === "disputed");
  const nodeDecides = disputed === undefined ? "refused" : opinionOfNode(disputed);

  function judged(one: SignatureCase, where: Pick<Mismatch, "seed" | "round" | "index">): Tally {
    const verdict = verdictOf(one.name);
    const opinions = panelFor(one.subject)(one, where.index % THOROUGH_EVERY === 0);
    const isRight = opinions.every((opinion) => agrees(opinion, verdict, nodeDecides));
    const mismatch = isRight
      ? undefined
      : { part: curve.name, name: one.name, ...where, ...described(one, verdict, opinions) };
    return tallyOf(one.name, opinions, mismatch);
  }

  return (seed, round) => {
    const cases = curve.round(createDice(`${seed} ${curve.name} ${round}`));
    if (cases.length !== curve.perRound) {
      throw new Error(`a round of ${curve.name} has ${cases.length} signatures`);
    }
    return cases.map((one, index) => judged(one, { seed, round, index })).reduce(added, NOTHING);
  };
}

function agrees({ by, answer }: Opinion, verdict: Verdict, nodeDecides: Answer): boolean {
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

function opinionOfNode(disputed: SignatureCase): Answer {
  const [opinion] = nodePanel(disputed.subject)(disputed);
  if (opinion === undefined) throw new Error("a key that our reader takes was due");
  return opinion.answer;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function described(
  { subject, signature, data }: SignatureCase,
  verdict: Verdict,
  opinions: readonly Opinion[],
): Pick<Mismatch, "answers" | "input"> {
  return {
    answers: [`due: ${verdict}`, ...opinions.map(({ by, answer }) => `${by}: ${answer}`)],
    input: { jwk: JSON.stringify(subject.jwk), signature: hex(signature), data: hex(data) },
  };
}
