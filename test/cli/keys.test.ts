// Keys on the command line: keygen, thumbprint, prove, and where a key comes from.
import type { KeyExportOptions } from "node:crypto";
import { chmod, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { calculateJwkThumbprint, type JWK } from "jose";
import { createVerifier } from "dpop-core";
import { nodeCrypto } from "dpop-core/node-crypto";
import { describe, expect, test } from "vitest";
import { ALGS, KEY_FILE } from "../../src/cli/base/key.js";
import { LABELS } from "../../src/jose/alg.js";
import { type KeyKind, keyPair } from "../support/key-pair.js";
import { NOW, openTerminal } from "./terminal.js";

const API = "https://api.example/things?page=2";

test("the labels are all that keys can be read for", () => {
  expect(ALGS).toEqual(LABELS);
});

describe("keygen", () => {
  test("writes a JWK with the mode 600, and never over a file without --force", async () => {
    const { run, folder } = await openTerminal();
    const file = join(folder, KEY_FILE);
    const made = await run(["keygen"]);
    expect(made).toMatchObject({ exit: 0, stderr: "" });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const first = await readFile(file, "utf8");
    const jwk: JWK = JSON.parse(first);
    expect(jwk).toMatchObject({ kty: "EC", crv: "P-256", alg: "ES256", d: expect.any(String) });
    expect(made.stdout).toContain(await calculateJwkThumbprint(jwk));
    expect(made.stdout).not.toContain(jwk.d);

    const again = await run(["keygen"]);
    expect(again.exit).toBe(2);
    expect(again.stderr).toContain("--force");
    expect(await readFile(file, "utf8")).toBe(first);

    await chmod(file, 0o644);
    expect((await run(["keygen", "--force"])).exit).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, "utf8")).not.toBe(first);
  });

  test("writes through no link, with and without --force", async () => {
    const { run, folder } = await openTerminal();
    const victim = join(folder, "victim");
    await writeFile(victim, "precious");
    await symlink(victim, join(folder, KEY_FILE));
    expect((await run(["keygen"])).exit).toBe(2);
    expect((await run(["keygen", "--force"])).exit).toBe(0);
    expect(await readFile(victim, "utf8")).toBe("precious");
    expect((await stat(join(folder, KEY_FILE))).mode & 0o777).toBe(0o600);
  });

  test.each(ALGS)("makes a key of %s that its proofs are verified with", async (alg) => {
    const { run } = await openTerminal();
    const made = await run(["keygen", "--alg", alg, "--out", "k", "--json"]);
    const { jkt, publicJwk } = JSON.parse(made.stdout);
    expect(publicJwk).not.toHaveProperty("d");
    const proved = await run(["prove", "GET", API, "--key", "k"], { now: NOW });
    expect(proved.stderr).toBe("");
    expect(verify(proved.stdout)).toMatchObject({ ok: true, alg, jkt });
  });

  test("writes to standard output if asked", async () => {
    const { run } = await openTerminal();
    const { stdout } = await run(["keygen", "--out", "-"]);
    const proved = await run(["prove", "GET", API, "--key", "-"], { now: NOW, stdin: stdout });
    expect(verify(proved.stdout).ok).toBe(true);
  });
});

/** What a server says to the header field of a proof. */
function verify(
  line: string,
  url = API,
  accessToken?: { readonly token: string; readonly jkt: string },
) {
  const [, proof = ""] = /^DPoP: (\S+)\n$/.exec(line) ?? [];
  const verifier = createVerifier({
    backend: nodeCrypto,
    algs: ALGS.map((alg) => nodeCrypto[alg]),
    replay: "none",
  });
  const at = { method: "GET", url, now: NOW };
  return verifier.verify(
    proof,
    accessToken === undefined
      ? at
      : { ...at, accessToken: accessToken.token, jkt: accessToken.jkt },
  );
}

