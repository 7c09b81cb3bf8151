// What a client session remembers of each server (RFC 9449 sections 8 and 9): the last nonce in each of
// its two roles, and the difference between its clock and ours.
import { stringArgument } from "../input/argument.js";
import { normalizeHtu, originOf } from "../proof/htu.js";

/**
 * The role of a server for a request: a resource server if there is an access token, else an authorization
 * server. Each hands out its own nonces, even if both have one origin.
 */
export type ServerRole = "resource" | "authorization";

interface Memory {
  readonly nonces: Readonly<Record<ServerRole, string | undefined>>;
  /** The server's time minus ours, in seconds. */
  readonly clockOffset: number;
}

/** What is remembered of all servers, by their origins. */
export interface ServerMemory {
  nonce(origin: string, role: ServerRole): string | undefined;
  keepNonce(origin: string, role: ServerRole, nonce: string): void;
  /** The server's time minus ours, in seconds; 0 if it is unknown. */
  clockOffset(origin: string): number;
  keepClockOffset(origin: string, clockOffset: number): void;
}

/** A client talks to a few servers. The limit bounds the memory of one that talks to any number. */
const MOST_ORIGINS = 256;

const NOTHING: Memory = {
  nonces: { resource: undefined, authorization: undefined },
  clockOffset: 0,
};

/** Makes a memory of up to 256 origins. It forgets the least recently used first. */
export function createServerMemory(): ServerMemory {
  const servers = new Map<string, Memory>(); // least recently used first

  function recall(origin: string): Memory {
    const memory = servers.get(origin);
    if (memory === undefined) return NOTHING;
    keep(origin, memory); // now the most recently used
    return memory;
  }

  function keep(origin: string, memory: Memory): void {
    servers.delete(origin);
    for (const oldest of servers.keys()) {
      if (servers.size < MOST_ORIGINS) break;
      servers.delete(oldest);
    }
    servers.set(origin, memory);
  }

  return {
    nonce: (origin, role) => recall(origin).nonces[role],
    keepNonce(origin, role, nonce) {
      const memory = recall(origin);
      keep(origin, { ...memory, nonces: { ...memory.nonces, [role]: nonce } });
    },
    clockOffset: (origin) => recall(origin).clockOffset,
    keepClockOffset: (origin, clockOffset) => keep(origin, { ...recall(origin), clockOffset }),
  };
}

/**
 * Guards the URL of a request and returns its origin in normal form. Throws a TypeError that names
 * `url`.
 */
export function readOrigin(url: unknown): string {
  const htu = normalizeHtu(stringArgument(url, "url"));
  if (htu === null) {
    throw new TypeError("url must be an absolute http or https URL, already percent-encoded");
  }
  return originOf(htu);
}
