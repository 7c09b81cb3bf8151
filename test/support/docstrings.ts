// What is missing in the docstrings of a program: of everything that the entries export, and in every example of src.
import { join, relative } from "node:path";
import ts from "typescript";
import { ROOT } from "./build.js";
import { exportsOf, type Overlay, programOf } from "./sources.js";

/** Returns `file: name: what is missing` of everything that the entries export. */
export function docstringFaults(
  program: ts.Program,
  entries: readonly string[],
): readonly string[] {
  const checker = program.getTypeChecker();
  const faults = new Set<string>(); // two entries may export the same
  for (const entry of entries) {
    for (const [name, { symbol }] of exportsOf(program, entry)) {
      const [declaration] = symbol.declarations ?? [];
      if (declaration === undefined) throw new Error(`${entry} must declare ${name}`);
      const where = `${fileOf(declaration)}: ${name}`;
      for (const fault of faultsOfSymbol(checker, symbol)) faults.add(`${where}: ${fault}`);
    }
  }
  return [...faults].toSorted();
}

function faultsOfSymbol(checker: ts.TypeChecker, symbol: ts.Symbol): readonly string[] {
  if (symbol.getDocumentationComment(checker).length === 0) return ["no docstring"];
  if ((symbol.flags & ts.SymbolFlags.Function) === 0) return [];
  const declarations = symbol.declarations?.filter(ts.isFunctionLike) ?? [];
  // Of an overloaded function, the tags may stand on any overload.
  const written = declarations.flatMap((one) => ts.getJSDocTags(one)).map(tagOf);
  return declarations
    .flatMap((one) => neededTags(checker, one))
    .filter(
      (tag, i, all) => all.indexOf(tag) === i && !written.some((text) => text.startsWith(tag)),
    )
    .map((tag) => `no ${tag.trim()}`);
}

/** What the tags of a function begin with. */
function neededTags(
  checker: ts.TypeChecker,
  declaration: ts.SignatureDeclaration,
): readonly string[] {
  const signature = checker.getSignatureFromDeclaration(declaration);
  const returns = signature === undefined ? undefined : checker.getReturnTypeOfSignature(signature);
  const isVoid = returns !== undefined && (returns.flags & ts.TypeFlags.Void) !== 0;
  return [
    ...declaration.parameters.map(({ name }) => `@param ${name.getText()} `),
    ...(isVoid ? [] : ["@returns "]),
    "@throws ",
    "@example ```ts ",
    "@see RFC ",
  ];
}

/** A tag on one line, without the stars of its comment. */
function tagOf(tag: ts.JSDocTag): string {
  const text = tag.getText().replaceAll(/^[ \t]*\*[ \t]?/gm, "");
  return text.replaceAll(/\s+/g, " ").trim();
}

interface Example {
  /** `file: name`. */
  readonly of: string;
  readonly code: string;
}

/** Returns `file: name: error` for every example of the sources that does not compile as a module. */
export function exampleFaults(files: readonly string[], overlay: Overlay = {}): readonly string[] {
  const sources = programOf(files, overlay);
  const found = [...files, ...Object.keys(overlay)].flatMap((file) => examplesIn(sources, file));
  // Beside the tests, where the options of test/tsconfig.json hold; nothing is written.
  const byFile = new Map(found.map((example, i) => [`test/example-${i}.ts`, example] as const));
  const texts = Object.fromEntries([...byFile].map(([file, { code }]) => [file, code]));
  const program = programOf([], { ...overlay, ...texts });
  return [...byFile].flatMap(([file, { of, code }]) => {
    const source = program.getSourceFile(join(ROOT, file));
    if (source === undefined) throw new Error(`${of}: the example must be in the program`);
    const errors = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ].map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
    if (!/ from "dpop-core/.test(code)) errors.push("imports nothing of dpop-core");
    return errors.map((error) => `${of}: ${error}`);
  });
}

/** The examples that stand in the docstrings of a file. */
export function examplesIn(program: ts.Program, file: string): readonly Example[] {
  const source = program.getSourceFile(join(ROOT, file));
  if (source === undefined) throw new Error(`${file} must be in the program`);
  const examples: Example[] = [];
  const visit = (node: ts.Node): void => {
    for (const child of node.getChildren(source)) {
      if (!ts.isJSDoc(child)) {
        visit(child);
        continue;
      }
      const tags = child.tags?.filter(({ tagName }) => tagName.text === "example") ?? [];
      const of = `${file}: ${nameOf(node)}`;
      examples.push(...tags.flatMap(blocksOf).map((code) => ({ of, code })));
    }
  };
  visit(source);
  return examples;
}

function nameOf(node: ts.Node): string {
  const [declared] = ts.isVariableStatement(node) ? node.declarationList.declarations : [node];
  const name =
    declared === undefined ? undefined : ts.getNameOfDeclaration(declared as ts.Declaration); // undefined for any other node
  return name?.getText() ?? "a comment";
}

function blocksOf(tag: ts.JSDocTag): readonly string[] {
  const text = tag.getText().replaceAll(/^[ \t]*\*[ \t]?/gm, "");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);
}

function fileOf(node: ts.Node): string {
  return relative(ROOT, node.getSourceFile().fileName);
}
