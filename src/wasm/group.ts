// Signatures of many keys at a time: those whose keys have a table go through the lanes in groups, all others to
// their keys.
import type { KeyedSignature } from "../jose/alg.js";
import type { Lanes } from "./engine.js";
import { MOST_ITEMS, UNSURE, YES } from "./items.js";
import { AcceleratedKey, type KeyTable } from "./key.js";

/** A signature that may go through the lanes, and which one of the list it is. */
interface Member extends KeyedSignature {
  readonly place: number;
  readonly key: AcceleratedKey;
  readonly table: KeyTable;
}

/** Signatures that one run can decide about: of one curve, with tables of as many teeth in one memory. */
interface Group {
  readonly lanes: Lanes;
  readonly teeth: number;
  readonly members: Member[];
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

function groupsOf(items: readonly KeyedSignature[]): readonly Group[] {
  const groups: Group[] = [];
  for (const [place, { key, signature, data }] of items.entries()) {
    if (!(key instanceof AcceleratedKey)) continue;
    const table = key.next();
    if (table === null || !table.lanes.hasGroups()) continue;
    const { lanes, teeth } = table;
    let group = groups.find(
      (one) => one.lanes === lanes && one.teeth === teeth && one.members.length < MOST_ITEMS,
    );
    if (group === undefined) groups.push((group = { lanes, teeth, members: [] }));
    group.members.push({ place, key, table, signature, data });
  }
  return groups;
}

/** Writes the answers about the members of a group to their places; one that is left over stays unsure. */
function verifyGroup({ lanes, members }: Group, answers: number[]): void {
  if (members.length < 2) return;
  const entered: number[] = [];
  for (const { place, key, table, signature, data } of members) {
    const answer = key.enter(entered.length, table, signature, data);
    if (answer === YES) entered.push(place);
    else answers[place] = answer;
  }
  const count = entered.length - (entered.length % 2); // two lanes
  const decided = count === 0 ? null : lanes.decideGroup(count);
  for (const [i, place] of entered.entries()) answers[place] = decided?.[i] ?? UNSURE;
}
