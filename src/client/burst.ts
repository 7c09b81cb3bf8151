// Bursts: many requests at once to a server that wants nonces (RFC 9449 sections 8 and 9). Without a good nonce all of
// them would be refused, so one goes first and learns it.
import { choiceArgument } from "../input/argument.js";
import { inTime } from "../input/body.js";
import { platformClock } from "../input/clock.js";

/**
 * Requests at the same time to a server that wants nonces. "queued": while its nonce is unknown or may be too old, one
 * goes first and the others wait for its response. "parallel": none waits.
 */
export type Bursts = "queued" | "parallel";

/** Reads the option `bursts`. Default "queued". Throws a TypeError for another value. */
export function readBursts(value: unknown): Bursts {
  return choiceArgument(value, "bursts", "queued", "parallel");
}

/** Seconds after a response of a server in which its nonce is taken for good. */
const FRESH = 60;

/** Milliseconds that a request waits at most for the one that goes first. */
const LONGEST_WAIT = 5000;

/** As many as a session remembers nonces of. */
const MOST_SERVERS = 256;

/** Who goes first at each server and role. */
export interface Turns {
  /**
   * Resolves when a request may go. `hasNonce` says whether a nonce is known. The result is to be called when the
   * request was answered or has failed; again is no harm.
   */
  wait(server: string, hasNonce: () => boolean): Promise<(isAnswered: boolean) => void>;
}

/** Makes the turns of one fetch. */
export function createTurns(): Turns {
  const seenAt = new Map<string, number>(); // seconds since the epoch; the server that was seen longest ago first
  const leaders = new Map<string, Promise<void>>();

  function saw(server: string): void {
    seenAt.delete(server);
    for (const oldest of seenAt.keys()) {
      if (seenAt.size < MOST_SERVERS) break;
      seenAt.delete(oldest);
    }
    seenAt.set(server, platformClock());
  }

  return {
    async wait(server, hasNonce) {
      let own: Promise<void> | undefined; // while it goes first
      let release: (() => void) | undefined;
      const leader = leaders.get(server);
      const last = seenAt.get(server) ?? 0;
      // One that was not seen here may have got its nonce from the session before.
      const isDue = hasNonce() ? platformClock() - last >= FRESH : last > 0;
      if (leader !== undefined) await inTime(leader, LONGEST_WAIT, () => undefined);
      else if (isDue) leaders.set(server, (own = new Promise((resolve) => (release = resolve))));
      return (isAnswered) => {
        if (isAnswered && (hasNonce() || seenAt.has(server))) saw(server); // others want no nonce
        if (leaders.get(server) === own) leaders.delete(server); // not where another goes first by now
        release?.();
      };
    },
  };
}
