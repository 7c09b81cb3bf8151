// Program: an HTTP server for load.ts, started as `engine server.js MODE`. It writes its port to the
// standard output. It does not verify the access token: a Map holds what each token is bound to.
import { createServer, type IncomingMessage } from "node:http";
import process from "node:process";
import {
  type Binding,
  createMemoryReplayStore,
  createResourceServer,
  createVerifier,
} from "dpop-core";
import { demand } from "../engine/contest.js";
import { AUDIENCE, NOW } from "../implementations/fixtures.js";
import { joseVerify } from "../implementations/jose.js";
import { fast, nodeCrypto } from "../implementations/ours.js";
import type { SyncBackend } from "../../src/jose/alg.js";

type Judge = (request: IncomingMessage) => boolean | Promise<boolean>;

/** What each access token is bound to: the standard input tells. */
const bindings: ReadonlyMap<string, Binding> = await readBindings();

function ourJudge(backend: SyncBackend): Judge {
  const replay = createMemoryReplayStore();
  const verifier = createVerifier({ backend, replay, clock: () => NOW });
  const api = createResourceServer({
    verifier,
    accessTokens: (token) => ({ binding: bindings.get(token) ?? null, claims: {} }),
  });
  return ({ method = "", url = "", headersDistinct: fields }) => {
    const credentials = { authorization: fields["authorization"], proof: fields["dpop"] };
    return api.authenticate({ method, url: AUDIENCE + url, ...credentials }).ok;
  };
}

/** A Set finds replays, so that both do the same. */
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

const judges: Readonly<Record<string, () => Judge>> = {
  none: () => () => true,
  jose: joseJudge,
  fast: () => ourJudge(fast),
  "node-crypto": () => ourJudge(nodeCrypto),
};
const judge = judges[process.argv[2] ?? ""]?.();
demand(judge !== undefined, "there is no such server");

async function readBindings(): Promise<ReadonlyMap<string, Binding>> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  const told: unknown = JSON.parse(text);
  demand(Array.isArray(told), "bindings are a list");
  return new Map(told.map(([token, jkt]) => [String(token), { jkt: String(jkt) }]));
}

const server = createServer(async (request, response) => {
  const verdict = judge(request);
  const good = typeof verdict === "boolean" ? verdict : await verdict.catch(() => false);
  response.writeHead(good ? 200 : 401, { "content-type": "text/plain", "content-length": "5" });
  response.end("hello");
});
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.stdout.write(`${address.port}\n`);
});
