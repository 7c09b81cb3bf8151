// The text of an explanation, word for word.
import { explainProof, type ExplainOptions, formatExplanation } from "dpop-core/explain";
import { nodeCrypto } from "dpop-core/node-crypto";
import { expect, test } from "vitest";
import { at, mint, type MintOptions, NOW, TOKEN_URL } from "../support/mint.js";

const textOf = (
  proof: MintOptions,
  request: object = {},
  options: Partial<ExplainOptions> = {},
): string =>
  formatExplanation(
    explainProof(mint(proof), { ...at(NOW), ...request }, { backend: nodeCrypto, ...options }),
  );

test("of a good proof", () => {
  expect(textOf({})).toBe(`Accepted: every rule that was checked holds

1       passed       the request has one header field DPoP
2       passed       the proof is not too long
2       passed       the proof is a well-formed JWT
2       passed       the header demands no extension
3       passed       jti, htm, htu and iat are there, and all claims are well-formed
4       passed       typ is dpop+jwt
5       passed       alg is an algorithm that is accepted
6       passed       jwk is a valid public key for alg
6       passed       the signature verifies with jwk
7       passed       jwk holds no private key
8       passed       htm is the method of the request
9       passed       htu is the URL of the request
10      not checked  nonce is one that the server gave out lately
11      passed       iat is within the window of time
11      not checked  exp and nbf hold
12a     not checked  ath is the hash of the access token
12b     not checked  the key is the one that the token or grant is bound to
s. 5    not checked  the key is not the one that the client authenticates with
s. 11.1 not checked  the proof was not used before
`);
});

test("of one with several faults: the first decides, the others have their causes beside them", () => {
  const proof = { claims: { iat: NOW - 300, htm: "P\u00dcT" }, header: { typ: undefined } };
  expect(textOf(proof)).toBe(`Refused: the header has no typ
  code      typ_mismatch, RFC 9449 section 4.3 item 4
  to do     Set typ to dpop+jwt.

1       passed       the request has one header field DPoP
2       passed       the proof is not too long
2       passed       the proof is a well-formed JWT
2       passed       the header demands no extension
3       passed       jti, htm, htu and iat are there, and all claims are well-formed
4       failed       typ is dpop+jwt
  expected  dpop+jwt
  found     nothing
5       passed       alg is an algorithm that is accepted
6       passed       jwk is a valid public key for alg
6       passed       the signature verifies with jwk
7       passed       jwk holds no private key
8       failed       htm is the method of the request
  cause     htm is another method than the request's: method override, or a redirect?
  expected  POST
  found     P\\u00dcT
  to do     Pass the method of the request line, before any override; make a new proof after a
            redirect.
9       passed       htu is the URL of the request
10      not checked  nonce is one that the server gave out lately
11      failed       iat is within the window of time
  cause     the proof is from the past: the clock of the client is behind, or it was kept (5 min)
  expected  {"earliest":${NOW - 60},"latest":${NOW + 15}}
  found     ${NOW - 300}
  to do     Synchronise the clock (NTP), or use server nonces, which need no clock of the client.
            Make a new proof for every request, repeats included.
11      not checked  exp and nbf hold
12a     not checked  ath is the hash of the access token
12b     not checked  the key is the one that the token or grant is bound to
s. 5    not checked  the key is not the one that the client authenticates with
s. 11.1 not checked  the proof was not used before
`);
});

/** The lines before the empty one. */
const headOf = (text: string): readonly string[] => text.split("\n\n", 1)[0]?.split("\n") ?? [];

test("of a rule of another section", () => {
  const replay = { has: () => true };
  expect(headOf(textOf({}, {}, { replay }))).toEqual([
    "Refused: this proof was used before",
    "  code      jti_replayed, RFC 9449 section 11.1",
    "  to do     Make a new proof for every request, repeats included.",
  ]);
});

test("of what can't be read", () => {
  const text = formatExplanation(explainProof("a.b.c", at(NOW), { backend: nodeCrypto }));
  const lines = text.split("\n");
  expect(lines).toContain("2       not reached  the header demands no extension, after form");
  expect(lines).toContain("s. 11.1 not checked  the proof was not used before");
});

test("both URLs, and where they differ", () => {
  expect(headOf(textOf({}, { url: "https://server.example.com/tokens" })).slice(3)).toEqual([
    `  htu       ${TOKEN_URL}`,
    `  url       ${TOKEN_URL}s`,
    `${" ".repeat(12 + TOKEN_URL.length)}^ path`,
  ]);
});

