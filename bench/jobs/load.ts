// Job: inside a server. Starts a server for each way to verify, and sends them the same requests in turns, each
// with a proof of its own: processor time of the server for one request, requests a second, and how long
// a client waits. The server has core 0 for itself where a process can be kept on a core; this job has
// another one.
import { spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  type Contest,
  demand,
  type Implementation,
  selfMeasured,
  selfTimed,
} from "../engine/contest.js";
import type { Job } from "../engine/task.js";
import {
  type Client,
  createClient,
  createIssuer,
  METHOD,
  proofOf,
  URL_OF_REQUEST,
} from "../implementations/fixtures.js";
import { SERVERS } from "../implementations/servers.js";
import { quantile } from "../report/findings.js";

const CONNECTIONS = [1, 8, 64] as const;
const CLIENTS = 100;

/** Of a response: the "o" of its body "hello", since its head ends with a line feed. */
const LAST_BYTE = 0x6f;

const QUICK = { rounds: 2, perRound: 500, warmUp: 500 };
const FULL = { rounds: 9, warmUp: 4000 };

/** In one round. Over one connection, requests wait for each other. */
const requestsOver = (connections: number): number => Math.min(4000, 800 + 100 * connections);

export const load: Job = ({ quick }) =>
  CONNECTIONS.map((connections): Contest => {
    const size = quick ? QUICK : { ...FULL, perRound: requestsOver(connections) };
    const name = `inside a server, connections: ${connections}`;
    const timing = selfTimed(size.rounds);
    const implementations = (): Promise<readonly Implementation[]> => startAll(connections, size);
    return { group: "load", name, timing, comparison: "none", implementations };
  });

async function startAll(
  connections: number,
  { rounds, perRound, warmUp }: typeof QUICK,
): Promise<readonly Implementation[]> {
  const issuer = createIssuer();
  const clients = Array.from({ length: CLIENTS }, () => createClient("ES256", issuer));
  const requests = Array.from({ length: warmUp + rounds * perRound }, (_, index) =>
    requestBytes(clients[index % CLIENTS] ?? createClient("ES256", issuer)),
  );
  const servers: LoadedServer[] = [];
  for (const name of Object.keys(SERVERS)) {
    servers.push(await startServer(name, clients, connections));
  }
  for (const server of servers) await send(server, requests.slice(0, warmUp));
  const none: number[] = [];
  return servers.map((server) => {
    const all: Round[] = [];
    const own = server.name === "none" ? none : [];
    const measure = async (): Promise<number> => {
      const first = warmUp + all.length * perRound;
      const before = await processorOf(server);
      all.push(await send(server, requests.slice(first, first + perRound)));
      own.push(((await processorOf(server)) - before) / perRound);
      return own.at(-1) ?? NaN;
    };
    const besides = (): Readonly<Record<string, number>> => ({
      "µs over none": quantile(
        own.map((time, round) => time - (none[round] ?? NaN)),
        0.5,
      ),
      "requests a second": quantile(
        all.map((round) => (1000 * perRound) / round.took),
        0.5,
      ),
      "p50, ms": quantile(
        all.map(({ waits }) => quantile(waits, 0.5)),
        0.5,
      ),
      "p99, ms": quantile(
        all.map(({ waits }) => quantile(waits, 0.99)),
        0.5,
      ),
    });
    return selfMeasured(server.name, measure, { besides });
  });
}

/** Milliseconds: of all requests of a round, and of each. */
interface Round {
  readonly took: number;
  readonly waits: readonly number[];
}

interface LoadedServer {
  readonly name: string;
  readonly port: number;
  readonly sockets: readonly Socket[];
}

/** Microseconds that the server has used, all threads together. */
async function processorOf({ port }: LoadedServer): Promise<number> {
  return Number(await (await fetch(`http://127.0.0.1:${port}/processor`)).text());
}

function requestBytes(client: Client): Buffer {
  const { host, pathname } = new URL(URL_OF_REQUEST);
  const lines = [
    `${METHOD} ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    `Authorization: DPoP ${client.accessToken}`,
    `DPoP: ${proofOf(client)}`,
    "Content-Length: 0",
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}

async function startServer(
  name: string,
  clients: readonly Client[],
  connections: number,
): Promise<LoadedServer> {
  // The engine's own flags (Deno needs some) and its core come in the environment.
  const engine: readonly string[] = JSON.parse(process.env["BENCH_SERVER"] ?? "[]");
  const [program = process.execPath, ...args] = engine;
  const file = fileURLToPath(new URL("server.js", import.meta.url));
  const child = spawn(program, [...args, file, name], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify(clients.map(({ accessToken, jkt }) => [accessToken, jkt])));
  process.once("exit", () => child.kill());
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once("data", (data) => resolve(Number(String(data))));
    child.once("exit", () => reject(new Error(`bench: the server "${name}" ended`)));
  });
  const sockets = await Promise.all(Array.from({ length: connections }, () => connected(port)));
  const [client] = clients;
  demand(client !== undefined, "there is no client");
  const headers = { authorization: `DPoP ${client.accessToken}`, dpop: proofOf(client) };
  const { pathname } = new URL(URL_OF_REQUEST);
  const isGood = async (): Promise<boolean> =>
    (await fetch(`http://127.0.0.1:${port}${pathname}`, { method: METHOD, headers })).ok;
  demand(await isGood(), `the server "${name}" refuses a good request`);
  demand((await isGood()) === (name === "none"), `the server "${name}" takes a replay`);
  return { name, port, sockets };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.setNoDelay(true);
    socket.once("error", reject);
  });
}

/**
 * Sends all requests over all connections; each connection waits for its response. Rejects
 * where a response is not a good one. Reads as little as it can, so that the
 * server is what there is to wait for.
 */
async function send(server: LoadedServer, requests: readonly Buffer[]): Promise<Round> {
  const { sockets, name } = server;
  const waits: number[] = [];
  let next = 0;
  const lane = (socket: Socket): Promise<void> =>
    new Promise((resolve, reject) => {
      let isStart = true;
      let sent = 0;
      const sendNext = (): void => {
        const request = requests[next++];
        if (request !== undefined) {
          sent = performance.now();
          socket.write(request);
          return;
        }
        socket.off("data", read);
        resolve();
      };
      const read = (data: Buffer): void => {
        if (isStart && data.toString("latin1", 0, 12) !== "HTTP/1.1 200") {
          const status = data.toString("latin1", 9, 12);
          reject(new Error(`bench: the server "${name}" answers a good request by ${status}`));
        }
        isStart = data.at(-1) === LAST_BYTE;
        if (!isStart) return;
        waits.push(performance.now() - sent);
        sendNext();
      };
      socket.on("data", read);
      sendNext();
    });
  const start = performance.now();
  await Promise.all(sockets.map(lane));
  return { took: performance.now() - start, waits };
}
