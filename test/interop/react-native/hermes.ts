// Hermes as a phone: it has no network, so it runs up to the next request, which is sent from here, and again from the
// start with one response more. Its random bytes are the same in each run, so it makes the same key.
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsup";
import { es5 } from "../../runtimes/build.js";
import { hermesVm, POWER } from "../../runtimes/engines/hermes.js";
import { runProgram } from "../../support/process.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const LIMIT = 60_000; // milliseconds, for one run

export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface Answered {
  readonly status: number;
  readonly headers: string;
  readonly url: string;
  readonly body: string;
}

/** What a run ends with. */
export type Ended =
  { readonly request: Sent } | { readonly done: unknown } | { readonly failed: string };

/** What a phone has: `random` is what react-native-get-random-values brings. */
function hostOf(answers: readonly Answered[], random: Buffer | null): string {
  const bytes = random === null ? "" : random.toString("hex");
  return `
globalThis.self = globalThis;
var answers = ${JSON.stringify(answers)};
var bytes = "${bytes}";
if (bytes !== "") globalThis.crypto = { getRandomValues: function (array) {
  if (bytes.length < 2 * array.length) throw new Error("no more random bytes");
  for (var i = 0; i < array.length; i++) array[i] = parseInt(bytes.substr(2 * i, 2), 16);
  bytes = bytes.slice(2 * array.length);
  return array;
} };
globalThis.URLSearchParams = function (record) { this.pairs = Object.entries(record); };
URLSearchParams.prototype.append = function (name, value) { this.pairs.push([name, value]); };
URLSearchParams.prototype.toString = function () {
  return this.pairs.map(function (pair) { return pair.map(encodeURIComponent).join("="); }).join("&");
};
globalThis.XMLHttpRequest = function () { this.sent = { headers: {} }; };
XMLHttpRequest.prototype = {
  open: function (method, url) { this.sent.method = method; this.sent.url = url; },
  setRequestHeader: function (name, value) { this.sent.headers[name] = value; },
  send: function (body) {
    var answer = answers.shift();
    this.sent.body = typeof body === "string" ? body : null; // as React Native loses a URLSearchParams
    if (answer === undefined) return print(JSON.stringify({ request: this.sent }));
    this.status = answer.status;
    this.responseURL = answer.url;
    this.responseText = answer.body;
    this.getAllResponseHeaders = function () { return answer.headers; };
    setTimeout(this.onload.bind(this), 0);
  },
};
`;
}

export interface Phone {
  /** Runs the app with what it is given, until it is done or has failed. */
  run(given: object): Promise<Ended>;
}

/** Builds the app as one script. Without `polyfilled` the phone has no source of random bytes. */
export async function openPhone(folder: string, polyfilled: boolean): Promise<Phone> {
  const path = (name: string): string => here(`../../../src/${name}.ts`);
  await build({
    config: false,
    silent: true,
    entry: { app: here("app.ts") },
    outDir: folder,
    outExtension: () => ({ js: ".js" }),
    format: "iife",
    platform: "neutral",
    target: "es2020",
    clean: false,
    noExternal: [/./],
    tsconfig: here("../tsconfig.json"),
    esbuildOptions(options) {
      options.alias = { "dpop-core": path("index") };
    },
  });
  const app = es5(await readFile(join(folder, "app.js"), "utf8"));
  const random = polyfilled ? randomBytes(4096) : null;
  const file = join(folder, "phone.js");
  async function once(given: object, answers: readonly Answered[]): Promise<Ended> {
    const before = `${POWER}${hostOf(answers, random)}var given = ${JSON.stringify(given)};`;
    await writeFile(file, `${before}\n${app}`);
    const { stdout } = await runProgram(hermesVm() ?? "", ["-O", "-w", file], { limit: LIMIT });
    return JSON.parse(stdout) as Ended; // as app.ts and hostOf print it
  }
  return {
    async run(given) {
      const answers: Answered[] = [];
      for (;;) {
        const ended = await once(given, answers);
        if (!("request" in ended)) return ended;
        answers.push(await sendFor(ended.request));
        if (answers.length > 10) throw new Error("the app goes on sending requests");
      }
    },
  };
}

/** As React Native sends it: redirects are followed. */
async function sendFor({ method, url, headers, body }: Sent): Promise<Answered> {
  const response = await fetch(url, { method, headers, body });
  const fields = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`);
  const { status } = response;
  return { status, headers: fields.join(""), url: response.url, body: await response.text() };
}
