// The command line itself: help, mistakes, exit codes, and that no secret is taken or repeated as an argument.
import { readdir } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/program.js";
import { NOW, openTerminal } from "./terminal.js";

const SECRET = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzZWNyZXQifQ.c2VjcmV0LXNpZ25hdHVyZQ";

describe("help", () => {
  test("without arguments it goes to standard error, and the exit code is 2", async () => {
    const { run } = await openTerminal();
    const { exit, stdout, stderr } = await run([]);
    expect(exit).toBe(2);
    expect(stdout).toBe("");
    for (const { name, summary } of COMMANDS)
      expect(stderr).toContain(`${name}`.padEnd(10) + "  " + summary);
  });

  test.each([["--help"], ["-h"], ["help"]])("of the program: %s", async (arg) => {
    const { run } = await openTerminal();
    const { exit, stdout, stderr } = await run([arg]);
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("dpop-core COMMAND --help");
  });

  test.each(COMMANDS.map(({ name }) => name))(
    "of %s: each option, its examples, no line over 100 characters",
    async (name) => {
      const { run } = await openTerminal();
      const command = COMMANDS.find((one) => one.name === name);
      const { exit, stdout } = await run([name, "--help"]);
      expect(exit).toBe(0);
      expect(stdout).toBe((await run(["help", name])).stdout);
      for (const option of Object.keys(command?.options ?? {}))
        expect(stdout).toContain(`--${option}`);
      const examples = command?.examples ?? [];
      expect(examples.length).toBeGreaterThan(1);
      for (const example of examples) expect(stdout).toContain(`  ${example.command}\n`);
      const commands = new Set(examples.map((one) => `  ${one.command}`)); // copied whole
      const long = stdout.split("\n").filter((line) => line.length > 100 && !commands.has(line));
      expect(long).toEqual([]);
    },
  );

  test("names no letter for two options of one command", () => {
    for (const { name, options } of COMMANDS) {
      const letters = Object.values(options).flatMap(({ short }) => short ?? []);
      expect(new Set(letters).size, name).toBe(letters.length);
      expect(letters, name).not.toContain("h");
    }
  });

  test("the version is that of the package", async () => {
    const { run } = await openTerminal();
    expect(await run(["--version"])).toMatchObject({ exit: 0, stdout: "0.1.0\n" });
  });
});

