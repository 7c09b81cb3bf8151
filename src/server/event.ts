// Events: what a role did with a request, for metrics and logs. An event is made from named members only,
// so that it never holds a token, a proof, a nonce or a key.
import type { Failure, FailureCode } from "../proof/failure.js";
import type { Scheme } from "./credentials.js";

/** What a resource server or an authorization server did with one request. */
export interface ServerEvent {
  /** "error": a part threw, such as a store or `accessTokens`, and nothing was granted. */
  readonly outcome: "granted" | "refused" | "error";
  /** Where: at a protected resource, the token endpoint, or the pushed authorization request endpoint. */
  readonly place: "resource" | "token" | "pushed";
  /** The HTTP method, as it was received. */
  readonly method: string;
  /** The URL without query and fragment. */
  readonly url: string;
  /** Why it was refused. */
  readonly code?: FailureCode | undefined;
  /** The thumbprint of the key of a verified proof. */
  readonly jkt?: string | undefined;
  /** The JWS label of a verified proof. */
  readonly alg?: string | undefined;
  /** Only at a resource: the scheme that access was granted with. */
  readonly scheme?: Scheme | undefined;
  /** Only for a refusal because of a clock: the claim minus the server's time, in seconds. */
  readonly clockOffset?: number | undefined;
  /**
   * What is known of some refusals beside the code, as `detail` of a failure has it: what the client sent, as it was
   * sent. It is not enumerable: a log of the whole event leaves it out, one that names it has it.
   */
  readonly detail?: Failure["detail"];
}

/** Is told of every event, before the result is returned. What it throws propagates. */
export type OnEvent = (event: ServerEvent) => void;

/** Checks the option `onEvent`. */
export function readOnEvent(value: OnEvent | undefined): OnEvent | undefined {
  if (value === undefined || typeof value === "function") return value;
  throw new TypeError("onEvent must be a function");
}

/** What an event says of the request. */
export interface EventRequest {
  readonly method: string;
  readonly url: string;
}

/** What an event says of the result. */
export type EventResult = Omit<ServerEvent, "place" | keyof EventRequest>;

/** Where events go, and from which place. */
export interface Reporter {
  readonly onEvent: OnEvent | undefined;
  readonly place: ServerEvent["place"];
}

/** Judges a request and tells of the result, or that a part threw. Returns the result. */
export function reported<R>(
  { onEvent, place }: Reporter,
  request: EventRequest,
  judge: () => R,
  describe: (result: R) => EventResult,
): R {
  if (onEvent === undefined) return judge();
  let result: R;
  try {
    result = judge();
  } catch (error) {
    onEvent(eventOf(place, request, ERROR));
    throw error;
  }
  onEvent(eventOf(place, request, describe(result)));
  return result;
}

/** Does the same with a result that comes later. */
export async function reportedAsync<R>(
  { onEvent, place }: Reporter,
  request: EventRequest,
  judge: () => Promise<R>,
  describe: (result: R) => EventResult,
): Promise<R> {
  if (onEvent === undefined) return judge();
  let result: R;
  try {
    result = await judge();
  } catch (error) {
    onEvent(eventOf(place, request, ERROR));
    throw error;
  }
  onEvent(eventOf(place, request, describe(result)));
  return result;
}

/** Says why a request was refused. */
export function refusalEvent({ code, clockOffset, detail }: Failure): EventResult {
  return { outcome: "refused", code, clockOffset, detail };
}

const ERROR: EventResult = { outcome: "error" };

function eventOf(
  place: ServerEvent["place"],
  { method, url }: EventRequest,
  { detail, ...result }: EventResult,
): ServerEvent {
  const [path = ""] = url.split(/[?#]/, 1);
  const event = { place, method, url: path, ...result };
  return detail === undefined ? event : Object.defineProperty(event, "detail", { value: detail });
}
