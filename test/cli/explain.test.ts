// explain: what it makes of flags, raw requests and logs, and what hostile text does to the reader of these: nothing.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import {
  createNonceIssuer,
  createProof,
  createSigner,
  generatePrivateJwk,
  jwkThumbprint,
} from "dpop-core";
import { describe, expect, test } from "vitest";
import { readCaptured, urlOf, valuesOf } from "../../src/cli/base/captured-request.js";
import { CONTROL, NOW, openTerminal, type Options, type Outcome } from "./terminal.js";

const signer = createSigner(generatePrivateJwk("ES256"));
const URL_HERE = "https://api.example/things";
const DATE = new Date(NOW * 1000).toUTCString();

const proofOf = (more: Partial<Parameters<typeof createProof>[1]> = {}): string =>
  createProof(signer, { method: "GET", url: URL_HERE, iat: NOW, ...more });

/** A JWT that says which key it is bound to; its signature is not looked at. */
const TOKEN = [
  "e30",
  Buffer.from(JSON.stringify({ cnf: { jkt: jwkThumbprint(signer.publicJwk) } })).toString(
    "base64url",
  ),
  "AA",
].join(".");

async function explained(stdin: string, args: readonly string[] = [], options: Options = {}) {
  const { run } = await openTerminal();
  const outcome = await run(["explain", "--json", ...args], { stdin, now: NOW, ...options });
  if (outcome.exit > 1) throw new Error(outcome.stderr);
  const { verdict, remarks, request } = JSON.parse(outcome.stdout);
  return { exit: outcome.exit, code: verdict.ok === true ? "ok" : verdict.code, remarks, request };
}

/** The log of curl 7.88, as it comes with 2>&1 where standard error is no terminal. */
const curlLog = (
  fields: readonly string[],
  answer: readonly string[],
  target = "/things",
): string =>
  [
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current",
    "                                 Dload  Upload   Total   Spent    Left  Speed",
    "\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0*   Trying 192.0.2.1:443...",
    "* Connected to api.example (192.0.2.1) port 443 (#0)",
    "* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384",
    "} [5 bytes data]",
    `> GET ${target} HTTP/1.1\r`,
    "> Host: api.example\r",
    ...fields.map((field) => `> ${field}\r`),
    "> \r",
    ...answer.map((line) => `< ${line}\r`),
    "< \r",
    "{ [105 bytes data]",
    "\r100   105  100   105    0     0  17869      0 --:--:-- --:--:-- --:--:-- 21000",
    "* Connection #0 to host api.example left intact",
    '{"a body":"> GET /evil HTTP/1.1"}',
  ].join("\n");

