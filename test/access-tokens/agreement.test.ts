// Agreement with jose: the same tokens under the same rules are good or bad for both, but where ours is stricter by a
// rule that has a name.
import fc from "fast-check";
import { createJwtAccessTokens } from "dpop-core/jwt";
import { nodeCrypto, type SigningLabel } from "dpop-core/node-crypto";
import { createLocalJWKSet, importPKCS8, jwtVerify, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import {
  API,
  base64url,
  CLAIMS,
  type IssuerKey,
  ISSUER,
  newKey,
  NOW,
  signText,
  tokenOf,
} from "./issuer.js";
import { LABELS } from "../../src/jose/alg.js";

const rsa = newKey("RS256", "rsa");
const ed = newKey("EdDSA", "ed");
const KEYS: Readonly<Record<SigningLabel, IssuerKey>> = {
  ES256: newKey("ES256", "p256"),
  ES384: newKey("ES384", "p384"),
  ES512: newKey("ES512", "p521"),
  EdDSA: ed,
  Ed25519: ed,
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
};
const jwks = {
  keys: [...new Set(Object.values(KEYS))].map(({ jwk }) =>
    Object.assign({ kty: String(jwk["kty"]) }, jwk),
  ),
};

const ours = createJwtAccessTokens({
  backend: nodeCrypto,
  issuer: ISSUER,
  audience: [API, "orders"],
  jwks,
  clock: () => NOW,
  clockTolerance: 0, // jose tolerates an expired token too
  memory: "none",
});
const keySet = createLocalJWKSet(jwks);

async function isGoodForJose(token: string): Promise<boolean> {
  return jwtVerify(token, keySet, {
    issuer: ISSUER,
    audience: [API, "orders"],
    typ: "at+jwt",
    requiredClaims: ["exp", "iat", "sub", "client_id"],
    algorithms: [...LABELS],
    currentDate: new Date(NOW * 1000),
    maxTokenAge: Number.MAX_SAFE_INTEGER, // so that an iat of the future is refused
  }).then(
    () => true,
    () => false,
  );
}

/** What only we refuse. The first that holds is counted. */
const STRICTER: readonly (readonly [string, (token: string) => boolean])[] = [
  ["too long", (token) => token.length > 16_384],
  [
    "base64url in a second form",
    (token) =>
      token
        .split(".")
        .some((part) => Buffer.from(part, "base64url").toString("base64url") !== part),
  ],
  [
    "an extension in the header",
    (token) => ["crit", "b64"].some((name) => name in partOf(token, 0)),
  ],
  [
    "a time that is not finite",
    (token) => ["exp", "nbf", "iat"].some((name) => isInfinite(partOf(token, 1)[name])),
  ],
  [
    "a name that is no text, or empty",
    (token) =>
      ["sub", "client_id"].some((name) => {
        const value = partOf(token, 1)[name];
        return typeof value !== "string" || value === "";
      }),
  ],
  ["JSON that another reader reads otherwise", (token) => [0, 1].some((i) => isLoose(token, i))],
  ["JSON that is too large or too deep", (token) => [0, 1].some((i) => isLarge(token, i))],
];

function textOf(token: string, index: number): string {
  return Buffer.from(token.split(".")[index] ?? "", "base64url").toString();
}

function partOf(token: string, index: number): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(textOf(token, index).replace(/^\uFEFF/, ""));
  return value as Readonly<Record<string, unknown>>; // jose took the token
}

function isInfinite(value: unknown): boolean {
  return typeof value === "number" && !Number.isFinite(value);
}

/** A member twice, a member that sets a prototype, bytes that are not UTF-8. */
function isLoose(token: string, index: number): boolean {
  const text = textOf(token, index);
  const bytes = Buffer.from(token.split(".")[index] ?? "", "base64url");
  if (!Buffer.from(text).equals(bytes) || text.startsWith("\uFEFF")) return true;
  const colons = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, "").split(":").length - 1;
  return colons !== membersIn(JSON.parse(text)) || text.includes("__proto__");
}

function membersIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, one) => sum + membersIn(one), own);
}

