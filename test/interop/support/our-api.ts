// An API of ours for the access tokens of others.
import {
  type Binding,
  createAsyncResourceServer,
  createAsyncVerifier,
  createMemoryReplayStore,
} from "dpop-core";
import { webcrypto } from "dpop-core/webcrypto";
import { answerWith, listen } from "./loopback.js";

export interface OurApi {
  readonly url: string;
  /** Of each request: the thumbprint of the key, or why it was refused. */
  readonly outcomes: readonly string[];
  close(): Promise<void>;
}

/** `binding` looks at a token; null where it is none. */
export async function startOurApi(
  binding: (accessToken: string) => Promise<Binding | null>,
): Promise<OurApi> {
  const { ES256, ES384, ES512, EdDSA, Ed25519, PS256, RS256 } = webcrypto;
  const verifier = createAsyncVerifier({
    backend: webcrypto,
    algs: [ES256, ES384, ES512, EdDSA, Ed25519, PS256, RS256],
    replay: createMemoryReplayStore(),
  });
  const api = createAsyncResourceServer({ verifier });
  const loopback = await listen();
  const outcomes: string[] = [];
  answerWith(loopback, async ({ method, url, authorization, proof }) => {
    const access = await api.authenticate({ method, url, authorization, proof, binding });
    outcomes.push(access.ok ? (access.jkt ?? "no key") : access.failure.code);
    const { headers } = access;
    return { status: access.ok ? 200 : access.status, headers };
  });
  return { url: `${loopback.origin}/things`, outcomes, close: loopback.close };
}
