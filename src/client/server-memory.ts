// What a client session remembers of each server (RFC 9449 sections 8 and 9): the last nonce in each
// of its two roles, and how far its clock is from ours.
import { stringArgument } from "../input/argument.js";
import { normalizeHtu } from "../proof/htu.js";

/**
 * What a server is for a request: with an access token a resource server, otherwise an authorization
 * server. The two hand out nonces of their own, also where they share an origin.
 */
export type ServerRole = "resource" | "authorization";

interface Memory {
  readonly nonces: Readonly<Record<ServerRole, string | undefined>>;
  /** Their time minus ours, in seconds. */
  readonly clockOffset: number;
}

export interface ServerMemory {
  nonce(origin: string, role: ServerRole): string | undefined;
  keepNonce(origin: string, role: ServerRole, nonce: string): void;
  /** In seconds; 0 where nothing is known. */
  clockOffset(origin: string): number;
  keepClockOffset(origin: string, clockOffset: number): void;
}

/** A client talks to a handful of servers; one that talks to any must not be filled by them. */
const MOST_ORIGINS = 256;

const NOTHING: Memory = {
  nonces: { resource: undefined, authorization: undefined },
  clockOffset: 0,
};

/** A memory of 256 origins: of more, those are forgotten that were not used for longest. */
export function createServerMemory(): ServerMemory {
  const servers = new Map<string, Memory>(); // least recently used first

  function recall(origin: string): Memory {
    const memory = servers.get(origin);
    if (memory === undefined) return NOTHING;
    keep(origin, memory); // it was used just now
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

/** The origin of the URL of a request, in its normal form. Throws a TypeError that names `url`. */
export function readOrigin(url: unknown): string {
  const htu = normalizeHtu(stringArgument(url, "url"));
  if (htu === null) {
    throw new TypeError("url must be an absolute http or https URL, already percent-encoded");
  }
  return originOf(htu);
}

/** Of a URL in its normal form, which has a slash behind the authority. */
export function originOf(htu: string): string {
  return htu.slice(0, htu.indexOf("/", htu.indexOf("://") + 3));
}
