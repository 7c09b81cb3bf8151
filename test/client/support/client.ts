// A client session over a fixed key, responses for it, and what its proofs say.
import { noble, parseProof, type ProofClaims } from "dpop-core";
import type { ResponseLike } from "../../../src/client/challenge.js";
import {
  type ClientSession,
  type ClientSessionOptions,
  createClientSession,
} from "../../../src/client/session.js";
import { signerOf } from "../../support/arbitraries.js";
import { NOW } from "../../support/mint.js";

export const TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
export const API = "https://resource.example.org/protectedresource";

/** A session of the key ES256 at the time of the RFC's examples. */
export function clientSession(options: Partial<ClientSessionOptions> = {}): ClientSession {
  return createClientSession({
    signer: signerOf("ES256"),
    backend: noble,
    clock: () => NOW,
    ...options,
  });
}

export function respond(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  errorBody?: unknown,
): ResponseLike {
  return { status, headers: new Headers(headers), errorBody };
}

/** What a resource server says that wants a nonce. */
export const asks = (nonce: string): ResponseLike =>
  respond(401, { "www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": nonce });

export function claimsOf(proof: string): ProofClaims {
  const parsed = parseProof(proof);
  if (!parsed.ok) throw new Error(parsed.code);
  return parsed.claims;
}

export function headOf(proof: string): Readonly<Record<string, unknown>> {
  const [header = ""] = proof.split(".");
  return JSON.parse(Buffer.from(header, "base64url").toString());
}