describe("the key comes from", () => {
  test("the variable DPOP_KEY, before the default file, after --key", async () => {
    const { run, folder } = await openTerminal();
    const jkts = new Map<string, unknown>();
    for (const name of [KEY_FILE, "variable", "option"]) {
      const { stdout } = await run(["keygen", "--out", name, "--json"]);
      jkts.set(name, JSON.parse(stdout).jkt);
    }
    const variable = await readFile(join(folder, "variable"), "utf8");
    const jktOf = async (args: readonly string[], env = {}): Promise<unknown> => {
      const { stdout } = await run(["prove", "GET", API, "--json", ...args], { env, now: NOW });
      return JSON.parse(stdout).jkt;
    };
    expect(await jktOf([])).toBe(jkts.get(KEY_FILE));
    expect(await jktOf([], { DPOP_KEY: variable })).toBe(jkts.get("variable"));
    expect(await jktOf(["-k", "option"], { DPOP_KEY: variable })).toBe(jkts.get("option"));
  });

  test.each<[string, KeyKind, "pkcs8" | "sec1" | "pkcs1", readonly string[]]>([
    ["a P-256 key", "P-256", "pkcs8", []],
    ["a P-256 key in the form of its own", "P-256", "sec1", []],
    ["an Ed25519 key", "ed25519", "pkcs8", []],
    ["an RSA key", { rsa: 2048 }, "pkcs8", ["--alg", "PS256"]],
    ["an RSA key in the form of its own", { rsa: 2048 }, "pkcs1", ["--alg", "PS256"]],
  ])("%s, in PEM as node:crypto writes it", async (_, kind, type, more) => {
    const { run, folder } = await openTerminal();
    const file = join(folder, "key.pem");
    const { privateKey, publicKey } = keyPair(kind);
    const form: KeyExportOptions<"pem"> = { type, format: "pem" };
    await writeFile(file, privateKey.export(form));
    await chmod(file, 0o600);
    const proved = await run(["prove", "GET", API, "--key", "key.pem", ...more], { now: NOW });
    expect(proved.stderr).toBe("");
    const verified = verify(proved.stdout);
    const printed = await run(["thumbprint", "key.pem"]);
    expect(verified).toMatchObject({ ok: true, jkt: printed.stdout.trim() });
    const open = publicKey.export({ type: "spki", format: "pem" }).toString();
    expect((await run(["thumbprint"], { stdin: open })).stdout).toBe(printed.stdout);
  });

  test("a file that others can read, with a warning", async () => {
    const { run, folder } = await openTerminal();
    await run(["keygen"]);
    await chmod(join(folder, KEY_FILE), 0o640);
    const { exit, stderr } = await run(["prove", "GET", API]);
    expect(exit).toBe(0);
    expect(stderr).toBe(
      `warning: others can read the file of ${KEY_FILE}: chmod 600 makes it yours\n`,
    );
  });

  test.each([
    ["nothing", "", "holds no private key"],
    ["JSON of something else", '{"a":1}', "holds no private key"],
    ["a list", "[]", "holds no private key"],
    [
      "PEM of nothing",
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      "holds no private key",
    ],
    [
      "a public key",
      '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',
      "holds a public key only",
    ],
    [
      "a public key in PEM",
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n",
      "holds a public key only",
    ],
    ["an encrypted key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA", "is encrypted"],
    ["a secret of HMAC", '{"kty":"oct","k":"c2VjcmV0"}', "can't sign proofs"],
  ])("no file of %s", async (_, text, message) => {
    const { run, folder } = await openTerminal();
    await writeFile(join(folder, "k"), text, { mode: 0o600 });
    const { exit, stderr } = await run(["prove", "GET", API, "--key", "k"]);
    expect(exit).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/11qYAYKxCrf|c2VjcmV0|AAAA/);
  });
});

