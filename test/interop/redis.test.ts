// dpop-core/redis against a real redis-server, with the two clients that most programs use: one proof, several instances;
// the life of an entry; a server that goes away.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createAsyncVerifier, type ProofRequest, type VerifyResult } from "dpop-core";
import { createRedisReplayStore, type RedisCommand } from "dpop-core/redis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { at, mint, NOW } from "../support/mint.js";
import type { FromWorker, ToWorker } from "./redis-worker.js";
import {
  CLIENTS,
  type ClientName,
  connectRedis,
  type RedisClient,
  type RedisServer,
  startRedisServer,
} from "./support/redis-server.js";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

const outcomeOf = (result: VerifyResult): string => (result.ok ? "ok" : result.code);

/** Proofs with a jti of their own each. */
function proofs(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => mint({ claims: { jti: `proof ${i}` } }));
}

let server: RedisServer;
const closing: (() => void)[] = [];

beforeEach(async () => {
  server = await startRedisServer();
});
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await server.stop();
});

async function connected(client: ClientName): Promise<RedisClient> {
  const connection = await connectRedis(client, server.port);
  closing.push(connection.close);
  return connection;
}

/** A process with a verifier of its own. */
interface Instance {
  say(message: ToWorker): void;
  /** The next thing that it says. */
  heard(): Promise<FromWorker>;
  readonly pid: number | undefined;
}

async function startInstance(client: ClientName): Promise<Instance> {
  const child: ChildProcess = fork(path("redis-worker.ts"), [client, String(server.port)], {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, TSX_TSCONFIG_PATH: path("tsconfig.json") },
  });
  closing.push(() => child.kill());
  const ended = once(child, "exit").then(() => {
    throw new Error("an instance has ended");
  });
  ended.catch(() => undefined); // at the end of a test all of them do
  const instance: Instance = {
    pid: child.pid,
    say: (message) => void child.send(message),
    async heard() {
      const [message] = await Promise.race([once(child, "message"), ended]);
      return message as FromWorker; // all that a worker says
    },
  };
  expect(await instance.heard()).toBe("connected");
  return instance;
}

/** Hands one proof to both, and lets them go on when both are about to ask Redis. */
async function race(
  instances: readonly [Instance, Instance],
  proof: string,
  request: ProofRequest,
): Promise<readonly FromWorker[]> {
  const bothHeard = (): Promise<FromWorker[]> =>
    Promise.all(instances.map((instance) => instance.heard()));
  const ready = bothHeard();
  for (const instance of instances) instance.say({ proof, request });
  expect(await ready).toEqual(["ready", "ready"]);
  const outcomes = bothHeard();
  for (const instance of instances) instance.say("go");
  return outcomes;
}

