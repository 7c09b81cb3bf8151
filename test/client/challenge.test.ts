// RFC 9110 sections 5.6 and 11: challenges.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseChallenges } from "../../src/client/challenge.js";
import { anyText, runs, unitOf } from "../support/arbitraries.js";

/** Scheme, then parameters. */
type Plain = readonly [scheme: string, params: Readonly<Record<string, string>>];

function plain(field: string): Plain[] {
  return parseChallenges(field).map(({ scheme, params }) => [scheme, Object.fromEntries(params)]);
}

describe("RFC 9110 §11.6.1: the challenges of WWW-Authenticate", () => {
  test.each<[string, string, Plain[]]>([
    ["nothing", "", []],
    ["whitespace and commas", " , ,\t,", []],
    ["only a scheme", "Negotiate", [["Negotiate", {}]]],
    ["only schemes", "Negotiate, Basic", [["Negotiate", {}], ["Basic", {}]]], // prettier-ignore
    ["one parameter", 'Basic realm="a"', [["Basic", { realm: "a" }]]],
    ["a token as the value", "Basic realm=a", [["Basic", { realm: "a" }]]],
    ["names in capitals", 'DPoP ERROR="a"', [["DPoP", { error: "a" }]]],
    ["whitespace around the equals sign", 'DPoP error \t= "a"', [["DPoP", { error: "a" }]]],
    ["an empty quoted string", 'DPoP error=""', [["DPoP", { error: "" }]]],
    ["escapes", 'X a="\\"\\\\\\n"', [["X", { a: '"\\n' }]]],
    ["a comma and an equals sign in quotes", 'X a="b, DPoP c=d"', [["X", { a: "b, DPoP c=d" }]]],
    ["obsolete text in quotes", 'X a="\u00e9"', [["X", { a: "\u00e9" }]]],
    ["a token68", "Negotiate abc+/-._~==", [["Negotiate", {}]]],
    ["a token68 that looks like a name", "X abc, Y", [["X", {}], ["Y", {}]]], // prettier-ignore
    ["a token68 that looks like a parameter", "X abc=, Y a=b", [["X", {}], ["Y", { a: "b" }]]], // prettier-ignore
    ["empty elements", ',X ,, a=b,, ,Y,', [["X", { a: "b" }], ["Y", {}]]], // prettier-ignore
    ["the parameters after an empty element", "X , a=b", [["X", { a: "b" }]]],
    ["no space after commas", 'X a=b,c="d",Y e=f', [["X", { a: "b", c: "d" }], ["Y", { e: "f" }]]], // prettier-ignore
    [
      "the example of RFC 9110",
      'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
      [
        ["Basic", { realm: "simple" }],
        ["Newauth", { realm: "apps", type: "1", title: 'Login to "apps"' }],
      ],
    ],
    [
      "the example of RFC 9449 7.2",
      'Bearer, DPoP algs="ES256 PS256"',
      [
        ["Bearer", {}],
        ["DPoP", { algs: "ES256 PS256" }],
      ],
    ],
    ["a name that every object has", "X __proto__=a", [["X", Object.fromEntries([["__proto__", "a"]])]]], // prettier-ignore
  ])("%s", (_, field, challenges) => {
    expect(plain(field)).toEqual(challenges);
  });

  test.each<[string, string, Plain[]]>([
    ["a parameter without a scheme", "error=a, DPoP", []],
    ["no value", "A, X a=b, c=, Y", [["A", {}]]],
    ["no closing quote", 'A, X a="b, Y', [["A", {}]]],
    ["a value behind spaces that does not close", 'A, X a=b, c = "d', [["A", {}]]],
    ["a backslash at the end", 'A, X a="b\\', [["A", {}]]],
    ["a control in quotes", 'A, X a="\u0001", Y', [["A", {}]]],
    ["DEL in quotes", 'A, X a="b\u007f", Y', [["A", {}]]],
    ["an escaped DEL in quotes", 'A, X a="\\\u007f", Y', [["A", {}]]],
    ["the last control in quotes", 'A, X a="\u001f", Y', [["A", {}]]],
    ["a scheme for a name", 'DPoP ="x", error="use_dpop_nonce"', []],
    ["no name", 'A, DPoP , ="x", error="use_dpop_nonce", Y', [["A", {}]]],
    ["no name before a token", 'A, DPoP , =x, error="use_dpop_nonce"', [["A", {}]]],
    ["no name in the second place", 'A, DPoP a=b, ="x", error="use_dpop_nonce"', [["A", {}]]],
    ["no name and no scheme", '="x", DPoP error="use_dpop_nonce"', []],
    ["something behind the quotes", 'A, X a="b"c, Y', [["A", {}]]],
    ["a parameter twice", "A, X a=b, A=b, Y", [["A", {}]]],
    ["a token68 and a parameter", "A, X abc==, a=b, Y", [["A", {}]]],
    ["two words behind a scheme", "A, X b c, Y", [["A", {}]]],
    ["a quote in the place of a scheme", 'A, X a=b, "c", Y', [["A", {}]]],
    ["a fault in the next challenge", 'X a=b, Y c="', [["X", { a: "b" }]]],
    ["a character outside ASCII", "A, X a=b, \u00e9, Y", [["A", {}]]],
    ["a tab behind what is to be a scheme", "A, B, X\ta=b, Y", [["A", {}]]],
  ])("ends at a fault, and leaves out the challenge that has it: %s", (_, field, challenges) => {
    expect(plain(field)).toEqual(challenges);
  });

  test("takes a text, and nothing else", () => {
    expect(() => parseChallenges(null as never)).toThrow(TypeError);
  });
});

