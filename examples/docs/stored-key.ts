import { createClientSession, createSigner, generatePrivateJwk, type PrivateJwk } from "dpop-core";

/** What to keep together, as secret as the tokens: without the key they are useless. */
export interface Stored {
  readonly privateJwk: PrivateJwk;
  readonly refreshToken?: string;
}

/** The session for what was stored, or for a new key. */
export function sessionFor(stored: Stored = { privateJwk: generatePrivateJwk("ES256") }) {
  return { session: createClientSession({ signer: createSigner(stored.privateJwk) }), stored };
}
