// What the entries export: how much, and whether an editor shows what it does.
import { describe, expect, test } from "vitest";
import { docstringFaults, exampleFaults, examplesIn } from "./support/docstrings.js";
import { ENTRIES, exportsOf, programOf, sourcesOfSrc } from "./support/sources.js";

const program = programOf(ENTRIES);
const inDefault = [...exportsOf(program, "src/index.ts")];
const values = inDefault.filter(([, { isValue }]) => isValue).map(([name]) => name);
const types = inDefault.length - values.length;

test(`the default entry has ${values.length} values, of 36 at most, and ${types} types, of 70 at most`, async () => {
  expect(values.length).toBeLessThanOrEqual(36);
  expect(types).toBeLessThanOrEqual(70);
  // The compiler counts what the engine sees.
  expect(values.toSorted()).toEqual(Object.keys(await import("dpop-core")).toSorted());
});

test("a name that is a value and a type counts as a value, one exported as a type as a type", () => {
  const text = "export const Both = 1; export type Both = 1; class C {} export { type C };";
  const planted = exportsOf(programOf([], { "src/planted.ts": text }), "src/planted.ts");
  const kinds = [...planted].map(([name, { isValue }]) => [name, isValue]);
  expect(kinds).toEqual([
    ["Both", true],
    ["C", false],
  ]);
});

describe("everything that an entry exports has its docstring", () => {
  test.each(ENTRIES)("%s", (entry) => {
    expect(docstringFaults(program, [entry])).toEqual([]);
  });
});

test("every example compiles", () => {
  expect(exampleFaults(sourcesOfSrc())).toEqual([]);
});

describe("planted faults", () => {
  const COMPLETE = `/**
 * Doubles a number.
 *
 * @param x the number.
 * @returns twice the number.
 * @throws a TypeError for anything else.
 * @example
 * \`\`\`ts
 * import { double } from "dpop-core/planted";
 *
 * const four: number = double(2);
 * \`\`\`
 * @see RFC 9449 section 4.2
 */
export function double(x: number): number {
  return 2 * x;
}
`;
  const faultsOf = (text: string): readonly string[] =>
    docstringFaults(programOf([], { "src/planted.ts": text }), ["src/planted.ts"]);

  test("a function with all of it has no fault", () => {
    expect(faultsOf(COMPLETE)).toEqual([]);
    expect(exampleFaults([], { "src/planted.ts": COMPLETE })).toEqual([]);
  });

  test.each([
    [/ \* @param .*\n/, "no @param x"],
    [/@param x/, "no @param x", "@param y"],
    [/@param x.*/, "no @param x", "@param x"],
    [/ \* @returns .*\n/, "no @returns"],
    [/ \* @throws .*\n/, "no @throws"],
    [/@example/, "no @example ```ts", "@remarks"],
    [/```ts/, "no @example ```ts", "```"],
    [/ \* @see .*\n/, "no @see RFC"],
    [/@see RFC.*/, "no @see RFC", "@see the specification"],
    [/ \* Doubles .*\n/, "no docstring"],
    [/\/\*\*[\s\S]*\*\/\n/, "no docstring"],
  ])("without %s", (part, fault, instead = "") => {
    const text = COMPLETE.replace(part, instead);
    expect(text).not.toBe(COMPLETE);
    expect(faultsOf(text)).toEqual([`src/planted.ts: double: ${fault}`]);
  });

  test("a function that returns nothing needs no @returns", () => {
    const text = COMPLETE.replace(/ \* @returns .*\n/, "").replace("): number {", "): void {");
    expect(faultsOf(text.replace("return 2 * x", "void x"))).toEqual([]);
  });

  test.each(["interface A {}", "type A = 1;", "const A = 1;", "class A {}"])(
    "export %s",
    (text) => {
      expect(faultsOf(`export ${text}\n`)).toEqual(["src/planted.ts: A: no docstring"]);
      expect(faultsOf(`/** Is there. */\nexport ${text}\n`)).toEqual([]);
    },
  );

  test.each([
    ["const four: number", "const four: string", /Type 'number' is not assignable/],
    ["{ double }", "{ triple }", /has no exported member/],
    ["double(2)", "double(2", /'\)' expected/],
    [
      'import { double } from "dpop-core/planted";',
      "const double = Number;",
      /^[^:]+: double: imports nothing/,
    ],
  ])("an example with %s changed", (part, instead, error) => {
    const text = COMPLETE.replace(part, instead);
    const faults = exampleFaults([], { "src/planted.ts": text });
    expect(faults[0]).toMatch(/^src\/planted\.ts: double: /);
    expect(faults.join("\n")).toMatch(error);
  });

  test("examples of a constant and of a member are found", () => {
    const block = "/** @example\n * ```ts\n * 1;\n * ```\n */\n";
    const text = `${block}export const a = 1;\nexport interface I {\n${block}b: 1;\n}\n`;
    const planted = programOf([], { "src/planted.ts": text });
    expect(examplesIn(planted, "src/planted.ts")).toEqual([
      { of: "src/planted.ts: a", code: "1;\n" },
      { of: "src/planted.ts: b", code: "1;\n" },
    ]);
  });
});
