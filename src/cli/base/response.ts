// Responses: their text within bounds, and why a server refused a request, with what to do next.
import { readChallenge } from "dpop-core/core";
import type { Client } from "./client.js";
import { EXIT, Fault } from "./fault.js";
import { parseObject } from "./json.js";
import { boundKeyOf, claimsOf } from "./token.js";
import { printable, spanInWords } from "./text.js";

/** Bytes: 16 mebibytes. */
const MOST_BODY = 16_777_216;

/** Returns the body of a response as bytes, within the time limit. */
export function readBody(client: Client, response: Response, url: URL): Promise<Buffer> {
  return client.limited(url, `Reading from ${url.host}`, () => readChunks(response, url));
}

async function readChunks(response: Response, url: URL): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MOST_BODY) {
      throw new Fault(
        EXIT.unreachable,
        `the response of ${url.host} is longer than 16 mebibytes`,
        "Take it without --json, which streams it",
      );
    }
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

/** A refusal in words. */
export interface Reason {
  /** The server's code, null where it gave none. */
  readonly error: string | null;
  /** What was refused. */
  readonly message: string;
  /** The server's own words, printable. */
  readonly said: string | null;
  readonly next: string;
}

/** What is known of a request that was refused. */
export interface Refused {
  readonly status: number;
  readonly headers: Headers;
  /** The body, if it is text. */
  readonly text: string;
  readonly accessToken: string | undefined;
  /** Of the key of the proof. */
  readonly jkt: string;
  readonly now: number;
}

/** Returns why a server refused a request to a protected resource; null where its status is not about access. */
export function reasonOf(refused: Refused): Reason | null {
  const { status, headers, text } = refused;
  const refusal = readChallenge({ status, headers, errorBody: parseObject(text) });
  if (refusal === null) return null;
  const { error, errorDescription } = refusal;
  const said = errorDescription === null ? null : printable(errorDescription);
  const message = refusal.isHidden
    ? "The server refused the request and does not say why"
    : (refusal.message.split(":", 1)[0] ?? "");
  return {
    error: error === null ? null : printable(error),
    message,
    said,
    next: nextStep(refused, error, refusal.scope),
  };
}

function nextStep(
  { status, accessToken, jkt, now }: Refused,
  error: string | null,
  scope: string | null,
): string {
  if (error === "use_dpop_nonce")
    return "The nonce of its response was refused too: is more than one server behind that URL?";
  if (error === "insufficient_scope") {
    const needed = scope === null ? "the scope" : `the scope "${printable(scope)}"`;
    return `Get a token with ${needed}: dpop-core token … --scope`;
  }
  if (accessToken === undefined) {
    if (status === 403) return "No access token went with the request: --token-file FILE";
    return "No access token went with the request: dpop-core token gets one, --token-file FILE sends it";
  }
  const claims = claimsOf(accessToken);
  const bound = boundKeyOf(claims);
  if (bound !== undefined && bound !== jkt)
    return "The token is bound to another key: get one with this key by dpop-core token, or name its key by --key";
  const exp = claims?.["exp"];
  if (typeof exp === "number" && exp <= now)
    return `The token expired ${spanInWords(now - exp)} ago: dpop-core token gets a new one`;
  if (error === "invalid_token")
    return "Is the token of another authorization server, or for another API? dpop-core inspect shows what it says";
  if (error === "invalid_dpop_proof")
    return "To see which rule refuses the proof, add --verbose and give all of it to dpop-core explain: 2>&1 | dpop-core explain --token-file FILE";
  return "dpop-core inspect shows what the token says";
}
