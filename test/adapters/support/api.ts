// The API that every server of the suite protects: its tokens, its nonces and its checks are the same, so that
// only the adapters differ.
import { createAsyncResourceServer, createAsyncVerifier, createMemoryReplayStore } from "dpop-core"; // glue
import { nodeCrypto } from "dpop-core/node-crypto"; // glue
import type { AccessToken, AsyncResourceServer, NonceCheck } from "dpop-core";
import { bindingFromClaims } from "dpop-core";

export interface Claims {
  readonly sub: string;
  readonly scope: string;
}

interface Known extends Claims {
  /** The thumbprint that the token is bound to; undefined for one that is bound to nothing. */
  readonly jkt?: string | undefined;
  readonly isExpired?: boolean;
}

/** Token → what the issuer knows of it. */
export const TOKENS = new Map<string, Known>();

/** A token that can't be checked, and what the check throws. */
export const UNREACHABLE = "unreachable-token";
export const SECRET = "the issuer at 10.0.0.7 does not answer";

async function accessTokens(token: string): Promise<AccessToken<Claims> | null> {
  if (token === UNREACHABLE) throw new Error(SECRET);
  const known = TOKENS.get(token);
  if (known === undefined || known.isExpired === true) return null;
  const { jkt } = known;
  return { binding: bindingFromClaims(jkt === undefined ? {} : { cnf: { jkt } }), claims: known };
}

export const NONCE = "the-nonce-of-now";

/** A nonce that is still taken, with which the next one is handed out. */
export const OLD_NONCE = "the-nonce-before";

const nonce: NonceCheck = {
  check(given) {
    if (given === NONCE) return { status: "valid" };
    const status = given === undefined ? "missing" : given === OLD_NONCE ? "renew" : "invalid";
    return { status, nextNonce: NONCE };
  },
};

export function createApi(noncePolicy: "optional" | "required"): AsyncResourceServer<Claims> {
  const replay = createMemoryReplayStore();
  const verifier = createAsyncVerifier({ replay, backend: nodeCrypto, nonce, noncePolicy }); // glue
  return createAsyncResourceServer({ verifier, accessTokens }); // glue
}
