// The built command line as a process: streams, signals, the script of the docs, and every example of the help.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { COMMANDS } from "../../src/cli/program.js";
import { readText } from "../docs/pages.js";
import { API_NAME, startOidcProvider } from "../interop/support/oidc-provider.js";
import { keyPair } from "../support/key-pair.js";
import { openShell, type Shell } from "./shell.js";
import { serveFor } from "./terminal.js";

let shell: Shell;
beforeAll(async () => {
  shell = await openShell();
  return () => shell.remove();
}, 60_000);

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dpop-core-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe("the process", () => {
  test("prints to a pipe that closes early without a word", async () => {
    const { exit, stdout, stderr } = await shell.run(
      "dpop-core --help | head -1",
      await newFolder(),
    );
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
    expect(stdout.split("\n")).toHaveLength(2);
  });

  test("writes all of a long output to a pipe", async () => {
    const folder = await newFolder();
    const claims = { long: "a".repeat(500_000) };
    const token = `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.AA`;
    await writeFile(join(folder, "t"), token);
    const { exit, stdout } = await shell.run("dpop-core inspect --json < t | cat", folder);
    expect(exit).toBe(0);
    expect(JSON.parse(stdout).claims).toEqual(claims);
  });

  test.each([
    ["dpop-core keygen", 0],
    ["dpop-core nothing", 2],
    ["dpop-core prove GET https://a.example --key -", 2],
  ])("%s ends with %d", async (line, exit) => {
    expect((await shell.run(`${line} < /dev/null`, await newFolder())).exit).toBe(exit);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("serve ends by %s, with 0", async (signal) => {
    const { process: child } = await shell.serve(["--port", "0"], await newFolder());
    const ended = once(child, "exit");
    child.kill(signal);
    expect(await ended).toEqual([0, null]);
  });

  test("ends at once where it waits for standard input", async () => {
    const child = shell.start(["inspect"], await newFolder());
    const ended = once(child, "exit");
    setTimeout(() => child.kill("SIGINT"), 1_000);
    expect(await ended).toEqual([130, null]);
  });

  test("a port that is in use is a mistake", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { exit, stderr } = await shell.run(
      `dpop-core serve --port ${portOf(server)}`,
      await newFolder(),
    );
    expect(exit).toBe(2);
    expect(stderr).toContain(`port ${portOf(server)} is in use`);
  });
});

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const SCRIPT = "examples/command-line/first-request.sh";

describe("the script of docs/command-line.md", () => {
  test("has five lines", () => {
    expect(readText(SCRIPT).trimEnd().split("\n")).toHaveLength(5);
    expect(readText("docs/command-line.md")).toContain(readText(SCRIPT));
  });

  test("works as it is written at the servers of serve", async () => {
    const { issuer, api } = await serveFor();
    await checkScript({
      ISSUER: issuer,
      API: api,
      DPOP_CLIENT_ID: "demo",
      DPOP_CLIENT_SECRET: "demo-secret",
    });
  });

  test.each([[true], [false]])(
    "works at oidc-provider (nonces: %s), with an API for its tokens",
    async (nonces) => {
      const provider = await startOidcProvider({ nonces });
      onTestFinished(() => provider.close());
      const { api } = await serveFor(["--issuer", provider.issuer, "--audience", API_NAME]);
      const [id = "", secret = ""] = Buffer.from(provider.basic.slice(6), "base64")
        .toString()
        .split(":");
      await checkScript({
        ISSUER: provider.issuer,
        API: api,
        DPOP_CLIENT_ID: id,
        DPOP_CLIENT_SECRET: secret,
      });
    },
  );

  async function checkScript(env: NodeJS.ProcessEnv): Promise<void> {
    const folder = await newFolder();
    const { exit, stdout, stderr } = await shell.run(`set -e\n${readText(SCRIPT)}`, folder, env);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
    const token = (await readFile(join(folder, "token"), "utf8")).trim();
    expect(stdout).toContain('"path":"/things"');
    expect(stdout).toMatch(/Accepted/i);
    for (const text of [stdout, await readFile(join(folder, "log"), "utf8")]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(env["DPOP_CLIENT_SECRET"]);
    }
  }
});

describe("every example of the help runs as it is written", () => {
  /** Makes what the examples stand on: a key, a token, a captured request. The ports are those of the test. */
  async function prepare(): Promise<{
    readonly folder: string;
    readonly here: (line: string) => string;
  }> {
    const folder = await newFolder();
    const { issuer, api } = await serveFor();
    const here = (line: string): string =>
      line.replace(/http:\/\/127\.0\.0\.1:400(0|1)\b/g, (_, last) => (last === "0" ? issuer : api));
    await writeFile(join(folder, "client-secret"), "demo-secret\n", { mode: 0o600 });
    const { privateKey, publicKey } = keyPair("ed25519");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    await writeFile(join(folder, "key.pem"), pem, { mode: 0o600 });
    await writeFile(join(folder, "open.pem"), publicKey.export({ type: "spki", format: "pem" }));
    const before = [
      "dpop-core keygen",
      here(
        "dpop-core token http://127.0.0.1:4000/token --client-id demo --client-secret-file client-secret --out token",
      ),
      "dpop-core prove GET https://api.example/things --token-file token > proof",
    ];
    const { exit, stderr } = await shell.run(before.join(" && "), folder);
    expect(exit, stderr).toBe(0);
    const [token, proof] = await Promise.all(
      ["token", "proof"].map((file) => readFile(join(folder, file), "utf8")),
    );
    const raw = [
      "GET /things HTTP/1.1",
      "Host: api.example",
      `Authorization: DPoP ${token?.trim()}`,
      proof?.trim(),
      "",
      "",
    ];
    await writeFile(join(folder, "request.txt"), raw.join("\r\n"), { mode: 0o600 });
    return { folder, here };
  }

  const isThere = (program: string): boolean => spawnSync(program, ["version"]).error === undefined;
  const hasCurl = isThere("curl");
  const hasOpenssl = isThere("openssl");
  /** Without curl, what would be piped to it is looked at in its place; without openssl, its result is there. */
  function runnable(command: string): string {
    const piped = hasCurl ? command : command.replace(/ \| curl .*/, "");
    return hasOpenssl ? piped : piped.replace("openssl pkey -in key.pem -pubout", "cat open.pem");
  }

  /** What an example ends with, where that is not 0. */
  const EXITS: ReadonlyMap<string, number> = new Map([
    ["A proof, and the URL that was called", 1], // the URLs differ
    ["A request of curl, and what the server answered", 1], // it has no nonce
    ["A raw HTTP request that was captured earlier", 1], // not at that time
    ["A new token for a refresh token", 1], // serve issues no refresh tokens
  ]);

  /** Files that an example makes, and must not find. */
  const MADE: ReadonlyMap<string, string> = new Map([
    ["Makes dpop-key.json, where the other commands look for it", "dpop-key.json"],
    ["Client credentials, at the server of dpop-core serve", "token"],
  ]);

  const examples = COMMANDS.flatMap(({ name, examples: all }) =>
    all.map((one) => ({ name, ...one })),
  );
  test.each(examples.filter(({ name }) => name !== "serve"))(
    "$command",
    async ({ command, says }) => {
      const { folder, here } = await prepare();
      await rm(join(folder, MADE.get(says) ?? "nothing"), { force: true });
      if (says === "A new token for a refresh token") {
        await writeFile(join(folder, "response.json"), '{"refresh_token":"r"}', { mode: 0o600 });
      }
      const { exit, stdout, stderr } = await shell.run(here(runnable(command)), folder);
      const isCut = !hasCurl && command.includes("| curl");
      expect(exit, stderr).toBe(isCut ? 0 : (EXITS.get(says) ?? 0));
      expect(stdout + stderr).not.toContain("a fault of dpop-core");
      expect((stdout + stderr).length).toBeGreaterThan(20);
    },
  );

  test.each(examples.filter(({ name }) => name === "serve"))("$command", async ({ command }) => {
    const { folder, here } = await prepare();
    const [, , ...args] = here(command).split(" ");
    const free = args.includes("--port") ? args : [...args, "--port", "0"];
    const { stdout } = await shell.serve(free, folder);
    expect(stdout).toMatch(/^API {5,}http:\/\/127\.0\.0\.1:\d+\/things/m);
  });
});
