// npm run generate: writes the two fields of src/fast, straight-line code that is too long to be written without a slip.
import { writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "prettier";
import { ROOT } from "../support/build.js";
import { Checker } from "./interval-interpreter/interpreter.js";
import { units, unitOf } from "./interval-interpreter/units.js";
import { type Interval, limbsWithin, type Value } from "./interval-interpreter/values.js";

/** The files that are written, below src/fast. */
export const P256_FIELD = "p256/field.generated.ts";
export const ED25519_FIELD = "ed25519/field.generated.ts";

/** See Field.budget; bounds.test.ts shows that a little more is refused. */
export const P256_BUDGET = 12.79;
export const ED25519_BUDGET = 11.3;
/** What a summand k·c may be at most, in units: |k| times those of c. */
export const SUMMAND_BUDGET = 16;

const LIMBS = 11;
const COLUMNS = 2 * LIMBS - 1;
/** Columns computed at a time: what one block loads and sums fits into the registers. */
const BLOCK = 4;

interface Field {
  /** Below src/fast. */
  readonly path: string;
  /** What the factors of a product may be at most, in units: the product of the two. */
  readonly budget: number;
  readonly header: string;
  readonly constants: string;
  /** Folds the columns to limbs and writes these; `added` is a summand of limb i. */
  readonly reduction: (added?: (limb: number) => string) => readonly string[];
  /** The products that this curve needs beside multiply and square. */
  readonly merged: boolean;
  /** R⁻¹ or nothing, as the docstrings name it. */
  readonly scale: string;
  readonly zeroTest: string;
}

/** Every whole number from `first` to `last`. */
function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}

/** The pairs of limbs whose products fall into a column. */
function pairs(column: number): (readonly [number, number])[] {
  return range(Math.max(0, column - LIMBS + 1), Math.min(LIMBS - 1, column)).map(
    (i) => [i, column - i] as const,
  );
}

/** The columns in blocks, each a scope of its own. */
function blocks(write: (columns: readonly number[]) => readonly string[]): string[] {
  return range(0, Math.ceil(COLUMNS / BLOCK) - 1).flatMap((block) => {
    const columns = range(block * BLOCK, Math.min(COLUMNS, (block + 1) * BLOCK) - 1);
    return ["{", write(columns), "}"].flat();
  });
}

/** Columns of a·b; `load` reads a limb of a. */
function productBody(
  a: string,
  b: string,
  assign: string,
  load = (limb: number) => `${a}[${limb}]`,
): string[] {
  return blocks((columns) => {
    const used = columns.flatMap(pairs);
    const left = [...new Set(used.map(([i]) => i))].toSorted((x, y) => x - y);
    const right = [...new Set(used.map(([, j]) => j))].toSorted((x, y) => x - y);
    return [
      ...left.map((i) => `const ${a}${i} = ${load(i)};`),
      ...right.map((j) => `const ${b}${j} = ${b}[${j}];`),
      ...columns.map(
        (column) =>
          `sums[${column}] ${assign} ${pairs(column)
            .map(([i, j]) => `${a}${i} * ${b}${j}`)
            .join(" + ")};`,
      ),
    ];
  });
}

/** Columns of factor·a², each mixed pair taken once and doubled. */
function squareBody(a: string, assign: string, factor: number): string[] {
  return blocks((columns) => {
    const used = columns.flatMap(pairs).filter(([i, j]) => i <= j);
    const plain = [...new Set(used.flat())].toSorted((x, y) => x - y);
    const doubled = [...new Set(used.filter(([i, j]) => i < j).map(([i]) => i))];
    const squared = [...new Set(used.filter(([i, j]) => i === j).map(([i]) => i))];
    const single = (i: number): string => (factor === 1 ? `${a}${i}` : `single${i}`);
    return [
      ...plain.map((i) => `const ${a}${i} = ${a}[${i}];`),
      ...doubled.map((i) => `const double${i} = ${2 * factor} * ${a}${i};`),
      ...(factor === 1 ? [] : squared.map((i) => `const single${i} = ${factor} * ${a}${i};`)),
      ...columns.map(
        (column) =>
          `sums[${column}] ${assign} ${pairs(column)
            .filter(([i, j]) => i <= j)
            .map(([i, j]) => (i === j ? `${single(i)} * ${a}${j}` : `double${i} * ${a}${j}`))
            .join(" + ")};`,
      ),
    ];
  });
}

