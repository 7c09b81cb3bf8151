// Groups: signatures that are due in one turn of the event loop enter, the verdict on each leaves.
//
// Signatures that are verified back to back find the code and the caches of the processor warm, and an
// algorithm may verify many for less than one after the other (verifyMany). A group is of one algorithm,
// so that a cheap one never waits for a dear one, and the driver puts into it only keys that had a valid
// signature before, so that no stranger's new key delays it.
import { leave } from "../input/argument.js";
import type { Alg, AsyncKey, KeyedSignature, SyncAlg, SyncKey } from "../jose/alg.js";

/**
 * Calls `flush` once, later: where everything that is ready now has been read, and before the program
 * waits for more. What it throws is a rejection of the proof that was first in the group.
 */
export type Schedule = (flush: () => void) => void;

/**
 * When the signatures that wait for each other are verified. "turn": in the next turn of the event loop. A
 * function: when it calls what it is given.
 */
export type Grouping = "turn" | Schedule;

/**
 * Verifies a signature together with others of the same algorithm. Returns true or false, or whatever else a
 * broken backend returned. Rejects with what `key.verify` throws.
 */
export type VerifyInGroup = (
  alg: Alg,
  key: SyncKey | AsyncKey,
  signature: Uint8Array,
  data: Uint8Array,
) => Promise<unknown>;

/** A group of this many is verified at once, so that the answers to the first do not wait for more. */
const MOST = 32;

/** A signature that waits for its verdict. What is no verdict, the driver refuses. */
interface Waiting {
  readonly key: SyncKey | AsyncKey;
  readonly signature: Uint8Array;
  readonly data: Uint8Array;
  readonly resolve: (verdict: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** The signatures of one algorithm that wait, and what verifies them; one for the life of a verifier. */
interface Group {
  waiting: Waiting[];
  isDue: boolean; // the schedule has `flush`
  readonly flush: () => void;
}

/** Makes the groups of a verifier, one for each algorithm. */
export function createGroups(grouping: Grouping): VerifyInGroup {
  const schedule = grouping === "turn" ? platformTurn() : grouping;
  const groups = new Map<Alg, Group>();

  function groupOf(alg: Alg): Group {
    const flush = (): void => {
      group.isDue = false;
      verifyWaiting(alg, group);
    };
    const group: Group = { waiting: [], isDue: false, flush };
    groups.set(alg, group);
    return group;
  }

  return (alg, key, signature, data) =>
    new Promise((resolve, reject) => {
      const group = groups.get(alg) ?? groupOf(alg);
      const size = group.waiting.push({ key, signature, data, resolve, reject });
      if (size === MOST) return verifyWaiting(alg, group);
      if (group.isDue) return;
      group.isDue = true;
      try {
        schedule(group.flush);
      } catch (error) {
        group.isDue = false; // or later ones would wait for a turn that does not come
        for (const one of group.waiting.splice(0)) one.reject(error);
      }
    });
}

/** Settles every one that waits, in the order in which they came. Never throws. */
function verifyWaiting(alg: Alg, group: Group): void {
  const { waiting } = group;
  group.waiting = []; // before anything is called that may come back
  const verdicts = waiting.length > 1 && "verifyMany" in alg ? verdictsOf(alg, waiting) : undefined;
  waiting.forEach(({ key, signature, data, resolve, reject }, i) => {
    try {
      resolve(verdicts === undefined ? key.verify(signature, data) : verdicts[i]);
    } catch (error) {
      reject(error);
    }
  });
}

/** Returns undefined where each of them has to be verified by itself. */
function verdictsOf(alg: SyncAlg, waiting: readonly Waiting[]): readonly unknown[] | undefined {
  let verdicts: unknown;
  try {
    verdicts = alg.verifyMany?.(
      // A synchronous algorithm imported these keys, so they are synchronous too.
      waiting.map(({ key, signature, data }) => ({ key, signature, data }) as KeyedSignature),
    );
  } catch {
    // One of the keys may be broken: by itself, it rejects only its own proof.
  }
  if (verdicts === undefined) return undefined;
  if (Array.isArray(verdicts) && verdicts.length === waiting.length) return verdicts;
  leave(verdicts); // a promise may reject
  return waiting.map(() => null); // which verdict belongs to which is not known
}

/** What a platform may have to do something after all that is ready now. */
interface Turns {
  readonly setImmediate?: Schedule;
  readonly MessageChannel?: Channel;
}

/** A MessageChannel, as far as it is used. */
type Channel = new () => {
  readonly port1: { addEventListener(type: "message", listener: () => void): void; start(): void };
  readonly port2: { postMessage(message: null): void };
};

/**
 * Returns how the platform begins a turn: setImmediate on servers, a message to itself in browsers, where a
 * timer would wait for 4 milliseconds. Where there is neither, a promise: then a group is what comes before
 * the promises that are settled now.
 */
function platformTurn(): Schedule {
  const { setImmediate, MessageChannel } = globalThis as Turns;
  if (setImmediate) return (flush) => setImmediate(flush);
  if (!MessageChannel) return (flush) => void Promise.resolve().then(flush);
  const { port1, port2 } = new MessageChannel();
  const due: (() => void)[] = [];
  port1.addEventListener("message", () => due.shift()?.());
  port1.start();
  return (flush) => {
    due.push(flush);
    port2.postMessage(null);
  };
}
