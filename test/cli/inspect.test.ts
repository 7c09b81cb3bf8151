// inspect: what a proof or a token holds, safe for a terminal, with times in words.
import { createProof, createSigner, generatePrivateJwk } from "dpop-core";
import { describe, expect, test } from "vitest";
import { printable, timeInWords } from "../../src/cli/base/text.js";
import { CONTROL, NOW, openTerminal } from "./terminal.js";

const signer = createSigner(generatePrivateJwk("ES256"));
const proof = createProof(signer, {
  method: "GET",
  url: "https://api.example/things",
  iat: NOW - 300,
});

function jwt(header: object, claims: object): string {
  const segment = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${segment(header)}.${segment(claims)}.c2lnbmF0dXJl`;
}

describe("inspect", () => {
  test.each([proof, `DPoP: ${proof}`, `dpop:${proof}\r\n`])("shows a proof: %s", async (stdin) => {
    const { run } = await openTerminal();
    const { exit, stdout } = await run(["inspect"], { stdin, now: NOW });
    expect(exit).toBe(0);
    expect(stdout).toContain("A DPoP proof");
    expect(stdout).toContain('"htu": "https://api.example/things"');
    expect(stdout).toContain("2026-11-27 10:10:00 UTC, 5 minutes ago");
    expect(stdout).not.toContain(proof.split(".")[2]);
  });

  const token = jwt(
    { typ: "at+jwt", alg: "ES256" },
    { sub: "ann", exp: NOW + 60, cnf: { jkt: "k".repeat(43) } },
  );
  test.each([
    token,
    `DPoP ${token}`,
    `Authorization: DPoP ${token}`,
    JSON.stringify({ access_token: token }),
  ])("shows a token, and never its signature: %s", async (stdin) => {
    const { run } = await openTerminal();
    const { stdout } = await run(["inspect"], { stdin, now: NOW });
    expect(stdout).toContain("An access token that is bound to a key");
    expect(stdout).toContain(`jkt       ${"k".repeat(43)}`);
    expect(stdout).toContain("in 1 minute");
    expect(stdout).not.toContain("c2lnbmF0dXJl");
    const json = await run(["inspect", "--json"], { stdin, now: NOW });
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: "token", claims: { sub: "ann" } });
  });

  test("says what is unusual: a proof that no server takes, a token without a key, an opaque token", async () => {
    const { run } = await openTerminal();
    const remarkOn = async (stdin: string): Promise<unknown> =>
      JSON.parse((await run(["inspect", "--json"], { stdin, now: NOW })).stdout).remarks;
    expect(await remarkOn(proof)).toEqual([]);
    const bad = jwt({ typ: "jwt", jwk: {} }, {});
    expect(await remarkOn(bad)).toEqual([expect.stringMatching(/^No server takes it: /)]);
    expect(await remarkOn(jwt({}, {}))).toEqual([expect.stringContaining("bound to no DPoP key")]);
    expect(await remarkOn("opaque")).toEqual([expect.stringContaining("It is no JWT")]);
  });

  test.each(["", " ", "a b", "é", "\u0000", "{}", '{"kty":"OKP","d":"AA"}'])(
    "takes no %j",
    async (stdin) => {
      const { run } = await openTerminal();
      expect((await run(["inspect"], { stdin })).exit).toBe(2);
    },
  );

  test("a stranger's claims move no cursor and hide nothing", async () => {
    const { run } = await openTerminal();
    const stdin = jwt(
      { alg: "\u001b]0;title\u0007" },
      { sub: "\u009b31m\u202eevil\u2028", exp: 1 },
    );
    const { stdout } = await run(["inspect"], { stdin, isTTY: false });
    expect(stdout).not.toMatch(CONTROL);
    expect(stdout).not.toMatch(/[\u2028\u202e]/);
    expect(stdout).toContain("\\u009b31m\\u202eevil\\u2028");
  });

  test("of a million characters is read in no time, and of more refused", async () => {
    const { run } = await openTerminal();
    const start = performance.now();
    for (const unit of [".", "a", "{", "[", "DPoP ", '{"a":']) {
      const long = unit.repeat(Math.floor(1_000_000 / unit.length));
      expect([0, 2]).toContain((await run(["inspect"], { stdin: long })).exit);
    }
    expect(performance.now() - start).toBeLessThan(5_000);
    expect((await run(["inspect"], { stdin: "a".repeat(1_048_577) })).exit).toBe(2);
  });
});

describe("text for a terminal", () => {
  test.each([
    ["plain é 中 😀", "plain é 中 😀"],
    ["a\nb", "a\\u000ab"],
    ["\u061c\u200b\ufeff", "\\u061c\\u200b\\ufeff"],
    ["\ud800", "\\ud800"],
  ])("%j", (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  test.each([
    [NOW, "2026-11-27 10:15:00 UTC, now"],
    [NOW + 1, "2026-11-27 10:15:01 UTC, in 1 second"],
    [NOW - 90, "2026-11-27 10:13:30 UTC, 1 minute ago"],
    [NOW - 86_400 * 3, "2026-11-24 10:15:00 UTC, 3 days ago"],
    [0, "1970-01-01 00:00:00 UTC, 56 years ago"],
    [NOW * 1000, "milliseconds where seconds are due: 2026-11-27 10:15:00 UTC, now"],
    [Infinity, "no time that a clock can show"],
    [-1e300, "no time that a clock can show"],
  ])("the time %d", (time, words) => {
    expect(timeInWords(time, NOW)).toBe(words);
  });
});
