// The signatures of a round in groups: dpop-core/wasm verifies them many at a time, each beside good and bad ones.
import type { Curve, SignatureCase, Subject } from "./case.js";
import type { Dice } from "./dice.js";
import {
  type Answer,
  climb,
  importKey,
  type Implementations,
  type SignatureOutcome,
  stagesOf,
} from "./key-states.js";
import type { KeyedSignature, SyncKey } from "../../src/jose/alg.js";

/** The largest group: one more than a verifier makes. */
const MOST = 33;

/** What came of each case of a round, by its place in the list. */
type GroupOutcomes = (index: number) => SignatureOutcome;

/**
 * Makes groups of chance sizes of all cases whose key is one. A key has its early or its late table, as the dice
 * decide when it is first met, or none.
 */
export function groupedBy(
  { alg: label }: Pick<Curve, "alg">,
  { wasm }: Implementations,
  example: Subject,
): (cases: readonly SignatureCase[], dice: Dice) => GroupOutcomes {
  const { alg, sizes } = stagesOf(wasm, label, example);
  const keys = new WeakMap<Subject, { readonly key: SyncKey | null }>();

  function keyOf(subject: Subject, dice: Dice): SyncKey | null {
    const known = keys.get(subject);
    if (known !== undefined) return known.key;
    const { witness } = subject;
    const size = dice.pick(sizes);
    const key =
      witness === undefined ? importKey(alg, subject) : climb(alg, size, subject, witness);
    keys.set(subject, { key });
    return key;
  }

  return (cases, dice) => {
    const outcomes = new Map<number, SignatureOutcome>();
    const items = cases.flatMap(({ subject, signature, data }, index) => {
      const key = keyOf(subject, dice);
      if (key !== null) return [{ index, item: { key, signature, data } }];
      outcomes.set(index, { by: BY, answer: "no key" });
      return [];
    });
    for (let start = 0; start < items.length;) {
      const group = items.slice(start, start + 1 + dice.below(MOST));
      start += group.length;
      const verdicts = verdictsOn(group.map(({ item }) => item));
      for (const [i, { index }] of group.entries()) {
        outcomes.set(index, { by: BY, answer: answerOf(verdicts[i]) });
      }
    }
    return (index) => outcomes.get(index) ?? { by: BY, answer: "threw no answer" };
  };

  function verdictsOn(items: readonly KeyedSignature[]): readonly unknown[] {
    try {
      const verifyEach = ({ key, signature, data }: KeyedSignature): unknown =>
        key.verify(signature, data);
      return alg.verifyMany?.(items) ?? items.map(verifyEach); // as a verifier does
    } catch (error) {
      return items.map(() => String(error));
    }
  }
}

function answerOf(verdict: unknown): Answer {
  if (verdict === true) return "accepted";
  return verdict === false ? "refused" : `threw ${String(verdict)}`;
}

const BY = "wasm, in groups";