describe("explain", () => {
  test.each([
    ["a proof", proofOf(), ["--url", URL_HERE]],
    ["a header field", `DPoP: ${proofOf()}\n`, ["--url", `${URL_HERE}?page=2`]],
    [
      "a raw request",
      `GET /things HTTP/1.1\r\nHost: api.example\r\nDPoP: ${proofOf()}\r\n\r\nDPoP: evil`,
      [],
    ],
    ["a command of curl", `curl 'https://api.example/things' -H 'DPoP: ${proofOf()}'`, []],
    ["a raw request with an absolute URL", `GET ${URL_HERE} HTTP/1.1\nDPoP: ${proofOf()}\n`, []],
    ["a log of curl", curlLog([`DPoP: ${proofOf()}`], ["HTTP/1.1 200 OK", `Date: ${DATE}`]), []],
  ])("takes %s", async (_, stdin, args) => {
    expect(await explained(stdin, args)).toMatchObject({ exit: 0, code: "ok" });
  });

  test.each([
    ["another URL", `DPoP: ${proofOf()}`, ["--url", "https://api.example/others"], "htu_mismatch"],
    ["another method", proofOf(), ["--url", URL_HERE, "-X", "POST"], "htm_mismatch"],
    ["another time", proofOf(), ["--url", URL_HERE, "--now", String(NOW + 120)], "iat_too_old"],
    [
      "another time, as a date",
      proofOf(),
      ["--url", URL_HERE, "--now", "2026-11-27T11:15:00Z"],
      "iat_too_old",
    ],
    [
      "a shorter life",
      proofOf({ iat: NOW - 20 }),
      ["--url", URL_HERE, "--max-age", "10"],
      "iat_too_old",
    ],
    ["another key", proofOf(), ["--url", URL_HERE, "--jkt", "A".repeat(43)], "jkt_mismatch"],
    [
      "another nonce",
      proofOf({ nonce: "a" }),
      ["--url", URL_HERE, "--nonce", "b"],
      "nonce_mismatch",
    ],
    ["no nonce", proofOf(), ["--url", URL_HERE, "--nonce", "b"], "nonce_missing"],
    ["another algorithm", proofOf(), ["--url", URL_HERE, "--alg", "PS256"], "alg_unsupported"],
    ["no proof", "GET /things HTTP/1.1\nHost: api.example\n\n", [], "proof_missing"],
    [
      "two proofs",
      `GET /things HTTP/1.1\nHost: api.example\nDPoP: ${proofOf()}\nDPoP: ${proofOf()}\n`,
      [],
      "proof_multiple",
    ],
    ["garbage", "garbage", ["--url", URL_HERE], "jws_malformed"],
  ])("says of %s what a server says", async (_, stdin, args, code) => {
    expect(await explained(stdin, args)).toMatchObject({ exit: 1, code });
  });

  test("the token of the request, of a file and of the variable", async () => {
    const bound = proofOf({ accessToken: TOKEN });
    const raw = (authorization: string, proof: string): string =>
      `GET /things HTTP/1.1\nHost: api.example\nAuthorization: ${authorization}\nDPoP: ${proof}\n\n`;
    expect(await explained(raw(`DPoP ${TOKEN}`, bound))).toMatchObject({ code: "ok" });
    expect(await explained(raw("DPoP another", bound))).toMatchObject({ code: "ath_mismatch" });
    expect(
      await explained(bound, ["--url", URL_HERE], { env: { DPOP_TOKEN: TOKEN } }),
    ).toMatchObject({ code: "ok" });
    const { run, folder } = await openTerminal();
    await writeFile(join(folder, "t"), TOKEN, { mode: 0o600 });
    const stdin = raw("DPoP [left out]", bound);
    expect((await run(["explain", "-t", "t"], { stdin, now: NOW })).exit).toBe(0);
    const without = await run(["explain"], { stdin, now: NOW });
    expect(without.exit).toBe(2);
    expect(without.stderr).toContain("--token-file FILE");
  });

  test("prints no token, in text and in JSON, whatever is wrong with it", async () => {
    const { run } = await openTerminal();
    for (const authorization of [
      `DPoP ${TOKEN}`,
      `Bearer ${TOKEN}`,
      TOKEN,
      `DPoP ${TOKEN}, DPoP ${TOKEN}`,
    ]) {
      for (const proof of [proofOf(), proofOf({ accessToken: TOKEN }), TOKEN, `DPoP ${TOKEN}`]) {
        for (const args of [["explain"], ["explain", "--json"]]) {
          const stdin = `GET /things HTTP/1.1\nHost: api.example\nAuthorization: ${authorization}\nDPoP: ${proof}\n\n`;
          const { stdout, stderr } = await run(args, { stdin, now: NOW });
          expect(stdout + stderr).not.toContain(TOKEN);
        }
      }
    }
  });

  test("takes time, algorithms and nonce from a log, also an old one", async () => {
    const { run } = await openTerminal();
    const demand = [
      "HTTP/1.1 401 Unauthorized",
      'WWW-Authenticate: DPoP error="use_dpop_nonce", algs="PS256 EdDSA ES256"',
      "DPoP-Nonce: n-1",
      `Date: ${DATE}`,
    ];
    const first = curlLog([`DPoP: ${proofOf()}`], demand);
    const later = { now: NOW + 86_400 };
    expect(await explained(first, [], later)).toMatchObject({
      code: "nonce_missing",
      request: { now: NOW },
    });
    const answered = (nonce: string): string =>
      first + "\n" + curlLog([`DPoP: ${proofOf({ nonce })}`], ["HTTP/1.1 200 OK", `Date: ${DATE}`]);
    expect(await explained(answered("n-1"), [], later)).toMatchObject({ code: "ok" });
    expect(await explained(answered("n-0"), [], later)).toMatchObject({ code: "nonce_mismatch" });
    const algs = [
      "HTTP/1.1 401 Unauthorized",
      'WWW-Authenticate: DPoP algs="PS256"',
      `Date: ${DATE}`,
    ];
    const log = curlLog([`DPoP: ${proofOf()}`], algs);
    expect(await explained(log, [], later)).toMatchObject({ code: "alg_unsupported" });
    expect((await run(["explain", "--alg", "ES256"], { stdin: log, ...later })).exit).toBe(0);
  });

  test("the nonce that an authorization server asks for in its body", async () => {
    const asks = (body: string): string =>
      [
        `> POST /token HTTP/1.1\n> Host: as.example\n> DPoP: ${proofOf()}\n>`,
        `< HTTP/1.1 400 Bad Request\n< Date: ${DATE}\n< DPoP-Nonce: n-1\n<`,
        body,
      ].join("\n");
    const args = ["--url", URL_HERE, "-X", "GET"];
    expect(await explained(asks('{"error":"use_dpop_nonce"}'), args)).toMatchObject({
      code: "nonce_missing",
    });
    const { code, remarks } = await explained(asks('{ "error": "invalid_grant" }'), args);
    expect(code).toBe("ok"); // a server may give out a nonce at any time
    expect(remarks[0]).toMatch(/answered 400.*See what the body of its answer says/);
  });

  test("a nonce of the same server that is older has expired; any other is foreign", async () => {
    const issue = (byte: number, now: number): string =>
      createNonceIssuer({
        secrets: [Uint8Array.from({ length: 32 }, (_, i) => byte + i)],
        audience: URL_HERE,
      }).issue(now);
    const causeOf = async (nonce: string): Promise<string> => {
      const { run } = await openTerminal();
      const args = ["explain", "--json", "--url", URL_HERE, "--nonce", issue(1, NOW)];
      const { stdout } = await run(args, { stdin: proofOf({ nonce }), now: NOW });
      const { rules } = JSON.parse(stdout);
      return rules.find(({ name }: { readonly name: string }) => name === "nonce").cause;
    };
    expect(await causeOf(issue(1, NOW - 600))).toBe("nonce_expired");
    expect(await causeOf(issue(2, NOW - 600))).toBe("nonce_foreign");
    expect(await causeOf("n-1")).toBe("nonce_foreign");
  });

  test.each([
    ["a time", `${proofOf({ iat: NOW - 900 })}`, ["--url", URL_HERE], "--now tells"],
    [
      "a scheme",
      `GET /things HTTP/1.1\nHost: api:8080\nDPoP: ${createProof(signer, { method: "GET", url: "http://api:8080/things", iat: NOW }, { plainHttp: "anywhere" })}\n\n`,
      [],
      "--url tells",
    ],
    [
      "algorithms",
      createProof(createSigner(generatePrivateJwk("ES384")), {
        method: "GET",
        url: URL_HERE,
        iat: NOW,
      }),
      ["--url", URL_HERE],
      "--alg tells",
    ],
  ])("remarks that %s was guessed, where that decides", async (_, stdin, args, remark) => {
    const { exit, remarks } = await explained(stdin, args);
    expect(exit).toBe(1);
    expect(remarks[0]).toContain(remark);
    const other = await explained(proofOf({ method: "POST" }), ["--url", URL_HERE]);
    expect(other.remarks.join()).not.toContain(remark);
  });

  test("remarks that a server took what is refused here", async () => {
    const log = curlLog([`DPoP: ${proofOf()}`], ["HTTP/1.1 204 No Content", `Date: ${DATE}`]);
    const { exit, remarks } = await explained(log, ["--url", "https://api.example/others"]);
    expect(exit).toBe(1);
    expect(remarks.join()).toContain("The server answered 204: it took the request.");
    const moved = curlLog([`DPoP: ${proofOf()}`], ["HTTP/1.1 301 Moved", `Date: ${DATE}`]);
    const other = await explained(moved, ["--url", "https://api.example/others"]);
    expect(other.remarks.join()).not.toContain("The server answered");
  });

  test.each(["none", "HS256", "es256"])("--alg does not help where alg is %s", async (alg) => {
    const [, ...rest] = proofOf().split(".");
    const header = { typ: "dpop+jwt", alg, jwk: signer.publicJwk };
    const text = [Buffer.from(JSON.stringify(header)).toString("base64url"), ...rest].join(".");
    const { code, remarks } = await explained(text, ["--url", URL_HERE]);
    expect(code).toBe("alg_unsupported");
    expect(remarks.join()).not.toContain("--alg");
  });

  test("an empty file is no request without a proof", async () => {
    const { run, folder } = await openTerminal();
    await writeFile(join(folder, "empty"), "\n");
    const { exit, stderr } = await run(["explain", "empty", "--url", URL_HERE]);
    expect(exit).toBe(2);
    expect(stderr).toContain("there is nothing to explain");
  });

  test.each(["***", "<redacted>", "{{token}}", "$TOKEN", "eyJhbGciOi...", "REDACTED", "xxxxx"])(
    "a token that was left out is asked for: %s",
    async (token) => {
      const { run } = await openTerminal();
      const sent = (scheme: string): string =>
        `GET /things HTTP/1.1\nHost: api.example\nAuthorization: ${scheme} ${token}\nDPoP: ${proofOf()}\n\n`;
      const { exit, stderr } = await run(["explain"], { stdin: sent("DPoP"), now: NOW });
      expect(exit).toBe(2);
      expect(stderr).toContain("the token was left out of the log");
      expect(await explained(sent("Bearer"))).toMatchObject({
        code: "ok",
        remarks: expect.arrayContaining([expect.stringContaining("with the scheme Bearer")]),
      });
    },
  );

  test("a token of unusual characters is one all the same", async () => {
    const accessToken = "1|abc%def:1";
    const raw = `GET /things HTTP/1.1\nHost: api.example\nAuthorization: DPoP ${accessToken}\nDPoP: ${proofOf({ accessToken })}\n\n`;
    expect(await explained(raw)).toMatchObject({ code: "ok" });
  });

  test.each([
    ["Bearer", `Authorization: Bearer ${TOKEN}`, "with the scheme Bearer"],
    [
      "two fields",
      `Authorization: DPoP ${TOKEN}\nAuthorization: DPoP ${TOKEN}`,
      "several Authorization fields",
    ],
    ["an opaque token", "Authorization: DPoP opaque", "does not say which key"],
    ["no token", "X: y", "give it by --token-file"],
  ])("remarks on what no rule of a proof says: %s", async (_, fields, remark) => {
    const accessToken = fields.includes("opaque") ? "opaque" : TOKEN;
    const stdin = `GET /things HTTP/1.1\nHost: api.example\n${fields}\nDPoP: ${proofOf({ accessToken })}\n\n`;
    const { remarks } = await explained(stdin);
    expect(remarks.join("\n")).toContain(remark);
  });

  test("remarks that a method was guessed, where that decides", async () => {
    const post = proofOf({ method: "POST" });
    const { code, remarks } = await explained(post, ["--url", URL_HERE]);
    expect(code).toBe("htm_mismatch");
    expect(remarks[0]).toContain("--method tells");
    expect(await explained(post, ["--url", URL_HERE, "-X", "POST"])).toMatchObject({ code: "ok" });
  });

  test("remarks on plain http that leaves this machine, and judges the rest", async () => {
    const url = "http://api.example/things";
    const { code, remarks } = await explained(proofOf(), ["--url", url]);
    expect(code).toBe("htu_mismatch");
    expect(remarks.join()).toContain("over plain http");
    const local = await explained(proofOf({ url: "http://[::1]:3000/a" }), [
      "--url",
      "http://[::1]:3000/a",
    ]);
    expect(local.code).toBe("ok");
    expect(local.remarks.join()).not.toContain("over plain http");
  });

  test("a good proof with a refusal: the reason is another", async () => {
    const refusal = [
      "HTTP/1.1 401 Unauthorized",
      'WWW-Authenticate: DPoP error="invalid_token", algs="ES256"',
      `Date: ${DATE}`,
    ];
    const log = curlLog(
      [`Authorization: DPoP ${TOKEN}`, `DPoP: ${proofOf({ accessToken: TOKEN })}`],
      refusal,
    );
    const { code, remarks } = await explained(log);
    expect(code).toBe("ok");
    expect(remarks.join()).toContain(
      "the server answered 401. The server refused the access token",
    );
  });

  test("a good proof that a server refused says so in the server's words, and does not send to explain again", async () => {
    const refusal = [
      "HTTP/1.1 401 Unauthorized",
      'WWW-Authenticate: DPoP error="invalid_dpop_proof", error_description="The DPoP proof was used before", algs="ES256"',
      `Date: ${DATE}`,
    ];
    const { code, remarks } = await explained(curlLog([`DPoP: ${proofOf()}`], refusal));
    expect(code).toBe("ok");
    expect(remarks[0]).toContain("the server answered 401.");
    expect(remarks[0]).toContain('"The DPoP proof was used before"');
    expect(remarks[0]).toContain("used before, its own URL, its nonces");
    expect(remarks[0]).not.toContain("dpop-core explain");
  });

  test.each(["2026-11-27T10:15:00", "2026-11-27 10:15", "Nov 27 2026 10:15:00"])(
    "a date without a time zone is refused: %s",
    async (now) => {
      const { run } = await openTerminal();
      const args = ["explain", "--url", URL_HERE, "--now", now];
      const { exit, stderr } = await run(args, { stdin: proofOf() });
      expect(exit).toBe(2);
      expect(stderr).toContain("--now has no time zone");
    },
  );

  test("standard input can't be two things", async () => {
    const { run } = await openTerminal();
    const both = await run(["explain", "-t", "-", "--url", URL_HERE], { stdin: "a" });
    expect(both).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("is wanted for two things"),
    });
  });

  test("a person gets text: the verdict first", async () => {
    const { run } = await openTerminal();
    const { stdout } = await run(["explain", "--url", "https://api.example/others"], {
      stdin: proofOf(),
      now: NOW,
    });
    expect(stdout.split("\n")[0]).toMatch(/^Refused/);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
    const onTerminal: Outcome = await run(["explain", "--url", URL_HERE], {
      stdin: proofOf(),
      now: NOW,
      isTTY: true,
    });
    expect(onTerminal.stdout).toContain("\u001b[");
  });
});