/** The part of limb t that a carry takes to the next one. */
function carry(name: string, from: string): string {
  return `${name} = ${from} + round - round;`;
}

/**
 * Carries limbs r0 to r10 to 24 bits each in two chains that run side by side, 0 to 5 and 5 to 10,
 * so that neither waits for the other.
 */
function carryChains(r: (limb: number) => string, wrap: boolean): string[] {
  const step = (name: string, j: number): string[] => [
    carry(name, r(j)),
    `${r(j)} -= ${name};`,
    `${r(j + 1)} += ${name} * down;`,
  ];
  const lines = ["let low: number;", "let high: number;", ...step("high", 5)];
  for (const j of range(0, 4)) {
    lines.push(...step("low", j));
    if (6 + j < 10) lines.push(...step("high", 6 + j));
    else if (wrap) {
      lines.push(
        `// 2^255 = 19: what exceeds 15 bits of the top limb returns to the bottom.`,
        `high = ${r(10)} + round15 - round15;`,
        `${r(10)} -= high;`,
        `${r(0)} += high * fold255;`,
      );
    }
  }
  lines.push(carry("low", r(5)));
  if (wrap) lines.push(carry("high", r(0)));
  for (const j of range(0, 10)) {
    let value = r(j);
    if (j === 5) value += " - low";
    if (j === 6) value += " + low * down";
    if (wrap && j === 0) value += " - high";
    if (wrap && j === 1) value += " + high * down";
    lines.push(`out[${j}] = ${value};`);
  }
  return lines;
}

function p256Reduction(added?: (limb: number) => string): string[] {
  const t = (column: number): string => `t${column}`;
  const lines = [
    ...CARRY_CONSTANTS,
    ...range(0, 20).map((k) => `let t${k} = sums[${k}];`),
    "let t21 = 0;",
    "// Columns 0 to 8 side by side: one carry each, because the lines below multiply them.",
    ...range(0, 8).flatMap((k) => [`const ${carry(`carry${k}`, t(k))}`, `t${k} -= carry${k};`]),
    ...range(0, 8).map((k) => `t${k + 1} += carry${k} * down;`),
  ];
  for (const i of range(0, 10)) {
    if (i >= 9) {
      lines.push(
        `const ${carry(`carry${i}`, t(i))}`,
        `t${i} -= carry${i};`,
        `t${i + 1} += carry${i} * down;`,
      );
    }
    lines.push(
      `// + t${i}·p·2^${24 * i}: limb ${i} becomes zero.`,
      `t${i + 4} += t${i};`,
      `t${i + 8} += t${i};`,
      `t${i + 9} -= t${i} * 0x100;`,
      `t${i + 10} += t${i} * 0x10000;`,
    );
  }
  const limb = (j: number): string => t(11 + j);
  if (added) {
    lines.push("// The summand.", ...range(0, 10).map((j) => `${limb(j)} += ${added(j)};`));
  }
  return [...lines, "// What is left, divided by 2^264.", ...carryChains(limb, false)];
}

