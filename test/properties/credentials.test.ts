// Properties of the Authorization header field: one scan answers what taking the field apart answers.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Credentials,
  type CredentialsFault,
  parseCredentials,
} from "../../src/server/credentials.js";
import type { FieldValue } from "../../src/input/http.js";
import { accessTokenText, anyText, runs, unitOf } from "../support/arbitraries.js";

/** The rules as they read, whatever they cost: the field is split, trimmed and matched. */
function reference(header: FieldValue): Credentials | CredentialsFault {
  const fields = [header ?? []].flat().filter((field) => field !== "");
  const [field] = fields;
  if (field === undefined) return { code: "credentials_missing", scheme: undefined };
  if (fields.length > 1) return { code: "credentials_multiple", scheme: undefined };
  const name = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?= |$)/.exec(field)?.[0];
  const scheme = name === undefined ? undefined : schemeOf(name);
  if (scheme === undefined ? namesScheme(field) : field.includes(",")) {
    return { code: "credentials_multiple", scheme: undefined };
  }
  if (name === undefined) return { code: "credentials_malformed", scheme: undefined };
  if (scheme === undefined) return { code: "scheme_unsupported", scheme: undefined };
  const accessToken = field.slice(name.length).replace(/^ +/, "");
  return /^[A-Za-z0-9._~+/-]+=*$/.test(accessToken)
    ? { scheme, accessToken }
    : { code: "credentials_malformed", scheme };
}

function namesScheme(field: string): boolean {
  return field
    .split(",")
    .slice(1)
    .some((piece) => {
      const [name = "", ...rest] = piece.trim().split(" ", 2);
      return rest.length > 0 && schemeOf(name) !== undefined;
    });
}

const SCHEMES: ReadonlyMap<string, "DPoP" | "Bearer"> = new Map([
  ["dpop", "DPoP"],
  ["bearer", "Bearer"],
]);

function schemeOf(name: string): "DPoP" | "Bearer" | undefined {
  return SCHEMES.get(name.toLowerCase());
}

/** What fields of ours, of others, and joined ones are made of. */
const piece = fc.oneof(
  fc.constantFrom("DPoP", "dpop", "DPOP", "Bearer", "bEaReR", "DPo", "DPoPx", "Bearers", "Basic"),
  fc.constantFrom("dpo", "beare", "d", "b", "B", "dp,op", "dbearer", "bdpop", "Digest"),
  fc.constantFrom(" ", " ", "  ", ",", ",", ", ", " ,", "\t", "=", "==", '"', "/", "abc", "a b"),
  fc.constantFrom(
    "\u00a0",
    "\ufeff",
    "\u2003",
    "\u1680",
    "\u2028",
    "\u3000",
    "\v",
    "\r\n",
    "\u0085",
  ),
  fc.string({ unit: unitOf("aZ09-._~+/="), maxLength: 4 }),
  fc.string({ maxLength: 3 }),
);
const good = fc
  .tuple(fc.constantFrom("DPoP", "bearer"), fc.constantFrom(" ", "   "), accessTokenText)
  .map((pieces) => pieces.join(""));
const field = fc.oneof(
  good,
  fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
  anyText,
);

describe("the Authorization header field", () => {
  test("is read as if it were taken apart", () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(field, (text) => {
        const expected = reference(text);
        expect(parseCredentials(text)).toEqual(expected);
        const answer = "code" in expected ? expected.code : "ok";
        seen.set(answer, (seen.get(answer) ?? 0) + 1);
      }),
      runs(20_000),
    );
    // Every answer came out, and often.
    expect(seen.size).toBe(5);
    expect(Math.min(...seen.values())).toBeGreaterThan(50);
  });

  test("is one field of a list, empty ones aside", () => {
    const texts = fc.array(fc.oneof(fc.constant(""), field), { maxLength: 4 });
    const header = fc.oneof(texts, fc.constantFrom(null, undefined));
    fc.assert(
      fc.property(header, (given) => {
        expect(parseCredentials(given)).toEqual(reference(given));
      }),
      runs(2000),
    );
  });

  test("behind a comma, every character that trim takes away may stand before a scheme, no other", () => {
    for (let unit = 0; unit <= 0xffff; unit++) {
      const before = `Basic a,${String.fromCharCode(unit)}DPoP x`;
      const after = `Basic a,DPoP ${String.fromCharCode(unit)}`;
      for (const text of [before, after]) {
        const { code } = parseCredentials(text) as CredentialsFault; // neither is credentials
        if (code !== (reference(text) as CredentialsFault).code) expect.fail(`${unit}: ${code}`);
      }
    }
  });
});
