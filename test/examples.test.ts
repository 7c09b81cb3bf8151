// The examples that README.md and docs/ show: the programs as processes, the others as modules.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { connect, createServer as createHttp2Server } from "node:http2";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { promisify } from "node:util";
import {
  accessTokenHash,
  createAsyncVerifier,
  createAuthorizationServer,
  createClientSession,
  createProof,
  createSigner,
  createVerifier,
  generatePrivateJwk,
} from "dpop-core";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import { verifierOver } from "../examples/docs/async-store.js";
import { dpopFetch, session as browserSession } from "../examples/docs/browser-key.js";
import { createLargeVerifier } from "../examples/docs/cache.js";
import { createCodeEndpoint } from "../examples/docs/code-grant.js";
import { logTo } from "../examples/docs/log.js";
import { metadataOf } from "../examples/docs/metadata.js";
import { countTo } from "../examples/docs/metrics.js";
import { apiForAWhile } from "../examples/docs/move-to-dpop.js";
import { createVerifierWithNonces } from "../examples/docs/nonces.js";
import { protect } from "../examples/docs/own-adapter.js";
import { call } from "../examples/docs/own-loop.js";
import { verifier as es384Verifier } from "../examples/docs/own-noble.js";
import { createApi } from "../examples/docs/own-tokens.js";
import { verifier as fapi2Verifier } from "../examples/docs/profile.js";
import { createPushedEndpoint } from "../examples/docs/pushed-request.js";
import { verifierOver as verifierOverRedis } from "../examples/docs/redis.js";
import { fetchWithRetries } from "../examples/docs/retry.js";
import { secretsFrom } from "../examples/docs/secrets.js";
import { sessionFor } from "../examples/docs/stored-key.js";
import { checkHandshake } from "../examples/docs/verify.js";
import { ROOT } from "./support/build.js";

/** What a test started, ended after it. */
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Serves on loopback; the origin. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createHttpServer({ keepAlive: false }, listener).listen(0, "localhost");
  servers.push(server);
  await once(server, "listening");
  return `http://localhost:${portOf(server)}`;
}

function portOf(server: Server): string {
  const address = server.address();
  return String(typeof address === "object" ? address?.port : "");
}

