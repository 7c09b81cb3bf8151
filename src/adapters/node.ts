// Requests and responses of node:http and node:http2, as Express, Koa and Fastify have them too: from the
// header fields as they arrived to fields that no handler can take back.
import type { FieldValue } from "../input/http.js";
import type { ResponseHeaders } from "../server/answer.js";
import { joined } from "./cors.js";
import type { Incoming } from "./guard.js";

/** What is read of an IncomingMessage, or of what stands for one. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly headersDistinct?: Readonly<Record<string, readonly string[] | undefined>> | undefined;
  readonly rawHeaders?: readonly string[] | undefined;
}

/** What is used of a ServerResponse. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
  getHeader(name: string): unknown;
  setHeader(name: string, value: string): unknown;
  writeHead(status: number, headers?: Readonly<Record<string, string>>): unknown;
  end(): unknown;
  end(body: string): unknown;
}

/** `target` is given where the framework knows better than the request. */
export function nodeIncoming(req: NodeRequest, target?: string): Incoming {
  const { originalMethod, originalUrl } = req as Overridden; // any object may have these
  return {
    method: originalMethod ?? req.method ?? "",
    target: originalUrl ?? target ?? req.url ?? "",
    field: (name) => fieldOf(req, name),
  };
}

/** What Express, connect and method-override keep before they change `method` and `url`. */
interface Overridden {
  readonly originalMethod?: string | undefined;
  readonly originalUrl?: string | undefined;
}

/**
 * Returns every value of a field. `headers` drops a second `Authorization`, but only `headers` has what a
 * middleware set or a simulated request brought: light-my-request and serverless-http fill no other.
 */
function fieldOf({ rawHeaders, headersDistinct, headers }: NodeRequest, name: string): FieldValue {
  const values: string[] = [];
  rawHeaders?.forEach((raw, i) => {
    const isName = i % 2 === 0; // names and values take turns
    if (isName && raw.toLowerCase() === name) values.push(...rawHeaders.slice(i + 1, i + 2));
  });
  return values.length > 0 ? values : (headersDistinct?.[name] ?? headers[name]);
}

/**
 * Sets the fields at the last moment, when the header section is written: whatever a handler, a redirect or
 * an error page set or removed, these win.
 */
export function hold(res: NodeResponse, due: ResponseHeaders): void {
  const names = Object.keys(due);
  if (names.length === 0) return;
  const write = res.writeHead as (...args: unknown[]) => unknown; // it gets what it is called with
  const writeHead = (...args: unknown[]): unknown => {
    const taken = new Map<string, string>(names.map((name) => [name.toLowerCase(), ""]));
    const rest = args.map((arg) =>
      typeof arg === "object" && arg !== null ? take(arg, taken) : arg,
    );
    for (const name of names) {
      const present = taken.get(name.toLowerCase()) || textOf(res.getHeader(name));
      res.setHeader(name, joined(name, due[name] ?? "", present));
    }
    return write.apply(res, rest);
  };
  res.writeHead = writeHead;
}

/**
 * Returns the fields that writeHead was given without those that are taken, whose values are noted. Lists of
 * pairs become flat, since writeHead takes no others once a field was set.
 */
function take(headers: object, taken: Map<string, string>): object {
  const isKept = ([name, value]: unknown[]): boolean => {
    const key = String(name).toLowerCase();
    const before = taken.get(key);
    if (before === undefined) return true;
    taken.set(key, before === "" ? String(value) : `${before}, ${String(value)}`);
    return false;
  };
  if (!Array.isArray(headers)) return Object.fromEntries(Object.entries(headers).filter(isKept));
  return pairsOf(headers).filter(isKept).flat();
}

function pairsOf(list: readonly unknown[]): unknown[][] {
  if (list.every(isPair)) return [...list];
  return list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1]]] : []));
}

function isPair(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}

/** Ends a response that a guard refuses. Its header fields are held. */
export function refuse(
  res: NodeResponse,
  { status, body }: { readonly status: number; readonly body: string | null },
): void {
  if (res.headersSent) return; // a time limit was quicker
  res.statusCode = status;
  if (body === null) res.end();
  else res.end(body);
}
