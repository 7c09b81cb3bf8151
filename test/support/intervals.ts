// An interpreter of the arithmetic in src/fast over exact intervals. It runs the functions as they
// are written, for all inputs within given bounds at once, and refuses what a double could round:
// any whole number above 2^53, in any sum, product or partial sum. A branch that the intervals
// don't decide is taken both ways and what comes of it joined.
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";
import { ROOT } from "./build.js";

const EXACT = 1n << 53n;

/** What this interpreter can't follow, or what a caller must not do. */
export class Refused extends Error {
  override name = "Refused";
}

/** A result that a double might round. */
export class Inexact extends Refused {
  override name = "Inexact";
}

/**
 * Whole numbers from lo to hi, all multiples of unit. One object stands for one value of a run: two
 * variables with the same object are equal, whatever the value.
 */
export class Interval {
  readonly lo: bigint;
  readonly hi: bigint;
  readonly unit: bigint;
  /** What this is the rounded form of. */
  readonly roundedFrom: Interval | undefined;

  constructor(lo: bigint, hi: bigint, unit = 1n, roundedFrom?: Interval) {
    this.lo = lo;
    this.hi = hi;
    this.unit = unit;
    this.roundedFrom = roundedFrom;
  }

  get magnitude(): bigint {
    return this.hi > -this.lo ? this.hi : -this.lo;
  }

  /** The same bounds for another value. */
  again(): Interval {
    return new Interval(this.lo, this.hi, this.unit);
  }
}

/** A BigInt from lo to hi. */
class BigRange {
  readonly lo: bigint;
  readonly hi: bigint;
  constructor(lo: bigint, hi: bigint) {
    this.lo = lo;
    this.hi = hi;
  }
}

/** x + 1.5·2^k, rounded by the format of doubles: only of use for subtracting the same again. */
class Rounding {
  readonly of: Interval;
  readonly magic: number;
  constructor(of: Interval, magic: number) {
    this.of = of;
    this.magic = magic;
  }
}

/** Memory: what several names may refer to. */
class Cells {
  readonly kind: "object" | "list";
  readonly items = new Map<string, Value>();
  constructor(kind: "object" | "list") {
    this.kind = kind;
  }
}

/** An Int32Array: one bound for each of the eleven limbs, whichever entry they belong to. */
class Table {
  limbs: readonly Interval[] = Array.from({ length: 11 }, () => new Interval(0n, 0n));
  readonly length: Value;
  constructor(length: Value) {
    this.length = length;
  }
}

/** A value by its name alone. */
interface Mark {
  readonly mark: string;
}

/** A Uint8Array of any bytes. */
export const BYTES: Mark = { mark: "bytes" };

class Closure {
  readonly node: ts.FunctionDeclaration;
  readonly module: Module;
  constructor(node: ts.FunctionDeclaration, module: Module) {
    this.node = node;
    this.module = module;
  }
}

/** A value that nothing is known of; no limb may come from it. */
export const UNKNOWN: Mark = { mark: "unknown" };

export type Value =
  | number
  | bigint
  | boolean
  | string
  | null
  | undefined
  | Mark
  | Interval
  | BigRange
  | Rounding
  | Cells
  | Table
  | Closure;

interface Module {
  readonly path: string;
  readonly file: ts.SourceFile;
  readonly declared: Map<string, ts.Node>;
  /** Local name → path of the module and name there. */
  readonly imported: Map<string, readonly [string, string]>;
  readonly values: Map<string, Value>;
}

interface Frame {
  readonly module: Module;
  readonly variables: Map<string, Value>[];
  readonly returns: (readonly [State, Value])[];
  /** What the last statement of the function returned, in the state that is the present one. */
  returned: Value;
  hasReturned: boolean;
  readonly breaks: State[][];
  readonly continues: State[][];
}

/** All memory and variables at one point of a run. */
interface State {
  readonly cells: Map<Cells, Map<string, Value>>;
  readonly tables: Map<Table, readonly Interval[]>;
  readonly frames: readonly (readonly Map<string, Value>[])[];
}

export interface Options {
  /** Sources that replace or add to those of src/fast, by file name. */
  readonly sources?: Readonly<Record<string, string>>;
  /** Products with 2^-24 that are whole numbers for a reason that bounds don't show, as written. */
  readonly exact?: readonly string[];
  /** What replaces a function, by name. */
  readonly replaced?: Readonly<Record<string, (args: readonly Value[]) => Value>>;
  /** What must hold at every call of a function, by name. */
  readonly required?: Readonly<Record<string, (args: readonly Value[]) => void>>;
  /** Told of every assigned value, with the line of the statement, from 0. */
  readonly observe?: (path: string, line: number, value: Interval) => void;
}

export interface Peak {
  magnitude: bigint;
  where: string;
}

/** Eleven limbs of at most `limb` in magnitude, the top one of at most `top`. */
export function limbsWithin(limb: bigint, top: bigint): Cells {
  return toLimbs(
    Array.from({ length: 11 }, (_, i) =>
      i < 10 ? new Interval(-limb, limb) : new Interval(-top, top),
    ),
  );
}

export function toLimbs(intervals: readonly Interval[]): Cells {
  const cells = new Cells("list");
  for (const [i, interval] of intervals.entries()) cells.items.set(String(i), interval.again());
  return cells;
}

/** The limbs of one number, exactly. */
export function limbsExactly(value: bigint): Cells {
  const intervals: Interval[] = [];
  let rest = value;
  for (let i = 0; i < 10; i++) {
    const limb = BigInt.asIntN(24, rest);
    intervals.push(new Interval(limb, limb));
    rest = (rest - limb) >> 24n;
  }
  return toLimbs([...intervals, new Interval(rest, rest)]);
}