function ed25519Reduction(added?: (limb: number) => string): string[] {
  const t = (column: number): string => `t${column}`;
  const lines = [
    ...CARRY_CONSTANTS,
    ...FOLD_CONSTANTS,
    ...range(0, 20).map((k) => `let t${k} = sums[${k}];`),
    "// Columns 11 to 19 side by side: one carry each, because the fold multiplies them.",
    ...range(11, 19).flatMap((k) => [`const ${carry(`carry${k}`, t(k))}`, `t${k} -= carry${k};`]),
    ...range(11, 19).map((k) => `t${k + 1} += carry${k} * down;`),
    "// 2^264 = 512·19.",
    ...range(0, 9).map((k) => `t${k} += t${k + 11} * fold264;`),
  ];
  if (added) lines.push("// The summand.", ...range(0, 10).map((j) => `t${j} += ${added(j)};`));
  return [...lines, ...carryChains(t, true)];
}

const READ = "Readonly<Limbs>";

/**
 * Bundlers make a `const` of a module a `var`, and then V8 looks at it anew at every access: a
 * local name costs one look.
 */
const LOCAL = "const sums = columns;";

function define(doc: string, head: string, body: readonly string[]): string {
  const text = body.join("\n");
  const lines = text.includes("sums[") ? `${LOCAL}\n${text}` : text;
  return `/** ${doc} */\n${head}: void {\n${lines}\n}\n`;
}

function source(field: Field, unit: string): string {
  const { scale } = field;
  const pieces = [
    `${field.header}${boundsNote(field, unit)}${imports(field.path)}`,
    field.constants,
  ];
  pieces.push(
    define("columns = a·b", `function product(a: ${READ}, b: ${READ})`, productBody("a", "b", "=")),
    define("columns = a²", `function squareProduct(a: ${READ})`, squareBody("a", "=", 1)),
  );
  if (field.merged) {
    pieces.push(
      define(
        "columns = k·a·b",
        `function scaledProduct(a: ${READ}, b: ${READ}, k: number)`,
        productBody("a", "b", "=", (i) => `k * a[${i}]`),
      ),
      define(
        "columns -= c·d",
        `function subtractProduct(c: ${READ}, d: ${READ})`,
        productBody("c", "d", "-="),
      ),
      define(
        "columns -= 8·c²",
        `function subtractEightSquare(c: ${READ})`,
        squareBody("c", "-=", 8),
      ),
    );
  }
  pieces.push(
    define(`out = columns${scale}`, "function reduce(out: Limbs)", field.reduction()),
    define(
      `out = columns${scale} + k·c`,
      `function reduceAnd(out: Limbs, k: number, c: ${READ})`,
      field.reduction((j) => `k * c[${j}]`),
    ),
    define(`out = a·b${scale}`, `export function multiply(out: Limbs, a: ${READ}, b: ${READ})`, [
      "product(a, b);",
      "reduce(out);",
    ]),
    define(`out = a²${scale}`, `export function square(out: Limbs, a: ${READ})`, [
      "squareProduct(a);",
      "reduce(out);",
    ]),
    define(
      `out = a·b${scale} + k·c, for a small whole number k`,
      `export function multiplyAdd(out: Limbs, a: ${READ}, b: ${READ}, k: number, c: ${READ})`,
      ["product(a, b);", "reduceAnd(out, k, c);"],
    ),
    define(
      `out = a²${scale} + k·c, for a small whole number k`,
      `export function squareAdd(out: Limbs, a: ${READ}, k: number, c: ${READ})`,
      ["squareProduct(a);", "reduceAnd(out, k, c);"],
    ),
  );
  if (field.merged) {
    pieces.push(
      define(
        `out = k·a·b${scale}, for a small whole number k`,
        `export function multiplyScaled(out: Limbs, a: ${READ}, b: ${READ}, k: number)`,
        ["scaledProduct(a, b, k);", "reduce(out);"],
      ),
      define(
        `out = (a·b - c·d)${scale}: two products for one reduction`,
        `export function multiplyDifference(out: Limbs, a: ${READ}, b: ${READ}, c: ${READ}, d: ${READ})`,
        ["product(a, b);", "subtractProduct(c, d);", "reduce(out);"],
      ),
      define(
        `out = (a·b - 8·c²)${scale}`,
        `export function multiplyMinus8Square(out: Limbs, a: ${READ}, b: ${READ}, c: ${READ})`,
        ["product(a, b);", "subtractEightSquare(c);", "reduce(out);"],
      ),
    );
  }
  pieces.push(field.zeroTest);
  return pieces.join("\n");
}

