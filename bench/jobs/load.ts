// Job: whole servers. Starts a server for each way to verify, and sends them the same requests in
// turns, each with a proof of its own: requests a second, with and without verification. The server
// has core 0 for itself where a process can be kept on a core; this job has another one.
import { spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { demand, type Implementation, selfMeasured, selfTimed } from "../engine/contest.js";
import type { Job } from "../engine/task.js";
import {
  type Client,
  createClient,
  createIssuer,
  METHOD,
  proofOf,
  URL_OF_REQUEST,
} from "../implementations/fixtures.js";

const CONNECTIONS = 64;
const CLIENTS = 100;

/** Of a response: the "o" of its body "hello", since its head ends with a line feed. */
const LAST_BYTE = 0x6f;

const SIZES = {
  quick: { rounds: 2, perRound: 500, warmUp: 500 },
  full: { rounds: 7, perRound: 4000, warmUp: 6000 },
} as const;

export const load: Job = ({ quick }) => {
  const { rounds, perRound, warmUp } = SIZES[quick ? "quick" : "full"];
  const implementations = async (): Promise<readonly Implementation[]> => {
    const issuer = createIssuer();
    const clients = Array.from({ length: CLIENTS }, () => createClient("ES256", issuer));
    const requests = Array.from({ length: warmUp + rounds * perRound }, (_, index) =>
      requestBytes(clients[index % CLIENTS] ?? createClient("ES256", issuer)),
    );
    const servers: LoadedServer[] = [];
    for (const name of ["none", "fast", "node-crypto", "jose"]) {
      servers.push(await startServer(name, clients));
    }
    for (const server of servers) await send(server, requests.slice(0, warmUp));
    return servers.map((server) => {
      let next = warmUp;
      return selfMeasured(server.name, async () => {
        next += perRound;
        return ((await send(server, requests.slice(next - perRound, next))) * 1000) / perRound;
      });
    });
  };
  const name = "requests to a whole server";
  return [{ group: "load", name, timing: selfTimed(rounds), implementations }];
};

interface LoadedServer {
  readonly name: string;
  readonly sockets: readonly Socket[];
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

async function startServer(name: string, clients: readonly Client[]): Promise<LoadedServer> {
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
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => connected(port)));
  const [client] = clients;
  demand(client !== undefined, "there is no client");
  const headers = { authorization: `DPoP ${client.accessToken}`, dpop: proofOf(client) };
  const { pathname } = new URL(URL_OF_REQUEST);
  const isGood = async (): Promise<boolean> =>
    (await fetch(`http://127.0.0.1:${port}${pathname}`, { method: METHOD, headers })).ok;
  demand(await isGood(), `the server "${name}" refuses a good request`);
  demand((await isGood()) === (name === "none"), `the server "${name}" takes a replay`);
  return { name, sockets };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.setNoDelay(true);
    socket.once("error", reject);
  });
}

/**
 * Sends all requests over all connections; each connection waits for its response. Returns
 * milliseconds; rejects where a response is not a good one. Reads as little as it can, so that the
 * server is what there is to wait for.
 */
async function send(server: LoadedServer, requests: readonly Buffer[]): Promise<number> {
  const { sockets, name } = server;
  let next = 0;
  const lane = (socket: Socket): Promise<void> =>
    new Promise((resolve, reject) => {
      let isStart = true;
      const sendNext = (): void => {
        const request = requests[next++];
        if (request !== undefined) {
          socket.write(request);
          return;
        }
        socket.off("data", read);
        resolve();
      };
      const read = (data: Buffer): void => {
        if (isStart && data.toString("latin1", 0, 12) !== "HTTP/1.1 200") {
          reject(new Error(`bench: the server "${name}" refuses a good request`));
        }
        isStart = data.at(-1) === LAST_BYTE;
        if (isStart) sendNext();
      };
      socket.on("data", read);
      sendNext();
    });
  const start = performance.now();
  await Promise.all(sockets.map(lane));
  return performance.now() - start;
}
