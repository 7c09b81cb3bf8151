// Somebody with a key and the client of this library, the rightful one or a thief. createClientSession keeps the key and
// the nonces; createDpopFetch puts a proof into every request, and sends it again where the server wants a nonce.
import {
  type ClientSession,
  createClientSession,
  createDpopFetch,
  createSigner,
  generatePrivateJwk,
} from "dpop-core";
import { type BindingOf, createWire, type Wire } from "./answers.js";

export interface Party {
  readonly session: ClientSession;
  readonly dpopFetch: typeof fetch;
  /** What was answered to its requests. */
  readonly wire: Wire;
}

/** `algs`: `dpop_signing_alg_values_supported` of the authorization server. */
export function createParty(algs: unknown, bindingOf: BindingOf): Party {
  const session = createClientSession({ signer: createSigner(generatePrivateJwk("ES256")), algs });
  const wire = createWire(session.jkt, bindingOf);
  return { session, wire, dpopFetch: createDpopFetch({ session, fetch: wire.fetch }) };
}

/** Calls with a token, and a proof of this party's key. */
export function callWith(party: Party, url: string, accessToken: string): Promise<Response> {
  return party.dpopFetch(url, { headers: { authorization: `DPoP ${accessToken}` } });
}
