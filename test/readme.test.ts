// The README holds the examples to the letter, every example runs, and its tables say what the code says.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer as createHttp2Server } from "node:http2";
import { createServer } from "node:net";
import { once } from "node:events";
import { promisify } from "node:util";
import {
  createAsyncResourceServer,
  createAsyncVerifier,
  createClientSession,
  createProof,
  createSigner,
  createVerifier,
  FAILURES,
  generatePrivateJwk,
} from "dpop-core";
import { afterEach, describe, expect, test } from "vitest";
import { protect } from "../examples/adapter.js";
import { verifierOver } from "../examples/async-store.js";
import { dpopFetch, session as browserSession } from "../examples/browser-key.js";
import { verifier as es384Verifier } from "../examples/own-noble.js";
import { verifierOver as verifierOverRedis } from "../examples/redis.js";
import manifest from "../package.json" with { type: "json" };
import { ROOT } from "./support/build.js";

const readme = readFileSync("README.md", "utf8");
const blocks = [...readme.matchAll(/<!-- (examples\/[\w-]+\.ts) -->\n\n```ts\n([\s\S]*?)```/g)];

const PROGRAMS = ["server", "client", "authorization-server"];

describe("the README", () => {
  test("shows the examples as they are", () => {
    const named = blocks.map(([, file]) => file);
    expect(named).toEqual(
      [...PROGRAMS, "adapter", "browser-key", "redis", "async-store", "own-noble"].map(
        (name) => `examples/${name}.ts`,
      ),
    );
    for (const [, file = "", code] of blocks) expect(code).toBe(readFileSync(file, "utf8"));
  });

  test("shows programs of 25 lines at most", () => {
    for (const name of PROGRAMS) {
      const lines = readFileSync(`examples/${name}.ts`, "utf8").trimEnd().split("\n");
      expect(lines.length).toBeLessThanOrEqual(25);
      expect(lines.every((line) => line.length <= 100)).toBe(true);
    }
  });

  test("has no other code but commands", () => {
    expect(readme.match(/^```\w+/gm)?.length).toBe(blocks.length + 1);
  });

  test("has the table of failures", () => {
    const place = (answer: { status: number; error: string | null } | null): string =>
      answer === null ? "" : `${answer.status} ${answer.error ?? ""}`.trim();
    const rows = Object.entries(FAILURES).map(([code, { item, resource, token, pushed: par }]) => [
      `\`${code}\``,
      item,
      place(resource),
      place(token),
      place(par),
    ]);
    const table = /<!-- failures -->\n\n([\s\S]*?)\n\n/.exec(readme)?.[1] ?? "";
    const shown = table
      .split("\n")
      .slice(2)
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(shown).toEqual(rows);
    expect(readme).toContain(`one of ${rows.length} codes`);
  });

  test("names the defaults that hold", () => {
    expect(createVerifier({ replay: "none" }).algs).toEqual(["ES256", "EdDSA", "Ed25519"]);
    expect(readme).toContain("| ES256, EdDSA, Ed25519 ");
  });

  test("names files and scripts that exist", () => {
    for (const [, script = ""] of readme.matchAll(/`npm run ([\w:]+)/g))
      expect(Object.keys(manifest.scripts)).toContain(script);
    for (const [, file = ""] of readme.matchAll(/`((?:src|test|bench)\/[\w./-]+)`/g)) {
      expect(existsSync(file)).toBe(true);
    }
  });
});

/** A port of loopback that is free now. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, "localhost");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return String(typeof address === "object" ? address?.port : "");
}

describe("the programs: client, authorization server and API, each a process", () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill();
  });

  const tsx = ["--import", "tsx"];
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
      await start("server", { PORT: ports.api, ISSUER }, API);
      const run = promisify(execFile)(process.execPath, [...tsx, "examples/client.ts"], {
        cwd: ROOT,
        env: { ...process.env, ...resolving, ISSUER, API },
      });
      expect((await run).stdout).toBe("200 hello\n\n");

      const misled = promisify(execFile)(process.execPath, [...tsx, "examples/client.ts"], {
        cwd: ROOT,
        env: { ...process.env, ...resolving, ISSUER: API, API },
      });
      await expect(misled).rejects.toMatchObject({
        stderr: expect.stringContaining("Error: 401"),
      });

      const anonymous = await fetch(API);
      expect(anonymous.status).toBe(401);
      expect(anonymous.headers.get("WWW-Authenticate")).toBe('DPoP algs="ES256 EdDSA Ed25519"');
      const session = createClientSession({ signer: createSigner(generatePrivateJwk("EdDSA")) });
      const own = { method: "GET", url: API, accessToken: "made-up" };
      const call = (): Promise<Response> =>
        fetch(API, { headers: { authorization: "DPoP made-up", dpop: session.buildProof(own) } });
      const asked = await call();
      expect(asked.status).toBe(401);
      expect(asked.headers.get("WWW-Authenticate")).toContain('error="use_dpop_nonce"');
      session.observe(own, asked);
      const refused = await call();
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
      const address = issuer.address();
      const ISSUER = `http://localhost:${typeof address === "object" ? address?.port : ""}`;
      const PORT = await freePort();
      const API = `http://localhost:${PORT}`;
      const api = await start("server", { PORT, ISSUER }, API, "ignore");

      const session = createClientSession({ signer: createSigner(generatePrivateJwk("ES256")) });
      const send = async (accessToken: string): Promise<Response> => {
        const own = { method: "GET", url: API, accessToken };
        const headers = { authorization: `DPoP ${accessToken}`, dpop: session.buildProof(own) };
        const response = await fetch(API, { headers });
        session.observe(own, response);
        return response;
      };
      const base64url = (text: string): string => Buffer.from(text).toString("base64url");
      const jwt = `${base64url('{"alg":"ES256","typ":"at+jwt"}')}.${base64url("{}")}.AAAA`;
      expect((await send(jwt)).headers.get("WWW-Authenticate")).toContain("use_dpop_nonce");
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

describe("the other examples", () => {
  const signer = createSigner(generatePrivateJwk("ES256"));
  const request = { method: "GET", url: "https://api.example/" };

  test("an adapter for Request and Response", async () => {
    const session = createClientSession({ signer });
    const api = createAsyncResourceServer({ verifier: createAsyncVerifier({ replay: "none" }) });
    const handle = protect(
      api,
      "https://api.example",
      async (token) => (token === "good" ? { jkt: session.jkt } : null),
      async () => new Response("hello"),
    );
    const send = (accessToken: string, url: string): Promise<Response> => {
      const proof = session.buildProof({
        method: "GET",
        url: "https://api.example/a",
        accessToken,
      });
      const headers = { authorization: `DPoP ${accessToken}`, dpop: proof };
      return handle(new Request(url, { headers }));
    };
    expect(await (await send("good", "http://10.0.0.1:8080/a?b")).text()).toBe("hello");
    expect((await send("bad", "http://10.0.0.1:8080/a?b")).status).toBe(401);
    const elsewhere = await send("good", "http://10.0.0.1:8080/c");
    expect(elsewhere.headers.get("WWW-Authenticate")).toContain('error="invalid_dpop_proof"');
  });

  test("requests of Node's http2 have no headersDistinct, and every value in rawHeaders", async () => {
    const seen: unknown[] = [];
    const server = createHttp2Server((req, res) => {
      const values = req.rawHeaders.filter((_, i, all) => i % 2 === 1 && all[i - 1] === "dpop");
      seen.push("headersDistinct" in req, values);
      res.end();
    }).listen(0, "localhost");
    await once(server, "listening");
    const address = server.address();
    const client = connect(`http://localhost:${typeof address === "object" ? address?.port : ""}`);
    const stream = client.request({ ":path": "/", dpop: ["one", "two"] });
    stream.resume();
    await once(stream, "end");
    client.close();
    server.close();
    await once(server, "close");
    expect(seen).toEqual([false, ["one", "two"]]);
  });

  test("the adapter hands on who it is, and sets a nonce that is due on a redirect too", async () => {
    const session = createClientSession({ signer });
    const url = "https://api.example/a";
    const nonce = {
      check: (claim: string | undefined) =>
        ({ status: claim === undefined ? "missing" : "renew", nextNonce: "next" }) as const,
    };
    const seen: unknown[] = [];
    const handle = protect(
      createAsyncResourceServer({ verifier: createAsyncVerifier({ nonce, replay: "none" }) }),
      "https://api.example",
      async () => ({ jkt: session.jkt }),
      async (_, access) => {
        seen.push([access.scheme, access.accessToken, access.jkt]);
        return Response.redirect("https://api.example/b", 303);
      },
    );
    const own = { method: "GET", url, accessToken: "good" };
    const send = (): Promise<Response> => {
      const headers = { authorization: "DPoP good", dpop: session.buildProof(own) };
      return handle(new Request(url, { headers }));
    };
    const asked = await send();
    expect([asked.status, asked.headers.get("DPoP-Nonce")]).toEqual([401, "next"]);
    session.observe(own, asked);
    const redirect = await send();
    expect(seen).toEqual([["DPoP", "good", session.jkt]]);
    expect(redirect.status).toBe(303);
    expect(Object.fromEntries(redirect.headers)).toEqual({
      "cache-control": "no-store",
      "dpop-nonce": "next",
      location: "https://api.example/b",
    });
  });

  test("a key that can't be extracted", async () => {
    expect(typeof dpopFetch).toBe("function");
    const proof = await browserSession.buildProof(request);
    expect(createVerifier({ replay: "none" }).verify(proof, request)).toMatchObject({
      jkt: browserSession.jkt,
    });
  });

  test("Redis", async () => {
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

  test("a store that answers later", async () => {
    const seen = new Set<string>();
    const verifier = verifierOver(async (key) => !seen.has(key) && seen.add(key).size > 0);
    const proof = createProof(signer, request);
    expect((await verifier.verify(proof, request)).ok).toBe(true);
    expect(await verifier.verify(proof, request)).toMatchObject({ code: "jti_replayed" });
    const old = createProof(signer, { ...request, iat: Math.floor(Date.now() / 1000) - 40 });
    expect(await verifier.verify(old, request)).toMatchObject({ code: "iat_too_old" });
  });

  test("noble of your own", () => {
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
