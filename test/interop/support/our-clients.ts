// Sessions of ours over every kind of key, and a fetch that writes down what it sent.
import {
  type AsyncClientSession,
  type ClientSession,
  createAsyncClientSession,
  createClientSession,
  createDpopFetch,
  createSigner,
  generatePrivateJwk,
} from "dpop-core";
import {
  createSigner as createWebcryptoSigner,
  generateKeyPair,
  type SigningLabel,
} from "dpop-core/webcrypto";

export type AnySession = ClientSession | AsyncClientSession;

/** Opens a session with a new key; `algs` of the server's metadata, where it says any. */
export type OpenSession = (algs?: unknown) => AnySession | Promise<AnySession>;

/** For describe.each: what the key is, and a session of it. */
export const sessionKinds: readonly (readonly [key: string, open: OpenSession])[] = [
  ["an ES256 key of noble", (algs) => nobleSession("ES256", algs)],
  ["an Ed25519 key of noble", (algs) => nobleSession("Ed25519", algs)],
  ["an ES256 key of WebCrypto that can't be extracted", (algs) => webcryptoSession("ES256", algs)],
  [
    "an Ed25519 key of WebCrypto that can't be extracted",
    (algs) => webcryptoSession("Ed25519", algs),
  ],
];

/** The same for RSA, which noble does not support. */
export const rsaSessionKinds: typeof sessionKinds = [
  ["an RS256 key of WebCrypto that can't be extracted", (algs) => webcryptoSession("RS256", algs)],
  ["a PS256 key of WebCrypto that can't be extracted", (algs) => webcryptoSession("PS256", algs)],
];

type Label = "ES256" | "Ed25519";

export function nobleSession(label: Label, algs?: unknown): ClientSession {
  return createClientSession({ signer: createSigner(generatePrivateJwk(label)), algs });
}

async function webcryptoSession(label: SigningLabel, algs: unknown): Promise<AsyncClientSession> {
  const keyPair = await generateKeyPair(label);
  if (keyPair.privateKey.extractable) throw new Error("the key should not be extractable");
  const signer = await createWebcryptoSigner(keyPair, { alg: label });
  return createAsyncClientSession({ signer, algs });
}

export interface Sent {
  readonly url: string;
  /** The header field DPoP. */
  readonly proof: string;
  readonly status: number;
}

export interface RecordingClient {
  readonly session: AnySession;
  readonly fetch: typeof fetch;
  /** Every request that went out, retries too. */
  readonly sent: readonly Sent[];
}

/** createDpopFetch over `send`. Default: the platform's fetch. */
export function recordingClient(
  session: AnySession,
  send: typeof fetch = globalThis.fetch,
): RecordingClient {
  const sent: Sent[] = [];
  const recording: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const { url, headers } = request;
    const response = await send(request);
    sent.push({ url, proof: headers.get("DPoP") ?? "", status: response.status });
    return response;
  };
  return { session, fetch: createDpopFetch({ session, fetch: recording }), sent };
}

export function lastProof({ sent }: RecordingClient): string {
  const last = sent.at(-1);
  if (last === undefined) throw new Error("nothing was sent");
  return last.proof;
}

export function statuses({ sent }: RecordingClient): readonly number[] {
  return sent.map(({ status }) => status);
}
