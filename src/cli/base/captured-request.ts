// Captured requests: a raw HTTP request, the log of curl -v, a command of curl or header fields, to what came in and what
// was sent back.
// The text is a stranger's: nothing here throws, and each step takes linear time.
import type { CapturedRequest, CapturedResponse, Field } from "./captured.js";
import { readCurlCommands } from "./curl-command.js";
import { isLoopback } from "./url.js";

/** How many requests of a log are kept: the last ones. */
const MOST = 64;

const REQUEST_LINE = /^([!#$%&'*+.^_`|~\dA-Za-z-]+) +(\S+) +HTTP\/\d(?:\.\d)?$/;
const STATUS_LINE = /^HTTP\/\d(?:\.\d)? (\d{3})(?: |$)/;
/** Also a pseudo-header field of HTTP/2, such as :path. */
const FIELD = /^(:?[!#$%&'*+.^_`|~\dA-Za-z-]+):(.*)$/;

/** What curl puts before a line, after a progress meter that stands in the same line. */
const CURL_LINE = /^[\s\d:.%kMGT-]*([*<>])(?: (.*)|)$/;

/**
 * Reads a text. Returns the requests in their order: one of a raw request, any number of a log of curl or of commands of
 * curl; none of any other text. Of a command with its log, only the log is read.
 */
export function readCaptured(text: string): readonly CapturedRequest[] {
  const bare = text.replace(/^\ufeff/, "");
  const lines = bare.split(/\r\n|\n|\r/).map((line) => line.trimEnd());
  const isLog = lines.some((line) => REQUEST_LINE.test(logLine(line, ">") ?? ""));
  return (isLog ? readLog(lines) : (readCurlCommands(bare) ?? readRaw(lines))).slice(-MOST);
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
    if (note !== null) scheme = schemeIn(note, scheme);
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
    if (!CURL_LINE.test(line)) readBody(requests.at(-1), line);
  }
  return requests;
}

/** A request while it is read. */
interface Draft extends CapturedRequest {
  readonly fields: Field[];
  response: (CapturedResponse & { readonly fields: Field[] }) | undefined;
}

/** A response of the kind 1xx comes before the one that counts. */
function readReceived(request: Draft | undefined, line: string): void {
  if (request === undefined) return;
  const [, status] = STATUS_LINE.exec(line) ?? [];
  if (status !== undefined)
    request.response = { status: Number(status), fields: [], error: undefined };
  else addField(request.response?.fields, line);
}

/** Returns false for a line that is no field. */
function addField(fields: Field[] | undefined, line: string): boolean {
  const [, name, value] = FIELD.exec(line) ?? [];
  if (name === undefined || value === undefined) return false;
  fields?.push([name.toLowerCase(), value.trim()]);
  return true;
}

function readBody(request: Draft | undefined, line: string): void {
  const error = errorIn(line);
  if (error !== undefined && request?.response !== undefined)
    request.response = { ...request.response, error };
}

/** The code that an authorization server has in its body (RFC 6749 section 5.2). */
function errorIn(line: string): string | undefined {
  return /"error" ?: ?"([\w-]{1,64})"/.exec(line)?.[1];
}

/**
 * Reads what curl and dpop-core fetch say of a connection. curl 8.10 and later tell of TLS before "Connected to", older ones
 * behind it.
 */
function schemeIn(note: string, before: CapturedRequest["scheme"]): CapturedRequest["scheme"] {
  if (/^ *Trying /.test(note)) return undefined; // a new connection
  if (
    /^(?:SSL|TLS|ALPN|schannel:|https:)|^\[HTTP\/\d\] \[\d+\] OPENED stream for https:/i.test(note)
  )
    return "https";
  if (/^http:/i.test(note)) return "http";
  return /^(?:Connected to |Established connection to )/.test(note) ? (before ?? "http") : before;
}

/** A request as it is sent, or as developer tools show the fields of one; behind it there may be the response. */
function readRaw(lines: readonly string[]): readonly CapturedRequest[] {
  const start = lines.findIndex((line) => line !== "");
  if (start === -1) return [];
  const [, method, target] = REQUEST_LINE.exec(lines[start] ?? "") ?? [];
  const head = fieldsFrom(lines, method === undefined ? start : start + 1);
  if (method === undefined && head.fields.length === 0) return [];
  const fields = head.fields.filter(([name]) => !name.startsWith(":"));
  const pseudo = (name: string): string | undefined => valuesOf(head.fields, name)[0];
  const host = pseudo(":authority");
  if (host !== undefined) fields.push(["host", host]);
  const scheme = pseudo(":scheme");
  const request: CapturedRequest = {
    method: method ?? pseudo(":method"),
    target: target ?? pseudo(":path"),
    scheme: scheme === "http" || scheme === "https" ? scheme : undefined,
    fields,
    response: responseFrom(lines, head.end),
  };
  return [request];
}

/** Reads fields up to an empty line. */
function fieldsFrom(
  lines: readonly string[],
  start: number,
): { readonly fields: Field[]; readonly end: number } {
  const fields: Field[] = [];
  const values: string[][] = [];
  let end = start;
  for (; end < lines.length && lines[end] !== ""; end++) {
    const line = lines[end] ?? "";
    if (/^[ \t]/.test(line)) values.at(-1)?.push(" ", line.trim());
    else if (isRest(line, lines[end - 1], fields.at(-1)?.[0])) values.at(-1)?.push(line);
    else if (addField(fields, line)) values.push([fields.at(-1)?.[1] ?? ""]);
  }
  return { fields: fields.map(([name], i) => [name, (values[i] ?? []).join("")]), end };
}

/** Returns true for what a terminal put into a line of its own because the proof or the token is long. */
function isRest(line: string, before = "", name = ""): boolean {
  return /^(?:dpop|authorization)$/.test(name) && before.length >= 40 && /^[\w.-]*\w$/.test(line);
}

/** Reads the first response that is not of the kind 1xx, which comes before the one that counts. */
function responseFrom(lines: readonly string[], from: number): CapturedResponse | undefined {
  const statusOf = (line = ""): number => Number(STATUS_LINE.exec(line)?.[1] ?? 0);
  const start = lines.findIndex((line, i) => i > from && statusOf(line) >= 200);
  if (start === -1) return undefined;
  const { fields, end } = fieldsFrom(lines, start + 1);
  const body = lines.slice(end).find((line) => errorIn(line) !== undefined) ?? "";
  return { status: statusOf(lines[start]), fields, error: errorIn(body) };
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