function isLarge(token: string, index: number): boolean {
  const text = textOf(token, index);
  const brackets = text.match(/[[{,]/g)?.length ?? 0;
  return brackets > (index === 0 ? 128 : 2048) || /[[{]{17}/.test(text);
}

const counts = new Map<string, number>();
let agreed = 0;
let good = 0;

/** Throws where the two differ without a reason. */
async function compare(token: string): Promise<void> {
  const [known, forJose] = [await ours(token, undefined), await isGoodForJose(token)];
  if ((known !== null) === forJose) {
    agreed++;
    if (forJose) good++;
    return;
  }
  expect(forJose, `only we took ${token}`).toBe(true);
  const rule = STRICTER.find(([, holds]) => holds(token))?.[0];
  expect(rule, `only jose took ${token}`).toBeDefined();
  counts.set(rule ?? "", (counts.get(rule ?? "") ?? 0) + 1);
}

const HEADER = { alg: "ES256", typ: "at+jwt", kid: "p256" };

/** A token of ES256 with these texts as they are. */
function raw(header: string, payload: string): string {
  return signText(header, payload, "ES256", KEYS.ES256.privateKey);
}

function withClaims(claims: object, header: object = {}): string {
  return tokenOf(KEYS.ES256, "ES256", claims, header);
}

const claimsText = JSON.stringify(CLAIMS);
const headerText = JSON.stringify(HEADER);
const goodToken = withClaims({});
const [goodHeader = "", goodPayload = "", goodSignature = ""] = goodToken.split(".");

const CLAIM_VALUES: readonly (readonly [string, readonly unknown[]])[] = [
  [
    "iss",
    [undefined, null, "", `${ISSUER}/`, ISSUER.toUpperCase(), [ISSUER], 5, "https://evil.example"],
  ],
  [
    "aud",
    [
      undefined,
      null,
      "",
      [],
      [API],
      ["other", API],
      ["other"],
      [API, 5],
      [5],
      {},
      `${API}/`,
      "orders",
      "order",
      [[API]],
    ],
  ],
  [
    "exp",
    [
      undefined,
      null,
      NOW,
      NOW + 1,
      NOW - 1,
      NOW + 0.5,
      NOW - 0.5,
      0,
      -1,
      `${NOW + 9}`,
      1e300,
      -1e300,
      true,
      [NOW + 9],
    ],
  ],
  ["nbf", [undefined, null, NOW, NOW + 1, NOW - 1, NOW + 0.5, 0, -1e300, 1e300, `${NOW}`, false]],
  ["iat", [undefined, null, NOW, NOW + 1, NOW - 1, NOW + 0.5, 0, -1, 1e300, `${NOW}`, {}]],
  ["sub", [undefined, null, "", " ", 0, 5, {}, [], true, "\u0000", "ä"]],
  ["client_id", [undefined, null, "", "other", 0, {}, []]],
  ["scope", [undefined, null, "", 5, ["read"], {}]],
  [
    "cnf",
    [undefined, null, {}, { jkt: "short" }, { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }],
  ],
  ["jti", [undefined, 5, "one"]],
  ["payload", [{}, 5]],
  ["active", [false, true, 5]],
];

const HEADER_VALUES: readonly (readonly [string, readonly unknown[]])[] = [
  [
    "typ",
    [
      undefined,
      null,
      "",
      "JWT",
      "jwt",
      "AT+JWT",
      "application/at+jwt",
      "Application/AT+jwt",
      "application/x/at+jwt",
      "at+jwt ",
      "at+jwt;x=1",
      5,
      ["at+jwt"],
      "dpop+jwt",
    ],
  ],
  [
    "alg",
    [
      undefined,
      null,
      "",
      "none",
      "None",
      "HS256",
      "es256",
      "ES384",
      "RS256",
      "EdDSA",
      "ES256K",
      5,
      ["ES256"],
    ],
  ],
  ["kid", [undefined, null, "", "p384", "rsa", "other", 5, ["p256"], "k".repeat(1025)]],
  ["crit", [[], ["exp"], ["b64"], "exp", null]],
  ["b64", [true, false, null]],
  ["jwk", [KEYS.ES256.jwk, {}, null]],
  ["jku", ["https://evil.example/keys", 5]],
  ["x5c", [["AAAA"], "AAAA"]],
  ["x5u", ["https://evil.example/cert"]],
  ["cty", ["JWT", 5]],
  ["zip", ["DEF"]],
  ["enc", ["A128GCM"]],
];

/** The letter with unused bits at the end of a segment, changed so that the bytes stay the same. */
function otherEnd(segment: string): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return segment.slice(0, -1) + letters.charAt(letters.indexOf(segment.slice(-1)) ^ 1);
}

const TABLE: readonly string[] = [
  ...LABELS.map((alg) => tokenOf(KEYS[alg], alg)),
  ...LABELS.map((alg) => tokenOf(KEYS[alg], alg, { jti: "no kid" }, { kid: undefined })),
  ...LABELS.flatMap((alg) =>
    LABELS.filter((other) => other !== alg).map((other) =>
      tokenOf(KEYS[alg], alg, {}, { alg: other, kid: KEYS[other].kid }),
    ),
  ),
  ...LABELS.map((alg) => tokenOf(newKey(alg, KEYS[alg].kid), alg)), // by a stranger's key
  ...CLAIM_VALUES.flatMap(([name, values]) => values.map((value) => withClaims({ [name]: value }))),
  ...HEADER_VALUES.flatMap(([name, values]) =>
    values.map((value) => withClaims({}, { [name]: value })),
  ),
  // Segments
  "",
  ".",
  "..",
  "...",
  goodHeader,
  `${goodHeader}.${goodPayload}`,
  `${goodHeader}.${goodPayload}.`,
  `${goodHeader}..${goodSignature}`,
  `.${goodPayload}.${goodSignature}`,
  `${goodToken}.`,
  `.${goodToken}`,
  `${goodToken}.AAAA`,
  ` ${goodToken}`,
  `${goodToken} `,
  `${goodToken}\n`,
  `${goodToken}=`,
  `${goodToken}==`,
  `${goodHeader}.${goodPayload}.AAAA`,
  `${goodHeader}.${goodPayload}.${goodSignature.slice(0, -2)}`,
  `${goodHeader}.${goodPayload}.${otherEnd(goodSignature)}`,
  `${goodHeader}.${goodPayload}.${goodSignature.replaceAll("-", "+").replaceAll("_", "/")}`,
  `${goodHeader}.${goodPayload}.${goodSignature.slice(0, 20)} ${goodSignature.slice(20)}`,
  `${goodHeader}=.${goodPayload}.${goodSignature}`,
  `${goodPayload}.${goodHeader}.${goodSignature}`,
  `${goodHeader}.${goodPayload}.${withClaims({}).split(".")[2] ?? ""}`,
  `${base64url('{"alg":"none","typ":"at+jwt"}')}.${goodPayload}.`,
  `${base64url('{"alg":"none","typ":"at+jwt"}')}.${goodPayload}.AAAA`,
  // JSON
  raw(headerText, "[]"),
  raw(headerText, "null"),
  raw(headerText, "5"),
  raw(headerText, ""),
  raw(headerText, "{"),
  raw(headerText, `${claimsText}}`),
  raw(headerText, ` ${claimsText}\n`),
  raw(headerText, `\uFEFF${claimsText}`),
  raw(headerText, claimsText.replace("{", '{"iss":"https://evil.example",')),
  raw(headerText, claimsText.replace("{", '{"scope":"admin",')),
  raw(headerText, claimsText.replace("{", '{"__proto__":{},')),
  raw(headerText, claimsText.replace("{", '{"a":{"b":1,"b":2},')),
  raw(headerText, claimsText.replace(String(NOW + 300), "1e999")),
  raw(headerText, claimsText.replace(String(NOW + 300), `${NOW}300e-2`)),
  raw(headerText, claimsText.replace("{", '{"nbf":-1e999,')),
  raw(headerText, claimsText.replace(String(NOW - 10), "-1e999")),
  raw(headerText, claimsText.replace("ann", String.raw`\u0061nn`)),
  raw(headerText, claimsText.replace("ann", String.raw`\ud800`)),
  raw(`[${headerText}]`, claimsText),
  raw(` ${headerText} `, claimsText),
  raw(headerText.replace("{", '{"alg":"none",'), claimsText),
  raw(headerText.replace("{", '{"typ":"JWT",'), claimsText),
  raw(headerText.replace("ES256", String.raw`\u0045S256`), claimsText),
  raw(headerText, claimsText.replace("{", `{"deep":${"[".repeat(17)}${"]".repeat(17)},`)),
  raw(headerText, claimsText.replace("{", `{"many":[${"1,".repeat(2100)}1],`)),
  raw(headerText, claimsText.replace("{", `{"long":"${"a".repeat(13_000)}",`)),
  raw(headerText, claimsText.replace("{", `{"fits":"${"a".repeat(11_000)}",`)),
];

describe("our check of a JWT access token and jose's", () => {
  test(`agree on a table of ${TABLE.length} tokens, at least 300`, async () => {
    expect(TABLE.length).toBeGreaterThanOrEqual(300);
    for (const token of TABLE) await compare(token);
  });

  test("agree on bytes that are not UTF-8", async () => {
    const payload = Buffer.from(claimsText.replace("ann", "a~n"), "latin1");
    payload[payload.indexOf("~")] = 0xff;
    const signed = `${goodHeader}.${payload.toString("base64url")}`;
    const { sign } = await import("node:crypto");
    const key = { key: KEYS.ES256.privateKey, dsaEncoding: "ieee-p1363" as const };
    await compare(`${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`);
  });

  test.each(LABELS)("take what jose signs with %s", async (alg) => {
    const pem = KEYS[alg].privateKey.export({ type: "pkcs8", format: "pem" });
    const token = await new SignJWT({ ...CLAIMS })
      .setProtectedHeader({ alg, typ: "at+jwt", kid: KEYS[alg].kid })
      .sign(await importPKCS8(String(pem), alg));
    expect(await ours(token, undefined)).toMatchObject({
      binding: { unbound: true },
      claims: CLAIMS,
      scopes: ["read", "write"],
    });
    const before = agreed;
    await compare(token);
    expect(agreed).toBe(before + 1);
  });

  test(
    "agree on mutations of claims, headers, segments and signatures",
    { timeout: 60_000 },
    async () => {
      const times = fc.integer({ min: -3, max: 3 }).map((step) => NOW + step);
      const value = fc.oneof(
        times,
        fc.jsonValue({ maxDepth: 2 }),
        fc.constantFrom<unknown>(
          undefined,
          null,
          ISSUER,
          API,
          [API],
          "at+jwt",
          "ES256",
          "p256",
          "ann",
        ),
      );
      const claim = fc.constantFrom(
        "iss",
        "aud",
        "exp",
        "nbf",
        "iat",
        "sub",
        "client_id",
        "cnf",
        "scope",
        "x",
      );
      const member = fc.constantFrom("typ", "alg", "kid", "crit", "b64", "jwk", "x");
      const changes = (name: fc.Arbitrary<string>): fc.Arbitrary<object> =>
        fc.array(fc.tuple(name, value), { maxLength: 2 }).map((pairs) => Object.fromEntries(pairs));
      const edit = fc.record({
        at: fc.nat(),
        letter: fc.constantFrom(..."ABab01-_+/=. ä"),
        kind: fc.constantFrom("none", "none", "replace", "insert", "remove"),
      });
      const label = fc.constantFrom<SigningLabel>("ES256", "EdDSA", "RS256", "PS256", "ES384");
      await fc.assert(
        fc.asyncProperty(
          label,
          changes(claim),
          changes(member),
          edit,
          async (alg, claims, header, { at, letter, kind }) => {
            const token = tokenOf(KEYS[alg], alg, claims, header);
            const index = at % token.length;
            const rest = token.slice(kind === "insert" ? index : index + 1);
            const middle = kind === "remove" ? "" : letter;
            await compare(kind === "none" ? token : token.slice(0, index) + middle + rest);
          },
        ),
        { numRuns: 1500, seed: 15 },
      );
    },
  );

  test("differ only by rules that have a name, and each of these was needed", () => {
    expect([...counts.keys()].toSorted()).toEqual(STRICTER.map(([name]) => name).toSorted());
    expect(good).toBeGreaterThan(150);
    expect(agreed).toBeGreaterThan(1500);
  });
});
