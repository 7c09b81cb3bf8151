// An API of ours whose tokens Keycloak issues: it checks them as JWTs, or asks Keycloak about them.
import { randomBytes } from "node:crypto";
import {
  type Alg,
  type Binding,
  bindingFromClaims,
  createAsyncResourceServer,
  createAsyncVerifier,
  createMemoryReplayStore,
  createNonceIssuer,
  type NonceIssuer,
} from "dpop-core";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { answerWith, listen } from "../support/loopback.js";
import { member } from "../support/peers.js";
import { API, post, type Realm } from "./realm.js";

/** What a token is bound to; null where it is not good here. */
export type Look = (accessToken: string) => Promise<Binding | null>;

export interface Api {
  readonly url: string;
  /** A nonce of the past, that this API issued and no longer takes. */
  readonly oldNonce: string;
  close(): Promise<void>;
}

/** It says why it refused in the header field `X-Code`. */
export async function startApi(
  alg: Alg,
  look: Look,
  options: { readonly nonces: boolean },
): Promise<Api> {
  const loopback = await listen();
  const { origin } = loopback;
  const nonce: NonceIssuer = createNonceIssuer({ secrets: [randomBytes(32)], audience: origin });
  const verifier = createAsyncVerifier({
    algs: [alg],
    replay: createMemoryReplayStore(),
    nonce: options.nonces ? nonce : undefined,
  });
  const server = createAsyncResourceServer({ verifier, schemes: "dpop-and-bearer" });
  answerWith(loopback, async ({ method, url, authorization, proof }) => {
    const request = { method, url, authorization, proof, binding: look };
    const access = await server.authenticate(request);
    const code = access.ok ? access.scheme : access.failure.code;
    return {
      status: access.ok ? 200 : access.status,
      headers: { ...access.headers, "X-Code": code },
    };
  });
  return {
    url: `${origin}/things`,
    oldNonce: nonce.issue(Date.now() / 1000 - 3600),
    close: loopback.close,
  };
}

/** Checks a token as RFC 9068 has it. */
export function byJwt({ issuer, jwksUri }: Realm): Look {
  const keys = createRemoteJWKSet(new URL(jwksUri));
  return async (accessToken) => {
    try {
      const options = { issuer, audience: API, typ: "at+jwt" };
      return bindingFromClaims((await jwtVerify(accessToken, keys, options)).payload);
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  };
}

/** Asks as a client of Keycloak, with its id and secret. */
export function byIntrospection({ introspectionUrl }: Realm, client = "api:api-secret"): Look {
  return async (token) => {
    const response = await fetch(introspectionUrl, post({ token }, client));
    if (!response.ok) throw new Error(`introspection answers ${response.status}`);
    const told: unknown = await response.json();
    if (member(told, "active") === undefined) throw new Error("that is no introspection");
    return bindingFromClaims(Object.assign({}, told));
  };
}
