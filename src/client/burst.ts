// Bursts: many requests at once to a server that wants nonces (RFC 9449 sections 8 and 9). Without a good nonce all of
// them would be refused, so one goes first and learns it.
import { inTime } from "../input/body.js";
import { platformClock } from "../input/clock.js";

/**
 * Requests at the same time to a server that wants nonces. "queued": while its nonce is unknown or may be too old, one
 * goes first and the others wait for its response. "parallel": none waits.
 */
export type Bursts = "queued" | "parallel";

/** Reads the option `bursts`. Default "queued". Throws a TypeError for another value. */
export function readBursts(value: unknown): Bursts {
  if (value === undefined || value === "queued") return "queued";
  if (value === "parallel") return value;
  throw new TypeError('bursts must be "queued" or "parallel"');
}

/** Seconds after a response of a server in which its nonce is taken for good. */
const FRESH = 60;

/** Milliseconds that a request waits at most for the one that goes first. */
const LONGEST_WAIT = 5000;

/** As many as a session remembers nonces of. */
const MOST_SERVERS = 256;

interface Server {
  /** When it last responded, in seconds since the epoch. */
  readonly seenAt: number;
  /** The request that goes first. */
  readonly leader: Promise<void> | null;
}

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
  const servers = new Map<string, Server>();

  function keep(name: string, server: Server): void {
    if (!servers.has(name) && servers.size >= MOST_SERVERS) {
      for (const [oldest, { leader }] of servers) {
        if (leader !== null) continue;
        servers.delete(oldest);
        break;
      }
    }
    servers.set(name, server);
  }

  return {
    async wait(name, hasNonce) {
      const known = servers.get(name);
      const answered = (): void => {
        const server = servers.get(name);
        if (server === undefined && !hasNonce()) return; // it wants none
        keep(name, { leader: server?.leader ?? null, seenAt: platformClock() });
      };
      const follow = (isAnswered: boolean): void => (isAnswered ? answered() : undefined);
      if (known?.leader) {
        await inTime(known.leader, LONGEST_WAIT, () => undefined);
        return follow;
      }
      if (!(hasNonce() ? isStale(known) : known !== undefined)) return follow;
      let release = (): void => undefined;
      const leader = new Promise<void>((resolve) => (release = resolve));
      keep(name, { seenAt: known?.seenAt ?? 0, leader });
      return (isAnswered) => {
        const server = servers.get(name);
        if (server?.leader === leader) keep(name, { ...server, leader: null });
        follow(isAnswered);
        release();
      };
    },
  };
}

/** A server that was never seen here may have got its nonce from a session before. */
function isStale(server: Server | undefined): boolean {
  return server === undefined || platformClock() - server.seenAt >= FRESH;
}
