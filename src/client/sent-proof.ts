// What a proof said that was sent (RFC 9449 section 4.2): its nonce and its time, to compare with what the
// server says to it.
import { decodeBase64url } from "../bytes/base64url.js";
import { decodeUtf8 } from "../bytes/utf8.js";
import { parseJsonObject } from "../input/json.js";

/** The claims of a proof that a server may refuse and later take. Undefined: it has none. */
export interface SentProof {
  readonly nonce: unknown;
  readonly iat: unknown;
}

/** Reads a proof of our own. */
export function readSentProof(proof: string): SentProof {
  const [, payload = ""] = proof.split(".", 2);
  const bytes = decodeBase64url(payload);
  const { nonce, iat } = parseJsonObject((bytes && decodeUtf8(bytes)) ?? "") ?? {};
  return { nonce, iat };
}