describe("a captured request", () => {
  const parsed = (text: string) =>
    readCaptured(text).map((request) => ({ method: request.method, url: urlOf(request) }));

  test.each([
    ["GET /a HTTP/1.1\nHost: api.example\n", "https://api.example/a"],
    ["GET /a HTTP/1.1\nhost:  localhost:3000 \n", "http://localhost:3000/a"],
    ["GET /a HTTP/2\nHost: 127.0.0.1:1\n", "http://127.0.0.1:1/a"],
    ["GET /a HTTP/1.1\nHost: [::1]:1\n", "http://[::1]:1/a"],
    ["GET /a HTTP/1.1\nHost: localhost.evil.example\n", "https://localhost.evil.example/a"],
    ["GET HTTPS://b.example/a HTTP/1.1\nHost: api.example\n", "HTTPS://b.example/a"],
    ["\r\n\r\nGET /a%2Fb?c#d HTTP/1.1\r\nHost: a.example\r\n", "https://a.example/a%2Fb?c#d"],
    ["GET /a HTTP/1.1\n", undefined],
    ["OPTIONS * HTTP/1.1\nHost: a.example\n", undefined],
    [
      "* Connected to a.example (192.0.2.1) port 80\n> GET /a HTTP/1.1\n> Host: a.example\n",
      "http://a.example/a",
    ],
    ["* ALPN: server accepted h2\n> GET /a HTTP/2\n> Host: a.example\n", "https://a.example/a"],
    ["* http://127.0.0.1:1\n> GET /a HTTP/1.1\n> Host: 127.0.0.1:1\n", "http://127.0.0.1:1/a"],
    // curl 8.10 to 8.15, and from 8.16: TLS is told of first.
    [
      "*   Trying 192.0.2.1:443...\n* SSL connection using TLSv1.3\n* ALPN: server accepted h2\n* Connected to a.example (192.0.2.1) port 443\n* using HTTP/2\n> GET /a HTTP/2\n> Host: a.example\n",
      "https://a.example/a",
    ],
    [
      "* ALPN: server accepted h2\n* Established connection to a.example (192.0.2.1 port 443)\n> GET /a HTTP/2\n> Host: a.example\n",
      "https://a.example/a",
    ],
    [
      "* schannel: SSL/TLS connection with a.example port 443\n* [HTTP/2] [1] OPENED stream for https://a.example/a\n> GET /a HTTP/2\n> Host: a.example\n",
      "https://a.example/a",
    ],
    ["\ufeffGET /a HTTP/1.1\nHost: a.example\n", "https://a.example/a"],
    // As developer tools show it.
    [
      ":authority: a.example\n:method: GET\n:path: /a?b\n:scheme: https\naccept: */*\n",
      "https://a.example/a?b",
    ],
    [":authority: a.example\n:method: GET\n:path: /a\n:scheme: http\n", "http://a.example/a"],
  ])("%j is for the URL %s", (text, url) => {
    expect(parsed(text)).toMatchObject([{ method: expect.any(String), url }]);
  });

  test("the body of a raw request and lines of a log without a mark are not read", () => {
    const raw = "POST /a HTTP/1.1\nHost: a.example\nDPoP: one\n\nDPoP: two\n> DPoP: three";
    expect(valuesOf(readCaptured(raw)[0]?.fields ?? [], "dpop")).toEqual(["one"]);
    const log =
      "> GET /a HTTP/1.1\n> DPoP: one\n>\n> DPoP: two\nDPoP: three\n< HTTP/1.1 100 Continue\n< X: a\n< HTTP/1.1 200 OK\n< Y: b\n";
    const [request, ...more] = readCaptured(log);
    expect(more).toEqual([]);
    expect(valuesOf(request?.fields ?? [], "dpop")).toEqual(["one"]);
    expect(request?.response).toEqual({ status: 200, fields: [["y", "b"]] });
  });

  test("a new connection of a log has a scheme of its own", () => {
    const one = (port: number, notes: string): string =>
      `*   Trying 192.0.2.1:${port}...\n${notes}> GET /a HTTP/1.1\n> Host: a.example\n>\n< HTTP/1.1 200 OK\n<\n`;
    const tls = "* SSL connection using TLSv1.3\n* Connected to a.example port 443\n";
    const log = one(443, tls) + one(80, "* Connected to a.example port 80\n");
    expect(parsed(log).map(({ url }) => url)).toEqual([
      "https://a.example/a",
      "http://a.example/a",
    ]);
  });

  test("a command that stands before its log is not read", () => {
    const log = "> GET /b HTTP/1.1\n> Host: a.example\n>\n< HTTP/1.1 200 OK\n<\n";
    const [request, ...more] = readCaptured(`$ curl -v https://a.example/a\n${log}`);
    expect(more).toEqual([]);
    expect([request?.target, request?.response?.status]).toEqual(["/b", 200]);
  });

  test("the response behind a raw request, as HTTPie prints it", () => {
    const raw = [
      'POST /a HTTP/1.1\nHost: a.example\nDPoP: one\n\n{"a": 1}\n\n',
      "HTTP/1.1 100 Continue\nX: a\n",
      'HTTP/1.1 400 Bad Request\nDPoP-Nonce: n-1\n\n{\n"error": "use_dpop_nonce"\n}\nDPoP: two',
    ].join("\n");
    const [request] = readCaptured(raw);
    expect(request?.response).toEqual({
      status: 400,
      fields: [["dpop-nonce", "n-1"]],
      error: "use_dpop_nonce",
    });
    expect(valuesOf(request?.fields ?? [], "dpop")).toEqual(["one"]);
    expect(readCaptured("GET /a HTTP/1.1\n\nHTTP/1.1 100 Continue\n")[0]?.response).toBe(undefined);
  });

  test("a proof or a token that a terminal broke into lines, and a field that a sender folded", () => {
    const long = "a".repeat(80);
    const fields = (raw: string) => readCaptured(`GET /a HTTP/1.1\n${raw}`)[0]?.fields;
    expect(fields(`no field\nDPoP: ${long}\n${long}\nabc-_.\ndef\nX: a\n  b\n\tc\n`)).toEqual([
      ["dpop", `${long}${long}`],
      ["x", "a b c"],
    ]);
    expect(fields(`Authorization: DPoP ${long}\n${long}.b-_\nHost: a`)).toEqual([
      ["authorization", `DPoP ${long}${long}.b-_`],
      ["host", "a"],
    ]);
    // A line of another kind behind them stays out.
    expect(fields(`DPoP: ${long}\n--------\n`)).toEqual([["dpop", long]]);
    expect(fields(`DPoP: short\nabc\n`)).toEqual([["dpop", "short"]]);
    expect(fields(`Cookie: ${long}\nabc\n`)).toEqual([["cookie", long]]);
  });

  test("names that objects have by themselves are only names", () => {
    const text = "GET /a HTTP/1.1\n__proto__: a\nconstructor: b\nHost: a.example\n";
    const [request] = readCaptured(text);
    expect(valuesOf(request?.fields ?? [], "__proto__")).toEqual(["a"]);
    expect(valuesOf(request?.fields ?? [], "tostring")).toEqual([]);
  });

  test("property: no text throws, and a command that reads it ends with a code of its table", async () => {
    const { run } = await openTerminal();
    const word = fc.constantFrom(
      "GET /a HTTP/1.1",
      "> ",
      "< ",
      "* ",
      "DPoP: ",
      "Host: ",
      "Authorization: DPoP ",
      "HTTP/1.1 401",
      "\n",
      "\r\n",
      "\r",
      ":",
      proofOf(),
      TOKEN,
      'WWW-Authenticate: DPoP algs="',
      "DPoP-Nonce: ",
      "Date: ",
      "\u0000",
      "\ud800",
      "__proto__: ",
      "[left out]",
      " ",
    );
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.array(word, { maxLength: 60 }).map((words) => words.join("")),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.boolean(), async (stdin, hasUrl) => {
        readCaptured(stdin).map(urlOf);
        const { exit, stdout, stderr } = await run(
          ["explain", ...(hasUrl ? ["--url", URL_HERE] : [])],
          { stdin, now: NOW },
        );
        expect([0, 1, 2], stderr).toContain(exit);
        expect(stdout + stderr).not.toContain(TOKEN);
        expect(stdout + stderr).not.toMatch(CONTROL);
      }),
      { numRuns: 1_000 },
    );
  });

  test("a mebibyte of anything is read in linear time", () => {
    const units = [
      "\n",
      "\r",
      " ",
      "a",
      ":",
      ">",
      "> ",
      "*",
      "0",
      "> GET /a HTTP/1.1\n",
      "a: b\n",
      "> a: b\n",
      "< HTTP/1.1 200 OK\n",
      "GET  ",
      "GET /a ",
    ];
    for (const unit of units) {
      for (const start of ["", "GET /a HTTP/1.1\n", "> GET /a HTTP/1.1\n"]) {
        const text = start + unit.repeat(Math.floor(1_048_576 / unit.length));
        const before = performance.now();
        readCaptured(text);
        expect(performance.now() - before, JSON.stringify(unit)).toBeLessThan(2_000);
      }
    }
  });
});
