// What verifies a signature: implementations of ours, in every state that a key of theirs can be in, and node:crypto itself.
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { SyncAlg } from "dpop-core";
import { readPublicJwk } from "../../src/jose/jwk.js";
import type { Label, SyncImplementation } from "../support/implementation.js";
import type { Curve, Signed, Subject } from "./case.js";
import type { Outcome } from "./tally.js";
import type { SyncKey } from "../../src/jose/alg.js";

/** What came of a signature; a throw is an answer of its own, and always a wrong one. */
export type Answer = "accepted" | "refused" | "no key" | `threw ${string}`;

export interface Implementations {
  /** Asked cold, and with every table that a key of it can have. */
  readonly fast: SyncImplementation;
  /** Asked with every table, in its lanes: cold, it is the backend below. */
  readonly wasm: SyncImplementation;
  /** Asked with one key, which gets its tables in time; of some signatures with every table. */
  readonly noble: SyncImplementation;
  /** Asked of proofs only: of signatures, node:crypto itself is. */
  readonly node: SyncImplementation;
}

/** Asks some states of one key, which is kept from call to call. */
export type Ask = (signed: Signed) => readonly SignatureOutcome[];

/** Asks all states of one key; `thorough` asks noble too with every table. */
export type AskAll = (signed: Signed, thorough: boolean) => readonly SignatureOutcome[];

export interface SignatureOutcome extends Outcome {
  readonly answer: Answer;
}

export const NODE = "node:crypto";

/** How many valid signatures of one key are tried before it is believed to have its last table. */
const ENOUGH = 64;

/**
 * For each key, made when the key is first met. `example` is a key with a valid signature, by which the tables of the
 * implementations are learned.
 */
export function keyStates(
  { alg: label, ownHash }: Pick<Curve, "alg" | "ownHash">,
  { fast, wasm, noble }: Implementations,
  example: Subject,
): (subject: Subject) => AskAll {
  const ours = stagesOf(fast, label, example);
  const lanes = stagesOf(wasm, label, example);
  const reference = stagesOf(noble, label, example);
  const known = new WeakMap<Subject, AskAll>();
  return (subject) => {
    const askAll = known.get(subject) ?? statesOf(subject, ours, lanes, reference, ownHash);
    known.set(subject, askAll);
    return askAll;
  };
}

/** An algorithm, and the sizes of the tables that a key of it gets, one after the other. */
export interface Staged {
  readonly name: string;
  readonly alg: SyncAlg;
  readonly sizes: readonly number[];
}

function statesOf(
  subject: Subject,
  ours: Staged,
  lanes: Staged,
  reference: Staged,
  asksNode: boolean,
): AskAll {
  const inLanes = ladders(lanes, subject);
  const hot = ladders(ours, subject);
  const referenceHot = ladders(reference, subject);
  const dropped = droppedTables(ours, subject);
  const kept = once(() => importKey(reference.alg, subject));
  const node = asksNode ? nodeItself(subject) : () => [];
  return (signed, thorough) => [
    { by: "fast, cold", answer: answerOf(() => importKey(ours.alg, subject), signed) },
    ...hot(signed),
    ...inLanes(signed),
    { by: "noble", answer: answerOf(kept, signed) },
    ...node(signed),
    ...(thorough ? [...dropped(signed), ...referenceHot(signed)] : []),
  ];
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Every key goes through the reader of JWKs. */
export function importKey(alg: SyncAlg, { jwk }: Subject): SyncKey | null {
  const read = readPublicJwk(jwk, alg);
  return typeof read === "string" ? null : alg.importKey(read);
}

export function answerOf(key: () => SyncKey | null, { signature, data }: Signed): Answer {
  try {
    const imported = key();
    if (imported === null) return "no key";
    const answer: unknown = imported.verify(signature, data);
    if (typeof answer !== "boolean") return "threw no answer";
    return answer ? "accepted" : "refused";
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

/** Learned by verifying one valid signature again and again. */
export function stagesOf(
  { name, algOf }: SyncImplementation,
  label: Label,
  subject: Subject,
): Staged {
  const alg = algOf(label);
  const key = importKey(alg, subject);
  const { witness } = subject;
  if (key === null || witness === undefined) throw new Error("a key with a signature is due");
  const sizes = new Set<number>();
  for (let i = 0; i < ENOUGH && key.verify(witness.signature, witness.data); i++) {
    sizes.add(key.tableSize ?? 0);
  }
  return { name, alg, sizes: [...sizes] };
}

/**
 * Asks one key for each size of tables. What a key is asked can be valid, and the key move on to its
 * next table: then it is asked no more, and another is brought to this size.
 */
export function ladders({ name, alg, sizes }: Staged, subject: Subject): Ask {
  const { witness } = subject;
  if (witness === undefined) return () => [];
  const asks = sizes.map((size): Ask => {
    const by = size === 0 ? `${name}, used` : `${name}, table of ${size} bytes`;
    let key: SyncKey | null = null;
    let reached: number | undefined;
    const climbed = (): SyncKey | null => {
      if (key === null || key.tableSize !== reached) {
        key = climb(alg, size, subject, witness);
        reached = key?.tableSize;
      }
      return key;
    };
    return (signed) => [{ by, answer: answerOf(climbed, signed) }];
  });
  return (signed) => asks.flatMap((ask) => ask(signed));
}

/**
 * A key that has a table of this size now. Where the lanes are unsure of the witness, since r + n is below p, the
 * backend below earns tables too: then the key has more.
 */
export function climb(
  alg: SyncAlg,
  size: number,
  subject: Subject,
  witness: Signed,
): SyncKey | null {
  const key = importKey(alg, subject);
  if (key === null) return null;
  for (let i = 0; i < ENOUGH; i++) {
    if (!key.verify(witness.signature, witness.data)) throw new Error("refused its own witness");
    if ((key.tableSize ?? 0) === size) return key;
  }
  if ((key.tableSize ?? 0) > size) return key;
  throw new Error(`never had a table of ${size} bytes`);
}

/** Asks a key that had its last table and lost it. */
function droppedTables({ name, alg, sizes }: Staged, subject: Subject): Ask {
  const { witness } = subject;
  const last = sizes.at(-1);
  if (witness === undefined || last === undefined) return () => [];
  const kept = once(() => climb(alg, last, subject, witness));
  const bare = (): SyncKey | null => {
    const key = kept();
    key?.dropTables?.();
    return key;
  };
  return (signed) => [{ by: `${name}, tables dropped`, answer: answerOf(bare, signed) }];
}

/** node:crypto, without any code of ours but the reader: it is not asked about a key that the reader refuses. */
export function nodeItself(subject: Subject): Ask {
  if (typeof readPublicJwk(subject.jwk) === "string") return () => [];
  const kept = once(() => nodeKey(subject));
  return ({ signature, data }) => {
    const key = kept();
    return [{ by: NODE, answer: key === null ? "no key" : nodeAnswer(key, signature, data) }];
  };
}

/** null where OpenSSL takes no such key. */
function nodeKey({ jwk }: Subject): KeyObject | null {
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch {
    return null;
  }
}

function nodeAnswer(key: KeyObject, signature: Uint8Array, data: Uint8Array): Answer {
  const digest = key.asymmetricKeyType === "ec" ? "sha256" : null;
  try {
    const valid = verify(digest, data, { key, dsaEncoding: "ieee-p1363" }, signature);
    return valid ? "accepted" : "refused";
  } catch (error) {
    return `threw ${String(error)}`;
  }
}
