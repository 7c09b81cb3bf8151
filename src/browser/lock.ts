// One at a time in all tabs (Web Locks API): for what must not be done twice, such as the use of a refresh
// token that is replaced at each use (RFC 9700 section 4.14.2).
import { pause, platform } from "./platform.js";
import type { Store } from "./store.js";

/** Runs what it is given while no other tab runs anything under the same name. */
export type Exclusive = <T>(run: () => Promise<T>) => Promise<T>;

/** Milliseconds. A tab that holds a lock is done sooner, unless the platform has put its page to sleep. */
const LONGEST_WAIT = 30_000;

/**
 * Returns the lock of a name: the platform's, or else a lease in the store.
 *
 * @param newOwner returns a name that no one else has.
 */
export function createLock(name: string, store: Store, newOwner: () => string): Exclusive {
  return (run) =>
    new Promise((resolve, reject) => {
      const taken = (): Promise<void> => run().then(resolve, reject);
      const leased = (): Promise<void> => withLease(name, store, newOwner(), taken);
      holdInTurn(name, taken, leased).catch(reject);
    });
}

/**
 * Asks for the platform's lock, which ends with the page that holds it. Where a page sleeps with it, those
 * that wait go on to the next lock, and are one at a time there. Stealing it would let all of them run at once.
 * `leased` is for a platform that has no locks, or gives none to this page.
 */
async function holdInTurn(
  name: string,
  taken: () => Promise<void>,
  leased: () => Promise<void>,
): Promise<unknown> {
  const { AbortController, setTimeout, clearTimeout, navigator } = platform();
  const locks = navigator?.locks;
  if (locks === undefined) return leased();
  const controller = new AbortController();
  const { signal } = controller;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    controller.abort();
  }, LONGEST_WAIT);
  let waits = true;
  const granted = (): Promise<void> => {
    waits = false;
    return taken();
  };
  try {
    return await locks.request(name, { signal }, granted);
  } catch (error) {
    if (!waits) throw error;
    return isLate ? holdInTurn(`${name}+`, taken, leased) : leased();
  } finally {
    clearTimeout(timer);
  }
}

/** A lease: whose it is, and until when, in milliseconds since the epoch. */
interface Lease {
  readonly owner: string;
  readonly until: number;
}

/** Milliseconds from the last sign of life of a page to the end of its lease. */
const LEASE = 5_000;

/**
 * Takes a lease and keeps it up while `run` runs. A page whose timers stand still can lose it, so two may
 * run at once: what they do must bear that.
 */
async function withLease(
  name: string,
  store: Store,
  owner: string,
  run: () => Promise<void>,
): Promise<void> {
  const place = `lock ${name}`;
  const take = async (): Promise<boolean> => {
    const kept = await store.update(place, (held) => {
      const now = Date.now();
      return isHeld(held, owner, now) ? held : { owner, until: now + LEASE };
    });
    return readLease(kept)?.owner === owner;
  };
  while (!(await take())) await pause(50);
  let isDone = false;
  const keepUp = (): void => {
    platform().setTimeout(() => {
      if (!isDone) take().then(keepUp, keepUp);
    }, LEASE / 5);
  };
  keepUp();
  try {
    await run();
  } finally {
    isDone = true;
    await store.update(place, (held) => (readLease(held)?.owner === owner ? undefined : held));
  }
}

/** True for a lease of another that is good. One that ends later than any can: the clock was set back. */
export function isHeld(value: unknown, owner: string, now: number): boolean {
  const lease = readLease(value);
  if (lease === null || lease.owner === owner) return false;
  return lease.until > now && lease.until <= now + LEASE;
}

function readLease(value: unknown): Lease | null {
  const { owner, until } = Object(value) as Partial<Record<keyof Lease, unknown>>;
  return typeof owner === "string" && typeof until === "number" ? { owner, until } : null;
}
