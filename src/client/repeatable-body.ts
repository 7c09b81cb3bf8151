// The body of a request that may be sent more than once (the fetch standard): what each attempt sends, as far as it
// can be had again.
import { decodeUtf8 } from "../bytes/utf8.js";
import { choiceArgument } from "../input/argument.js";
import { inTime, readBytes } from "../input/body.js";

/**
 * What to do with a body that holds a `client_assertion` (RFC 7523 section 3) where a request is to be sent again.
 * "once": it is not, since many servers take an assertion once; `body` may be a function that makes a new
 * one. "repeated": the same assertion is sent again.
 */
export type ClientAssertions = "once" | "repeated";

/** Reads the option `clientAssertions`. Default "once". Throws a TypeError for another value. */
export function readClientAssertions(value: unknown): ClientAssertions {
  return choiceArgument(value, "clientAssertions", "once", "repeated");
}

/** The member `body` of an `init`, or no such member. */
export interface BodyMember {
  readonly body?: unknown;
}

/** Gives the body of one attempt, at the time when it is sent. */
export type MakeBody = () => BodyMember | Promise<BodyMember>;

/** The body of one call. */
export interface RepeatableBody {
  /** For the first attempt. */
  readonly first: MakeBody;
  /** Returns the same for an attempt after the first; null where the body can't be had again. */
  again(): Promise<MakeBody | null>;
}

interface Bounds {
  readonly clientAssertions: ClientAssertions;
  /** Bytes of the body of a Request that are copied; 0: none. */
  readonly maxBufferedBody: number;
}

/** Milliseconds to wait for the copy of a body, after the server has answered. */
const LONGEST_WAIT = 5000;

const asItIs: MakeBody = () => ({});

/** Makes the body of a call with this `init`, and with this Request if there is one. */
export function repeatableBody(
  init: BodyMember,
  request: Readonly<Record<string, unknown>> | null,
  { clientAssertions, maxBufferedBody }: Bounds,
): RepeatableBody {
  const body = init.body ?? null;
  if (typeof body === "function") {
    const make = async (): Promise<BodyMember> => ({ body: await body() });
    return { first: make, again: async () => make };
  }
  const isSpent = (sent: unknown): boolean => clientAssertions === "once" && holdsAssertion(sent);
  if (body !== null) {
    return {
      first: asItIs,
      again: async () => (isRepeatable(body) && !isSpent(body) ? asItIs : null),
    };
  }
  if (request === null) return { first: asItIs, again: async () => asItIs };
  let copy: Promise<Uint8Array | null> | undefined;
  return {
    first() {
      copy = copyOf(request, maxBufferedBody).catch(() => null); // fetch says what is wrong with it
      return {};
    },
    async again() {
      const bytes = await inTime(copy ?? Promise.resolve(null), LONGEST_WAIT, () => null);
      // A Request without a body was not read, and can be sent itself.
      if (!bytes?.length && request["bodyUsed"] === false) return asItIs;
      return bytes === null || isSpent(bytes) ? null : () => ({ body: bytes });
    },
  };
}

/** Returns a copy of the body of a Request, which is sent itself; null where it is too long or has none. */
async function copyOf(
  request: Readonly<Record<string, unknown>>,
  longest: number,
): Promise<Uint8Array | null> {
  const { body, method, clone } = request;
  const hasNone = body === null || method === "GET" || method === "HEAD";
  if (hasNone || longest === 0 || typeof clone !== "function") return null;
  const copy: { readonly body?: unknown; arrayBuffer(): Promise<ArrayBuffer> } =
    clone.call(request);
  // Firefox has no streams here, so all of it is in memory already.
  if (body !== undefined) return readBytes(copy.body, longest);
  const bytes = new Uint8Array(await copy.arrayBuffer());
  return bytes.length > longest ? null : bytes;
}

/** True for a body that can be read again. An unknown kind is taken for a stream. */
function isRepeatable(body: unknown): boolean {
  if (typeof body === "string" || ArrayBuffer.isView(body)) return true;
  if (typeof body !== "object" || body === null) return false;
  if (isArrayBuffer(body)) return true;
  const has = (name: PropertyKey): boolean => typeof Reflect.get(body, name) === "function";
  if (has("pipe") || has(Symbol.asyncIterator)) return false; // FormData of some packages is a stream
  if (has("append")) return true; // FormData, URLSearchParams
  return has("slice") && typeof Reflect.get(body, "size") === "number"; // Blob, File
}

function isArrayBuffer(body: unknown): body is ArrayBuffer {
  return Object.prototype.toString.call(body) === "[object ArrayBuffer]";
}

/** True for the form of a token request that holds an assertion of the client. A Blob can't tell. */
function holdsAssertion(body: unknown): boolean {
  if (typeof body === "string") return `&${body}`.includes(`&${ASSERTION}=`);
  if (ArrayBuffer.isView(body)) {
    return isInBytes(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  }
  if (isArrayBuffer(body)) return isInBytes(new Uint8Array(body));
  const has: unknown = Reflect.get(Object(body), "has");
  return typeof has === "function" && has.call(body, ASSERTION) === true;
}

function isInBytes(bytes: Uint8Array): boolean {
  return bytes.length <= LONGEST_FORM && holdsAssertion(decodeUtf8(bytes) ?? "");
}

const ASSERTION = "client_assertion";

/** Bytes. No token request is longer. */
const LONGEST_FORM = 65_536;
