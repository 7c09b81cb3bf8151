// workerd, the runtime of Cloudflare Workers: bare, with a configuration of its own, and as
// miniflare starts it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { existsSync } from "node:fs";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "../engine.js";
import {
  objectOf,
  runProgram,
  START_LIMIT,
  startService,
  versionOf,
  within,
  withFolder,
} from "../../support/process.js";
import { MODULES, RUN_LIMIT } from "./places.js";
import { printedReport } from "./shell.js";
import { COMPATIBILITY_DATE, workerModules } from "./worker.js";

const BACKENDS = ["noble", "fast", "wasm", "webcrypto"] as const;
const MINIFLARE_HOST = fileURLToPath(new URL("miniflare-host.ts", import.meta.url));

export const engines: readonly Engine[] = [
  {
    id: "workerd",
    name: "workerd",
    bundle: "published modules",
    backends: BACKENDS,
    find: () => versionOf(program(), ["--version"], /(\d+(?:-\d+)+)/),
    run: () => withFolder(serve),
  },
  {
    id: "miniflare",
    name: "workerd, by miniflare",
    bundle: "published modules",
    backends: BACKENDS,
    find: async () => versionOfPackage(join(MODULES, "miniflare", "package.json")),
    async run() {
      // With our own flags, for it is TypeScript too.
      const args = [...process.execArgv, MINIFLARE_HOST];
      return printedReport(await runProgram(process.execPath, args, { limit: RUN_LIMIT }));
    },
  },
];

export function program(): string | null {
  const name = `workerd-${platform()}-${arch() === "x64" ? "64" : arch()}`;
  const file = join(MODULES, "@cloudflare", name, "bin", "workerd");
  return existsSync(file) ? file : null;
}

function versionOfPackage(file: string): string | null {
  if (!existsSync(file)) return null;
  const { version } = objectOf(JSON.parse(readFileSync(file, "utf8")));
  return typeof version === "string" ? version : null;
}

async function serve(folder: string): Promise<string> {
  const names = workerModules().map(({ name, text }) => {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return name;
  });
  const config = join(folder, "config.capnp");
  writeFileSync(config, configuration(names));
  const command = program();
  if (command === null) throw new Error("there is no workerd");
  // It chooses a port that is free, and tells it in a line of JSON.
  const service = startService(command, ["serve", "--control-fd=1", config], {
    limit: RUN_LIMIT + START_LIMIT,
    cwd: folder,
  });
  try {
    const line = await within(START_LIMIT, "starting workerd", service.firstLine);
    const { port } = objectOf(JSON.parse(line));
    const answer = fetch(`http://127.0.0.1:${String(port)}/`, {
      signal: AbortSignal.timeout(RUN_LIMIT),
    });
    const response = await Promise.race([answer, service.ended]);
    const text = await response.text();
    if (!response.ok) throw new Error(text.slice(0, 2_000));
    return text;
  } finally {
    await service.stop();
  }
}

/** No access to any network, and no flags. */
function configuration(names: readonly string[]): string {
  const modules = names.map((name) => `    (name = "${name}", esModule = embed "${name}"),`);
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "suite", worker = .suite)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "suite")],
);

const suite :Workerd.Worker = (
  modules = [
${modules.join("\n")}
  ],
  compatibilityDate = "${COMPATIBILITY_DATE}",
);
`;
}
