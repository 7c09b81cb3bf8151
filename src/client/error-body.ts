// The body of an error (RFC 9449 sections 5 and 8), in which an authorization server asks for a nonce or refuses
// the proof: read from a copy of the response, within bounds.
import { type BodySource, inTime, openBody } from "../input/body.js";
import { parseJsonObject, PROOF_BOUNDS } from "../input/json.js";
import { headerOf, type ResponseLike } from "./challenge.js";
import { readRefusal } from "./refusal.js";
import { mayNeedBody } from "./repeat.js";

/** Bytes. The error of an authorization server is far shorter. */
const LONGEST_ERROR = 16_384;

/**
 * Milliseconds from the header fields of an error to the end of its body; the caller waits this
 * long.
 */
const LONGEST_WAIT = 5000;

/**
 * Returns the parsed JSON of a response to a proof, where it may say that a new proof would be accepted;
 * undefined for every other response, and if it can't be read. It reads a copy, so that the caller can read the
 * response too.
 */
export async function readErrorBody(
  proof: string,
  response: ResponseLike,
  attempt: number,
): Promise<unknown> {
  if (!mayAskInBody(response) || !mayNeedBody(proof, response, attempt)) return undefined;
  try {
    const copy = (response as { clone?: () => BodySource }).clone?.();
    const text = copy === undefined ? null : await readInTime(copy);
    const bounds = { ...PROOF_BOUNDS, outside: LONGEST_ERROR };
    return text === null ? undefined : (parseJsonObject(text, bounds) ?? undefined);
  } catch {
    return undefined; // the caller gets the same error from the response itself
  }
}

/**
 * True for JSON with the status of an error, unless a challenge names the error already. If a server
 * set Content-Type twice, the values are joined with a comma and the first one counts.
 */
function mayAskInBody(response: ResponseLike): boolean {
  if (readRefusal(response)?.error !== null || response.status === 403) return false;
  const [first = ""] = (headerOf(response, "content-type") ?? "").split(",", 1);
  const [type = ""] = first.split(";", 1);
  const essence = type.trim().toLowerCase();
  return essence === "application/json" || essence.endsWith("+json");
}

/** Returns null for a body that is too long, that does not end in time, or that can't be read in parts. */
async function readInTime(copy: BodySource): Promise<string | null> {
  const body = openBody(copy, LONGEST_ERROR);
  if (body === null) return null;
  return inTime(body.text(), LONGEST_WAIT, () => {
    body.giveUp();
    return null;
  });
}

/** Frees or closes the connection of a response whose body is not read. */
export async function discardBody(response: ResponseLike): Promise<void> {
  const { body } = response as {
    readonly body?: { cancel?: () => Promise<void>; destroy?: () => void } | null;
  };
  if (typeof body?.cancel === "function") await body.cancel();
  else if (typeof body?.destroy === "function") body.destroy(); // a stream of Node
}