/** The limbs as they stand in memory. */
export function limbsIn(value: Value): Interval[] {
  if (!(value instanceof Cells)) throw new Refused("no limbs");
  return Array.from({ length: 11 }, (_, i) => toInterval(value.items.get(String(i))));
}

/** The members of an object as an argument. */
export function objectOf(members: Readonly<Record<string, Value>>): Cells {
  const cells = new Cells("object");
  for (const [name, value] of Object.entries(members)) cells.items.set(name, value);
  return cells;
}

export function memberOf(value: Value, name: string): Value {
  if (!(value instanceof Cells)) throw new Refused(`no object with ${name}`);
  return value.items.get(name);
}

/** An Int32Array of that many zeros. */
export function newTable(length: number): Value {
  return new Table(length);
}

/** The bounds of all entries of a table. */
export function tableIn(value: Value): readonly Interval[] {
  if (!(value instanceof Table)) throw new Refused("no table");
  return value.limbs;
}

export function joinIntervals(a: Interval, b: Interval): Interval {
  if (a === b) return a;
  return new Interval(min(a.lo, b.lo), max(a.hi, b.hi), gcd(a.unit, b.unit));
}

/** The whole number that limbs stand for. */
export function valueOf(limbs: readonly Interval[]): { readonly lo: bigint; readonly hi: bigint } {
  let lo = 0n;
  let hi = 0n;
  for (const [i, limb] of limbs.entries()) {
    lo += limb.lo << BigInt(24 * i);
    hi += limb.hi << BigInt(24 * i);
  }
  return { lo, hi };
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x < 0n ? -x : x;
}

/** Rounded towards minus infinity. */
function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

/** A double as a fraction whose denominator is a power of two. */
function fraction(x: number): readonly [bigint, bigint] {
  let numerator = x;
  let denominator = 1n;
  for (let i = 0; !Number.isInteger(numerator); i++) {
    if (i > 100) throw new Refused(`${x} is no number to multiply by`);
    numerator *= 2;
    denominator *= 2n;
  }
  return [BigInt(numerator), denominator];
}

function toInterval(value: Value): Interval {
  if (value instanceof Interval) return value;
  if (typeof value === "number" && Number.isInteger(value)) {
    return new Interval(BigInt(value), BigInt(value), value === 0 ? 1n : BigInt(Math.abs(value)));
  }
  throw new Refused(`a number is expected, not ${describe(value)}`);
}

function describe(value: Value): string {
  if (value === UNKNOWN) return "something unknown";
  return typeof value === "object" && value !== null ? value.constructor.name : String(value);
}

function isNumeric(value: Value): value is number | Interval {
  return typeof value === "number" || value instanceof Interval;
}

function isBig(value: Value): value is bigint | BigRange {
  return typeof value === "bigint" || value instanceof BigRange;
}

function toRange(value: bigint | BigRange): BigRange {
  return typeof value === "bigint" ? new BigRange(value, value) : value;
}

function joinValues(a: Value, b: Value): Value {
  if (a === b) return a;
  if (isNumeric(a) && isNumeric(b)) return joinIntervals(toInterval(a), toInterval(b));
  if (isBig(a) && isBig(b)) {
    const [x, y] = [toRange(a), toRange(b)];
    return new BigRange(min(x.lo, y.lo), max(x.hi, y.hi));
  }
  return UNKNOWN;
}

/** The functions of src/fast, to be run over intervals. */
export class Checker {
  readonly peak: Peak = { magnitude: 0n, where: "" };
  /** The functions that were run, as "file: name". */
  readonly entered = new Set<string>();
  private readonly modules = new Map<string, Module>();
  private readonly frames: Frame[] = [];
  private readonly cells = new Set<Cells>();
  private readonly tables = new Set<Table>();
  private readonly remembered = new Map<string, readonly Interval[]>();
  private readonly options: Options;
  private dead = false;
  private depth = 0;

  constructor(options: Options = {}) {
    this.options = options;
  }

  /** Runs a function of a file in src/fast. Afterwards the arguments hold what it wrote. */
  run(path: string, name: string, args: readonly Value[]): Value {
    for (const arg of args) this.adopt(arg);
    this.dead = false;
    this.frames.length = 0; // an earlier run may have been refused half-way
    this.depth = 0;
    return this.call(this.lookUp(this.module(path), name), args, name);
  }

  /** What a module holds under a name: its memory between calls, say. */
  held(path: string, name: string): Value {
    return this.lookUp(this.module(path), name);
  }

  /** Arguments come from outside: their memory takes part in joins, too. */
  private adopt(value: Value): void {
    if (value instanceof Table) this.tables.add(value);
    if (!(value instanceof Cells) || this.cells.has(value)) return;
    this.cells.add(value);
    for (const item of value.items.values()) this.adopt(item);
  }

  private module(path: string): Module {
    const known = this.modules.get(path);
    if (known) return known;
    const text = this.options.sources?.[path] ?? readFileSync(join(ROOT, "src/fast", path), "utf8");
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
    const module: Module = {
      path,
      file,
      declared: new Map(),
      imported: new Map(),
      values: new Map(),
    };
    for (const statement of file.statements) this.declare(module, statement);
    this.modules.set(path, module);
    return module;
  }

