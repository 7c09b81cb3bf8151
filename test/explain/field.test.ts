// The header field: what is said of its number, size and form, and what is still read of a damaged one.
import { expect, test } from "vitest";
import { examineField } from "../../src/explain/field.js";
import type { RuleName } from "../../src/explain/explanation.js";
import type { Judgement } from "../../src/explain/judgement.js";
import type { FieldValue } from "../../src/input/http.js";
import { readLimits } from "../../src/proof/claims.js";
import { b64, mint } from "../support/mint.js";

const PROOF = mint();
const [HEADER = "", PAYLOAD = "", SIGNATURE = ""] = PROOF.split(".");
const OTHER = mint({ claims: { jti: "another" } });
const LIMITS = readLimits(undefined);

function examine(field: FieldValue) {
  const rules = new Map<RuleName, Judgement>();
  const parts = examineField(field, LIMITS, rules);
  const [single, size, form] = (["single", "size", "form"] as const).map((name) => rules.get(name));
  return { parts, single, size, form };
}

test("a good proof", () => {
  const { parts, ...rules } = examine(PROOF);
  expect(rules).toEqual({
    single: { status: "passed", found: 1 },
    size: { status: "passed", expected: LIMITS.proof, found: PROOF.length },
    form: { status: "passed" },
  });
  expect(parts.header?.["typ"]).toBe("dpop+jwt");
  expect(parts.payload?.["htm"]).toBe("POST");
  expect(b64(parts.signature ?? "")).toBe(SIGNATURE);
  expect(Buffer.from(parts.signed ?? "").toString()).toBe(`${HEADER}.${PAYLOAD}`);
  expect(examine([PROOF])).toEqual({ parts, ...rules });
});

test.each([[null], [undefined], [""], [[]], [[""]]])("no field: %j", (field) => {
  const absent = { status: "not reached", after: "single" };
  expect(examine(field)).toEqual({
    parts: { text: "", header: null, payload: null, signature: null, signed: null },
    single: {
      status: "failed",
      code: "proof_missing",
      cause: "proof_absent",
      expected: 1,
      found: 0,
    },
    size: absent,
    form: absent,
  });
});

test.each<[string, FieldValue, cause: string, found: number, text: string]>([
  ["two", [PROOF, "another"], "fields_repeated", 2, PROOF],
  ["one that is empty, and another", ["", PROOF], "fields_repeated", 2, PROOF],
  ["two that are joined", `${PROOF}, ${OTHER}`, "fields_joined", 2, PROOF],
  ["joined with an empty one", `  , ${PROOF},${OTHER}`, "fields_joined", 3, PROOF],
  ["joined in a list", [`${PROOF},a.b.c`], "fields_joined", 2, PROOF],
  ["a comma at the end", `${PROOF},`, "comma", 2, PROOF],
  ["a comma and another text", `${PROOF},a.b`, "comma", 2, PROOF],
  ["the same twice", [PROOF, PROOF], "same_proof_twice", 2, PROOF],
  ["the same, joined", `${PROOF} ,${PROOF}`, "same_proof_twice", 2, PROOF],
  ["only a comma", ",", "comma", 2, ""],
])("several fields: %s", (_, field, cause, found, text) => {
  const { single, parts } = examine(field);
  expect(single).toEqual({ status: "failed", code: "proof_multiple", cause, expected: 1, found });
  expect(parts.text).toBe(text);
  expect(parts.header === null).toBe(text === "");
});

test("a long one is read all the same", () => {
  const long = `${HEADER}.${PAYLOAD}.${"A".repeat(LIMITS.proof)}`;
  const { size, parts } = examine(long);
  expect(size).toEqual({
    status: "failed",
    code: "proof_too_large",
    cause: "too_large",
    expected: LIMITS.proof,
    found: long.length,
  });
  expect(parts.header).not.toBeNull();
});

const json = (text: string | Uint8Array): string => `${HEADER}.${b64(text)}.${SIGNATURE}`;

