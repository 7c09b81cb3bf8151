// token, fetch and serve against each other, and against servers that answer as none should.
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { decodeJwt, jwtVerify, createRemoteJWKSet } from "jose";
import * as oauth from "oauth4webapi";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  CONTROL,
  openTerminal,
  type Options,
  type Outcome,
  serveFor,
  type Terminal,
} from "./terminal.js";

const env = { DPOP_CLIENT_ID: "demo", DPOP_CLIENT_SECRET: "demo-secret" };

/** A server of a test; its origin. */
async function serverOf(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

/** An origin whose port was free a moment ago. */
async function freeOrigin(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

/** A terminal with a key. */
async function openWithKey(): Promise<Terminal> {
  const terminal = await openTerminal();
  await terminal.run(["keygen"]);
  return terminal;
}

describe("keygen, token and fetch at the servers of serve", () => {
  test.each([
    ["with nonces", []],
    ["without nonces", ["--without-nonces"]],
  ])("%s", async (name, args) => {
    const { issuer, api, log } = await serveFor(args);
    const { run, folder } = await openWithKey();
    const got = await run(["token", `${issuer}/token`, "--out", "token", "--scope", "read"], {
      env,
    });
    expect(got).toMatchObject({ exit: 0, stderr: "" });
    const token = (await readFile(join(folder, "token"), "utf8")).trim();
    expect((await stat(join(folder, "token"))).mode & 0o777).toBe(0o600);
    expect(got.stdout).not.toContain(token.slice(0, 20));
    // jose, over HTTP, agrees that it is a token of this issuer for this API.
    const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
    const { payload } = await jwtVerify(token, keys, { issuer, audience: api, typ: "at+jwt" });
    expect(payload).toMatchObject({ sub: "demo", scope: "read" });

    const fetched = await run(["fetch", `${api}/things?page=2`, "--token-file", "token"]);
    expect(fetched).toMatchObject({ exit: 0, stderr: "" });
    expect(JSON.parse(fetched.stdout)).toMatchObject({
      method: "GET",
      path: "/things?page=2",
      scope: "read",
    });
    const nonces = log().match(/ nonce_missing\n/g) ?? [];
    expect(nonces).toHaveLength(name === "with nonces" ? 2 : 0);
    expect(log()).not.toContain(token.slice(0, 20));
  });

  test("--issuer finds the endpoint; --json keeps the whole response, which is a token file too", async () => {
    const { issuer, api } = await serveFor();
    const { run } = await openWithKey();
    const got = await run(
      ["token", issuer, "--issuer", "--json", "--out", "r.json", "--client-auth", "post"],
      { env },
    );
    expect(got).toMatchObject({ exit: 0, stderr: "" });
    expect(JSON.parse(got.stdout)).toEqual({ file: "r.json", expires_in: 300 });
    const fetched = await run(["fetch", api, "-t", "r.json", "--json"]);
    expect(JSON.parse(fetched.stdout)).toMatchObject({ status: 200, attempts: 2 });
  });

  test("the token goes to standard output by itself, for a pipe", async () => {
    const { issuer, api } = await serveFor();
    const { run } = await openWithKey();
    const { stdout, stderr } = await run(["token", `${issuer}/token`], { env });
    expect(stderr).toBe("");
    expect(decodeJwt(stdout.trim())).toMatchObject({ iss: issuer });
    const fetched = await run(["fetch", api, "-t", "-"], { stdin: stdout });
    expect(fetched.exit).toBe(0);
  });

  test("an API for the tokens of another issuer", async () => {
    const { issuer } = await serveFor();
    const second = await serveFor(["--issuer", issuer]);
    const own = await openWithKey();
    await own.run(["token", `${issuer}/token`, "--out", "t"], { env });
    const refused = await own.run(["fetch", second.api, "-t", "t"]);
    expect(refused.exit).toBe(1); // for another audience
    const { aud } = decodeJwt(await readFile(join(own.folder, "t"), "utf8"));
    const third = await serveFor(["--issuer", issuer, "--audience", String(aud)]);
    expect((await own.run(["fetch", third.api, "-t", "t"])).exit).toBe(0);
  });

  test("POST with a body, header fields, and the response's own", async () => {
    const { run, folder } = await openWithKey();
    const seen: unknown[] = [];
    const origin = await serverOf(async (req, res) => {
      let body = "";
      for await (const chunk of req) body += String(chunk);
      seen.push([req.method, req.headers["content-type"], req.headers["x-a"], body]);
      res.setHeader("X-Answer", "yes").end("hello");
    });
    await writeFile(join(folder, "body"), "a=1");
    await writeFile(join(folder, "fields"), "X-A: two\n");
    const send = (...args: readonly string[]): Promise<Outcome> =>
      run(["fetch", origin, ...args], { stdin: "in" });
    const first = await send("-d", '{"a":1}', "-H", "X-A: one", "-i");
    expect(first.stdout).toMatch(/^HTTP\/1\.1 200 OK\n/);
    expect(first.stdout).toMatch(/\nx-answer: yes\n(?:.*\n)*\nhello$/);
    await send("-d", "@body", "-X", "PUT", "--header-file", "fields");
    await send("-d", "@-", "-H", "Content-Type: text/plain");
    expect(seen).toEqual([
      ["POST", "application/json", "one", '{"a":1}'],
      ["PUT", "application/x-www-form-urlencoded", "two", "a=1"],
      ["POST", "text/plain", undefined, "in"],
    ]);
  });
});

describe("oauth4webapi at the servers of serve", () => {
  test("gets a token and calls the API", async () => {
    const { issuer, api } = await serveFor();
    const insecure = { [oauth.allowInsecureRequests]: true };
    const at = await oauth
      .discoveryRequest(new URL(issuer), { ...insecure, algorithm: "oauth2" })
      .then((response) => oauth.processDiscoveryResponse(new URL(issuer), response));
    const client: oauth.Client = { client_id: "demo" };
    const handle = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
    const granted = async (): Promise<oauth.TokenEndpointResponse> =>
      oauth.processClientCredentialsResponse(
        at,
        client,
        await oauth.clientCredentialsGrantRequest(
          at,
          client,
          oauth.ClientSecretBasic("demo-secret"),
          {},
          { ...insecure, DPoP: handle },
        ),
      );
    const retried = <T>(work: () => Promise<T>): Promise<T> =>
      work().catch((error: unknown) => {
        if (oauth.isDPoPNonceError(error)) return work();
        throw error;
      });
    const { access_token: token } = await retried(granted);
    const response = await retried(() =>
      oauth.protectedResourceRequest(token, "GET", new URL(`${api}/things`), undefined, undefined, {
        ...insecure,
        DPoP: handle,
      }),
    );
    expect(response.status).toBe(200);
  });
});

describe("a refusal has the exit code 1, says why, and what to do", () => {
  const refusedBy = async (
    args: readonly string[],
    options: Options = { env },
  ): Promise<Outcome> => {
    const { issuer } = await serveFor();
    const { run } = await openWithKey();
    return run(["token", `${issuer}/token`, ...args], options);
  };

  test.each([
    [["--grant", "password"], "unsupported_grant_type", "--grant?"],
    [["--resource", "https://other.example"], "invalid_target", "--resource"],
    [["--client-id", "stranger"], "invalid_client", "Check --client-id"],
  ])("at the token endpoint: %j", async (args, error, next) => {
    const { exit, stdout, stderr } = await refusedBy(args);
    expect([exit, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`refused the request, ${error}`);
    expect(stderr).toContain(next);
    expect(stderr).not.toContain("demo-secret");
  });

  test("what the client left out is named", async () => {
    const { issuer } = await serveFor();
    const { run } = await openWithKey();
    const nothing = await run(["token", `${issuer}/token`]);
    expect(nothing.stderr).toContain("No client was named: --client-id ID");
    const noSecret = await run(["token", `${issuer}/token`, "--client-id", "demo"]);
    expect(noSecret.stderr).toContain("No secret went with the request: --client-secret-file FILE");
  });

  test("an issuer is taken for the token endpoint", async () => {
    const { issuer } = await serveFor();
    const { run } = await openWithKey();
    const { exit, stderr } = await run(["token", issuer], { env });
    expect(exit).toBe(1);
    expect(stderr).toContain("With --issuer, URL is the issuer");
  });

  test.each([
    [{ access_token: "a-secret-token", token_type: "Bearer" }, "bound to no key"],
    [{ token_type: "DPoP" }, "gave no token response"],
    ["hello", "gave no token response"],
    [{ error: "\u001b[2Jodd", error_description: "a\u202eb" }, "gave no token response"],
    [
      { error: "slow_down", error_description: "a \u2066b" },
      "refused the request, slow_down: a \\u2066b",
    ],
  ])("a token endpoint that sends %j", async (body, message) => {
    const { run } = await openWithKey();
    const origin = await serverOf((_, res) => void res.end(JSON.stringify(body)));
    const { exit, stderr } = await run(["token", origin]);
    expect(exit).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("a-secret-token");
    expect(stderr).not.toMatch(CONTROL);
    expect(stderr).not.toMatch(/[\u2066\u202e]/);
  });

  test.each([
    [
      "another issuer",
      { issuer: "https://evil.example", token_endpoint: "https://evil.example/token" },
      "of another issuer",
      1,
    ],
    ["no endpoint", {}, "has no token_endpoint", 1],
    ["an endpoint by plain http", { token_endpoint: "http://a.example/token" }, "must be https", 2],
    [
      "algorithms that the key has not",
      { token_endpoint: "https://a.example", dpop_signing_alg_values_supported: ["PS256"] },
      "takes no proofs of ES256",
      2,
    ],
  ])("metadata with %s: nothing is sent there", async (_, metadata, message, code) => {
    const { run } = await openWithKey();
    const origin = await serverOf((req, res) => {
      const issuer = `http://${req.headers.host}`;
      res.end(JSON.stringify({ issuer, ...metadata }));
    });
    const { exit, stderr } = await run(["token", origin, "--issuer"], { env });
    expect(exit).toBe(code);
    expect(stderr).toContain(message);
  });

  test("an API: no token, another key, an expired token, a scope", async () => {
    const { issuer, api } = await serveFor(["--life", "1"]);
    const { run, folder } = await openWithKey();
    const nothing = await run(["fetch", api]);
    expect(nothing.exit).toBe(1);
    expect(nothing.stderr).toContain("No access token went with the request");

    await run(["token", `${issuer}/token`, "--out", "t"], { env });
    await run(["keygen", "--out", "other"]);
    const stranger = await run(["fetch", api, "-t", "t", "-k", "other"]);
    expect(stranger.exit).toBe(1);
    expect(stranger.stderr).toContain("The token is bound to another key");

    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const late = await run(["fetch", api, "-t", "t"]);
    expect(late.exit).toBe(1);
    expect(late.stderr).toMatch(/The token expired \d seconds? ago/);
    const token = await readFile(join(folder, "t"), "utf8");
    for (const { stdout, stderr } of [nothing, stranger, late])
      expect(stdout + stderr).not.toContain(token.slice(0, 20));

    const scoped = await serverOf((_, res) => {
      res.setHeader("WWW-Authenticate", 'DPoP error="insufficient_scope", scope="write all"');
      res.writeHead(403).end();
    });
    const { exit, stderr } = await run(["fetch", scoped, "-t", "t"]);
    expect(exit).toBe(1);
    expect(stderr).toContain('Get a token with the scope "write all"');
  });

  test("with --json it is data", async () => {
    const { api } = await serveFor();
    const { run } = await openWithKey();
    const { exit, stdout, stderr } = await run(["fetch", api, "--json"]);
    expect([exit, stderr]).toEqual([1, ""]);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 401,
      attempts: 1,
      refusal: { error: null, next: expect.any(String) },
    });
  });

  test("a status of 404 or 500 is no matter of access", async () => {
    const { run } = await openWithKey();
    const origin = await serverOf((_, res) => void res.writeHead(404).end("not here"));
    expect(await run(["fetch", origin])).toEqual({
      exit: 1,
      stdout: "not here",
      stderr: "\ndpop-core fetch: 404 Not Found\n",
    });
  });
});

describe("no answer has the exit code 3", () => {
  test("nothing listens, a host that is unknown, a connection that is closed, a server that waits", async () => {
    const { run } = await openWithKey();
    const closing = await serverOf((req) => req.socket.destroy());
    const waiting = await serverOf(() => undefined);
    const gone = await freeOrigin();
    for (const [args, message] of [
      [[closing], "could not be reached: the connection was closed"],
      [[waiting, "--timeout", "0.2"], "did not answer within 0.2 seconds"],
      [["http://127.0.0.1:9"], "that port is for another protocol"],
      [[gone], "could not be reached: nothing listens at that port"],
    ] as const) {
      const { exit, stderr } = await run(["fetch", ...args, "-d", "a=b"]);
      expect([exit, stderr]).toEqual([3, expect.stringContaining(message)]);
    }
  });

  test("a name that is not found, a certificate that is not trusted", async () => {
    const { run } = await openWithKey();
    for (const [code, message] of [
      ["ENOTFOUND", "there is no host of that name"],
      ["DEPTH_ZERO_SELF_SIGNED_CERT", "NODE_EXTRA_CA_CERTS=FILE"],
    ] as const) {
      const cause = Object.assign(new Error("about https://secret.example"), { code });
      const fetch = () => Promise.reject(new TypeError("fetch failed", { cause }));
      const { exit, stderr } = await run(["fetch", "https://a.example/?secret=1"], { fetch });
      expect(exit).toBe(3);
      expect(stderr).toContain(message);
      expect(stderr).not.toContain("secret");
    }
  });

  test("a body that stops, or that never ends where it must", async () => {
    const { run } = await openWithKey();
    const cut = await serverOf((req, res) => {
      res.writeHead(200, { "Content-Length": "100" }).write("half");
      setTimeout(() => req.socket.destroy(), 100);
    });
    const half = await run(["fetch", cut]);
    expect(half).toMatchObject({ exit: 3, stdout: "half" });
    expect(half.stderr).toContain("the connection was closed");
    const endless = await serverOf((_, res) => void res.writeHead(200).write("{"));
    for (const args of [["token"], ["fetch", "--json"]]) {
      const { exit, stderr } = await run([...args, endless, "--timeout", "0.5"]);
      expect([exit, stderr]).toEqual([3, expect.stringContaining("within 0.5 seconds")]);
    }
    const slow = await serverOf((_, res) => {
      res.writeHead(200).write("a");
      setTimeout(() => res.end("b"), 700);
    });
    expect(await run(["fetch", slow, "--timeout", "0.5"])).toMatchObject({ exit: 0, stdout: "ab" });
  });

  test("while it waits a terminal shows so after a second, and nothing else does", async () => {
    const { run } = await openWithKey();
    const origin = await serverOf((_, res) => void setTimeout(() => res.end("late"), 1_300));
    const seen = await run(["fetch", origin], { isTTY: true });
    expect(seen.stderr).toContain(`Waiting for ${new URL(origin).host} (1 s)`);
    expect(seen.stderr.endsWith("\r\u001b[2K")).toBe(true);
    expect((await run(["fetch", origin])).stderr).toBe("");
  });

  test("a user who ends it gets the exit code 130 and no message", async () => {
    const { run } = await openWithKey();
    const ending = new AbortController();
    const origin = await serverOf(() => ending.abort());
    expect(await run(["fetch", origin], { signal: ending.signal })).toEqual({
      exit: 130,
      stdout: "",
      stderr: "",
    });
  });
});

describe("fetch follows no redirect, and says so", () => {
  test.each([
    ["/other", false],
    ["https://evil.example/", true],
  ])("to %s", async (location, isElsewhere) => {
    const { run } = await openWithKey();
    let requests = 0;
    const origin = await serverOf((_, res) => {
      requests++;
      res.writeHead(302, { location }).end();
    });
    const { exit, stderr } = await run(["fetch", origin], { env: { DPOP_TOKEN: "a-token" } });
    expect([exit, requests]).toEqual([0, 1]);
    expect(stderr).toContain(`a redirect that was not followed, to ${location}`);
    expect(stderr.includes("It is another server")).toBe(isElsewhere);
  });
});

describe("what fetch prints", () => {
  test("a body byte for byte, but on a terminal without controls", async () => {
    const { run } = await openWithKey();
    const origin = await serverOf((_, res) => void res.end("a\u001b[2J\u202eé\n"));
    expect((await run(["fetch", origin])).stdout).toBe("a\u001b[2J\u202eé\n");
    expect((await run(["fetch", origin], { isTTY: true })).stdout).toBe("a\\u001b[2J\\u202eé\n");
  });

  test("with --verbose no token, no cookie and no secret, in any field", async () => {
    const { run, folder } = await openWithKey();
    const token = "a-secret-token-of-many-characters";
    const origin = await serverOf(
      (_, res) => void res.setHeader("Set-Cookie", "a=secret").setHeader("X-Echo", token).end(),
    );
    await writeFile(join(folder, "fields"), "Cookie: b=secret\nX-Api-Key: secret\n", {
      mode: 0o600,
    });
    const { exit, stderr } = await run(["fetch", origin, "-v", "--header-file", "fields"], {
      env: { DPOP_TOKEN: token },
    });
    expect(exit).toBe(0);
    expect(stderr).toContain("> authorization: DPoP [left out]\n");
    expect(stderr).toContain("> dpop: eyJ");
    expect(stderr).toContain("< HTTP/1.1 200 OK\n");
    expect(stderr).not.toContain("secret");
  });
});

describe("the file of a token", () => {
  test("is never written over, unless --force, and never over the key", async () => {
    const { issuer } = await serveFor();
    const { run, folder } = await openWithKey();
    const get = (...args: readonly string[]): Promise<Outcome> =>
      run(["token", `${issuer}/token`, ...args], { env });
    await get("--out", "t");
    const first = await readFile(join(folder, "t"), "utf8");
    expect((await get("--out", "t")).exit).toBe(2);
    expect(await readFile(join(folder, "t"), "utf8")).toBe(first);
    expect((await get("--out", "t", "--force")).exit).toBe(0);
    expect(await readFile(join(folder, "t"), "utf8")).not.toBe(first);
    const key = await readFile(join(folder, "dpop-key.json"), "utf8");
    expect((await get("--out", "./dpop-key.json", "--force")).stderr).toContain(
      "--out names the file of the key",
    );
    expect(await readFile(join(folder, "dpop-key.json"), "utf8")).toBe(key);
  });

  test("a client secret comes from a file too, with its odd characters, and other secrets by --param-file", async () => {
    const secret = "a:b &=+%é";
    const { issuer } = await serveFor([], { DPOP_CLIENT_SECRET: secret });
    const { run, folder } = await openWithKey();
    await writeFile(join(folder, "s"), `${secret}\n`, { mode: 0o600 });
    const args = ["--client-id", "demo", "--client-secret-file", "s"];
    for (const auth of ["basic", "post"]) {
      expect((await run(["token", `${issuer}/token`, ...args, "--client-auth", auth])).exit).toBe(
        0,
      );
    }
    const forms: string[] = [];
    const origin = await serverOf(async (req, res) => {
      for await (const chunk of req) forms.push(String(chunk));
      res.end('{"access_token":"a","token_type":"DPoP"}');
    });
    await writeFile(join(folder, "r.json"), '{"refresh_token":"r t"}', { mode: 0o600 });
    await run([
      "token",
      origin,
      "-g",
      "refresh_token",
      "--param-file",
      "refresh_token=r.json",
      "-p",
      "a=b=c",
      "--client-id",
      "public",
    ]);
    expect(forms).toEqual(["grant_type=refresh_token&a=b%3Dc&refresh_token=r+t&client_id=public"]);
  });
});
