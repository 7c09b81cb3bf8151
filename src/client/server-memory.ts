// What a client session remembers of each server (RFC 9449 sections 8 and 9): the last nonce in each of
// its two roles, and the difference between its clock and ours.
import { LAST_SECOND, objectArgument, stringArgument } from "../input/argument.js";
import { normalizeHtu, originOf } from "../proof/htu.js";
import { isKeptNonce } from "./challenge.js";

/**
 * The role of a server for a request: a resource server if there is an access token, else an authorization
 * server. Each hands out its own nonces, even if both have one origin.
 */
export type ServerRole = "resource" | "authorization";

/** What a session knows of servers, as JSON holds it. It has no secret in it. */
export interface SessionState {
  /** At most 256, the least recently used first. */
  readonly servers: readonly ServerState[];
}

/** What a session knows of one server. */
export interface ServerState {
  /** Its origin in normal form: `https://api.example`. */
  readonly origin: string;
  /** Its last nonces, at most 1024 characters each. */
  readonly nonces: Readonly<Partial<Record<ServerRole, string>>>;
  /** The server's time minus ours, in seconds. */
  readonly clockOffset?: number;
}

interface Memory {
  /** Null: the role has none of its own, and the server refused the other role's. */
  readonly nonces: Readonly<Partial<Record<ServerRole, string | null>>>;
  /** The server's time minus ours, in seconds. */
  readonly clockOffset: number;
}

/** What is remembered of all servers, by their origins. */
export interface ServerMemory {
  /** Returns the last nonce of the role, else that of the other role: it may be for both. */
  nonce(origin: string, role: ServerRole): string | undefined;
  keepNonce(origin: string, role: ServerRole, nonce: string): void;
  /** From now on a role without a nonce does not get that of the other one. */
  stopLending(origin: string, role: ServerRole): void;
  /** The server's time minus ours, in seconds; 0 if it is unknown. */
  clockOffset(origin: string): number;
  keepClockOffset(origin: string, clockOffset: number): void;
  state(): SessionState;
  /**
   * Learns what another memory knew; its clock offsets only on demand. Throws a TypeError for what is no
   * object. What is malformed in it is left out.
   */
  restore(state: unknown, withClocks: boolean): void;
}

/** A client talks to a few servers. The limit bounds the memory of one that talks to any number. */
const MOST_ORIGINS = 256;

const NOTHING: Memory = { nonces: {}, clockOffset: 0 };

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

  function keepNonces(origin: string, nonces: Memory["nonces"]): void {
    const memory = recall(origin);
    keep(origin, { ...memory, nonces: { ...memory.nonces, ...nonces } });
  }

  function keepClockOffset(origin: string, clockOffset: number): void {
    keep(origin, { ...recall(origin), clockOffset });
  }

  return {
    nonce(origin, role) {
      const { nonces } = recall(origin);
      const own = nonces[role];
      return (own === undefined ? nonces[otherThan(role)] : own) ?? undefined;
    },
    keepNonce: (origin, role, nonce) => keepNonces(origin, { [role]: nonce }),
    stopLending(origin, role) {
      const { nonces } = recall(origin);
      const isBorrower = nonces[role] === undefined && nonces[otherThan(role)] !== undefined;
      if (isBorrower) keepNonces(origin, { [role]: null });
    },
    clockOffset: (origin) => recall(origin).clockOffset,
    keepClockOffset,
    state: () => ({ servers: Array.from(servers, stateOf) }),
    restore(state, withClocks) {
      const { servers: list } = objectArgument(state, "state");
      if (!Array.isArray(list)) return;
      for (const server of list.slice(-MOST_ORIGINS)) {
        const read = readServer(server);
        if (read === null) continue;
        keepNonces(read.origin, read.nonces);
        if (withClocks && read.clockOffset !== undefined)
          keepClockOffset(read.origin, read.clockOffset);
      }
    },
  };
}

const ROLES: readonly ServerRole[] = ["resource", "authorization"];

function otherThan(role: ServerRole): ServerRole {
  return role === "resource" ? "authorization" : "resource";
}

function stateOf([origin, { nonces, clockOffset }]: readonly [string, Memory]): ServerState {
  return {
    origin,
    nonces: noncesOf(nonces),
    ...(clockOffset === 0 ? {} : { clockOffset }),
  };
}

/** Reads what was stored: it may be old, cut or damaged, and is lost then. */
function readServer(value: unknown): ServerState | null {
  if (typeof value !== "object" || value === null) return null;
  // An object, as was just checked; its members are unknown.
  const { origin, nonces, clockOffset } = value as Partial<Record<keyof ServerState, unknown>>;
  if (typeof origin !== "string" || normalizeHtu(origin) !== `${origin}/`) return null;
  const isOffset = typeof clockOffset === "number" && Math.abs(clockOffset) <= LAST_SECOND;
  return { origin, nonces: noncesOf(nonces), ...(isOffset ? { clockOffset } : {}) };
}

function noncesOf(nonces: unknown): ServerState["nonces"] {
  const found: Partial<Record<ServerRole, string>> = {};
  if (typeof nonces !== "object" || nonces === null) return found;
  for (const role of ROLES) {
    const nonce: unknown = Reflect.get(nonces, role);
    if (isKeptNonce(nonce)) found[role] = nonce;
  }
  return found;
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
