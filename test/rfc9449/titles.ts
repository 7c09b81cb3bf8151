// The lines of RFC 9449 that the titles of a test file name, read from its source by the TypeScript parser; nothing is run.
// What can't be read this way is an error: an id that is computed, a table that is no array literal, an id that is no title.
import ts from "typescript";

/** The ids at the start of a title: `[5-4] [5-5] the refresh token …`. */
const IDS = /^(?:\[\d+(?:\.\d+)?(?:-\d+)?\] )+/;

/** A call of describe or test, in any of its forms. */
interface Definition {
  readonly call: ts.CallExpression;
  readonly isTest: boolean;
  /** How many times it stands: once, or for each row of its table; never where it is skipped. */
  readonly times: number;
  /** The argument of `each`. */
  readonly table: ts.Expression | undefined;
}

/** Every id that a title names, as often as tests come of it. */
export function idsOf(name: string, text: string): readonly string[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const titles = new Set<ts.Node>();
  const ids = within(source).flatMap((definition) => {
    const own = idsOfTitle(definition);
    titles.add(definition.call.arguments[0] ?? definition.call);
    return Array.from({ length: own.length === 0 ? 0 : testsOf(definition) }, () => own).flat();
  });
  forEachNode(source, (node) => {
    if (ts.isStringLiteralLike(node) && IDS.test(node.text) && !titles.has(node))
      throw fault(node, "an id that is no title");
  });
  return ids;
}

/** All definitions in a node, those within others too. */
function within(node: ts.Node): readonly Definition[] {
  const found: Definition[] = [];
  forEachNode(node, (one) => {
    const definition = ts.isCallExpression(one) ? definitionOf(one) : undefined;
    if (definition !== undefined) found.push(definition);
  });
  return found;
}

function forEachNode(node: ts.Node, use: (node: ts.Node) => void): void {
  use(node);
  ts.forEachChild(node, (child) => forEachNode(child, use));
}

/** `test("…")`, `test.skip("…")`, `test.each(table)("…")`; undefined for any other call. */
function definitionOf(call: ts.CallExpression): Definition | undefined {
  let callee: ts.Expression = call.expression;
  let table: ts.Expression | undefined;
  let isSkipped = false;
  while (!ts.isIdentifier(callee)) {
    if (ts.isPropertyAccessExpression(callee)) {
      isSkipped ||= /^(?:skip|todo)$/.test(callee.name.text);
      if (callee.name.text === "each" && table === undefined) return undefined; // without its title
      callee = callee.expression;
    } else if (ts.isCallExpression(callee) && isEach(callee.expression)) {
      table = callee.arguments[0];
      callee = callee.expression.expression;
    } else return undefined;
  }
  if (!/^(?:describe|test|it)$/.test(callee.text)) return undefined;
  const times = isSkipped ? 0 : rowsOf(table);
  return { call, isTest: callee.text !== "describe", times, table };
}

function isEach(node: ts.Expression): node is ts.PropertyAccessExpression {
  return ts.isPropertyAccessExpression(node) && node.name.text === "each";
}

/** Of a table that is no literal: one, since nothing is run. */
function rowsOf(table: ts.Expression | undefined): number {
  return table !== undefined && ts.isArrayLiteralExpression(table) ? table.elements.length : 1;
}

function idsOfTitle({ call, table }: Definition): readonly string[] {
  const [title] = call.arguments;
  if (title === undefined) return [];
  if (!ts.isStringLiteralLike(title)) {
    if (/^["'`(]*\[/.test(title.getText())) throw fault(title, "an id that is computed");
    return [];
  }
  const ids = IDS.exec(title.text)?.[0].match(/[\d.-]+/g) ?? [];
  const isComputed = table !== undefined && /^\[[^\]]*[%$]/.test(title.text.replace(IDS, ""));
  if (isComputed) throw fault(title, "an id that is computed");
  if (ids.length > 0 && table !== undefined && !ts.isArrayLiteralExpression(table))
    throw fault(title, "a table that is no array literal");
  return ids;
}

/** How many tests come of a definition: of a describe, those in it, or one where it calls a function that makes them. */
function testsOf(definition: Definition): number {
  if (definition.isTest) return definition.times;
  const body = definition.call.arguments.at(-1);
  if (body === undefined) return 0;
  const tests = within(body).filter(({ isTest }) => isTest);
  if (tests.length > 0) return definition.times * tests.reduce((sum, one) => sum + one.times, 0);
  return definition.times * (callsAny(body) ? 1 : 0);
}

function callsAny(body: ts.Node): boolean {
  let calls = false;
  forEachNode(
    body,
    (node) => (calls ||= ts.isCallExpression(node) && definitionOf(node) === undefined),
  );
  return calls;
}

function fault(node: ts.Node, what: string): Error {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart());
  return new Error(`${source.fileName}:${line + 1}: ${what}`);
}
