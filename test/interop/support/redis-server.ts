// A real redis-server on a free port of the loopback address, and the two clients that most programs use, set to fail fast.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { RedisReplayStoreOptions } from "dpop-core/redis";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { freePort, HOST } from "./loopback.js";

/** How long a command may take, in milliseconds. */
const LIMIT = 2000;

export interface RedisServer {
  readonly port: number;
  /** It keeps its connections and says nothing more, until it resumes. */
  pause(): void;
  resume(): void;
  /** Stops it, with all that it holds; nothing happens where it is stopped already. */
  stop(): Promise<void>;
}

/** Starts the server that REDIS_SERVER names, or the one on the PATH. It writes nothing to disk. */
export async function startRedisServer(): Promise<RedisServer> {
  const port = await freePort();
  const binary = process.env["REDIS_SERVER"] ?? "redis-server";
  const args = ["--port", String(port), "--bind", HOST, "--save", "", "--appendonly", "no"];
  const child = spawn(binary, args, { cwd: tmpdir(), stdio: ["ignore", "pipe", "inherit"] });
  const log: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => log.push(text));
  const failed = new Promise<never>((_, reject) => {
    child.once("error", () =>
      reject(new Error(`${binary}: install the Debian package redis-server`)),
    );
    child.once("exit", () => reject(new Error(`${binary} has ended:\n${log.join("")}`)));
  });
  failed.catch(() => undefined); // it also ends when we stop it
  const endWithUs = (): boolean => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const stop = async (): Promise<void> => {
    process.off("exit", endWithUs);
    await end(child);
  };
  try {
    await Promise.race([answers(port), failed]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port,
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    stop,
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  child.kill("SIGCONT"); // a paused one hears nothing else
  await exit;
}

async function answers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if ((await ping(port)) === "+PONG\r\n") return;
    await sleep(25);
  }
  throw new Error("redis-server does not answer");
}

/** What a server says to a PING; nothing without a server. */
function ping(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST, () => socket.write("PING\r\n"));
    socket.setEncoding("utf8").once("data", (text: string) => {
      socket.destroy();
      resolve(text);
    });
    socket.once("error", () => resolve(""));
    socket.once("close", () => resolve(""));
  });
}

export const CLIENTS = ["ioredis", "node-redis"] as const;
export type ClientName = (typeof CLIENTS)[number];

export interface RedisClient {
  readonly send: RedisReplayStoreOptions["send"];
  close(): void;
}

/** A connected client. */
export function connectRedis(name: ClientName, port: number): Promise<RedisClient> {
  return name === "ioredis" ? connectIoredis(port) : connectNodeRedis(port);
}

async function connectIoredis(port: number): Promise<RedisClient> {
  const client = new Redis({
    host: HOST,
    port,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: LIMIT,
  });
  client.on("error", () => undefined); // that the connection failed; every command says so too
  await once(client, "ready");
  return { send: (args) => client.call(...args), close: () => client.disconnect() };
}

async function connectNodeRedis(port: number): Promise<RedisClient> {
  const client = createClient({
    socket: { host: HOST, port },
    disableOfflineQueue: true,
  });
  client.on("error", () => undefined); // as above
  await client.connect();
  return {
    // Its own timeout of commands ends when the command is written.
    send: (args) => Promise.race([client.sendCommand(args), late(LIMIT)]),
    close: () => client.destroy(),
  };
}

async function late(milliseconds: number): Promise<never> {
  await sleep(milliseconds, undefined, { ref: false });
  throw new Error("the command timed out");
}