  private declare(module: Module, statement: ts.Statement): void {
    if (ts.isFunctionDeclaration(statement) && statement.name) {
      module.declared.set(statement.name.text, statement);
    }
    if (ts.isVariableStatement(statement)) {
      for (const declaration of statement.declarationList.declarations) {
        if (ts.isIdentifier(declaration.name)) {
          module.declared.set(declaration.name.text, declaration);
        }
      }
    }
    let bindings: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[] = [];
    let from: ts.Expression | undefined;
    if (ts.isImportDeclaration(statement)) {
      from = statement.moduleSpecifier;
      const named = statement.importClause?.namedBindings;
      if (named && ts.isNamedImports(named)) bindings = named.elements;
    }
    if (ts.isExportDeclaration(statement)) {
      from = statement.moduleSpecifier;
      const named = statement.exportClause;
      if (named && ts.isNamedExports(named)) bindings = named.elements;
    }
    if (!from || !ts.isStringLiteral(from) || !from.text.startsWith(".")) return;
    const path = posix.join(posix.dirname(module.path), from.text).replace(/\.js$/, ".ts");
    for (const binding of bindings) {
      module.imported.set(binding.name.text, [path, (binding.propertyName ?? binding.name).text]);
    }
  }

  private lookUp(module: Module, name: string): Value {
    if (module.values.has(name)) return module.values.get(name);
    const imported = module.imported.get(name);
    if (imported) return this.lookUp(this.module(imported[0]), imported[1]);
    const node = module.declared.get(name);
    if (!node) throw new Refused(`${module.path}: nothing is known of ${name}`);
    let value: Value;
    if (ts.isFunctionDeclaration(node)) value = new Closure(node, module);
    else if (ts.isVariableDeclaration(node) && node.initializer) {
      this.frames.push(newFrame(module));
      value = this.evaluate(node.initializer);
      this.frames.pop();
    }
    module.values.set(name, value);
    return value;
  }

  private get frame(): Frame {
    const frame = this.frames[this.frames.length - 1];
    if (!frame) throw new Refused("outside of a function");
    return frame;
  }

  private scope(): Map<string, Value> {
    const scope = this.frame.variables[this.frame.variables.length - 1];
    if (!scope) throw new Refused("no scope");
    return scope;
  }

  // States

  private snapshot(): State {
    const cells = new Map<Cells, Map<string, Value>>();
    for (const cell of this.cells) cells.set(cell, new Map(cell.items));
    const tables = new Map<Table, readonly Interval[]>();
    for (const table of this.tables) tables.set(table, table.limbs);
    const frames = this.frames.map((frame) => frame.variables.map((scope) => new Map(scope)));
    return { cells, tables, frames };
  }

  private restore(state: State): void {
    for (const [cell, items] of state.cells) replaceItems(cell.items, items);
    for (const [table, limbs] of state.tables) table.limbs = limbs;
    for (const [i, scopes] of state.frames.entries()) {
      const frame = this.frames[i];
      if (!frame) continue;
      frame.variables.length = scopes.length;
      for (const [k, scope] of scopes.entries()) frame.variables[k] = new Map(scope);
    }
  }

  /** Goes on from all of these states at once; from none: what follows is not reached. */
  private resume(states: readonly State[]): void {
    const [first, ...others] = states;
    this.dead = first === undefined;
    if (!first) return;
    this.restore(first);
    for (const state of others) {
      for (const [cell, items] of state.cells) joinItems(cell.items, items);
      for (const [table, limbs] of state.tables) {
        table.limbs = table.limbs.map((limb, i) => joinIntervals(limb, limbs[i] ?? limb));
      }
      for (const [i, scopes] of state.frames.entries()) {
        for (const [k, scope] of scopes.entries()) {
          const mine = this.frames[i]?.variables[k];
          if (mine) joinItems(mine, scope);
        }
      }
    }
  }

  /** Goes on from these states and, where it is reached, from the present one. */
  private gather(states: State[]): void {
    if (states.length === 0) return;
    if (!this.dead) states.push(this.snapshot());
    this.resume(states);
  }

  // Calls

  private call(callee: Value, args: readonly Value[], name: string): Value {
    this.options.required?.[name]?.(args);
    const replaced = this.options.replaced?.[name];
    if (replaced) return replaced(args);
    if (name === "hasSwiftTypedArrays") return false; // both kinds of list hold the same numbers
    if (name === "load") return this.loadEntry(args);
    if (name === "store") return this.storeEntry(args);
    if (!(callee instanceof Closure)) throw new Refused(`${name} is no function`);
    const key = this.memory(callee, args, name);
    const known = key === undefined ? undefined : this.remembered.get(key);
    if (known) {
      this.write(args[0], known);
      return undefined;
    }
    const result = this.enter(callee, args);
    if (key !== undefined) this.remembered.set(key, limbsIn(args[0]));
    return result;
  }

  /** Products write their first argument alone, from the bounds of the others. */
  private memory(callee: Closure, args: readonly Value[], name: string): string | undefined {
    if (!callee.module.path.endsWith(".generated.ts") || this.options.observe) return undefined;
    if (!/^(multiply|square)/.test(name)) return undefined;
    const bounds = args.slice(1).map((arg) =>
      arg instanceof Cells
        ? limbsIn(arg)
            .map(({ lo, hi, unit }) => `${lo},${hi},${unit}`)
            .join(" ")
        : describe(arg),
    );
    return [callee.module.path, name, ...bounds].join(";");
  }

  private write(target: Value, intervals: readonly Interval[]): void {
    if (!(target instanceof Cells)) throw new Refused("no limbs to write");
    for (const [i, interval] of intervals.entries()) target.items.set(String(i), interval.again());
  }