const GENERATED = "Generated by npm run generate (test/fast/make-fields.ts): edit that, not this.";

function imports(path: string): string {
  const limbs = `${path.includes("/") ? "" : "./"}${posix.relative(posix.dirname(path), "limbs.js")}`;
  return `import { type Limbs, newColumns, toBigInt } from "${limbs}";

export { add, combine, copy, load, store, subtract, sumAndDifference } from "${limbs}";
`;
}

/** What the numbers beside the lines mean. */
function boundsNote({ budget, merged }: Field, unit: string): string {
  const scaled = merged ? " (times k, or summed over merged products)" : "";
  return `//
// The comment behind a line is the bound of the magnitude that it assigns, as the interpreter in
// test/fast/interval-interpreter finds it. One unit is what a product leaves: limbs 0 to 9 within
// ${unit}, limb 10 within 2^16. The factors of a product may have fa and fb units with
// fa·fb${scaled} at most ${budget},
// and a summand k·c at most ${SUMMAND_BUDGET} units${merged ? " (limb 10 of the sum keeps its part: no carry leaves it)" : ""}.
// No bound exceeds 2^53, up to which doubles are exact.
`;
}

const COLUMNS_CONSTANT = `/**
 * The sums of products of one weight, 2^(24·k). They stay in memory from one block of columns to the
 * next and to the reduction: with variables, the engine would compute all products at once and run
 * out of registers. Each call writes it before it reads it.
 */
const columns = /* @__PURE__ */ newColumns();
`;

/**
 * Written into the functions, as literals: constants of the module cost 4 % of a product, for
 * bundlers make variables of them.
 */
const CARRY_CONSTANTS = [
  "// t + round - round is t rounded to a multiple of 2^24 for |t| < 2^75, because doubles near round,",
  "// which is 1.5·2^76, are 2^24 apart. t minus that multiple is from -2^23 to 2^23.",
  "const round = 0x18000000000000000000;",
  "const down = 1 / 0x1000000;",
];
const FOLD_CONSTANTS = [
  "// The same for multiples of 2^15, from 1.5·2^67.",
  "const round15 = 0xc0000000000000000;",
  "// 2^255 is 19, 2^264 is 19·2^9.",
  "const fold255 = 19 / 0x8000;",
  "const fold264 = 0x2600;",
];

function zeroTest(window: string, comment: string): string {
  return `/** Returns the value of a modulo p, from 0 to p - 1. */
export function canonical(a: ${READ}): bigint {
  const value = toBigInt(a) % P;
  return value < 0n ? value + P : value;
}

/** Returns whether a is zero modulo p. ${comment} */
export function isZero(a: ${READ}): boolean {
  const low = a[0];
  if (low > ${window} || low < -${window}) return false;
  return toBigInt(a) % P === 0n;
}
`;
}

const P256: Field = {
  path: P256_FIELD,
  budget: P256_BUDGET,
  header: `// Arithmetic modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1, the field of P-256 (SP 800-186, section
// 3.2.1.3), on limbs of 24 bits (limbs.ts).
// ${GENERATED}
//
// Products are Montgomery's (P. L. Montgomery, Modular multiplication without trial division, 1985)
// with R = 2^264: multiply gives a·b/R. As p is -1 modulo 2^24, the multiple of p that clears the
// lowest limb t is t·p itself. As 24 divides 96 and 192, t·p costs only four additions.
`,
  constants: `const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;


${COLUMNS_CONSTANT}`,
  reduction: p256Reduction,
  merged: true,
  scale: "/R",
  zeroTest: zeroTest(
    "64",
    "For values of at most 64·p and |a[0]| <= 2^23 + 1:\n * multiple k of p has -k as its lowest limb.",
  ),
};

