// dpop-core/redis: a replay store that several instances share (RFC 9449 section 11.1), over
// whatever client of Redis or Valkey you have: it hands out one command and reads its reply.
import {
  integerArgument,
  membersArgument,
  stringArgument,
  timeArgument,
} from "./input/argument.js";
import { decodeBase64url } from "./bytes/base64url.js";
import type { ReplayAnswer, ReplayStore } from "./replay/replay.js";
import { startStopwatch } from "./verify/stopwatch.js";

/**
 * A command as Redis takes it, the key second (which is what a cluster client asks for). Made anew
 * every time, so a client may change it.
 */
export type RedisCommand = [command: string, key: string, ...rest: string[]];

export interface RedisReplayStoreOptions {
  /**
   * Sends one command and promises its reply, as text. ioredis: `(args) => client.call(...args)`.
   * node-redis: `(args) => client.sendCommand(args)`.
   */
  readonly send: (args: RedisCommand) => Promise<unknown>;
  /**
   * What every key begins with, 1 to 128 characters; "dpop:replay:" where it is not given. One for
   * each security domain: all instances of one server share it, and no other server uses it.
   */
  readonly prefix?: string | undefined;
}

/**
 * A replay store in Redis or Valkey, for createAsyncVerifier: of all instances that share it, one
 * accepts a proof. It sends `SET prefix+key 1 NX PX ttl`, which is atomic; the reply "OK" is "new",
 * null is "seen". The ttl is the rest of the entry's life in whole milliseconds, so the clock of
 * Redis need not agree with ours. Keys are of one length: the prefix and 43 characters.
 *
 * Throws a TypeError or RangeError for a bad option. `add` rejects for a bad argument, for any
 * other reply (inside MULTI the reply is "QUEUED", a client set to bytes answers with those), and
 * for an "OK" that came when an entry could have expired already, by a monotonic clock where the
 * platform has one; with what `send` throws or rejects with it rejects untouched. The verifier lets
 * all of these through, and nothing is granted.
 *
 * What stays with you:
 * - `maxmemory-policy noeviction`: an evicted entry is a replay let through.
 * - What the server forgets can be replayed: what a restart without persistence loses, and what a
 *   failover loses, because replication is asynchronous. So can everything after FLUSHDB, or after
 *   a step of the server's clock.
 * - A request waits for as long as `send` does. Limit that to a few seconds, and always to less
 *   than `clockTolerance`: a command that was held back for longer can meet Redis when the entry of
 *   the first use is gone. ioredis has `commandTimeout`, `maxRetriesPerRequest` and
 *   `enableOfflineQueue`. node-redis has `disableOfflineQueue`, without which a command waits until
 *   Redis is back; its timeout of commands ends when a command is written, so a limit for a server
 *   that falls silent is yours to write into `send`. A command that was given up may still have
 *   been carried out: then the proof is used up, and granted to nobody.
 * - Writes go to the one primary: a store with several that merge later is none.
 * - No share is kept for each key: `add` takes the thumbprint and ignores it. What bounds this store
 *   is the server's memory, and a count that all instances share would be a second command for each
 *   proof. So one client with a valid token can fill it: limit the requests of one client before they
 *   come to the verifier, and have an alert well below `maxmemory`.
 *
 * Other stores are as short to write; ReplayStore needs one atomic insert-if-absent that expires,
 * and its answer. It fits SQL (INSERT with ON CONFLICT DO NOTHING, or INSERT IGNORE, and the count
 * of rows inserted; expired rows are deleted now and then), DynamoDB (PutItem on the condition that
 * the key does not exist; its TTL deletes late, which is fine), Durable Objects (one object per
 * key or per part of the keys), memcached `add` where eviction is off (-M). It does not fit
 * Workers KV, which is eventually consistent and has no insert-if-absent, nor a get followed by a
 * set anywhere: two requests at once both find nothing.
 */
export function createRedisReplayStore(options: RedisReplayStoreOptions): ReplayStore {
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
      // The command may have waited in a queue for longer than the entry of another caller lived.
      if (answer === "new" && elapsed() * 1000 > ttl) {
        throw new Error("send took longer than the entry was to live, so its OK proves nothing");
      }
      return answer;
    },
  });
}

/** The replay key of the verifier is a SHA-256; anything else would break the fixed length. */
function keyArgument(key: unknown): string {
  const text = stringArgument(key, "key");
  if (text.length !== 43 || decodeBase64url(text) === null) {
    throw new TypeError("key must be 32 bytes in base64url, 43 characters");
  }
  return text;
}

/** Rounded up, or an entry would end early; at least 1, or Redis would refuse the command. */
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
  throw new TypeError(`send must answer "OK" or null to SET NX; its answer was ${kind}`);
}