  private loadEntry([out, table, , factor]: readonly Value[]): Value {
    if (!(table instanceof Table)) throw new Refused("load needs a table");
    this.write(
      out,
      table.limbs.map((limb) => toInterval(this.multiply(limb.again(), factor, ""))),
    );
    return undefined;
  }

  private storeEntry([table, , limbs]: readonly Value[]): Value {
    if (!(table instanceof Table)) throw new Refused("store needs a table");
    table.limbs = limbsIn(limbs).map((limb, i) => {
      if (limb.magnitude >= 1n << 31n) throw new Refused("a limb exceeds 32 bits in a table");
      return joinIntervals(limb.again(), table.limbs[i] ?? limb);
    });
    return undefined;
  }

  private enter({ node, module }: Closure, args: readonly Value[]): Value {
    if (++this.depth > 40) throw new Refused("calls without an end");
    this.entered.add(`${module.path}: ${node.name?.text ?? ""}`);
    const frame = newFrame(module);
    this.frames.push(frame);
    for (const [i, parameter] of node.parameters.entries()) {
      let value = args[i];
      if (value === undefined && parameter.initializer)
        value = this.evaluate(parameter.initializer);
      this.bind(parameter.name, value);
    }
    if (node.body) this.block(node.body.statements);
    let result: Value = frame.returned;
    if (frame.returns.length === 0 && (!this.dead || frame.hasReturned)) {
      // One way through: memory is as it should be.
      this.dead = false;
      this.frames.pop();
      this.depth--;
      return result;
    }
    if (!this.dead || frame.hasReturned) frame.returns.push([this.snapshot(), frame.returned]);
    for (const [i, [, value]] of frame.returns.entries()) {
      // Who runs a function from outside gets what it returns where that is not null.
      const isOptional = this.depth === 1 && (value === null || result === null);
      if (i === 0) result = value;
      else result = isOptional ? (result ?? value) : joinValues(result, value);
    }
    this.resume(frame.returns.map(([state]) => state));
    this.frames.pop();
    this.depth--;
    return result;
  }

  private bind(name: ts.BindingName, value: Value): void {
    if (ts.isIdentifier(name)) {
      this.scope().set(name.text, value);
      return;
    }
    for (const element of name.elements) {
      if (ts.isOmittedExpression(element)) continue;
      const property = element.propertyName ?? element.name;
      if (!ts.isIdentifier(property) || ts.isArrayBindingPattern(name)) {
        throw new Refused("a pattern that is not followed");
      }
      this.bind(element.name, this.member(value, property.text));
    }
  }

  // Statements

  private block(statements: readonly ts.Statement[]): void {
    const { variables } = this.frame;
    const depth = variables.push(new Map());
    for (const statement of statements) {
      if (this.dead) break;
      this.execute(statement);
    }
    variables.length = depth - 1;
  }

  private execute(statement: ts.Statement): void {
    if (ts.isBlock(statement)) this.block(statement.statements);
    else if (ts.isExpressionStatement(statement)) this.evaluate(statement.expression);
    else if (ts.isVariableStatement(statement)) this.declareLocals(statement.declarationList);
    else if (ts.isIfStatement(statement)) this.branch(statement);
    else if (ts.isForStatement(statement)) this.loop(statement);
    else if (ts.isReturnStatement(statement)) {
      const value = statement.expression ? this.evaluate(statement.expression) : undefined;
      // The last statement of a function is reached once, at most.
      if (ts.isFunctionDeclaration(statement.parent.parent)) {
        this.frame.returned = value;
        this.frame.hasReturned = true;
      } else this.frame.returns.push([this.snapshot(), value]);
      this.dead = true;
    } else if (ts.isBreakStatement(statement)) this.leave(this.frame.breaks);
    else if (ts.isContinueStatement(statement)) this.leave(this.frame.continues);
    else if (ts.isThrowStatement(statement)) this.dead = true;
    else throw new Refused(`a statement that is not followed: ${statement.getText().slice(0, 60)}`);
  }

  private leave(targets: readonly State[][]): void {
    targets[targets.length - 1]?.push(this.snapshot());
    this.dead = true;
  }

  private declareLocals(list: ts.VariableDeclarationList): void {
    for (const { name, initializer } of list.declarations) {
      const value = initializer ? this.evaluate(initializer) : undefined;
      this.bind(name, value);
      this.report(name, value);
    }
  }

  private branch({ expression, thenStatement, elseStatement }: ts.IfStatement): void {
    this.fork(
      expression,
      () => this.execute(thenStatement),
      () => {
        if (elseStatement) this.execute(elseStatement);
      },
    );
  }

  /** Runs what a condition leads to; both, one after the other, where it is not decided. */
  private fork(condition: ts.Expression, yes: () => void, no: () => void): void {
    const decided = this.truth(this.evaluate(condition));
    if (decided !== undefined) {
      (decided ? yes : no)();
      return;
    }
    const before = this.snapshot();
    const after: State[] = [];
    for (const outcome of [true, false]) {
      this.resume([before]);
      this.learn(condition, outcome);
      if (!this.dead) (outcome ? yes : no)();
      if (!this.dead) after.push(this.snapshot());
    }
    this.resume(after);
  }