/** A port of loopback that is free now. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, "localhost");
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
}

const signer = createSigner(generatePrivateJwk("ES256"));
const request = { method: "GET", url: "https://api.example/" };

describe("the programs: client, authorization server and API, each a process", () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill();
  });

  const tsx = ["--import", "tsx", "--import", "./test/support/other-port.ts"];
  const resolving = { TSX_TSCONFIG_PATH: "test/tsconfig.json" }; // where "dpop-core" means the sources

  async function start(
    name: string,
    env: Readonly<Record<string, string>>,
    url: string,
    stderr: "inherit" | "ignore" = "inherit",
  ): Promise<ChildProcess> {
    const stdio = ["ignore", "ignore", stderr] as const;
    const options = { cwd: ROOT, env: { ...process.env, ...resolving, ...env }, stdio: [...stdio] };
    const child = spawn(process.execPath, [...tsx, `examples/${name}.ts`], options);
    children.push(child);
    while (child.exitCode === null) {
      const answered = await fetch(url).then(
        () => true,
        () => false,
      );
      if (answered) return child;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${name} ended`);
  }

  test(
    "the client gets a token and is let in; a bearer of it is not",
    { timeout: 60_000 },
    async () => {
      const ports = { issuer: await freePort(), api: await freePort() };
      const ISSUER = `http://localhost:${ports.issuer}`;
      const API = `http://localhost:${ports.api}`;
      await start("authorization-server", { PORT: ports.issuer, API }, `${ISSUER}/jwks`);
      await start("server", { ISSUER, API, OTHER_PORT: ports.api }, API);
      const run = promisify(execFile)(process.execPath, [...tsx, "examples/client.ts"], {
        cwd: ROOT,
        env: { ...process.env, ...resolving, ISSUER, API },
      });
      expect((await run).stdout).toMatch(/^200 \{"iss":.*"client_id":"a-client"/);

      const misled = promisify(execFile)(process.execPath, [...tsx, "examples/client.ts"], {
        cwd: ROOT,
        env: { ...process.env, ...resolving, ISSUER: `${ISSUER}/elsewhere`, API },
      });
      await expect(misled).rejects.toMatchObject({
        stderr: expect.stringContaining("Error: token_response_invalid"),
      });

      const things = `${API}/things`;
      const anonymous = await fetch(things);
      expect(anonymous.status).toBe(401);
      expect(anonymous.headers.get("WWW-Authenticate")).toMatch(/^DPoP algs="ES256 /);
      const session = createClientSession({ signer: createSigner(generatePrivateJwk("EdDSA")) });
      const own = { method: "GET", url: things, accessToken: "made-up" };
      const headers = { authorization: "DPoP made-up", dpop: session.buildProof(own) };
      const refused = await fetch(things, { headers });
      expect(refused.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
      const without = await fetch(`${ISSUER}/token`, { method: "POST" });
      expect([without.status, await without.json()]).toMatchObject([
        400,
        { error: "invalid_dpop_proof" },
      ]);
    },
  );

  test(
    "an API without the keys of the authorization server answers 503, calls no token bad, and lives on",
    { timeout: 60_000 },
    async () => {
      const issuer = createHttpServer((_, res) => res.writeHead(500).end()).listen(0, "localhost");
      await once(issuer, "listening");
      const ISSUER = `http://localhost:${portOf(issuer)}`;
      const PORT = await freePort();
      const API = `http://localhost:${PORT}`;
      const api = await start("server", { ISSUER, API, OTHER_PORT: PORT }, API, "ignore");

      const session = createClientSession({ signer });
      const send = (accessToken: string): Promise<Response> => {
        const own = { method: "GET", url: `${API}/things`, accessToken };
        const headers = { authorization: `DPoP ${accessToken}`, dpop: session.buildProof(own) };
        return fetch(own.url, { headers });
      };
      const [iat, aud] = [Math.floor(Date.now() / 1000), API];
      const names = { iss: ISSUER, aud, sub: "a", client_id: "a" };
      const claims = JSON.stringify({ ...names, iat, exp: iat + 60 });
      const base64url = (text: string): string => Buffer.from(text).toString("base64url");
      const jwt = `${base64url('{"alg":"ES256","typ":"at+jwt"}')}.${base64url(claims)}.AAAA`;
      const broken = await send(jwt);
      expect([broken.status, broken.headers.get("WWW-Authenticate")]).toEqual([503, null]);
      const noJwt = await send("made-up");
      expect(noJwt.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');

      issuer.close();
      issuer.closeAllConnections();
      await once(issuer, "close");
      await expect(fetch(ISSUER)).rejects.toThrow();
      const gone = await send(jwt);
      expect([gone.status, gone.headers.get("WWW-Authenticate")]).toEqual([503, null]);
      expect((await send("made-up")).status).toBe(401);
      expect(api.exitCode).toBeNull();
    },
  );
});

describe("a resource server", () => {
  test("tokens of one's own: the row, its end, and a server without an adapter", async () => {
    const session = createClientSession({ signer });
    const now = Date.now() / 1000;
    const row = { user: "someone", jkt: session.jkt, scopes: ["read"] };
    const rows = new Map([
      [accessTokenHash("good"), { ...row, expiresAt: now + 60 }],
      [accessTokenHash("old"), { ...row, expiresAt: now - 1 }],
    ]);
    const api = createApi(async (hash) => rows.get(hash));
    const origin = await serve((req, res) => {
      protect(api, req, res)
        .then((row_) => row_ && res.end(row_.user))
        .catch(() => res.destroy());
    });
    const send = async (accessToken: string): Promise<readonly unknown[]> => {
      const own = { method: "GET", url: "http://localhost:3000/a%20b", accessToken };
      const headers = { authorization: `DPoP ${accessToken}`, dpop: session.buildProof(own) };
      const response = await fetch(`${origin}/a%20b?c`, { headers });
      return [response.status, await response.text()];
    };
    expect(await send("good")).toEqual([200, "someone"]);
    for (const bad of ["bad", "old"]) expect(await send(bad)).toEqual([401, ""]);
    const granted = await api.authenticate({
      ...request,
      authorization: "DPoP good",
      proof: session.buildProof({ ...request, accessToken: "good" }),
    });
    expect(granted).toMatchObject({ ok: true, scopes: ["read"] });
  });

  test("events: a metric has no value for each URL and key, a log has them", async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter });
    const count = countTo(new MeterProvider({ readers: [reader] }).getMeter("an-api"));
    const event = { place: "resource", method: "GET", url: "https://api.example/a" } as const;
    const refused = {
      ...event,
      outcome: "refused",
      code: "iat_too_old",
      clockOffset: -90,
    } as const;
    const granted = { ...event, outcome: "granted", jkt: "a-key", alg: "ES256" } as const;
    for (const one of [refused, granted]) count(one);
    const { resourceMetrics } = await reader.collect();
    const told = JSON.stringify(resourceMetrics.scopeMetrics);
    expect(told).toContain('"code":"iat_too_old"');
    expect(told).toContain("dpop.clock_offset");
    expect(told).not.toMatch(/api\.example|a-key/);
    await reader.shutdown();

    const lines: string[] = [];
    const log = logTo(pino({ level: "debug" }, { write: (line) => lines.push(line) }));
    for (const one of [refused, granted]) log(one);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 40, code: "iat_too_old", clockOffset: -90 },
      { level: 20, jkt: "a-key", url: "https://api.example/a" },
    ]);
  });

  test("requests of Node's http2 have no headersDistinct, and every value in rawHeaders", async () => {
    const seen: unknown[] = [];
    const server = createHttp2Server((req, res) => {
      const values = req.rawHeaders.filter((_, i, all) => i % 2 === 1 && all[i - 1] === "dpop");
      seen.push("headersDistinct" in req, values);
      res.end();
    }).listen(0, "localhost");
    await once(server, "listening");
    const client = connect(`http://localhost:${portOf(server)}`);
    const stream = client.request({ ":path": "/", dpop: ["one", "two"] });
    stream.resume();
    await once(stream, "end");
    client.close();
    server.close();
    await once(server, "close");
    expect(seen).toEqual([false, ["one", "two"]]);
  });

  test("a slash at the end of the origin, and a decoded path, are other URLs", () => {
    const verifier = createVerifier({ replay: "none" });
    const proof = createProof(signer, { method: "GET", url: "https://api.example/a%20b" });
    const codeFor = (url: string): unknown => {
      const result = verifier.verify(proof, { method: "GET", url });
      return result.ok ? "ok" : result.code;
    };
    expect(codeFor("https://api.example/a%20b")).toBe("ok");
    expect(codeFor("https://api.example//a%20b")).toBe("htu_mismatch");
    expect(codeFor("https://api.example/a b")).toBe("url_invalid");
  });

  test("Bearer tokens for a while", async () => {
    const jkt = createClientSession({ signer }).jkt;
    const { api, document } = apiForAWhile({
      verifier: createAsyncVerifier({ replay: "none" }),
      accessTokens: (token) => ({
        binding: token === "unbound" ? { unbound: true } : { jkt },
        claims: {},
      }),
    });
    expect(document).toMatchObject({ dpop_bound_access_tokens_required: false });
    const bearer = (token: string) =>
      api.authenticate({ ...request, authorization: `Bearer ${token}`, proof: undefined });
    expect(await bearer("unbound")).toMatchObject({ ok: true, scheme: "Bearer" });
    expect(await bearer("bound")).toMatchObject({ failure: { code: "token_bound_as_bearer" } });
  });
});

describe("an authorization server", () => {
  const url = "https://as.example/token";
  const verifier = createVerifier({ replay: "none" });

  test("a code is redeemed with its key, once, and kept for the next attempt where it is refused", () => {
    const codes = new Map([["a-code", { jkt: signerJkt(), subject: "ann" }]]);
    const redeem = createCodeEndpoint(verifier, url, codes);
    const proofOf = (one: typeof signer): string => createProof(one, { method: "POST", url });
    const thief = createSigner(generatePrivateJwk("ES256"));
    expect(redeem(proofOf(thief), "a-code")).toMatchObject({ failure: { code: "jkt_mismatch" } });
    expect(redeem(proofOf(signer), "a-code")).toMatchObject({
      ok: true,
      tokenType: "DPoP",
      refreshJkt: signerJkt(),
      subject: "ann",
    });
    expect(redeem(proofOf(signer), "a-code")).toMatchObject({ body: { error: "invalid_grant" } });
  });

  test("a pushed request binds the code to its proof or to dpop_jkt", () => {
    const push = createPushedEndpoint(verifier, url);
    const proof = createProof(signer, { method: "POST", url });
    expect(push(proof, new URLSearchParams())).toMatchObject({ ok: true, jkt: signerJkt() });
    const named = new URLSearchParams({ dpop_jkt: signerJkt() });
    expect(push(undefined, named)).toMatchObject({ ok: true, jkt: signerJkt() });
    expect(push(undefined, new URLSearchParams())).toMatchObject({ ok: true, jkt: undefined });
    const other = new URLSearchParams({ dpop_jkt: "A".repeat(43) });
    expect(push(proof, other)).toMatchObject({ failure: { code: "dpop_jkt_mismatch" } });
  });

  test("metadata", () => {
    const server = createAuthorizationServer({ verifier });
    expect(metadataOf(server, "https://as.example")).toMatchObject({
      published: { dpop_signing_alg_values_supported: ["ES256", "EdDSA", "Ed25519"] },
      registered: { dpop_bound_access_tokens: true },
    });
  });
});

describe("a client", () => {
  test("a stored key keeps its thumbprint", () => {
    const { session, stored } = sessionFor();
    expect(sessionFor(JSON.parse(JSON.stringify(stored))).session.jkt).toBe(session.jkt);
  });

  test("a key that can't be extracted", async () => {
    expect(typeof dpopFetch).toBe("function");
    const proof = await browserSession.buildProof(request);
    expect(createVerifier({ replay: "none" }).verify(proof, request)).toMatchObject({
      jkt: browserSession.jkt,
    });
  });

  test("without dpopFetch: a nonce that is asked for", async () => {
    const session = createClientSession({ signer });
    const proofs: unknown[] = [];
    const origin = await serve((req, res) => {
      proofs.push(req.headers["dpop"]);
      if (proofs.length > 1) return res.end("hello");
      res.setHeader("DPoP-Nonce", "a-nonce");
      return res.writeHead(401, { "WWW-Authenticate": 'DPoP error="use_dpop_nonce"' }).end();
    });
    const response = await call(session, `${origin}/a`, "a-token");
    expect(await response.text()).toBe("hello");
    const claims = proofs.map((proof): unknown =>
      JSON.parse(Buffer.from(String(proof).split(".")[1] ?? "", "base64url").toString()),
    );
    expect(claims).toMatchObject([{}, { nonce: "a-nonce" }]);
  });

  test("a retry outside: each attempt has a proof of its own", async () => {
    const proofs: unknown[] = [];
    const origin = await serve((req, res) => {
      proofs.push(req.headers["dpop"]);
      res.writeHead(proofs.length < 3 ? 503 : 200).end();
    });
    const response = await fetchWithRetries(createClientSession({ signer }), origin);
    expect(response.status).toBe(200);
    expect(new Set(proofs).size).toBe(3);
  });
});

describe("a verifier", () => {
  test("of one's own, at a handshake", () => {
    const own = { method: "GET", url: "https://api.example/socket", accessToken: "a-token" };
    const proof = createProof(signer, own);
    expect(checkHandshake(proof, "a-token", signerJkt())).toMatchObject({ htm: "GET" });
    expect(checkHandshake(proof, "a-token", signerJkt())).toMatchObject({ status: 401 });
  });

  test("of a profile", () => {
    expect(fapi2Verifier.algs).toEqual(["ES256", "PS256"]);
  });

  test("with nonces of shared secrets", () => {
    const secret = () => randomBytes(32).toString("base64");
    const secrets = secretsFrom(`${secret()},${secret()}`);
    expect(secrets.map(({ length }) => length)).toEqual([32, 32]);
    const [one, other] = [1, 2].map(() => createVerifierWithNonces(secrets, "https://api.example"));
    const asked = one?.verify(createProof(signer, request), request);
    expect(asked).toMatchObject({ code: "nonce_missing", nextNonce: expect.any(String) });
    const nonce = asked?.ok === false ? asked.nextNonce : undefined;
    expect(other?.verify(createProof(signer, { ...request, nonce }), request)).toMatchObject({
      ok: true,
    });
  });

  test("over Redis", async () => {
    const sent: string[][] = [];
    const keys = new Set<string>();
    const verifier = verifierOverRedis({
      async sendCommand(args) {
        sent.push(args);
        const [, key = ""] = args;
        return keys.size === keys.add(key).size ? null : "OK";
      },
    });
    const proof = createProof(signer, request);
    expect((await verifier.verify(proof, request)).ok).toBe(true);
    expect(await verifier.verify(proof, request)).toMatchObject({ code: "jti_replayed" });
    expect(sent.map(([command]) => command)).toEqual(["SET", "SET"]);
  });

  test("over a store that answers later", async () => {
    const seen = new Set<string>();
    const verifier = verifierOver(async (key) => !seen.has(key) && seen.add(key).size > 0);
    const proof = createProof(signer, request);
    expect((await verifier.verify(proof, request)).ok).toBe(true);
    expect(await verifier.verify(proof, request)).toMatchObject({ code: "jti_replayed" });
    const old = createProof(signer, { ...request, iat: Math.floor(Date.now() / 1000) - 40 });
    expect(await verifier.verify(old, request)).toMatchObject({ code: "iat_too_old" });
  });

  test("with a larger cache", async () => {
    const verifier = createLargeVerifier({ replay: "none" });
    expect((await verifier.verify(createProof(signer, request), request)).ok).toBe(true);
    expect(verifier.cacheUsage().keys).toBe(1);
  });

  test("over noble of one's own", () => {
    const own = createSigner(generatePrivateJwk("ES384"));
    expect(es384Verifier.verify(createProof(own, request), request)).toMatchObject({
      ok: true,
      alg: "ES384",
    });
    const ed = createSigner(generatePrivateJwk("EdDSA"));
    expect(es384Verifier.verify(createProof(ed, request), request)).toMatchObject({
      code: "alg_unsupported",
    });
  });
});

function signerJkt(): string {
  return createClientSession({ signer }).jkt;
}
