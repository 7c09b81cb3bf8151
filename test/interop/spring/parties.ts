// Who takes part in the tests: the Spring servers that the runner started, people with a key, and what they send.
import type { ProofInit, Signer } from "dpop-core";
import { expect } from "vitest";
import { objectOf } from "../../support/process.js";
import { factsOf } from "../peer.js";
import { type Label, ourNoble, type OurSigners, ourSigners } from "../support/our-backends.js";
import { type AnySession, recordingClient, type RecordingClient } from "../support/our-clients.js";
import { member } from "../support/peers.js";
import { seconds } from "../support/proofs.js";

export const { origin } = factsOf("origin");

export const TOKEN_URL = `${origin}/oauth2/token`;
export const API_URL = `${origin}/api/things`;

/** As its metadata lists them, which is all that it knows. */
export const ALGS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
];

type Key = readonly [label: Label, backend: string, signers: OurSigners];

export const allKeys: readonly Key[] = ourSigners.flatMap((signers) =>
  signers.labels
    .filter((label) => ALGS.includes(label))
    .map((label) => [label, signers.name, signers] as const),
);

/** One of each backend, EC and RSA. */
export const someKeys = allKeys.filter(([label, name]) =>
  ["ES256 noble", "RS256 node", "ES384 webcrypto"].includes(`${label} ${name}`),
);

/** Somebody with a key, and a client of ours over it. */
export interface Person {
  readonly signer: Signer;
  readonly session: AnySession;
  readonly client: RecordingClient;
}

export async function person(signers: OurSigners, label: Label): Promise<Person> {
  const holder = await signers.open(label);
  const session = holder.session();
  return { signer: holder.signer, session, client: recordingClient(session) };
}

export const es256 = (): Promise<Person> => person(ourNoble, "ES256");

export type Form = Readonly<Record<string, string>>;

const basic = (id: string): string => `Basic ${btoa(`${id}:${id}-secret`)}`;

/** What a client sends to the token endpoint; the secret where the client has one. */
export function tokenRequest(form: Form, id: string): RequestInit {
  return id === "public"
    ? { method: "POST", body: new URLSearchParams({ ...form, client_id: id }) }
    : { method: "POST", headers: { Authorization: basic(id) }, body: new URLSearchParams(form) };
}

export const CLIENT_CREDENTIALS = { grant_type: "client_credentials", scope: "things" };

interface Granted {
  readonly accessToken: string;
  readonly refreshToken: unknown;
}

/** Gets a token that is bound to the person's key, as the session requires. */
export async function grant(
  { client, session }: Person,
  form: Form = CLIENT_CREDENTIALS,
  id = "confidential",
): Promise<Granted> {
  const response = await client.fetch(TOKEN_URL, tokenRequest(form, id));
  const body: unknown = await response.json();
  const token = session.readTokenResponse(body);
  if (!token.ok) throw new Error(`${token.code}: ${JSON.stringify(body)}`);
  expect(token.tokenType).toBe("DPoP");
  return { accessToken: token.accessToken, refreshToken: member(body, "refresh_token") };
}

/** The same without a proof. */
export async function grantUnbound(form: Form = CLIENT_CREDENTIALS): Promise<unknown> {
  return (await fetch(TOKEN_URL, tokenRequest(form, "confidential"))).json();
}

export async function introspect(token: string): Promise<Readonly<Record<string, unknown>>> {
  const init = tokenRequest({ token }, "api");
  return objectOf(await (await fetch(`${origin}/oauth2/introspect`, init)).json());
}

/** The status, and the scheme and error of the challenge where there is one. */
export function summary({ status, headers }: Response): unknown {
  const challenge = headers.get("WWW-Authenticate");
  if (challenge === null) return status;
  return [status, /^\w+/.exec(challenge)?.[0], /error="([^"]*)"/.exec(challenge)?.[1]];
}

/** In one thing not the proof that is wanted. */
export const badProofs: readonly (readonly [what: string, differs: () => Partial<ProofInit>])[] = [
  ["another method", () => ({ method: "PUT" })],
  ["another URL", () => ({ url: `${origin}/elsewhere` })],
  ["an old proof", () => ({ iat: seconds() - 3600 })],
  ["a proof of the future", () => ({ iat: seconds() + 3600 })],
];
