// Tables in the memory of an engine, for tests that ask it without a key.
import { readPublicJwk } from "../../src/jose/jwk.js";
import { curveOf } from "../../src/wasm/algorithm.js";
import {
  BASE_TEETH,
  EARLY_TEETH,
  type Engine,
  type Lanes,
  type Table,
} from "../../src/wasm/engine.js";
import { YES } from "../../src/wasm/items.js";
import { createDice } from "../fuzz/dice.js";
import { p256Curve } from "../fuzz/p256.js";

/** The table of a key in a slot, or undefined where it is no key. */
export function tableOf(
  engine: Engine,
  jwk: Readonly<Record<string, string>>,
  teeth: number,
): Table | undefined {
  const read = readPublicJwk(jwk);
  const curve = typeof read === "string" ? null : curveOf(read);
  const slot = curve === null ? null : engine.slots.put(curve.build(teeth));
  return slot === null ? undefined : { ...slot, teeth };
}

/** Verifies a signature by itself: YES, NO or UNSURE. */
export function verifyWith(
  lanes: Lanes,
  table: Table,
  signature: Uint8Array,
  data: Uint8Array,
  key?: Uint8Array,
): number {
  const answer = lanes.enter(0, table, signature, data, key);
  return answer === YES ? lanes.decide() : answer;
}

/** Verifies so often that G has its later table. */
export function warm(engine: Engine): void {
  const dice = createDice("warm");
  const valid = p256Curve.round(dice).find(({ name }) => name === "valid");
  if (valid === undefined) throw new Error("a valid signature was due");
  const table = tableOf(engine, valid.subject.jwk, EARLY_TEETH);
  if (table === undefined) throw new Error("a key was due");
  for (let i = 0; i < 64; i++) {
    verifyWith(engine.es256, table, valid.signature, valid.data);
  }
  if (engine.internals.tableOfG()?.teeth !== BASE_TEETH) throw new Error("a late table was due");
}