describe.each(CLIENTS)("replay store over %s", (client) => {
  test("has says whether an entry is live, and records nothing", async () => {
    const { send } = await connected(client);
    const store = createRedisReplayStore({ send });
    const key = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    expect([await store.has(key), await store.has(key)]).toEqual([false, false]);
    expect(await store.add(key, NOW + 60, NOW, "")).toBe("new");
    expect([await store.has(key), await store.has(key)]).toEqual([true, true]);
    expect(await store.add(key, NOW + 60, NOW, "")).toBe("seen");
  });

  test("two processes race the same proof 200 times: exactly one wins each time", async () => {
    const [one, other] = await Promise.all([startInstance(client), startInstance(client)]);
    expect(new Set([one.pid, other.pid, process.pid]).size).toBe(3);
    const results: unknown[] = [];
    for (const [i, proof] of proofs(200).entries()) {
      const outcomes = await race(i % 2 === 0 ? [one, other] : [other, one], proof, at(NOW));
      results.push(
        outcomes.map((said) => (typeof said === "string" ? said : said.outcome)).toSorted(),
      );
    }
    expect(results).toEqual(Array.from({ length: 200 }, () => ["jti_replayed", "ok"]));
  });

  test("an entry is there under a key of fixed length, and after its expiry it is gone", async () => {
    const { send } = await connected(client);
    const replay = createRedisReplayStore({ send });
    const verifier = createAsyncVerifier({ replay, maxAge: 1, clockTolerance: 0 });
    const started = Date.now();
    for (const jti of ["a", "b".repeat(256)]) {
      const proof = mint({ claims: { jti } });
      expect(outcomeOf(await verifier.verify(proof, at(NOW)))).toBe("ok");
      expect(outcomeOf(await verifier.verify(proof, at(NOW)))).toBe("jti_replayed");
    }
    const keys = keysOf(await send(["KEYS", "*"]));
    const form = /^dpop:replay:[A-Za-z0-9_-]{43}$/;
    expect(keys).toEqual([expect.stringMatching(form), expect.stringMatching(form)]);
    for (const key of keys) {
      const left = await send(["PTTL", key]);
      expect(left).toBeTypeOf("number");
      expect(Number.isInteger(left)).toBe(true);
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(2000);
    }
    const [first = "", second = ""] = keys;
    const present: RedisCommand = ["EXISTS", first, second];
    while ((await send([...present])) !== 0) await sleep(20);
    const lived = Date.now() - started;
    expect(lived).toBeGreaterThanOrEqual(1990); // 2 s, less what two clocks are read apart
    expect(lived).toBeLessThan(20_000);
    expect(await send(["PTTL", first])).toBe(-2); // Redis: no such key
    expect(keysOf(await send(["KEYS", "*"]))).toEqual([]);
  });

  test("a server that stops in mid-run: every verification fails with the client's own error", async () => {
    const { attempt, errors } = attempting(await connected(client));
    const taken = proofs(40);
    const untaken = proofs(80).slice(40);
    expect(await Promise.all(taken.slice(0, 20).map(attempt))).toEqual(
      taken.slice(0, 20).map(() => "ok"),
    );
    // In the middle of the next ones it goes.
    const underWay = taken.slice(20).map(attempt);
    await server.stop();
    const midRun = await Promise.all(underWay);
    const later: unknown[] = [];
    for (let round = 0; round < 5; round++) {
      for (const proof of [...taken, ...untaken]) later.push(await attempt(proof));
      await sleep(100); // time for the client to try again
    }

    expect(midRun.filter((outcome) => outcome !== "ok" && !errors.has(outcome))).toEqual([]);
    expect(later).toHaveLength(400);
    expect(later.filter((outcome) => !errors.has(outcome))).toEqual([]);
    for (const error of errors) {
      expect(error).toBeInstanceOf(Error);
      expect(String(error)).toMatch(/closed|offline|writeable|ECONNREFUSED|ECONNRESET|retries/i);
    }
  });

  test("a server that falls silent: the client's limit ends the wait, and nothing is granted twice", async () => {
    const { attempt, errors } = attempting(await connected(client));
    const some = proofs(10);
    server.pause();
    const outcomes = await Promise.all(some.map(attempt));
    expect(outcomes.filter((outcome) => !errors.has(outcome))).toEqual([]);
    for (const error of errors) expect(String(error)).toMatch(/timed out/);
    // The commands had left already. Redis carries them out now, so these proofs are used up.
    server.resume();
    expect(await Promise.all(some.map(attempt))).toEqual(some.map(() => "jti_replayed"));
  });
});

/** A verifier over a client, and every error that the client gave. */
function attempting({ send }: RedisClient): {
  /** "ok", a code, or the error that the verification rejected with. */
  readonly attempt: (proof: string) => Promise<unknown>;
  readonly errors: ReadonlySet<unknown>;
} {
  const errors = new Set<unknown>();
  const replay = createRedisReplayStore({
    async send(args) {
      try {
        return await send(args);
      } catch (error) {
        errors.add(error);
        throw error;
      }
    },
  });
  const verifier = createAsyncVerifier({ replay });
  return {
    errors,
    async attempt(proof) {
      try {
        return outcomeOf(await verifier.verify(proof, at(NOW)));
      } catch (error) {
        return error;
      }
    },
  };
}

function keysOf(reply: unknown): string[] {
  if (!Array.isArray(reply)) throw new TypeError("KEYS answers a list");
  return reply.map(String).toSorted();
}
