// Program: an HTTP server as load.ts needs it, started as `engine server.js MODE`. It tells its port on
// the standard output. Whether the access token is good is out of the question here: a real server
// remembers or looks up what a token is bound to, and a Map does that.
import { createServer, type IncomingMessage } from "node:http";
import process from "node:process";
import {
  type Binding,
  createMemoryReplayStore,
  createResourceServer,
  createVerifier,
} from "dpop-core";
import { demand } from "./contest.js";
import { joseVerify } from "./jose.js";
import { loadBackends, type OurBackend } from "./ours.js";
import { AUDIENCE, NOW } from "./proofs.js";

type Judge = (request: IncomingMessage) => boolean | Promise<boolean>;

const bindings = new Map<string, Binding>();

async function judgeOf(mode: string): Promise<Judge> {
  if (mode === "none") return () => true;
  if (mode === "jose") return joseJudge();
  const { fast, node, noble } = await loadBackends();
  const backend = mode === "fast" ? fast : mode === "node" ? node : noble;
  demand(backend !== null, `there is no backend ${mode}`);
  return ourJudge(backend);
}

function ourJudge(backend: OurBackend): Judge {
  const replay = createMemoryReplayStore();
  const verifier = createVerifier({ backend, replay, clock: () => NOW });
  const api = createResourceServer({ verifier });
  const binding = (token: string): Binding | null => bindings.get(token) ?? null;
  return ({ method = "", url = "", headersDistinct: fields }) => {
    const credentials = { authorization: fields["authorization"], proof: fields["dpop"] };
    return api.authenticate({ method, url: AUDIENCE + url, ...credentials, binding }).ok;
  };
}

/** With a Set to see replays by, so that both do the same. */
function joseJudge(): Judge {
  const verify = joseVerify("ES256");
  const seen = new Set<string>();
  return async ({ method = "", url = "", headers: { authorization = "", dpop } }) => {
    const accessToken = authorization.slice("DPoP ".length);
    const binding = bindings.get(accessToken);
    if (typeof dpop !== "string" || binding === undefined || !("jkt" in binding)) return false;
    const { jkt } = binding;
    const request = { method, url: AUDIENCE + url, accessToken, jkt, now: NOW };
    if (!(await verify(dpop, request)) || seen.has(dpop)) return false;
    seen.add(dpop);
    return true;
  };
}

const judge = await judgeOf(process.argv[2] ?? "");

/** The load tells once what its tokens are bound to. */
async function learnBindings(request: IncomingMessage): Promise<void> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  const told: unknown = JSON.parse(text);
  demand(Array.isArray(told), "bindings are a list");
  for (const [token, jkt] of told) bindings.set(String(token), { jkt: String(jkt) });
}

const server = createServer(async (request, response) => {
  if (request.url === "/bindings") {
    await learnBindings(request);
    response.end();
    return;
  }
  const verdict = judge(request);
  const good = typeof verdict === "boolean" ? verdict : await verdict.catch(() => false);
  response.writeHead(good ? 200 : 401, { "content-type": "text/plain", "content-length": "6" });
  response.end("hello\n");
});
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.stdout.write(`${address.port}\n`);
});
