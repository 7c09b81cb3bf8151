// The module: from the functions of this folder to one instance.
import { createModule } from "./assembler.js";
import { defineEs256, type Es256Places, type Input } from "./es256.js";
import { defineEs256Group, type Es256GroupPlaces } from "./es256-group.js";
import { defineEddsa, type EddsaPlaces } from "./eddsa.js";
import { defineField } from "./field.js";
import { takeItems } from "./items.js";
import { createLayout, type Layout, type Place } from "./memory.js";
import { defineScalars } from "./scalar.js";
import { PADDING, takeRoots } from "./sha2.js";

/** The longest message that the module hashes, in bytes. */
export const MOST_MESSAGE = 4096;

/** A module, before it is compiled. */
export interface Assembled {
  readonly layout: Layout;
  readonly input: Input;
  readonly es256: Es256Places;
  readonly eddsa: EddsaPlaces;
  /** The signatures. */
  readonly items: Place;
  readonly es256Group: Es256GroupPlaces;
  /** Returns the bytes of the module. */
  bytes(pages: number, mostPages: number): Uint8Array;
}

/** Writes the whole module. */
export function assemble(isFused: boolean): Assembled {
  const module = createModule();
  const layout = createLayout();
  const input = {
    signature: layout.take(64),
    message: layout.take(MOST_MESSAGE + PADDING),
  };
  const field = defineField(module, layout, isFused);
  const scalars = defineScalars(module, layout);
  const items = takeItems(layout);
  const roots = takeRoots(layout);
  const es256 = defineEs256(module, layout, field, scalars, input, items, roots);
  const es256Group = defineEs256Group(module, layout, scalars, es256, items);
  // One behind the other: Ed25519 hashes R, A and the message as one.
  const eddsa = defineEddsa(module, layout, field, scalars, input.signature, items, roots);
  return { layout, input, items, es256, es256Group, eddsa, bytes: module.bytes };
}