  private loop({ initializer, condition, incrementor, statement }: ts.ForStatement): void {
    const { variables, breaks, continues } = this.frame;
    const depth = variables.push(new Map());
    if (initializer && ts.isVariableDeclarationList(initializer)) this.declareLocals(initializer);
    breaks.push([]);
    for (let turns = 0; ; turns++) {
      if (turns > 4096) throw new Refused("a loop without an end");
      const goesOn = condition ? this.truth(this.evaluate(condition)) : true;
      if (goesOn === undefined) throw new Refused("a loop whose end is not known");
      if (!goesOn) break;
      continues.push([]);
      this.execute(statement);
      this.gather(continues.pop() ?? []);
      if (this.dead) break;
      if (incrementor) this.evaluate(incrementor);
    }
    this.gather(breaks.pop() ?? []);
    variables.length = Math.min(variables.length, depth - 1);
  }

  // Conditions

  private truth(value: Value): boolean | undefined {
    if (value === UNKNOWN || value instanceof Interval || value instanceof BigRange) {
      return undefined;
    }
    return Boolean(value);
  }

  /** Narrows the variable of a comparison with a constant. */
  private learn(condition: ts.Expression, outcome: boolean): void {
    if (!ts.isBinaryExpression(condition) || !ts.isIdentifier(condition.left)) return;
    const value = this.evaluate(condition.left);
    const limit = this.evaluate(condition.right);
    if (!(value instanceof BigRange) || typeof limit !== "bigint") return;
    const operator = condition.operatorToken.getText();
    const isBelow = (operator === "<" && outcome) || (operator === ">=" && !outcome);
    const isAbove = (operator === "<" && !outcome) || (operator === ">=" && outcome);
    const lo = isAbove ? max(value.lo, limit) : value.lo;
    const hi = isBelow ? min(value.hi, limit - 1n) : value.hi;
    if (lo > hi) this.dead = true;
    else this.assignVariable(condition.left.text, new BigRange(lo, hi));
  }

  // Expressions

  private evaluate(node: ts.Expression): Value {
    if (ts.isParenthesizedExpression(node)) return this.evaluate(node.expression);
    if (ts.isNumericLiteral(node)) return Number(node.text);
    if (ts.isBigIntLiteral(node)) return BigInt(node.text.replaceAll("_", "").slice(0, -1));
    if (ts.isStringLiteral(node)) return node.text;
    if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
    if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
    if (node.kind === ts.SyntaxKind.NullKeyword) return null;
    if (ts.isIdentifier(node)) return this.variable(node.text);
    if (ts.isPropertyAccessExpression(node)) {
      return this.member(this.evaluate(node.expression), node.name.text);
    }
    if (ts.isElementAccessExpression(node)) {
      return this.element(this.evaluate(node.expression), this.evaluate(node.argumentExpression));
    }
    if (ts.isBinaryExpression(node)) return this.binary(node);
    if (ts.isPrefixUnaryExpression(node)) return this.prefix(node);
    if (ts.isPostfixUnaryExpression(node)) {
      const before = this.evaluate(node.operand);
      const sign = node.operator === ts.SyntaxKind.PlusPlusToken ? "+" : "-";
      this.assign(node.operand, this.operate(sign, before, 1, node));
      return before;
    }
    if (ts.isConditionalExpression(node)) {
      let result: Value;
      let isFirst = true;
      const take = (chosen: ts.Expression): void => {
        if (this.dead) return;
        const value = this.evaluate(chosen);
        result = isFirst ? value : joinValues(result, value);
        isFirst = false;
      };
      this.fork(
        node.condition,
        () => take(node.whenTrue),
        () => take(node.whenFalse),
      );
      return result;
    }
    if (ts.isCallExpression(node)) return this.callExpression(node);
    if (ts.isNewExpression(node)) return this.construct(node);
    if (ts.isObjectLiteralExpression(node)) return this.objectLiteral(node);
    if (ts.isArrayLiteralExpression(node)) {
      const cells = this.newCells("list");
      for (const [i, element] of node.elements.entries()) {
        const value = this.evaluate(element);
        // 0.5 is there for the kind of the array alone, and is overwritten.
        cells.items.set(String(i), value === 0.5 ? UNKNOWN : value);
      }
      return cells;
    }
    if (ts.isAsExpression(node)) return this.evaluate(node.expression);
    throw new Refused(`an expression that is not followed: ${node.getText().slice(0, 60)}`);
  }

  private newCells(kind: "object" | "list"): Cells {
    const cells = new Cells(kind);
    this.cells.add(cells);
    return cells;
  }

  private variable(name: string): Value {
    if (name === "undefined") return undefined;
    const { variables, module } = this.frame;
    for (let i = variables.length - 1; i >= 0; i--) {
      const scope = variables[i];
      if (scope?.has(name)) return scope.get(name);
    }
    return this.lookUp(module, name);
  }

  private assignVariable(name: string, value: Value): void {
    const { variables } = this.frame;
    for (let i = variables.length - 1; i >= 0; i--) {
      const scope = variables[i];
      if (!scope?.has(name)) continue;
      scope.set(name, value);
      return;
    }
    throw new Refused(`${name} belongs to the module: what it holds could outlive a call`);
  }

  private member(value: Value, name: string): Value {
    if (value instanceof Cells) {
      if (name === "length" && value.kind === "list") return value.items.size;
      if (!value.items.has(name)) throw new Refused(`no member ${name}`);
      return value.items.get(name);
    }
    if (value instanceof Table && name === "length") return value.length;
    return UNKNOWN;
  }

  private element(value: Value, index: Value): Value {
    if (value === BYTES) return new Interval(0n, 255n);
    if (value === UNKNOWN) return UNKNOWN;
    if (!(value instanceof Cells) || typeof index !== "number") {
      throw new Refused("an element that is not followed");
    }
    return value.items.get(String(index));
  }

