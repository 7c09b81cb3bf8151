// Job: whole servers. Starts a server for each way to verify, and sends them the same requests in
// turns, each with a proof of its own: requests a second, with and without verification. The server
// has core 0 for itself where cores can be given out; whoever starts this job gives it core 1.
import { spawn, type ChildProcess } from "node:child_process";
import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type ContestResult, demand } from "./contest.js";
import { progress, runJob } from "./job.js";
import { loadBackends, namesOf } from "./ours.js";
import {
  type Client,
  createClient,
  createIssuer,
  METHOD,
  proofOf,
  URL_OF_REQUEST,
} from "./proofs.js";

const CONNECTIONS = 64;
const CLIENTS = 100;
const SIZES = {
  quick: { rounds: 2, perRound: 500, warmUp: 500 },
  full: { rounds: 7, perRound: 4000, warmUp: 6000 },
} as const;

await runJob(async ({ mode }) => {
  const { rounds, perRound, warmUp } = SIZES[mode];
  progress("whole servers: making requests");
  const issuer = createIssuer();
  const clients = Array.from({ length: CLIENTS }, () => createClient("ES256", issuer));
  const requests = Array.from({ length: warmUp + rounds * perRound }, (_, index) =>
    requestBytes(clients[index % CLIENTS] ?? createClient("ES256", issuer)),
  );
  const names = namesOf(await loadBackends()).filter((name) => name !== "noble");
  const servers: LoadedServer[] = [];
  for (const name of ["none", ...names, "jose"]) {
    progress(`whole servers: ${name}`);
    servers.push(await startServer(name, clients));
  }
  for (const server of servers) await send(server, requests.slice(0, warmUp));
  progress("whole servers: in turns");
  const times = servers.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    const start = warmUp + round * perRound;
    const batch = requests.slice(start, start + perRound);
    for (const [index, server] of servers.entries()) {
      times[index]?.push(((await send(server, batch)) * 1000) / perRound);
    }
  }
  for (const { child } of servers) child.kill();
  const scores = servers.map(({ name }, index) => ({ name, rounds: times[index] ?? [] }));
  const result: ContestResult = { contest: "requests to a whole server", scores, missing: [] };
  return { contests: [result] };
});

interface LoadedServer {
  readonly name: string;
  readonly child: ChildProcess;
  readonly sockets: readonly Socket[];
  /** Of a whole good response: all are alike. */
  readonly responseLength: number;
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
  // The engine's own flags (Deno needs some) come in the environment: nobody else knows them.
  const engine: readonly string[] = JSON.parse(process.env["COMPARE_ENGINE"] ?? "[]");
  const [program = process.execPath, ...args] = engine;
  const file = fileURLToPath(new URL("server.js", import.meta.url));
  const child = spawn(program, [...args, file, name], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once("data", (data) => resolve(Number(String(data))));
    child.once("exit", () => reject(new Error(`compare: the server "${name}" ended`)));
  });
  await tellBindings(port, clients);
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => connected(port)));
  const [first] = sockets;
  demand(first !== undefined, "there is no connection");
  const [client] = clients;
  demand(client !== undefined, "there is no client");
  const bytes = requestBytes(client);
  const good = await exchange(first, bytes);
  demand(good.startsWith("HTTP/1.1 200"), `the server "${name}" refuses a good request`);
  const again = await exchange(first, bytes);
  demand(again.startsWith("HTTP/1.1 200") === (name === "none"), `"${name}" takes a replay`);
  return { name, child, sockets, responseLength: Buffer.byteLength(good) };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.setNoDelay(true);
    socket.once("error", reject);
  });
}

function tellBindings(port: number, clients: readonly Client[]): Promise<void> {
  const told = JSON.stringify(clients.map(({ accessToken, jkt }) => [accessToken, jkt]));
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", path: "/bindings", method: "POST" };
    const request = httpRequest(options, (response) => {
      response.resume();
      response.once("end", () => resolve());
    });
    request.once("error", reject);
    request.end(told);
  });
}

/** One request and the text of its response. */
function exchange(socket: Socket, request: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const read = (data: Buffer): void => {
      text += data.toString("latin1");
      if (!text.endsWith("\r\n\r\nhello\n")) return;
      socket.off("data", read);
      resolve(text);
    };
    socket.on("data", read);
    socket.write(request);
  });
}

/**
 * Sends all requests, over all connections, each of which waits for its response. Answers
 * milliseconds; rejects where a response is not a good one. Reads as little as it can, so that the
 * server is what there is to wait for.
 */
async function send(server: LoadedServer, requests: readonly Buffer[]): Promise<number> {
  const { sockets, responseLength, name } = server;
  let next = 0;
  const lane = (socket: Socket): Promise<void> =>
    new Promise((resolve, reject) => {
      let received = 0;
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
        if (received === 0 && data.toString("latin1", 0, 12) !== "HTTP/1.1 200") {
          reject(new Error(`compare: the server "${name}" refuses a good request`));
        }
        received += data.length;
        if (received < responseLength) return;
        received = 0;
        sendNext();
      };
      socket.on("data", read);
      sendNext();
    });
  const start = performance.now();
  await Promise.all(sockets.map(lane));
  return performance.now() - start;
}
