// Captured requests: a raw HTTP request, the log of curl -v, a command of curl or header fields, to what came in and what
// was sent back.
// The text is a stranger's: nothing here throws, and each step takes linear time.
import type { CapturedRequest, Field } from "./captured.js";
import { readCurlCommand } from "./curl-command.js";
import { isLoopback } from "./url.js";

/** How many requests of a log are kept: the last ones. */
const MOST = 64;

const REQUEST_LINE = /^([!#$%&'*+.^_`|~\dA-Za-z-]+) +(\S+) +HTTP\/\d(?:\.\d)?$/;
const STATUS_LINE = /^HTTP\/\d(?:\.\d)? (\d{3})(?: |$)/;
const FIELD = /^([!#$%&'*+.^_`|~\dA-Za-z-]+):(.*)$/;

/** What curl puts before a line, after a progress meter that stands in the same line. */
const CURL_LINE = /^[\s\d:.%kMGT-]*([*<>])(?: (.*)|)$/;

/**
 * Reads a text. Returns the requests in their order: one of a raw request or a command of curl, any number of a log of curl;
 * none of any other text.
 */
export function readCaptured(text: string): readonly CapturedRequest[] {
  const command = readCurlCommand(text);
  if (command !== null) return [command];
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trimEnd());
  const isLog = lines.some((line) => REQUEST_LINE.test(logLine(line, ">") ?? ""));
  return (isLog ? readLog(lines) : readRaw(lines)).slice(-MOST);
}

/** Returns the rest of a line of a log that has this mark; null for any other line. */
function logLine(line: string, mark: string): string | null {
  const [, found, rest = ""] = CURL_LINE.exec(line) ?? [];
  return found === mark ? rest : null;
}

function readLog(lines: readonly string[]): readonly CapturedRequest[] {
  const requests: Draft[] = [];
  let scheme: CapturedRequest["scheme"];
  let isHead = false; // of the last request: its header section is still open
  for (const line of lines) {
    const note = logLine(line, "*");
    if (note !== null) scheme = schemeIn(note) ?? scheme;
    const sent = logLine(line, ">");
    const [, method, target] = REQUEST_LINE.exec(sent ?? "") ?? [];
    if (method !== undefined && target !== undefined) {
      requests.push({ method, target, scheme, fields: [], response: undefined });
      isHead = true;
    } else if (sent === "") {
      isHead = false;
    } else if (sent !== null && isHead) {
      addField(requests.at(-1)?.fields, sent);
    }
    const received = logLine(line, "<");
    if (received !== null) readReceived(requests.at(-1), received);
  }
  return requests;
}

/** A request while it is read. */
interface Draft extends CapturedRequest {
  readonly fields: Field[];
  response: { readonly status: number; readonly fields: Field[] } | undefined;
}

/** A response of the kind 1xx comes before the one that counts. */
function readReceived(request: Draft | undefined, line: string): void {
  if (request === undefined) return;
  const [, status] = STATUS_LINE.exec(line) ?? [];
  if (status !== undefined) request.response = { status: Number(status), fields: [] };
  else addField(request.response?.fields, line);
}

function addField(fields: Field[] | undefined, line: string): void {
  const [, name, value] = FIELD.exec(line) ?? [];
  if (name !== undefined && value !== undefined) fields?.push([name.toLowerCase(), value.trim()]);
}

/** What curl and dpop-core fetch say of a connection. */
function schemeIn(note: string): CapturedRequest["scheme"] {
  if (/^(?:SSL|TLS|ALPN|https:)/i.test(note)) return "https";
  return /^(?:http:|Connected to |Established connection to )/i.test(note) ? "http" : undefined;
}

function readRaw(lines: readonly string[]): readonly CapturedRequest[] {
  const start = lines.findIndex((line) => line !== "");
  if (start === -1) return [];
  const [, method, target] = REQUEST_LINE.exec(lines[start] ?? "") ?? [];
  const fields: Field[] = [];
  for (const line of lines.slice(method === undefined ? start : start + 1)) {
    if (line === "") break; // the body begins
    addField(fields, line);
  }
  if (method === undefined && fields.length === 0) return [];
  return [{ method, target, scheme: undefined, fields, response: undefined }];
}

/** Returns every value of a field. */
export function valuesOf(fields: readonly Field[], name: string): readonly string[] {
  return fields.filter(([one]) => one === name).map(([, value]) => value);
}

/**
 * Returns the URL that was called: of the request line and Host. Where the text does not tell the scheme, it is https, and
 * http on this machine. Undefined where there is no host.
 */
export function urlOf({ target, scheme, fields }: CapturedRequest): string | undefined {
  if (target === undefined) return undefined;
  if (/^https?:\/\//i.test(target)) return target;
  const [host] = valuesOf(fields, "host");
  if (host === undefined || host === "" || !target.startsWith("/")) return undefined;
  const isLocal = isLoopback(host.replace(/:\d+$/, ""));
  return `${scheme ?? (isLocal ? "http" : "https")}://${host}${target}`;
}