  private assign(target: ts.Expression, value: Value): void {
    if (ts.isIdentifier(target)) this.assignVariable(target.text, value);
    else if (ts.isPropertyAccessExpression(target)) {
      const owner = this.evaluate(target.expression);
      if (!(owner instanceof Cells)) throw new Refused("a member of no object");
      owner.items.set(target.name.text, value);
    } else if (ts.isElementAccessExpression(target)) {
      const owner = this.evaluate(target.expression);
      const index = this.evaluate(target.argumentExpression);
      if (!(owner instanceof Cells) || typeof index !== "number") {
        throw new Refused("an element that is not followed");
      }
      owner.items.set(String(index), value);
    } else throw new Refused("a target that is not followed");
    this.report(target, value);
  }

  private report(node: ts.Node, value: Value): void {
    if (!this.options.observe || !isNumeric(value)) return;
    if (typeof value === "number" && !Number.isInteger(value)) return;
    const file = node.getSourceFile();
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    this.options.observe(file.fileName, line, toInterval(value));
  }

  private binary(node: ts.BinaryExpression): Value {
    const operator = node.operatorToken.getText();
    if (operator === "=") {
      const value = this.evaluate(node.right);
      this.assign(node.left, value);
      return value;
    }
    if (operator === "&&" || operator === "||") {
      const left = this.evaluate(node.left);
      const decided = this.truth(left);
      if (decided === undefined) {
        this.evaluate(node.right);
        return UNKNOWN;
      }
      return decided === (operator === "&&") ? this.evaluate(node.right) : left;
    }
    const left = this.evaluate(node.left);
    if (operator === ",") return this.evaluate(node.right);
    if (operator === "??") return left ?? this.evaluate(node.right);
    const right = this.evaluate(node.right);
    const isAssignment = /^(\+|-|\*|\/|<<|>>>?|&|\||\^)=$/.test(operator);
    const value = this.operate(isAssignment ? operator.slice(0, -1) : operator, left, right, node);
    if (isAssignment) this.assign(node.left, value);
    return value;
  }

  private prefix(node: ts.PrefixUnaryExpression): Value {
    const value = this.evaluate(node.operand);
    switch (node.operator) {
      case ts.SyntaxKind.MinusToken:
        if (isBig(value)) return this.operate("-", 0n, value, node);
        return this.multiply(value, -1, node.getText());
      case ts.SyntaxKind.ExclamationToken: {
        const decided = this.truth(value);
        return decided === undefined ? UNKNOWN : !decided;
      }
      case ts.SyntaxKind.PlusPlusToken:
      case ts.SyntaxKind.MinusMinusToken: {
        const sign = node.operator === ts.SyntaxKind.PlusPlusToken ? "+" : "-";
        const after = this.operate(sign, value, 1, node);
        this.assign(node.operand, after);
        return after;
      }
      default:
        throw new Refused(`an operator that is not followed: ${node.getText()}`);
    }
  }

  private operate(operator: string, left: Value, right: Value, node: ts.Node): Value {
    if (typeof left === "number" && typeof right === "number") {
      return concrete(operator, left, right);
    }
    if (typeof left === "bigint" && typeof right === "bigint") {
      return concreteBig(operator, left, right);
    }
    if (isBig(left) && isBig(right)) return rangeOf(operator, toRange(left), toRange(right));
    if (/^[=!]==$/.test(operator)) return equality(operator, left, right);
    if (left === UNKNOWN || right === UNKNOWN) return UNKNOWN;
    if (left instanceof Rounding) return this.rounded(operator, left, right);
    if (!isNumeric(left) || !isNumeric(right)) return UNKNOWN;
    switch (operator) {
      case "+":
        return this.sum(left, right, node);
      case "-":
        return this.difference(left, right, node);
      case "*":
        return this.multiply(left, right, node.getText());
      default:
        return bits(operator, toInterval(left), toInterval(right));
    }
  }

  private sum(left: number | Interval, right: number | Interval, node: ts.Node): Value {
    if (left instanceof Interval && typeof right === "number" && right >= 2 ** 60) {
      return new Rounding(left, right);
    }
    const [a, b] = [toInterval(left), toInterval(right)];
    return this.exact(new Interval(a.lo + b.lo, a.hi + b.hi, gcd(a.unit, b.unit)), node);
  }

  private difference(left: number | Interval, right: number | Interval, node: ts.Node): Value {
    const [a, b] = [toInterval(left), toInterval(right)];
    if (b.roundedFrom === a) {
      const half = b.unit / 2n;
      // What was within half a unit, was rounded to zero.
      if (a.magnitude < half) return a;
      return new Interval(-half, half);
    }
    return this.exact(new Interval(a.lo - b.hi, a.hi - b.lo, gcd(a.unit, b.unit)), node);
  }

  /** x + magic - magic */
  private rounded(operator: string, { of, magic }: Rounding, right: Value): Value {
    const exponent = Math.floor(Math.log2(magic));
    if (operator !== "-" || right !== magic || magic !== 1.5 * 2 ** exponent) {
      throw new Refused("a rounding that is not taken back");
    }
    if (of.magnitude >= 1n << BigInt(exponent - 1)) throw new Refused("too large to be rounded");
    const unit = 1n << BigInt(exponent - 52);
    const half = unit / 2n;
    return new Interval(
      floorDivide(of.lo + half - 1n, unit) * unit,
      floorDivide(of.hi + half, unit) * unit,
      unit,
      of,
    );
  }

