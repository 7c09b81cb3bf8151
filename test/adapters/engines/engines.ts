// Bun, Deno and workerd, which npm run test:runtimes installs: each starts with the worker, on loopback and a free port.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsup";
import { program as bun } from "../../runtimes/engines/bun.js";
import { program as deno } from "../../runtimes/engines/deno.js";
import { COMPATIBILITY_DATE } from "../../runtimes/engines/worker.js";
import { program as workerd } from "../../runtimes/engines/workerd.js";
import {
  objectOf,
  type Service,
  startService,
  within,
  START_LIMIT,
} from "../../support/process.js";

export interface Engine {
  readonly name: string;
  /** The path of its program, null where it is not installed. */
  readonly program: string | null;
  /** What runs beside the bundle, by the name of its file. */
  readonly host: readonly [string, string];
  readonly args: (host: string, folder: string) => readonly string[];
  /** The port in the first line that it prints. */
  readonly portOf: (line: string) => unknown;
}

const HOSTED = (serve: string): string => `import { handle } from "./worker.js";\n${serve}\n`;

/** It may read the bundle and serve on loopback, and nothing else. */
const DENO = ["run", "--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-npm"];

const WORKERD = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "api", worker = .api)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "api")],
);

const api :Workerd.Worker = (
  modules = [
    (name = "main.js", esModule = "import { handle } from './worker.js'; export default { fetch: handle };"),
    (name = "worker.js", esModule = embed "worker.js"),
  ],
  compatibilityDate = "${COMPATIBILITY_DATE}",
);
`;

export const ENGINES: readonly Engine[] = [
  {
    name: "Bun",
    program: bun(),
    host: [
      "bun.js",
      HOSTED(
        'console.log(Bun.serve({ port: 0, hostname: "127.0.0.1", development: false, fetch: handle }).port);',
      ),
    ],
    args: (host) => ["run", host],
    portOf: Number,
  },
  {
    name: "Deno",
    program: deno(),
    host: [
      "deno.js",
      HOSTED(`const onListen = ({ port }) => console.log(port);
Deno.serve({ port: 0, hostname: "127.0.0.1", onListen }, (request) => handle(request));`),
    ],
    args: (host, folder) => [...DENO, `--allow-read=${folder}`, "--allow-net=127.0.0.1", host],
    portOf: Number,
  },
  {
    name: "workerd",
    program: workerd(),
    host: ["config.capnp", WORKERD],
    args: (host) => ["serve", "--control-fd=1", host],
    portOf: (line) => objectOf(JSON.parse(line))["port"],
  },
];

/** Bundles the worker, and the sources of dpop-core with it, into a folder. */
export async function buildWorker(folder: string): Promise<void> {
  await build({
    config: false,
    silent: true,
    entry: { worker: fileURLToPath(new URL("worker.ts", import.meta.url)) },
    outDir: folder,
    format: "esm",
    outExtension: () => ({ js: ".js" }),
    platform: "neutral",
    target: "es2022",
    noExternal: [/.*/],
    splitting: false,
    // Its paths name dpop-core only: those of this folder name declarations.
    tsconfig: fileURLToPath(new URL("../../tsconfig.json", import.meta.url)),
  });
}

/** Milliseconds; the tests of an engine take a second. */
const LIMIT = 120_000;

export interface RunningEngine {
  readonly port: number;
  readonly service: Service;
}

export async function startEngine(engine: Engine, folder: string): Promise<RunningEngine> {
  const { name, program, host, args, portOf } = engine;
  if (program === null) throw new Error(`there is no ${name}: npm run test:runtimes installs it`);
  const file = join(folder, host[0]);
  writeFileSync(file, host[1]);
  const env = { PATH: process.env["PATH"], HOME: folder, TMPDIR: folder };
  const service = startService(program, args(file, folder), { limit: LIMIT, cwd: folder, env });
  const line = await within(START_LIMIT, `starting ${name}`, service.firstLine);
  return { port: Number(portOf(line)), service };
}
