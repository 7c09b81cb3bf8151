// dpop-core fetch: one request with a proof, and once more with a nonce where the server wants one.
import { readFile } from "node:fs/promises";
import { STATUS_CODES } from "node:http";
import { resolve } from "node:path";
import { defineCommand } from "../base/command.js";
import {
  type Client,
  type Exchange,
  networkFault,
  openClient,
  TIMEOUT_OPTION,
} from "../base/client.js";
import { EXIT, type ExitCode, mistake } from "../base/fault.js";
import { readStdin, readText, STREAM } from "../base/files.js";
import { type Io, writeLine } from "../base/io.js";
import { type Key, KEY_OPTIONS, loadKey } from "../base/key.js";
import { readBody, type Reason, reasonOf } from "../base/response.js";
import { paintFor, printable } from "../base/text.js";
import { loadToken, TOKEN_OPTIONS, warnOfOtherKey } from "../base/token.js";
import { methodArgument, urlArgument } from "../base/url.js";

export const fetchCommand = defineCommand({
  name: "fetch",
  summary: "Send a request with a proof, and print the response",
  positionals: "URL",
  notes: [
    "Where the server asks for a nonce, the request is sent once more. Redirects are not followed, since a proof is for one URL. The exit code is 1 for a status of 400 or above.",
    "--verbose writes the request and the response to standard error as curl -v does, without the token: dpop-core explain reads that.",
  ],
  options: {
    ...KEY_OPTIONS,
    ...TOKEN_OPTIONS,
    request: {
      type: "string",
      short: "X",
      value: "METHOD",
      help: "The method. Default GET, or POST with --data",
    },
    header: {
      type: "string",
      short: "H",
      multiple: true,
      value: "'NAME: VALUE'",
      help: "A header field; may be given several times. One with a secret goes into --header-file",
    },
    "header-file": { type: "string", value: "FILE", help: "Header fields, one a line" },
    data: {
      type: "string",
      short: "d",
      value: "DATA",
      help: "The body; @FILE for that of a file, @- for standard input. Its type is that of a form, or JSON where it is JSON, unless --header says another",
    },
    include: {
      type: "boolean",
      short: "i",
      help: "Print the status and the header fields of the response too",
    },
    verbose: {
      type: "boolean",
      short: "v",
      help: "Write what is sent and received to standard error",
    },
    ...TIMEOUT_OPTION,
  },
  examples: [
    { command: "dpop-core fetch http://127.0.0.1:4001/things --token-file token", says: "GET" },
    {
      command: `dpop-core fetch http://127.0.0.1:4001/things --token-file token -d '{"name":"a thing"}' -i`,
      says: "POST, and the header fields of the response",
    },
    {
      command:
        "dpop-core fetch http://127.0.0.1:4001/things --token-file token -v 2>&1 | dpop-core explain --token-file token",
      says: "Why a request is refused, or that it is not",
    },
  ],
  async run(io, { options, positionals: [address = ""] }) {
    const url = urlArgument(address, "URL");
    const method =
      options.request === undefined ? undefined : methodArgument(options.request, "--request");
    checkSendable(method, options.data);
    const headers = await readHeaders(io, options.header, options["header-file"]);
    const body = await readData(io, options.data);
    const key = await loadKey(io, options);
    const accessToken = await loadToken(io, options["token-file"]);
    warnOfOtherKey(io, accessToken, key);
    if (accessToken !== undefined) headers.set("authorization", `DPoP ${accessToken}`);
    if (body !== undefined && !headers.has("content-type"))
      headers.set("content-type", typeOf(body));
    const client = openClient(io, key, options);
    try {
      const response = await client.send(url, {
        method: method ?? (body === undefined ? "GET" : "POST"),
        headers,
        ...(body === undefined ? {} : { body }),
      });
      if (options.verbose) writeLog(io, client, accessToken);
      return await show(io, { url, response, accessToken, key, client }, options);
    } catch (error) {
      if (options.verbose) writeLog(io, client, accessToken);
      throw error;
    }
  },
});