  private multiply(left: Value, right: Value, text: string): Value {
    if (typeof left === "number" && typeof right === "number") return left * right;
    if (left === UNKNOWN || right === UNKNOWN) return UNKNOWN;
    if (left instanceof Interval && right instanceof Interval) {
      const products = [left.lo * right.lo, left.lo * right.hi, left.hi * right.lo].concat(
        left.hi * right.hi,
      );
      const hi = products.reduce(max);
      const lo = products.reduce(min);
      const isSquare = left === right && lo < 0n;
      return this.exact(new Interval(isSquare ? 0n : lo, hi, left.unit * right.unit), text);
    }
    const [interval, factor] = left instanceof Interval ? [left, right] : [right, left];
    if (!(interval instanceof Interval) || typeof factor !== "number") {
      throw new Refused(`a product that is not followed: ${text}`);
    }
    const [numerator, denominator] = fraction(factor);
    if (interval.unit % denominator !== 0n && !this.options.exact?.includes(text)) {
      throw new Inexact(`${text} may be no whole number`);
    }
    const ends = [interval.lo * numerator, interval.hi * numerator];
    const lo = floorDivide(ends.reduce(min), denominator);
    const hi = -floorDivide(-ends.reduce(max), denominator);
    const unit = (interval.unit * (numerator < 0n ? -numerator : numerator)) / denominator;
    return this.exact(new Interval(lo, hi, unit === 0n ? 1n : unit), text);
  }

  private exact(value: Interval, where: ts.Node | string): Interval {
    const { magnitude } = value;
    if (magnitude <= this.peak.magnitude) return value;
    const text = typeof where === "string" ? where : where.getText();
    const place = `${this.frames.at(-1)?.module.path ?? ""}: ${text.slice(0, 100)}`;
    if (magnitude > EXACT) {
      throw new Inexact(`2^${Math.log2(Number(magnitude)).toFixed(3)} in ${place}`);
    }
    this.peak.magnitude = magnitude;
    this.peak.where = place;
    return value;
  }

  // What the language brings

  private callExpression(node: ts.CallExpression): Value {
    const { expression } = node;
    const args = node.arguments.map((argument) => this.evaluate(argument));
    if (ts.isIdentifier(expression)) {
      const name = expression.text;
      if (name === "BigInt") return toBig(args[0]);
      if (name === "Number") return toNumber(args[0]);
      return this.call(this.variable(name), args, name);
    }
    if (!ts.isPropertyAccessExpression(expression)) throw new Refused("a call of no name");
    const method = expression.name.text;
    if (ts.isIdentifier(expression.expression)) {
      const owner = expression.expression.text;
      if (owner === "Math") return mathCall(method, args);
      if (owner === "BigInt" && method === "asIntN") return asIntN(args);
      if (owner === "Array" && method === "from") return this.arrayFrom(args);
    }
    const target = this.evaluate(expression.expression);
    if (target instanceof Cells && method === "fill") {
      for (const name of target.items.keys()) target.items.set(name, args[0]);
      return target;
    }
    throw new Refused(`a call that is not followed: ${node.getText().slice(0, 60)}`);
  }

  private arrayFrom([shape, make]: readonly Value[]): Value {
    const length = this.member(shape, "length");
    if (typeof length !== "number") throw new Refused("a list of unknown length");
    const cells = this.newCells("list");
    for (let i = 0; i < length; i++) cells.items.set(String(i), this.call(make, [], ""));
    return cells;
  }

  private construct(node: ts.NewExpression): Value {
    const kind = node.expression.getText();
    const [length] = (node.arguments ?? []).map((argument) => this.evaluate(argument));
    if (kind === "Int32Array") {
      const table = new Table(length);
      this.tables.add(table);
      return table;
    }
    if (kind === "Uint8Array") return BYTES;
    throw new Refused(`new ${kind}`);
  }

  private objectLiteral(node: ts.ObjectLiteralExpression): Value {
    const cells = this.newCells("object");
    for (const property of node.properties) {
      if (ts.isSpreadAssignment(property)) {
        const source = this.evaluate(property.expression);
        if (!(source instanceof Cells)) throw new Refused("a spread of no object");
        for (const [name, value] of source.items) cells.items.set(name, value);
      } else if (ts.isShorthandPropertyAssignment(property)) {
        cells.items.set(property.name.text, this.variable(property.name.text));
      } else if (ts.isPropertyAssignment(property) && ts.isIdentifier(property.name)) {
        cells.items.set(property.name.text, this.evaluate(property.initializer));
      } else throw new Refused("a member that is not followed");
    }
    return cells;
  }
}

function newFrame(module: Module): Frame {
  return {
    module,
    variables: [new Map()],
    returns: [],
    returned: undefined,
    hasReturned: false,
    breaks: [],
    continues: [],
  };
}

function replaceItems(target: Map<string, Value>, items: ReadonlyMap<string, Value>): void {
  target.clear();
  for (const [name, value] of items) target.set(name, value);
}

function joinItems(target: Map<string, Value>, items: ReadonlyMap<string, Value>): void {
  for (const [name, value] of items) {
    target.set(name, target.has(name) ? joinValues(target.get(name), value) : UNKNOWN);
  }
}

function concrete(operator: string, a: number, b: number): Value {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "%":
      return a % b;
    case "**":
      return a ** b;
    case "<<":
      return a << b;
    case ">>":
      return a >> b;
    case ">>>":
      return a >>> b;
    case "&":
      return a & b;
    case "|":
      return a | b;
    case "^":
      return a ^ b;
    default:
      return compare(operator, a, b);
  }
}

function concreteBig(operator: string, a: bigint, b: bigint): Value {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "%":
      return a % b;
    case "**":
      return a ** b;
    case "<<":
      return a << b;
    case ">>":
      return a >> b;
    case "&":
      return a & b;
    case "|":
      return a | b;
    default:
      return compare(operator, a, b);
  }
}

