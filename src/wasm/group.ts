// Signatures of many keys at a time: those whose keys have a table go through the lanes in groups, all others to
// their keys.
import type { KeyedSignature } from "../jose/alg.js";
import type { Engine, Lanes, Table } from "./engine.js";
import { UNSURE, YES } from "./es256.js";
import { MOST_ITEMS } from "./items.js";
import { AcceleratedKey } from "./key.js";

/** A signature that may go through the lanes, and which one of the list it is. */
interface Member extends KeyedSignature {
  readonly place: number;
  readonly key: AcceleratedKey;
  readonly table: Table;
  readonly engine: Engine;
}

/** Verifies each signature with its key; the verdicts are those of `key.verify`, in the same order. */
export function verifyMany(items: readonly KeyedSignature[]): readonly boolean[] {
  // Tables that are due are built first, as `verify` does.
  for (const { key } of items) if (key instanceof AcceleratedKey) key.earnDue();
  const answers = items.map(() => UNSURE);
  for (const group of groupsOf(items)) verifyGroup(group, answers);
  // A key may build a table or use the lanes here: the groups are done.
  return items.map(({ key, signature, data }, place) => {
    const answer = answers[place];
    if (answer === UNSURE || !(key instanceof AcceleratedKey)) return key.verify(signature, data);
    key.decided(answer === YES);
    return answer === YES;
  });
}

/** Signatures that one run can decide about: of one curve, with tables of one shape in one memory. */
function groupsOf(items: readonly KeyedSignature[]): readonly (readonly Member[])[] {
  const groups: Member[][] = [];
  /** By what decides about them, early and late; the last group of each, which has room. */
  const open = new Map<Lanes, [Member[] | undefined, Member[] | undefined]>();
  for (const [place, { key, signature, data }] of items.entries()) {
    const ready = key instanceof AcceleratedKey ? key.ready() : null;
    if (ready === null || !(key instanceof AcceleratedKey)) continue;
    const lanes = key.curve.lanes(ready.engine);
    if (!lanes.isReady()) continue;
    const ofBoth = open.get(lanes) ?? [undefined, undefined];
    open.set(lanes, ofBoth);
    const shape = ready.table.isLate ? 1 : 0;
    const known = ofBoth[shape];
    const group = known === undefined || known.length === MOST_ITEMS ? [] : known;
    if (group !== known) groups.push(group);
    ofBoth[shape] = group;
    group.push({ place, key, signature, data, ...ready });
  }
  return groups;
}

/** Writes the answers about the members of a group to their places; one that is left over stays unsure. */
function verifyGroup(group: readonly Member[], answers: number[]): void {
  const [first] = group;
  if (first === undefined || group.length < 2) return;
  const entered: Member[] = [];
  for (const member of group) {
    const { place, key, engine, table, signature, data } = member;
    const answer = key.curve.enter(engine)(entered.length, table, signature, data);
    if (answer === YES) entered.push(member);
    else answers[place] = answer;
  }
  const count = entered.length - (entered.length % 2); // two lanes
  if (count === 0) return;
  const lanes = first.key.curve.lanes(first.engine);
  const decided = lanes.run(count, first.table.isLate);
  decided?.forEach((answer, i) => {
    const { place } = entered[i] ?? first; // there are `count` of them
    answers[place] = answer;
  });
}