/** What fetch of the platform never sends. */
function checkSendable(method: string | undefined, data: string | undefined): void {
  const name = method?.toUpperCase();
  if (name === "CONNECT" || name === "TRACE" || name === "TRACK") {
    throw mistake(
      `--request can't be ${name}`,
      "No fetch sends that; dpop-core prove makes a proof for it",
    );
  }
  if (data !== undefined && (name === "GET" || name === "HEAD")) {
    throw mistake(
      `a request of ${name} has no body`,
      "Leave --data out, or choose another --request",
    );
  }
}

/** Fields that hold secrets, or that this command sets. */
const NOT_AN_ARGUMENT = new Set(["authorization", "proxy-authorization", "cookie", "x-api-key"]);

async function readHeaders(
  io: Io,
  given: readonly string[],
  path: string | undefined,
): Promise<Headers> {
  const headers = new Headers({ "user-agent": "dpop-core", accept: "*/*" });
  for (const field of given) {
    const name = addHeader(headers, field, "--header");
    if (NOT_AN_ARGUMENT.has(name)) {
      throw mistake(
        "--header takes no field with a secret: other users of the machine see arguments",
        "An access token goes into --token-file, another secret into --header-file",
      );
    }
  }
  if (path === undefined) return headers;
  const text = await readText(io, {
    path,
    option: "--header-file",
    what: "header fields, one a line",
  });
  for (const field of text.split(/\r?\n/))
    if (field !== "") addHeader(headers, field, "--header-file");
  return headers;
}

/** Returns the name in small letters. */
function addHeader(headers: Headers, field: string, option: string): string {
  const [, name = "", value = ""] = /^([^:]+):[ \t]*(.*)$/.exec(field) ?? [];
  if (name.toLowerCase() === "dpop") {
    throw mistake(`${option} can't set DPoP`, "Each request gets a proof of its own");
  }
  try {
    headers.append(name, value);
  } catch {
    throw mistake(`${option} takes a header field`, "Write it as 'Name: value'");
  }
  return name.toLowerCase();
}

async function readData(
  io: Io,
  data: string | undefined,
): Promise<string | Uint8Array<ArrayBuffer> | undefined> {
  if (data === undefined || !data.startsWith("@")) return data;
  const path = data.slice(1);
  if (path === STREAM) return readStdin(io, "the body");
  try {
    return new Uint8Array(await readFile(resolve(io.cwd, path)));
  } catch {
    throw mistake(
      "--data: the file after @ can't be read",
      "Write --data @FILE, or a body that does not begin with @",
    );
  }
}