describe("a mistake has the exit code 2, and says what to do", () => {
  test.each([
    [["prov"], "there is no such command: prove?"],
    [["explan"], "there is no such command: explain?"],
    [["sign"], "there is no such command"],
    [["prove"], "prove takes METHOD URL, and got 0 values"],
    [["prove", "GET"], "prove takes METHOD URL, and got 1 value"],
    [["keygen", "a"], "keygen takes no values, and got 1 value"],
    [["keygen", "--alg"], "--alg needs a value: ALG"],
    [["keygen", "--alg", "--force"], "--alg needs a value: ALG"],
    [["keygen", "--alg=none"], "--alg names no algorithm for proofs"],
    [["keygen", "--force=yes"], "--force takes no value"],
    [["keygen", "-o", "a", "-o", "b"], "--out is given twice"],
    [["keygen", "--ouput", "a"], "keygen has no option --ouput"],
    [["keygen", "--otu", "a"], "keygen has no such option: --out?"],
    [["prove", "GET", "https://a.example", "--tokenfile", "t"], "--token-file?"],
    [["prove", "https://a.example", "GET"], "METHOD comes before URL"],
    [["prove", "get", "https://a.example"], "METHOD has small letters"],
    [["fetch", "https://a.example", "-X", "Post"], "--request has small letters"],
    [["prove", "GET", "/things"], "URL is no absolute URL"],
    [["prove", "G T", "https://a.example"], "METHOD is no HTTP method"],
    [["prove", "GET", "http://api.example/"], "URL must be https, or http on this machine"],
    [["prove", "GET", "ftp://127.0.0.1/"], "URL must be https"],
    [["prove", "GET", "https://user:word@a.example/"], "URL has a user name or a password in it"],
    [["prove", "GET", "https://a.example"], "there is no key"],
    [["prove", "GET", "https://a.example/a|b^%"], "URL has characters that no URI has"],
    [["fetch", "https://a.example", "-X", "TRACE"], "--request can't be TRACE"],
    [["fetch", "https://a.example", "-X", "GET", "-d", "a"], "a request of GET has no body"],
    [
      ["fetch", "https://a.example", "-k", "-", "-t", "-", "-d", "@-"],
      "standard input is wanted for two things",
    ],
    [["fetch", "https://a.example", "-H", "nothing"], "--header takes a header field"],
    [["fetch", "https://a.example", "-H", "DPoP: a"], "--header can't set DPoP"],
    [["fetch", "https://a.example", "-d", "@gone"], "--data: the file after @ can't be read"],
    [
      ["token", "https://a.example", "--param", "audience"],
      '--param needs a name, "=" and a value',
    ],
    [["token", "https://a.example", "--client-auth", "jwt"], "--client-auth must be basic or post"],
    [["serve", "--port", "99999"], "--port must be a whole number from 0 to 65534"],
    [["serve", "--audience", "a"], "--audience needs --issuer"],
    [
      ["explain", "--url", "https://a.example", "--max-age", "0"],
      "--max-age must be a whole number",
    ],
  ])("%j: %s", async (args, message) => {
    const { run } = await openTerminal();
    const { exit, stdout, stderr } = await run(args, { stdin: "a.b.c" });
    expect([exit, stdout]).toEqual([2, ""]);
    const [first, next, ...more] = stderr.split("\n");
    expect(first).toContain(message);
    expect(first).toMatch(/^dpop-core/);
    expect(next).toMatch(/^ {2}\S/);
    expect(more).toEqual([""]);
  });

  test.each(["thumbprint", "inspect", "explain"])(
    "nothing on the standard input of %s, as where the command before it failed",
    async (name) => {
      const { run } = await openTerminal();
      const { exit, stdout, stderr } = await run([name], { stdin: "\n" });
      expect([exit, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(/standard input is empty\n {2}It should hold a/);
    },
  );

  test("with --json it is one object on standard error", async () => {
    const { run } = await openTerminal();
    const { exit, stdout, stderr } = await run(["prove", "GET", "/things", "--json"]);
    expect([exit, stdout]).toEqual([2, ""]);
    expect(JSON.parse(stderr)).toEqual({
      error: {
        exit: 2,
        message: "URL is no absolute URL",
        next: expect.stringContaining("https://"),
      },
    });
  });

  test("a fault of ours has the exit code 70, and repeats nothing of its message", async () => {
    const { run } = await openTerminal();
    await run(["keygen"]);
    const fetch = () => Promise.reject(new RangeError(`about ${SECRET}`));
    const { exit, stderr } = await run(["fetch", "https://a.example"], { fetch });
    expect(exit).toBe(70);
    expect(stderr).toContain("a fault of dpop-core: RangeError at ");
    expect(stderr).not.toContain(SECRET);
  });
});

describe("a secret as an argument", () => {
  test.each([
    [["fetch", "https://a.example", "--token", SECRET], "--token-file FILE"],
    [["fetch", "https://a.example", `--access-token=${SECRET}`], "--token-file FILE"],
    [["prove", "GET", "https://a.example", "--jwk", SECRET], "--key FILE"],
    [["token", "https://a.example", "--client-secret", SECRET], "--client-secret-file FILE"],
    [["token", "https://a.example", "--refresh-token", SECRET], "--param-file refresh_token=FILE"],
    [
      ["token", "https://a.example", "--param", `refresh_token=${SECRET}`],
      "--param-file refresh_token=FILE",
    ],
    [
      ["token", "https://a.example", "-p", `client_secret=${SECRET}`],
      "--param-file client_secret=FILE",
    ],
    [["fetch", "https://a.example", "-H", `Authorization: DPoP ${SECRET}`], "--token-file"],
    [["fetch", "https://a.example", "-H", `cookie: ${SECRET}`], "--header-file"],
  ])("%j is refused, with the way that is safe", async (args, instead) => {
    const { run } = await openTerminal();
    const { exit, stderr } = await run(args);
    expect(exit).toBe(2);
    expect(stderr).toContain(instead);
    expect(stderr).toContain("other users of the machine");
  });

  const PLACES = [
    [SECRET],
    ["prove", SECRET, "https://a.example"],
    ["prove", "GET", SECRET],
    ["prove", "GET", "https://a.example", SECRET],
    ["prove", "GET", "https://a.example", "--key", SECRET],
    ["prove", "GET", "https://a.example", "--token-file", SECRET],
    ["prove", "GET", "https://a.example", "--nonce", `${SECRET} `],
    ["prove", "GET", "https://a.example", "--alg", SECRET],
    ["prove", "GET", "https://a.example", `--${SECRET}`],
    ["prove", "GET", "https://a.example", `-${SECRET}`],
    ["prove", "GET", `https://a.example/ ${SECRET}`, `--curl=${SECRET}`],
    ["fetch", `http://a.example/${SECRET}`],
    ["fetch", "https://a.example", "-H", SECRET],
    ["fetch", "https://a.example", "--header-file", SECRET],
    ["fetch", "https://a.example", "-d", `@${SECRET}`],
    ["fetch", "https://a.example", "--timeout", SECRET],
    ["token", "https://a.example", "-p", SECRET],
    ["token", "https://a.example", "--param-file", `refresh_token=${SECRET}`],
    ["token", "https://a.example", "--client-secret-file", SECRET],
    ["token", "https://a.example", "--client-auth", SECRET],
    ["thumbprint", SECRET],
    ["inspect", SECRET],
    ["explain", SECRET],
    ["explain", "--url", SECRET],
    ["serve", "--port", SECRET],
    ["serve", "--issuer", SECRET],
    ["keygen", "--alg", SECRET],
    ["keygen", "--out", `gone/${SECRET}`],
  ];
  test.each(PLACES.flatMap((args) => [args, [...args, "--json"]]).map((args) => [args]))(
    "is not repeated: %j",
    async (args) => {
      const { run } = await openTerminal();
      const { exit, stdout, stderr } = await run(args, { stdin: "a.b.c", now: NOW });
      expect(exit).toBe(2);
      expect(stdout + stderr).not.toContain(SECRET.slice(0, 20));
    },
  );
});

test("property: no arguments are a fault of ours, or are repeated", async () => {
  const { run, folder } = await openTerminal();
  await run(["keygen"]);
  const options = COMMANDS.flatMap((one) => Object.keys(one.options)).map((name) => `--${name}`);
  const word = fc.oneof(
    fc.constantFrom(...options, "--json", "--", "-", "-k", "-t", "-d", "-X", "-i"),
    fc.constantFrom("https://a.example", "GET", "dpop-key.json", "ES256", "a=b", "@-", "1", SECRET),
    fc.string(),
  );
  const names = COMMANDS.map(({ name }) => name).filter((name) => name !== "serve");
  const args = fc.tuple(fc.constantFrom(...names), fc.array(word, { maxLength: 6 }));
  const cause = Object.assign(new Error(), { code: "ENOTFOUND" });
  const fetch = () => Promise.reject(new TypeError("fetch failed", { cause }));
  await fc.assert(
    fc.asyncProperty(args, async ([name, rest]) => {
      // What is written, is written in the folder of the test.
      const safe = rest.filter((one) => !one.includes("/") || one.startsWith("https:"));
      const { exit, stderr } = await run([name, ...safe], { stdin: "a.b.c", fetch });
      expect([0, 1, 2, 3], stderr).toContain(exit);
      expect(stderr).not.toContain(SECRET);
    }),
    { numRuns: 1_000 },
  );
  expect(await readdir(folder)).toContain("dpop-key.json");
});

describe("colours and hints", () => {
  test("stand on a terminal only, and not with NO_COLOR or a dumb terminal", async () => {
    const { run } = await openTerminal();
    const colored = async (isTTY: boolean, env = {}): Promise<boolean> => {
      const { stdout } = await run(["--help"], { isTTY, env });
      const { stderr } = await run(["nothing"], { isTTY, env });
      expect(stdout.includes("\u001b[")).toBe(stderr.includes("\u001b["));
      return stdout.includes("\u001b[");
    };
    expect(await colored(true)).toBe(true);
    expect(await colored(false)).toBe(false);
    expect(await colored(true, { NO_COLOR: "1" })).toBe(false);
    expect(await colored(true, { TERM: "dumb" })).toBe(false);
  });

  test("a person at standard input is told what to paste", async () => {
    const { run } = await openTerminal();
    const asked = await run(["thumbprint"], { isTTY: true });
    expect(asked.stderr).toContain("Paste a key, as a JWK or in PEM, then press Ctrl-D.");
    expect((await run(["thumbprint"])).stderr).not.toContain("Paste");
  });
});
