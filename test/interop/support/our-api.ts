// An API of ours for the access tokens of others.
import { randomBytes } from "node:crypto";
import {
  type Alg,
  type Binding,
  createAsyncResourceServer,
  createAsyncVerifier,
  createMemoryReplayStore,
  createNonceIssuer,
} from "dpop-core";
import { answerWith, listen } from "./loopback.js";

/** What a token is bound to; null where it is not good here. */
export type Look = (accessToken: string) => Promise<Binding | null>;

export interface ApiOptions {
  /** Of the proofs that it takes. */
  readonly algs: readonly Alg[];
  readonly look: Look;
  /** Whether it wants nonces of its own. */
  readonly nonces?: boolean;
  readonly unboundTokens?: "refused" | "accepted";
}

export interface OurApi {
  readonly url: string;
  /** Of each request: the thumbprint of the key, or why it was refused. */
  readonly outcomes: readonly string[];
  /** A nonce of the past, that this API issued and no longer takes. */
  readonly oldNonce: string;
  close(): Promise<void>;
}

export async function startOurApi(options: ApiOptions): Promise<OurApi> {
  const { algs, look, nonces = false, unboundTokens = "refused" } = options;
  const loopback = await listen();
  const { origin } = loopback;
  const issuer = createNonceIssuer({ secrets: [randomBytes(32)], audience: origin });
  const nonce = nonces ? issuer : undefined;
  const verifier = createAsyncVerifier({ algs, replay: createMemoryReplayStore(), nonce });
  const server = createAsyncResourceServer({
    verifier,
    accessTokens: async (accessToken) => ({ binding: await look(accessToken), claims: {} }),
    unboundTokens,
  });
  const outcomes: string[] = [];
  answerWith(loopback, async ({ method, url, authorization, proof }) => {
    const request = { method, url, authorization, proof };
    const access = await server.authenticate(request);
    outcomes.push(access.ok ? (access.jkt ?? "no key") : access.failure.code);
    return { status: access.ok ? 200 : access.status, headers: access.headers };
  });
  return {
    url: `${origin}/things`,
    outcomes,
    oldNonce: issuer.issue(Date.now() / 1000 - 3600),
    close: loopback.close,
  };
}