function compare<T extends number | bigint>(operator: string, a: T, b: T): Value {
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    case "===":
      return a === b;
    case "!==":
      return a !== b;
    default:
      throw new Refused(`an operator that is not followed: ${operator}`);
  }
}

function equality(operator: string, a: Value, b: Value): Value {
  const isNothing = (value: Value): boolean => value === undefined || value === null;
  if (a === UNKNOWN || b === UNKNOWN) return UNKNOWN;
  if (isNothing(a) || isNothing(b) || (typeof a === "boolean" && typeof b === "boolean")) {
    return (a === b) === (operator === "===");
  }
  return UNKNOWN;
}

/** Bits of what is not negative; anything else is unknown. */
function bits(operator: string, a: Interval, b: Interval): Value {
  if (/^[<>]=?$/.test(operator)) return UNKNOWN;
  if (a.lo < 0n || b.lo < 0n || a.hi >= 1n << 31n || b.hi >= 1n << 31n) return UNKNOWN;
  const isFixed = b.lo === b.hi;
  switch (operator) {
    case "<<": {
      const hi = a.hi << b.hi;
      return hi < 1n << 31n ? new Interval(0n, hi) : UNKNOWN;
    }
    case ">>":
    case ">>>":
      return isFixed ? new Interval(a.lo >> b.lo, a.hi >> b.lo) : UNKNOWN;
    case "|":
    case "^":
      return new Interval(0n, a.hi + b.hi);
    case "&":
      return new Interval(0n, min(a.hi, b.hi));
    default:
      return UNKNOWN;
  }
}

function rangeOf(operator: string, a: BigRange, b: BigRange): Value {
  const isFixed = b.lo === b.hi;
  switch (operator) {
    case "+":
      return new BigRange(a.lo + b.lo, a.hi + b.hi);
    case "-":
      return new BigRange(a.lo - b.hi, a.hi - b.lo);
    case "<<":
      if (isFixed) return new BigRange(a.lo << b.lo, a.hi << b.lo);
      break;
    case ">>":
      if (isFixed) return new BigRange(a.lo >> b.lo, a.hi >> b.lo);
      break;
    case "%":
      // The sign is that of the dividend.
      if (isFixed && b.lo > 0n) {
        return new BigRange(a.lo < 0n ? 1n - b.lo : 0n, a.hi > 0n ? b.lo - 1n : 0n);
      }
      break;
    case "&":
      if (isFixed && b.lo >= 0n) return new BigRange(0n, b.lo);
      break;
    default:
  }
  return UNKNOWN;
}

function toBig(value: Value): Value {
  if (value === UNKNOWN) return UNKNOWN;
  if (typeof value === "number") return BigInt(value);
  const { lo, hi } = toInterval(value);
  return new BigRange(lo, hi);
}

function toNumber(value: Value): Value {
  if (value instanceof BigRange) {
    if (max(-value.lo, value.hi) > EXACT) throw new Refused("Number of more than 53 bits");
    return new Interval(value.lo, value.hi);
  }
  return typeof value === "bigint" ? Number(value) : UNKNOWN;
}

function asIntN([width, value]: readonly Value[]): Value {
  if (typeof width !== "number") return UNKNOWN;
  if (typeof value === "bigint") return BigInt.asIntN(width, value);
  if (!(value instanceof BigRange)) return UNKNOWN;
  const half = 1n << BigInt(width - 1);
  if (value.lo >= -half && value.hi < half) return value;
  return new BigRange(-half, half - 1n);
}

function mathCall(method: string, args: readonly Value[]): Value {
  const numbers = args.filter((arg) => typeof arg === "number");
  if (numbers.length < args.length) return UNKNOWN;
  const [a = 0, b = 0] = numbers;
  switch (method) {
    case "ceil":
      return Math.ceil(a);
    case "clz32":
      return Math.clz32(a);
    case "imul":
      return Math.imul(a, b);
    case "min":
      return Math.min(...numbers);
    default:
      return UNKNOWN;
  }
}

/** The path of a field's file, in which `multiply` and `square` are. */
export type FieldPath = "p256/field.generated.ts" | "ed25519/field.generated.ts";

/**
 * What a product leaves of factors that are such outputs themselves, times fa and fb with fa·fb at
 * most `budget`, or of balanced numbers below 2^256: the unit in which bounds are told. Limbs 0 to
 * 9 get one bound, the highest of all.
 */
export function unitOf(path: FieldPath, budget: number, options: Options = {}): Interval[] {
  let limb = 1n << 23n;
  let top = 1n << 16n;
  for (let turns = 0; turns < 20; turns++) {
    const checker = new Checker(options);
    const out = limbsWithin(0n, 0n);
    const unit = limbsIn(limbsWithin(limb, top));
    const before = limb + top;
    checker.run(path, "multiply", [out, units(unit, budget), units(unit, 1)]);
    for (const [i, interval] of limbsIn(out).entries()) {
      if (i < 10) limb = max(limb, interval.magnitude);
      else top = max(top, interval.magnitude);
    }
    if (limb + top === before) return unit;
  }
  throw new Refused("products grow without an end");
}

/** Limbs of that many units, rounded up. */
export function units(unit: readonly Interval[], factor: number): Cells {
  const parts = BigInt(Math.ceil(factor * 1e6));
  return toLimbs(
    unit.map(({ magnitude }) => {
      const bound = -floorDivide(-magnitude * parts, 1000000n);
      return new Interval(-bound, bound);
    }),
  );
}
