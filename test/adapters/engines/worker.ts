// What runs inside an engine: one API over WebCrypto, behind the guard of fetch and behind that of Hono. It names
// nothing of a platform but Request, Response and WebCrypto.
import { createAsyncResourceServer, createAsyncVerifier, createMemoryReplayStore } from "dpop-core";
import { createGuard } from "dpop-core/fetch";
import { createGuard as createHonoGuard, type DpopVariables } from "dpop-core/hono";
import { webcrypto } from "dpop-core/webcrypto";
import { Hono } from "hono";
import { NONCE, ORIGIN, UNREACHABLE } from "./facts.js";

interface Claims {
  readonly sub: string;
  readonly scope: string;
}

/** A token says by itself what it is: its scope, and the key that it is bound to. */
async function accessTokens(token: string) {
  const [scope, jkt] = token.split("~");
  if (scope === UNREACHABLE) throw new Error("the issuer does not answer");
  if (scope === undefined || jkt === undefined) return null;
  return { binding: { jkt }, claims: { sub: "someone", scope } };
}

function makeApi() {
  const nonce = {
    check: (given: string | undefined) =>
      given === NONCE
        ? ({ status: "valid" } as const)
        : ({ status: given === undefined ? "missing" : "invalid", nextNonce: NONCE } as const),
  };
  const replay = createMemoryReplayStore();
  const noncePolicy = "optional";
  const verifier = createAsyncVerifier({ backend: webcrypto, replay, nonce, noncePolicy });
  return createAsyncResourceServer<Claims>({ verifier, accessTokens });
}

let told = 0;
const options = { api: makeApi(), onError: () => void told++ };

const guard = createGuard({ ...options, origin: `${ORIGIN}/fetch` });
const read = guard((request, { token }) =>
  new URL(request.url).pathname === "/redirect"
    ? Response.redirect("https://api.example/elsewhere", 302)
    : Response.json({ sub: token.sub }),
);
const write = guard({ scope: ["write"] }, (_request, { token }) =>
  Response.json({ sub: token.sub }),
);

const honoGuard = createHonoGuard({ ...options, origin: `${ORIGIN}/hono` });
const app = new Hono<{ Variables: DpopVariables<Claims> }>();
app.use(honoGuard());
app.get("/write", honoGuard({ scope: ["write"] }));
app.get("/redirect", () => Response.redirect("https://api.example/elsewhere", 302));
app.get("/*", (c) => c.json({ sub: c.var.dpop.token.sub }));

/** `/fetch` and `/hono` are stripped, as a proxy would; `/told` says how often `onError` was called. */
export async function handle(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === "/told") return Response.json(told);
  const [, adapter = "", path = ""] = /^\/(\w+)(\/.*)$/.exec(url.pathname) ?? [];
  const inner = new Request(`${url.origin}${path}${url.search}`, request);
  if (adapter === "hono") return app.fetch(inner);
  return path === "/write" ? write(inner) : read(inner);
}