const tchar = unitOf("abcXYZ019!#$%&'*+-.^_`|~");
const token = fc.string({ unit: tchar, minLength: 1, maxLength: 6 });
const quotable = fc.string({ unit: unitOf(' \t"\\,=abcé~'), maxLength: 8 });
const space = fc.constantFrom("", " ", "\t", " \t ");

interface Parameter {
  readonly name: string;
  readonly value: string;
  readonly written: string;
}

const parameter: fc.Arbitrary<Parameter> = fc
  .record({ name: token, value: fc.oneof(token, quotable), left: space, right: space })
  .map(({ name, value, left, right }) => {
    const plainValue = /^[^ \t"\\,=é]+$/.test(value) && value.length % 2 === 0;
    const text = plainValue ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
    return { name, value, written: `${name}${left}=${right}${text}` };
  });

const challenge = fc.record({
  scheme: token,
  params: fc.uniqueArray(parameter, { maxLength: 3, selector: ({ name }) => name.toLowerCase() }),
});

describe("properties of challenges", () => {
  const comma = fc
    .tuple(space, fc.constantFrom(",", ",,", ", ,"), space)
    .map((all) => all.join(""));

  test("a list that was written is read as it was meant", () => {
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), comma, (challenges, separator) => {
        const field = challenges
          .map(({ scheme, params }) => {
            const all = params.map(({ written }) => written).join(separator);
            return all === "" ? scheme : `${scheme} ${all}`;
          })
          .join(separator);
        expect(plain(field)).toEqual(
          challenges.map(({ scheme, params }) => [
            scheme,
            Object.fromEntries(params.map(({ name, value }) => [name.toLowerCase(), value])),
          ]),
        );
      }),
      runs(500),
    );
  });

  const almost = fc.string({ unit: unitOf('DPoP error="\\,, =\té\u0000'), maxLength: 60 });

  test("no text makes it throw, and every scheme stands in the text", () => {
    fc.assert(
      fc.property(fc.oneof(almost, anyText), (field) => {
        for (const { scheme } of parseChallenges(field)) {
          expect(scheme).not.toBe("");
          expect(field).toContain(scheme);
        }
      }),
      runs(1000),
    );
  });

  test.each([
    ["commas", ","],
    ["spaces", " "],
    ["tabs", "\t"],
    ["schemes", "a,"],
    ["schemes with spaces behind", "a  ,"],
    ["words", "a "],
    ["letters", "a"],
    ["equals signs", "="],
    ["a and equals signs", "a="],
    ["parameters", "a=b,"],
    ["token68s", "a b=,"],
    ["challenges", "a b=c,"],
    ["quotes", '"'],
    ["quotes and commas", '",'],
    ["escapes", '\\"'],
    ["open quotes", 'a b="'],
  ])("%s: read in linear time", (_, piece) => {
    for (const start of ["", "a ", "a b", 'a b="', "a b="]) {
      const field = start + piece.repeat(2 ** 18 / piece.length);
      const begin = process.cpuUsage();
      parseChallenges(field);
      const { user, system } = process.cpuUsage(begin);
      expect(user + system).toBeLessThan(1_000_000); // microseconds; quadratic takes ten times as long
    }
  });
});