const ED25519: Field = {
  path: ED25519_FIELD,
  budget: ED25519_BUDGET,
  header: `// Arithmetic modulo p = 2^255 - 19, the field of Ed25519 (RFC 8032, section 5.1), on limbs of 24
// bits (limbs.ts), the top one of 15.
// ${GENERATED}
//
// As 2^255 = 19 modulo p, what exceeds 2^264 returns times 2^9·19 (D. J. Bernstein, Curve25519,
// 2006, section 4, with another radix).
`,
  constants: `const P = 0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffedn;

${COLUMNS_CONSTANT}`,
  reduction: ed25519Reduction,
  merged: false,
  scale: "",
  zeroTest: zeroTest(
    "1216",
    "For values of at most 64·p and |a[0]| <= 2^23 + 1:\n * multiple k of p has -19·k as its lowest limb.",
  ),
};

/** The calls that take each function to the limit of what it may get. */
function runAtLimits(field: Field, unit: Unit, text: string, observe: Observe): void {
  const sources = { [field.path]: text };
  const checker = new Checker({ sources, observe });
  const f = (factor: number): Value => units(unit, factor);
  const run = (name: string, ...args: readonly Value[]): void => {
    checker.run(field.path, name, [limbsWithin(0n, 0n), ...args]);
  };
  const { budget } = field;
  const root = Math.floor(Math.sqrt(budget) * 1e4) / 1e4;
  run("multiplyAdd", f(budget), f(1), 1, f(SUMMAND_BUDGET));
  run("squareAdd", f(root), 1, f(SUMMAND_BUDGET));
  run("multiply", f(budget), f(1));
  if (field.merged) {
    run("multiplyScaled", f(budget / 3), f(1), 3);
    run("multiplyDifference", f(budget / 2), f(1), f(budget / 2), f(1));
    run("multiplyMinus8Square", f(budget - 8), f(1), f(1));
  }
}

type Unit = readonly Interval[];
type Observe = (path: string, line: number, value: Interval) => void;

/** Writes beside every line the bound of what it assigns. */
function annotate(field: Field, unit: Unit, text: string): string {
  const bounds = new Map<number, bigint>();
  runAtLimits(field, unit, text, (path, line, { magnitude }) => {
    if (path !== field.path) return;
    bounds.set(line, magnitude > (bounds.get(line) ?? -1n) ? magnitude : (bounds.get(line) ?? 0n));
  });
  return text
    .split("\n")
    .map((line, i) => {
      const bound = bounds.get(i);
      return bound === undefined || /^(const (round|down|fold)|let t21)/.test(line)
        ? line
        : `${line} // ${powerAbove(bound)}`;
    })
    .join("\n");
}

/** The bound of limbs 0 to 9: 2^23 and what carries left above it. */
function describeUnit(unit: Unit): string {
  const excess = Number(unit[0]?.magnitude) / 2 ** 23 - 1;
  const digits = 1 - Math.floor(Math.log10(excess));
  return `2^23·${(Math.ceil((1 + excess) * 10 ** digits) / 10 ** digits).toFixed(digits)}`;
}

/** The bound as a power of two with two decimals, rounded up. */
function powerAbove(bound: bigint): string {
  if (bound === 0n) return "0";
  const exponent = Math.ceil(Math.log2(Number(bound)) * 100) / 100;
  return `2^${exponent}`;
}

/** Path → what the file must hold. */
export async function makeFields(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const field of [P256, ED25519]) {
    const unit = unitOf(field.path, field.budget, {
      sources: { [field.path]: source(field, "") },
    });
    const text = annotate(field, unit, source(field, describeUnit(unit)));
    files.set(
      `src/fast/${field.path}`,
      await format(text, { parser: "typescript", printWidth: 100 }),
    );
  }
  return files;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [path, text] of await makeFields()) await writeFile(join(ROOT, path), text);
}
