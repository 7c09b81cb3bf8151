// The process that QuickJS runs in: WebAssembly, which would keep the runner from hearing its own
// time limit. Named by its argument: "quickjs" or "quickjs-ng". Loads the published modules
// unchanged, each when it is imported.
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import {
  newQuickJSWASMModule,
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSWASMModule,
} from "quickjs-emscripten";
import { DIST } from "./places.js";
import { printing } from "./shell.js";

const STACK = 1 << 20; // bytes; the default of 256 KiB is a small one

function load(name: string | undefined): Promise<QuickJSWASMModule> {
  if (name === "quickjs") return newQuickJSWASMModule();
  if (name !== "quickjs-ng") throw new RangeError("which QuickJS?");
  return newQuickJSWASMModuleFromVariant(import("@jitl/quickjs-ng-wasmfile-release-sync"));
}

function run(quickjs: QuickJSWASMModule): void {
  const runtime = quickjs.newRuntime();
  runtime.setMaxStackSize(STACK);
  runtime.setModuleLoader(
    (path) => readFileSync(join(DIST, path), "utf8"),
    (from, name) => resolvePath(from, name),
  );
  const context = runtime.newContext();
  const print = context.newFunction("print", (text) => {
    process.stdout.write(`${context.getString(text)}\n`);
  });
  context.setProp(context.global, "print", print);
  const host = `import { report } from "./suite.js";\n${printing("report", "print")}`;
  settle(context, context.evalCode(host, "host.js", { type: "module" }));
  while (runtime.hasPendingJob()) settle(context, runtime.executePendingJobs());
}

/** A module's path in DIST, from the module that asks for it. */
function resolvePath(from: string, name: string): string {
  if (!name.startsWith(".")) throw new Error(`QuickJS has no module ${name}`);
  const path = relative(DIST, join(DIST, dirname(from), name));
  if (path.startsWith("..")) throw new Error(`${name} is outside the folder`);
  return path;
}

/** Throws what was thrown in there. */
function settle(
  context: QuickJSContext,
  result:
    | ReturnType<QuickJSContext["evalCode"]>
    | ReturnType<QuickJSContext["runtime"]["executePendingJobs"]>,
): void {
  if (result.error === undefined) return;
  throw new Error(JSON.stringify(context.dump(result.error)));
}

run(await load(process.argv[2]));
