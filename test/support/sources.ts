// The sources of src as one TypeScript program, with files in memory beside them.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import manifest from "../../package.json" with { type: "json" };
import { ROOT } from "./build.js";

/** The files that the package exports, from the root. */
export const ENTRIES: readonly string[] = manifest.tsup.entry;

/** Path from the root → text; replaces or adds a file. */
export type Overlay = Readonly<Record<string, string>>;

/** Every source of src, from the root. */
export function sourcesOfSrc(): readonly string[] {
  return readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map((name) => `src/${name}`)
    .toSorted();
}

/** A program with the options of test/tsconfig.json, so that "dpop-core" means the sources. */
export function programOf(files: readonly string[], overlay: Overlay = {}): ts.Program {
  const host = ts.createCompilerHost(OPTIONS, true);
  const inMemory = new Map(
    Object.entries(overlay).map(([file, text]) => [join(ROOT, file), text] as const),
  );
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => inMemory.has(file) || fileExists(file);
  host.readFile = (file) => inMemory.get(file) ?? readFile(file);
  host.getSourceFile = (file, options) => {
    const text = inMemory.get(file);
    if (text !== undefined) return ts.createSourceFile(file, text, options, true);
    if (!parsed.has(file)) parsed.set(file, getSourceFile(file, options));
    return parsed.get(file);
  };
  const rootNames = [...files, ...Object.keys(overlay)].map((file) => join(ROOT, file));
  return ts.createProgram({ rootNames: [...new Set(rootNames)], options: OPTIONS, host });
}

/** The files on disk, read and bound once for all programs. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** An example declares what it does not use. */
const OPTIONS: ts.CompilerOptions = {
  ...readOptions(),
  noUnusedLocals: false,
  noUnusedParameters: false,
};

function readOptions(): ts.CompilerOptions {
  const file = join(ROOT, "test/tsconfig.json");
  const { config } = ts.readConfigFile(file, (path) => ts.sys.readFile(path));
  return ts.parseJsonConfigFileContent(config, ts.sys, join(ROOT, "test"), {}, file).options;
}

export interface Export {
  /** What the name means. */
  readonly symbol: ts.Symbol;
  /** Whether the name is a value; else it is only a type. */
  readonly isValue: boolean;
}

/** The names that an entry exports. */
export function exportsOf(program: ts.Program, entry: string): ReadonlyMap<string, Export> {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(join(ROOT, entry));
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${entry} must be a module`);
  return new Map(
    checker.getExportsOfModule(module).map((exported) => {
      const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
      const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
      const isTypeOnly = exported.declarations?.some(ts.isTypeOnlyExportDeclaration) ?? false;
      const isValue = !isTypeOnly && (symbol.flags & ts.SymbolFlags.Value) !== 0;
      return [exported.name, { symbol, isValue }] as const;
    }),
  );
}
