// Requests with proofs: createDpopFetch with a time limit, a record of what was sent, and faults in plain words.
import { type ClientSession, createClientSession, createDpopFetch } from "dpop-core/core";
import { nodeCrypto } from "dpop-core/node-crypto";
import { EXIT, Fault, mistake } from "./fault.js";
import type { Io } from "./io.js";
import type { Key } from "./key.js";
import { withProgress } from "./progress.js";

/** The option that says how long to wait. */
export const TIMEOUT_OPTION = {
  timeout: {
    type: "string",
    value: "SECONDS",
    help: "How long to wait for a response. Default 30",
  },
} as const;

const DEFAULT_TIMEOUT = 30;
const MOST_TIMEOUT = 3_600;

/** What was sent once, and what came back. */
export interface Exchange {
  readonly url: URL;
  readonly method: string;
  /** All header fields of the request, the proof too. */
  readonly headers: Headers;
  /** Undefined where no response came. */
  readonly response: Response | undefined;
}

/** A client for one command. */
export interface Client {
  readonly session: ClientSession;
  /** Sends a request with a proof; once more where the server wants a nonce. */
  send(url: URL, init: RequestInit): Promise<Response>;
  /** Sends a request without a proof. */
  sendPlain(url: URL): Promise<Response>;
  /**
   * Does work that waits for a server, within the time limit; `what` is shown where it takes long. A failure of the network
   * is a Fault.
   */
  limited<T>(url: URL, what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Every request of `send`, repeats included. */
  readonly exchanges: readonly Exchange[];
}

/** Makes a client. `algs` is what the server says that it takes, for the label of an Ed25519 key. */
export function openClient(
  io: Io,
  key: Key,
  options: { readonly timeout?: string | undefined; readonly algs?: readonly string[] | undefined },
): Client {
  const seconds = timeoutArgument(options.timeout);
  const session = sessionOf(key, options.algs);
  const exchanges: Exchange[] = [];
  const recorded = async (input: string, init: RequestInit = {}): Promise<Response> => {
    const sent = {
      url: new URL(input),
      method: init.method ?? "GET",
      headers: new Headers(init.headers),
    };
    try {
      const response = await io.fetch(input, init);
      exchanges.push({ ...sent, response });
      return response;
    } catch (error) {
      exchanges.push({ ...sent, response: undefined });
      throw error;
    }
  };
  const dpopFetch = createDpopFetch({ session, fetch: recorded });
  const limited: Client["limited"] = async (url, what, work) => {
    const limit = AbortSignal.timeout(seconds * 1000);
    const late = new Promise<never>((_, reject) => {
      limit.addEventListener("abort", () => reject(limit.reason));
    });
    try {
      const signal = AbortSignal.any([limit, io.signal]);
      return await withProgress(io, what, () => Promise.race([work(signal), late]));
    } catch (error) {
      throw networkFault(error, url, limit.aborted ? seconds : undefined);
    }
  };
  /** The limit is for the response, not for its body, which may be a stream without an end. */
  const wait = (url: URL, work: (signal: AbortSignal) => Promise<Response>): Promise<Response> => {
    const aborted = new AbortController();
    return limited(url, `Waiting for ${url.host}`, (signal) => {
      signal.addEventListener("abort", onAbort);
      return work(AbortSignal.any([aborted.signal, io.signal])).finally(() => {
        signal.removeEventListener("abort", onAbort);
      });
    });
    function onAbort(): void {
      aborted.abort();
    }
  };
  return {
    session,
    exchanges,
    limited,
    send: (url, init) => wait(url, (signal) => dpopFetch(url.href, { ...init, signal })),
    sendPlain: (url) =>
      wait(url, (signal) =>
        io.fetch(url.href, { headers: { Accept: "application/json" }, redirect: "manual", signal }),
      ),
  };
}

function sessionOf({ signer }: Key, algs: readonly string[] | undefined): ClientSession {
  try {
    return createClientSession({ signer, backend: nodeCrypto, algs });
  } catch (error) {
    if (!(error instanceof TypeError) || algs === undefined) throw error;
    throw mistake(
      `the server takes no proofs of ${signer.alg}`,
      "Its metadata lists what it takes: dpop_signing_alg_values_supported. dpop-core keygen --alg makes another key",
    );
  }
}

function timeoutArgument(value: string | undefined): number {
  const seconds = value === undefined ? DEFAULT_TIMEOUT : Number(value);
  if (seconds > 0 && seconds <= MOST_TIMEOUT) return seconds;
  throw mistake("--timeout must be a number of seconds, above 0 and at most 3600", "Default: 30");
}

/** Returns the Fault for an error of fetch, or of reading a body; every other error as it is. Node puts why a request failed into `cause`; its own message can hold the URL. */
export function networkFault(error: unknown, url: URL, timeout?: number): unknown {
  if (timeout !== undefined) {
    return new Fault(
      EXIT.unreachable,
      `${url.host} did not answer within ${timeout} seconds`,
      "Try again, or wait longer with --timeout",
    );
  }
  const code = networkCode(error);
  if (code === undefined) return error;
  return new Fault(
    EXIT.unreachable,
    `${url.host} could not be reached: ${reasonOf(code)}`,
    adviceFor(code),
  );
}

/** Of fetch, and of a body that is cut off. */
const MESSAGES = new Set(["fetch failed", "terminated"]);

/** Returns the code of the system or of TLS in an error of fetch; undefined for an error of another kind. */
function networkCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !MESSAGES.has(error.message)) return undefined;
  const { cause } = error;
  const inner: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  if (inner instanceof Error && inner.message === "bad port") return "bad port";
  const code = inner instanceof Error && "code" in inner ? inner.code : undefined;
  return typeof code === "string" && /^[A-Z\d_]{1,64}$/.test(code) ? code : "no answer";
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "nothing listens at that port"],
  ["bad port", "that port is for another protocol, and fetch sends nothing there"],
  ["ENOTFOUND", "there is no host of that name"],
  ["EAI_AGAIN", "the name of the host could not be looked up"],
  ["ECONNRESET", "the connection was closed"],
  ["UND_ERR_SOCKET", "the connection was closed"],
  ["ETIMEDOUT", "it takes no connection"],
  ["UND_ERR_CONNECT_TIMEOUT", "it takes no connection"],
]);

function reasonOf(code: string): string {
  return REASONS.get(code) ?? code;
}

function adviceFor(code: string): string {
  if (code === "ECONNREFUSED")
    return "Is the server running, and is the port right? dpop-core serve starts one to try";
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH/.test(code))
    return "That port does not speak TLS: is it http?";
  if (/CERT|SIGNATURE|SSL|TLS/.test(code)) {
    return "Its certificate is not trusted here: NODE_EXTRA_CA_CERTS=FILE names a certification authority of yours";
  }
  return "Check the URL and the network";
}
