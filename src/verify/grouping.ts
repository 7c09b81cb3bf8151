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
 * When the signatures that wait for each other are verified. "none": nothing waits. "turn": in the next
 * turn of the event loop. A function: when it calls what it is given.
 */
export type Grouping = "none" | "turn" | Schedule;

/** Verifies a signature together with others of the same algorithm. Rejects with what `key.verify` throws. */
export type VerifyInGroup = (
  alg: Alg,
  key: SyncKey | AsyncKey,
  signature: Uint8Array,
  data: Uint8Array,
) => Promise<boolean>;

/** A group of this many is verified at once, so that the answers to the first do not wait for more. */
const MOST = 32;

/** Makes the groups of a verifier, one for each algorithm. Returns null for "none". */
export function createGroups(grouping: Grouping): VerifyInGroup | null {
  if (grouping === "none") return null;
  const schedule = grouping === "turn" ? platformTurn() : grouping;
  const groups = new Map<Alg, Group>(); // as many as the verifier has algorithms
  return (alg, key, signature, data) => {
    let group = groups.get(alg);
    if (group === undefined) groups.set(alg, (group = createGroup(alg, schedule)));
    return group(key, signature, data);
  };
}

type Group = (key: SyncKey | AsyncKey, signature: Uint8Array, data: Uint8Array) => Promise<boolean>;

/** A signature that waits for its verdict. */
interface Waiting {
  readonly key: SyncKey | AsyncKey;
  readonly signature: Uint8Array;
  readonly data: Uint8Array;
  readonly resolve: (verdict: boolean | Promise<boolean>) => void;
  readonly reject: (reason: unknown) => void;
}

function createGroup(alg: Alg, schedule: Schedule): Group {
  let waiting: Waiting[] = [];
  let isScheduled = false;

  function flush(): void {
    const group = waiting;
    waiting = []; // before anything is called that may come back
    verifyGroup(alg, group);
  }

  function flushInTurn(): void {
    isScheduled = false;
    flush();
  }

  /** Nothing else waits where this is called: what was there before is verified, or scheduled already. */
  function scheduleFlush(): void {
    isScheduled = true;
    try {
      schedule(flushInTurn);
    } catch (error) {
      isScheduled = false;
      for (const { reject } of waiting.splice(0)) reject(error);
    }
  }

  return (key, signature, data) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, signature, data, resolve, reject });
      if (waiting.length === MOST) flush();
      else if (!isScheduled) scheduleFlush();
    });
}

/** Settles every one, in the order in which they came. Never throws. */
function verifyGroup(alg: Alg, group: readonly Waiting[]): void {
  if (group.length > 1 && "verifyMany" in alg && verifyTogether(alg, group)) return;
  for (const { key, signature, data, resolve, reject } of group) {
    try {
      resolve(key.verify(signature, data));
    } catch (error) {
      reject(error);
    }
  }
}

/** Returns false, with none of them settled, where the algorithm can't verify many, or throws. */
function verifyTogether(alg: SyncAlg, group: readonly Waiting[]): boolean {
  if (alg.verifyMany === undefined) return false;
  let verdicts: unknown;
  try {
    // A synchronous algorithm imported these keys, so they are synchronous too.
    verdicts = alg.verifyMany(
      group.map(({ key, signature, data }) => ({ key, signature, data }) as KeyedSignature),
    );
  } catch {
    return false; // one of the keys may be broken: by itself, it rejects only its own proof
  }
  settle(group, verdicts);
  return true;
}

/** A list of another length says nothing about any of them: which verdict belongs to which is not known. */
function settle(group: readonly Waiting[], verdicts: unknown): void {
  const isList = Array.isArray(verdicts) && verdicts.length === group.length;
  if (!isList) leave(verdicts); // a promise may reject
  for (let i = 0; i < group.length; i++) {
    const verdict: unknown = isList ? verdicts[i] : undefined;
    if (typeof verdict === "boolean") group[i]?.resolve(verdict);
    else group[i]?.reject(new TypeError(NO_VERDICT));
  }
}

const NO_VERDICT = "verifyMany must return an array with true or false for each signature";

/** What a platform may have to do something after all that is ready now. */
interface Turns {
  readonly setImmediate?: unknown;
  readonly MessageChannel?: unknown;
}

/** A MessageChannel, as far as it is used. */
type Channel = new () => {
  readonly port1: { addEventListener(type: "message", listener: () => void): void; start(): void };
  readonly port2: { postMessage(message: null): void };
};

/**
 * Returns how the platform begins a turn: setImmediate on servers, a message to itself in browsers. Where
 * there is neither, a promise: then a group is what comes before the promises that are settled now.
 */
function platformTurn(): Schedule {
  const { setImmediate, MessageChannel } = globalThis as Turns;
  if (typeof setImmediate === "function") return (flush) => void setImmediate(flush);
  if (typeof MessageChannel === "function") return channelTurn(MessageChannel as Channel);
  return (flush) => void Promise.resolve().then(flush);
}

/** A timer would do the same, but browsers make it wait for 4 milliseconds. */
function channelTurn(MessageChannel: Channel): Schedule {
  const { port1, port2 } = new MessageChannel();
  const due: (() => void)[] = [];
  port1.addEventListener("message", () => due.shift()?.());
  port1.start();
  return (flush) => {
    due.push(flush);
    port2.postMessage(null);
  };
}
