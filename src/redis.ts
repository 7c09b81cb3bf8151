// dpop-core/redis: a replay store that several instances share (RFC 9449 section 11.1), over any client
// of Redis or Valkey: it passes one command to the client and reads the reply.
import {
  integerArgument,
  membersArgument,
  stringArgument,
  timeArgument,
} from "./input/argument.js";
import { decodeBase64url } from "./bytes/base64url.js";
import type { ReplayAnswer, ReplayStore } from "./replay/replay.js";
import { startStopwatch } from "./verify/stopwatch.js";

/** A command for Redis. The key is second, which a cluster client needs. The client may change the array. */
export type RedisCommand = [command: string, key: string, ...rest: string[]];

/** Options of createRedisReplayStore. */
export interface RedisReplayStoreOptions {
  /**
   * Sends one command and returns a promise of its reply, as text. With ioredis:
   * `(args) => client.call(...args)`; with node-redis: `(args) => client.sendCommand(args)`.
   */
  readonly send: (args: RedisCommand) => Promise<unknown>;
  /**
   * What every key begins with, 1 to 128 characters. Default "dpop:replay:". All instances of one server
   * share a prefix, and no other server uses it.
   */
  readonly prefix?: string | undefined;
}

/** A replay store in Redis or Valkey. */
export interface RedisReplayStore extends ReplayStore {
  /**
   * Returns true where an entry of this key is live, and records nothing: for explainProofAsync. It sends
   * `EXISTS prefix+key`, which may be older than a `SET` of another instance that is under way.
   */
  has(key: string): Promise<boolean>;
}

/**
 * Makes a replay store in Redis or Valkey, for createAsyncVerifier: of all instances that share it, only
 * one accepts a proof.
 *
 * It sends `SET prefix+key 1 NX PX ttl`, which is atomic; the reply "OK" is "new", null is "seen". The ttl
 * is the rest of the entry's life in whole milliseconds, so the clock of Redis need not agree with ours.
 * All keys have one length: the prefix and 43 characters.
 *
 * What stays with you:
 * - Set `maxmemory-policy noeviction`: an evicted entry lets a replay pass.
 * - What the server forgets can be replayed: entries that a restart without persistence loses, or that a
 *   failover loses, because replication is asynchronous; and all entries after FLUSHDB or after a step of
 *   the server's clock.
 * - A request waits for as long as `send` does. Limit that to a few seconds, and always to less than
 *   `clockTolerance`: a command that is delayed for longer can reach Redis when the entry of the first use
 *   has expired. ioredis has `commandTimeout`, `maxRetriesPerRequest` and `enableOfflineQueue`. node-redis
 *   has `disableOfflineQueue`, without which a command waits until Redis is back; its timeout of commands
 *   ends when a command is written, so put a limit for a server that falls silent into `send`. A command
 *   that was given up may still have been carried out: then the proof is used up, and nothing was granted
 *   for it.
 * - Write to one primary: a store with several primaries that merge later is not a replay store.
 * - The store keeps no share for each key: `add` ignores the thumbprint. The server's memory bounds it, and
 *   a count that all instances share would be a second command for each proof. So one client with a valid
 *   token can fill it: limit the requests of a client before they reach the verifier, and set an alert well
 *   below `maxmemory`.
 *
 * Another store is as short to write; ReplayStore needs only one atomic insert-if-absent that expires. It
 * fits SQL (INSERT with ON CONFLICT DO NOTHING, or INSERT IGNORE, and the count of inserted rows; a job
 * deletes expired rows), DynamoDB (PutItem on the condition that the key does not exist; its TTL deletes
 * late, which is fine), Durable Objects (one object for each key or part of the keys), and memcached `add`
 * with eviction off (-M). It does not fit Workers KV, which is eventually consistent and has no
 * insert-if-absent, nor a get followed by a set: two requests at once both find nothing.
 *
 * @param options how a command is sent, and the prefix of the keys.
 * @returns a store for the option `replay` of an asynchronous verifier. Its `add` rejects for a bad argument,
 *   for a reply other than "OK" and null (inside MULTI the reply is "QUEUED"; a client set to bytes returns
 *   bytes), and for an "OK" that came so late that an entry could have expired by a monotonic clock, where
 *   the platform has one. What `send` throws or rejects with propagates. In all these cases nothing is
 *   granted.
 * @throws a TypeError or RangeError that names the option.
 * @example
 * ```ts
 * import { createAsyncVerifier } from "dpop-core";
 * import { createRedisReplayStore } from "dpop-core/redis";
 *
 * declare const client: { sendCommand(args: string[]): Promise<unknown> }; // of node-redis
 *
 * const replay = createRedisReplayStore({ send: (args) => client.sendCommand(args) });
 * const verifier = createAsyncVerifier({ replay });
 * ```
 * @see RFC 9449 section 11.1
 */
export function createRedisReplayStore(options: RedisReplayStoreOptions): RedisReplayStore {
  const { send, prefix: given } = membersArgument(options, "options", ["send", "prefix"]);
  if (typeof send !== "function") throw new TypeError("send must be a function");
  const prefix = given === undefined ? "dpop:replay:" : stringArgument(given, "prefix");
  integerArgument(prefix.length, "the length of prefix", "characters", 1, 128);

  return Object.freeze({
    async add(key: string, expiresAt: number, now: number): Promise<ReplayAnswer> {
      const name = prefix + keyArgument(key);
      const ttl = millisecondsLeft(expiresAt, now);
      const elapsed = startStopwatch();
      const answer = readReply(await send(["SET", name, "1", "NX", "PX", String(ttl)]));
      // While the command waited in a queue, the entry of an earlier use may have expired.
      if (answer === "new" && elapsed() * 1000 > ttl) {
        throw new Error("send took longer than the entry lives, so its OK proves nothing");
      }
      return answer;
    },
    async has(key: string): Promise<boolean> {
      const reply = await send(["EXISTS", prefix + keyArgument(key)]);
      if (reply === 1 || reply === 0) return reply === 1;
      throw new TypeError("send must return the number 1 or 0 for EXISTS");
    },
  });
}

/** The replay key of the verifier is a SHA-256, so all keys have one length. */
function keyArgument(key: unknown): string {
  const text = stringArgument(key, "key");
  if (text.length !== 43 || decodeBase64url(text) === null) {
    throw new TypeError("key must be 32 bytes in base64url, 43 characters");
  }
  return text;
}

/** Rounds up, or an entry would expire early; returns at least 1, or Redis would refuse the command. */
function millisecondsLeft(expiresAt: unknown, now: unknown): number {
  const expiry = integerArgument(
    expiresAt,
    "expiresAt",
    "seconds since the epoch",
    0,
    Number.MAX_SAFE_INTEGER,
  );
  return Math.max(1, Math.ceil((expiry - timeArgument(now, "now")) * 1000));
}

function readReply(reply: unknown): ReplayAnswer {
  if (reply === "OK") return "new";
  if (reply === null) return "seen";
  const kind = typeof reply === "string" ? "another string" : `of type ${typeof reply}`;
  throw new TypeError(`send must return "OK" or null for SET NX; it returned ${kind}`);
}