test.each<[string, text: string, cause: string, found: string]>([
  ["the name of the field", `dpop: ${PROOF}`, "field_name", "3 segments"],
  ["a promise", "[object Promise]", "not_text", "1 segments"],
  ["undefined", "undefined", "not_text", "1 segments"],
  ["null", "null", "not_text", "1 segments"],
  ["an object and more", "[object Object].a.b", "whitespace", "3 segments"],
  ["nullable", "nullable", "segments", "1 segments"],
  ["an unset variable", "xundefined", "segments", "1 segments"],
  ["a scheme", `Bearer ${PROOF}`, "scheme_prefix", "3 segments"],
  ["a scheme and the name of the field", `Bearer DPoP: ${PROOF}`, "scheme_prefix", "3 segments"],
  ["a scheme behind something else", `x DPoP ${PROOF}`, "whitespace", "3 segments"],
  ["quotes", `'${PROOF}'`, "quoted", "3 segments"],
  ["a quote in front", `"${PROOF}`, "quoted", "3 segments"],
  ["a quote at the end", `${PROOF}"`, "not_base64url", "signature"],
  ["an apostrophe at the end", `${PROOF}'`, "not_base64url", "signature"],
  ["a tab", `${HEADER}.\t${PAYLOAD}.${SIGNATURE}`, "whitespace", "3 segments"],
  ["five segments", "a.b.c.d.e", "encrypted", "5 segments"],
  ["four segments", `${PROOF}.`, "segments", "4 segments"],
  ["four segments, one of them empty", `${HEADER}.${PAYLOAD}..`, "segments", "4 segments"],
  ["two segments", `${HEADER}.${PAYLOAD}`, "segments", "2 segments"],
  ["the header alone", HEADER, "segments", "1 segments"],
  ["no header", `.${PAYLOAD}.${SIGNATURE}`, "segments", "3 segments"],
  ["no payload", `${HEADER}..${SIGNATURE}`, "segments", "3 segments"],
  ["no payload and no signature", `${HEADER}..`, "segments", "3 segments"],
  ["no signature", `${HEADER}.${PAYLOAD}.`, "unsigned", "3 segments"],
  ["a header in base64", `+${HEADER}.${PAYLOAD}.${SIGNATURE}`, "standard_base64", "header"],
  ["a payload in base64", `${HEADER}./${PAYLOAD}.${SIGNATURE}`, "standard_base64", "payload"],
  ["a padded payload", `${HEADER}.${PAYLOAD}=.${SIGNATURE}`, "padded", "payload"],
  ["padded base64", `${HEADER}.${PAYLOAD}/=.${SIGNATURE}`, "standard_base64", "payload"],
  ["a payload of another alphabet", `${HEADER}.é.${SIGNATURE}`, "not_base64url", "payload"],
  ["a signature that is cut off", `${HEADER}.${PAYLOAD}.A`, "not_base64url", "signature"],
  ["a header that is no JSON", `${b64("no")}.${PAYLOAD}.${SIGNATURE}`, "not_json", "header"],
  ["no JSON at all", `${b64("no")}.${b64("no")}.${SIGNATURE}`, "not_json", "header"],
  ["bytes that are not UTF-8", json(Buffer.from('{"a":"\xff"}', "latin1")), "not_json", "payload"],
  ["JSON that is cut off", json('{"a"'), "not_json", "payload"],
  ["JSON that is cut off late", json(`{"${"a".repeat(300)}"`), "not_json", "payload"],
  ["null", json("null"), "not_json", "payload"],
  ["a number", json("1"), "not_json", "payload"],
  ["a text", json('"{}"'), "not_json", "payload"],
  ["an array", json("[{}]"), "not_json", "payload"],
  ["a member twice", json('{"a":1,"a":1}'), "strict_json", "payload"],
  ["an object of 199 levels that do not end", json('{"":'.repeat(199)), "not_json", "payload"],
  ["an object of 200 levels", json('{"":'.repeat(200)), "strict_json", "payload"],
  ["an array of 200 levels that ends so", json(`${"[".repeat(200)}{`), "not_json", "payload"],
])("the form: %s", (_, text, cause, found) => {
  expect(examine(text).form).toEqual({
    status: "failed",
    code: "jws_malformed",
    cause,
    expected: "header.payload.signature",
    found,
  });
});

test.each([
  ["the name of the field", `DPoP: ${PROOF}`],
  ["a scheme", `dpop ${PROOF}`],
  ["quotes", `"${PROOF}"`],
  ["apostrophes", `'${PROOF}'`],
  ["line breaks", `${HEADER}.\r\n ${PAYLOAD}.\n${SIGNATURE}`],
])("the rest is read without %s", (_, text) => {
  const { parts } = examine(text);
  expect(parts).toEqual({ ...examine(PROOF).parts, text });
});

test.each([
  ["the header alone", HEADER, [true, false, false]],
  ["header and payload", `${HEADER}.${PAYLOAD}`, [true, true, false]],
  ["without a signature", `${HEADER}.${PAYLOAD}.`, [true, true, false]],
  ["with a fourth segment", `${PROOF}.a`, [true, true, false]],
  ["a text without dots whose end is JSON", b64('{"a":12345}'), [true, false, false]],
  ["a header of one letter", `a.${PAYLOAD}.${SIGNATURE}`, [false, true, true]],
  ["a header of another alphabet", `é.${PAYLOAD}.${SIGNATURE}`, [false, false, true]],
  ["a payload of another alphabet", `${HEADER}.é.${SIGNATURE}`, [false, false, true]],
  ["without a header", `.${PAYLOAD}.${SIGNATURE}`, [false, true, true]],
  ["without a payload", `${HEADER}..${SIGNATURE}`, [true, false, true]],
])("what can be read: %s", (_, text, expected) => {
  const { header, payload, signature } = examine(text).parts;
  expect([header, payload, signature].map((part) => part !== null)).toEqual(expected);
});