/** curl's default is a form; nothing that parses as JSON in braces or brackets is one. */
function typeOf(body: string | Uint8Array): string {
  const text = typeof body === "string" ? body : Buffer.from(body).toString("utf8");
  if (/^\s*[{[]/.test(text)) {
    try {
      JSON.parse(text);
      return "application/json";
    } catch {
      // A form that begins so.
    }
  }
  return "application/x-www-form-urlencoded";
}

interface Answer {
  readonly url: URL;
  readonly response: Response;
  readonly accessToken: string | undefined;
  readonly key: Key;
  readonly client: Client;
}

interface Look {
  readonly json: boolean;
  readonly include: boolean;
}

async function show(io: Io, answer: Answer, { json, include }: Look): Promise<ExitCode> {
  const { url, response, client } = answer;
  const { status, headers } = response;
  const isRefused = status >= 400;
  if (!json && include) {
    for (const line of headLines(response)) writeLine(io.stdout, line);
    writeLine(io.stdout);
  }
  if (!json && !isRefused) {
    await stream(io, response).catch((error: unknown) => {
      throw networkFault(error, url);
    });
    if (status >= 300) tellOfRedirect(io, response, url);
    return EXIT.ok;
  }
  const body = await readBody(client, response, url);
  const text = body.toString("utf8");
  const { accessToken, key } = answer;
  const reason = isRefused
    ? reasonOf({ status, headers, text, accessToken, jkt: key.jkt, now: io.clock() })
    : null;
  if (json) {
    const attempts = client.exchanges.length;
    const fields = Object.fromEntries(headers);
    writeLine(
      io.stdout,
      JSON.stringify({
        status,
        headers: fields,
        body: text,
        attempts,
        refusal: reason ?? undefined,
      }),
    );
  } else {
    writeBytes(io, body);
    tellOfRefusal(io, status, reason);
  }
  return isRefused ? EXIT.refused : EXIT.ok;
}

function headLines({ status, statusText, headers }: Response): readonly string[] {
  const phrase = statusText || STATUS_CODES[status] || "";
  return [
    `HTTP/1.1 ${status} ${phrase}`,
    ...[...headers].map(([name, value]) => `${name}: ${value}`),
  ].map((line) => printable(line));
}

/** Writes a body as it comes. On a terminal its last line is ended. */
async function stream(io: Io, response: Response): Promise<void> {
  if (io.stdout.isTTY !== true) {
    for await (const chunk of response.body ?? []) io.stdout.write(chunk);
    return;
  }
  const decoder = new TextDecoder();
  let last = "";
  for await (const chunk of response.body ?? []) {
    last = decoder.decode(chunk, { stream: true }) || last;
    io.stdout.write(safe(last));
  }
  if (!last.endsWith("\n")) writeLine(io.stdout, safe(decoder.decode()));
}

function writeBytes(io: Io, body: Buffer): void {
  if (io.stdout.isTTY !== true) io.stdout.write(body);
  else if (body.length > 0) writeLine(io.stdout, safe(body.toString("utf8").trimEnd()));
}

/** A terminal obeys some characters. */
function safe(text: string): string {
  return printable(text, "\n\r\t");
}

function tellOfRedirect(io: Io, { status, headers }: Response, url: URL): void {
  const paint = paintFor(io, io.stderr);
  const location = headers.get("location");
  if (location === null) return;
  const isElsewhere =
    !URL.canParse(location, url.href) || new URL(location, url).origin !== url.origin;
  const warning = isElsewhere
    ? ". It is another server: a token for this one may not be for that"
    : "";
  writeLine(
    io.stderr,
    paint.yellow(
      `${status}, a redirect that was not followed, to ${printable(location)}${warning}`,
    ),
  );
}

function tellOfRefusal(io: Io, status: number, reason: Reason | null): void {
  const paint = paintFor(io, io.stderr);
  const phrase = STATUS_CODES[status] ?? "";
  if (io.stdout.isTTY !== true) writeLine(io.stderr);
  if (reason === null) {
    writeLine(io.stderr, paint.red(`dpop-core fetch: ${status} ${phrase}`));
    return;
  }
  const code = reason.error === null ? "" : `, ${reason.error}`;
  writeLine(io.stderr, paint.red(`dpop-core fetch: ${status} ${phrase}${code}: ${reason.message}`));
  if (reason.said !== null) writeLine(io.stderr, `  The server says: ${reason.said}`);
  writeLine(io.stderr, `  ${reason.next}`);
}

/** Writes every exchange in the form of curl -v. The token is left out, the proof is not: it is of use to its key only. */
function writeLog(io: Io, { exchanges }: Client, accessToken: string | undefined): void {
  for (const exchange of exchanges) {
    for (const line of logOf(exchange)) {
      const hidden =
        accessToken === undefined ? line : line.replaceAll(accessToken, "[token left out]");
      writeLine(io.stderr, printable(hidden));
    }
  }
}

/** Fields whose values are nothing for a log. */
const SECRET_FIELDS = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
  "x-api-key",
]);

function logOf({ url, method, headers, response }: Exchange): readonly string[] {
  const lines = [
    `* ${url.origin}`,
    `> ${method} ${url.pathname}${url.search} HTTP/1.1`,
    `> Host: ${url.host}`,
  ];
  for (const [name, value] of headers) lines.push(`> ${name}: ${shown(name, value)}`);
  lines.push(">");
  if (response === undefined) return [...lines, "* no response"];
  const { status, statusText } = response;
  lines.push(`< HTTP/1.1 ${status} ${statusText || STATUS_CODES[status] || ""}`);
  for (const [name, value] of response.headers) lines.push(`< ${name}: ${shown(name, value)}`);
  return [...lines, "<"];
}

function shown(name: string, value: string): string {
  if (!SECRET_FIELDS.has(name)) return value;
  const [scheme = ""] = /^(?:DPoP|Bearer|Basic)(?= )/i.exec(value) ?? [];
  return `${scheme} [left out]`.trim();
}