test.each([67, 68, 69, 200])("URLs that differ at character %i", (index) => {
  const same = TOKEN_URL.padEnd(index, "x");
  const htu = `${same}a${"z".repeat(200)}`;
  const [, , , first = "", second = "", mark = ""] = headOf(
    textOf({ claims: { htu } }, { url: `${same}b` }),
  );
  expect(first.length).toBeLessThanOrEqual(100);
  const column = mark.indexOf("^");
  expect([first.charAt(column), second.charAt(column)]).toEqual(["a", "b"]);
  expect(column).toBe(index < 68 ? 12 + index : 32);
  expect(first.length).toBe(100);
});

test("URLs as they were written, where one is not valid", () => {
  expect(headOf(textOf({ claims: { htu: "/a" } })).slice(3)).toEqual([
    "  htu       /a",
    `  url       ${TOKEN_URL}`,
  ]);
});

test.each([
  [-300, "5 min before the time of the server"],
  [300, "5 min after the time of the server"],
])("the clock: %i s", (offset, words) => {
  expect(headOf(textOf({ claims: { iat: NOW + offset } })).at(-1)).toBe(
    `  iat       ${words}; accepted from 60 s before to 15 s after`,
  );
});

test("the clock where a nonce decides, and exp does not hold", () => {
  const nonce = { check: () => ({ status: "valid", acceptUntil: NOW + 9 }) as const };
  const proof = { claims: { iat: NOW, nonce: "a", exp: NOW - 300 } };
  const lines = headOf(textOf(proof, {}, { nonce, iatWithNonce: "free" }));
  expect(lines[0]).toContain("exp is over");
  expect(lines.at(-1)).toBe("  iat       0 s after the time of the server");
});

test("a long value is cut, a long word too", () => {
  const htm = "M".repeat(64);
  const nonce = "n".repeat(89);
  const check = { check: () => ({ status: "invalid" }) as const };
  const lines = textOf({ claims: { htm, nonce } }, {}, { nonce: check }).split("\n");
  expect(lines).toContain(`  found     ${htm}`);
  expect(lines).toContain(`  found     ${"n".repeat(85)}...`);
  const fits = textOf({ claims: { nonce: nonce.slice(1) } }, {}, { nonce: check }).split("\n");
  expect(fits).toContain(`  found     ${"n".repeat(88)}`);
  const url = `https://user@server.example.com/${"u".repeat(100)}`;
  const [, , , first = "", second] = headOf(textOf({ claims: { htu: url } }));
  expect(first).toMatch(/^ {2}htu {7}https:\/\/\.\.\.@server\.example\.com\/u+\.\.\.$/);
  expect(first.length).toBe(100);
  expect(second).toBe(`  url       ${TOKEN_URL}`);
});

test("colours: the verdict, and the status of each rule", () => {
  const paint = (style: string, text: string): string => `\u001b[${style}m${text}\u001b[0m`;
  const explain = (proof: string) => explainProof(proof, at(NOW), { backend: nodeCrypto });
  const good = formatExplanation(explain(mint()), { color: true }).split("\n");
  expect(good[0]).toBe(paint("1;32", "Accepted: every rule that was checked holds"));
  expect(good).toContain(`4       ${paint("32", "passed       ")}typ is dpop+jwt`);
  expect(good).toContain(`11      ${paint("2", "not checked  ")}exp and nbf hold`);
  const bad = formatExplanation(explain("a.b.c"), { color: true }).split("\n");
  expect(bad[0]).toContain("\u001b[1;31mRefused: ");
  expect(bad).toContain(`2       ${paint("31", "failed       ")}the proof is a well-formed JWT`);
  expect(bad).toContain(`4       ${paint("2", "not reached  ")}typ is dpop+jwt, after form`);
  for (const options of [{}, { color: false }, { color: undefined }])
    expect(formatExplanation(explain("a.b.c"), options)).not.toContain("\u001b");
});

test.each([[{ color: "yes" }], [{ color: 1 }], [{ color: null }], [{ colour: true }], ["color"]])(
  "refuses the options %j",
  (options) => {
    const explanation = explainProof("a.b.c", at(NOW), { backend: nodeCrypto });
    expect(() => formatExplanation(explanation, options as object)).toThrow(TypeError);
  },
);