describe("prove", () => {
  test("puts the nonce and the hash of the token into the proof, and only the proof out", async () => {
    const { run, folder } = await openTerminal();
    const { jkt } = JSON.parse((await run(["keygen", "--json"])).stdout);
    await writeFile(join(folder, "t"), "a-token\n", { mode: 0o600 });
    const { stdout } = await run(["prove", "GET", API, "-t", "t", "-n", "a-nonce"], { now: NOW });
    expect(stdout).not.toContain("a-token");
    const result = verify(stdout, API, { token: "a-token", jkt });
    expect(result).toMatchObject({ ok: true, claims: { nonce: "a-nonce", iat: NOW } });
    const other = verify(stdout, API, { token: "another", jkt });
    expect(other).toMatchObject({ code: "ath_mismatch" });
  });

  test("with --curl prints what curl reads, with the URL as it is", async () => {
    const { run } = await openTerminal();
    await run(["keygen"]);
    const env = { DPOP_TOKEN: "a-token" };
    const url = 'https://api.example/a%22b/[x]?q={1}"#part';
    const { stdout } = await run(["prove", "DELETE", url, "--curl"], { env, now: NOW });
    const lines = stdout.split("\n");
    expect(lines).toEqual([
      'url = "https://api.example/a%22b/[x]?q={1}%22"',
      "globoff",
      "path-as-is",
      expect.stringMatching(/^header = "DPoP: [\w-]+\.[\w-]+\.[\w-]+"$/),
      'request = "DELETE"',
      'header = "Authorization: DPoP a-token"',
      "",
    ]);
  });

  test("warns of a token that is bound to another key", async () => {
    const { run } = await openTerminal();
    await run(["keygen"]);
    const claims = Buffer.from(JSON.stringify({ cnf: { jkt: "A".repeat(43) } })).toString(
      "base64url",
    );
    const env = { DPOP_TOKEN: `e30.${claims}.AA` };
    const { exit, stderr } = await run(["prove", "GET", API], { env });
    expect(exit).toBe(0);
    expect(stderr).toContain("warning: the token is bound to another key than dpop-key.json");
    expect(stderr).not.toContain(claims);
  });

  test.each([
    ["DPoP a-token", "has a scheme before the token"],
    ["a token", "holds no access token"],
    ['{"refresh_token":"a"}', "is JSON without an access_token"],
    ['{"access_token":"a","token_type":"Bearer"}', "has a token of another type than DPoP"],
  ])("takes no token file with %s", async (text, message) => {
    const { run, folder } = await openTerminal();
    await run(["keygen"]);
    await writeFile(join(folder, "t"), text, { mode: 0o600 });
    const { exit, stderr } = await run(["prove", "GET", API, "-t", "t"]);
    expect(exit).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("thumbprint", () => {
  test("is that of RFC 7638 section 3.1, of jose, and the same for the private key", async () => {
    const { run, folder } = await openTerminal();
    await run(["keygen", "--alg", "EdDSA"]);
    const jwk: JWK = JSON.parse(await readFile(join(folder, KEY_FILE), "utf8"));
    const expected = await calculateJwkThumbprint(jwk);
    expect(await run(["thumbprint", KEY_FILE])).toEqual({
      exit: 0,
      stdout: `${expected}\n`,
      stderr: "",
    });
    const { d, ...open } = jwk;
    expect(typeof d).toBe("string");
    const ofPublic = await run(["thumbprint", "--json"], { stdin: JSON.stringify(open) });
    expect(JSON.parse(ofPublic.stdout)).toMatchObject({ jkt: expected });
    expect(ofPublic.stdout).not.toContain(d);
  });

  test.each([
    "",
    "{}",
    "[]",
    "null",
    '{"kty":"oct","k":"AA"}',
    '{"kty":"EC","crv":"P-256","x":1}',
    "-----BEGIN",
  ])("takes no %j", async (stdin) => {
    const { run } = await openTerminal();
    expect((await run(["thumbprint"], { stdin })).exit).toBe(2);
  });
});
