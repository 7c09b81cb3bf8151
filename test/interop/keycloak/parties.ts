// Who takes part in the tests: the Keycloak that the runner started, the owner of a key, and a thief with another key.
import { decodeJwt } from "jose";
import { expect } from "vitest";
import { factsOf } from "../peer.js";
import type { Holder } from "../support/our-backends.js";
import { recordingClient, type RecordingClient } from "../support/our-clients.js";
import { member, textMember } from "../support/peers.js";
import type { Browser } from "./browser.js";
import type { KeyKind } from "./keys.js";
import { codeGrant, codeRequest, discover, type Form, post, withParameters } from "./realm.js";

const { issuer, version } = factsOf("issuer", "version");
export const realm = await discover(issuer);

/** 26.7.3 marks a binding, and tells of a token only the clients that it is for; 26.5.6 does neither. */
export const isRecent = version !== "26.5.6";

export interface Pair {
  readonly owner: RecordingClient;
  readonly thief: RecordingClient;
  /** The same key as the owner's, and a clock that is ten minutes slow. */
  readonly slow: RecordingClient;
}

const keys = new Map<KeyKind, Promise<readonly [Holder, Holder]>>();

/** New sessions. The keys are made once for each kind: RSA keys take their time. */
export async function pairOf(kind: KeyKind): Promise<Pair> {
  const made = keys.get(kind) ?? Promise.all([kind.newKey(), kind.newKey()]);
  keys.set(kind, made);
  const [owner, thief] = await made;
  const { algs } = realm;
  const clock = (): number => Date.now() / 1000 - 600;
  return {
    owner: recordingClient(owner.session({ algs })),
    thief: recordingClient(thief.session({ algs })),
    slow: recordingClient(owner.session({ algs, clock })),
  };
}

/** `cnf` of a token that is bound to a key. */
export function boundTo(jkt: string): object {
  return isRecent ? { jkt, "kc-jkt-type": "DPoP" } : { jkt };
}

export interface Tokens {
  readonly accessToken: string;
  /** Empty where the response has no refresh token. */
  readonly refreshToken: string;
}

/** Reads a token response as the client does; the access token must be bound to its key. */
export async function tokensOf(response: Response, { session }: RecordingClient): Promise<Tokens> {
  const body: unknown = await response.json();
  const granted = session.readTokenResponse(body);
  if (!granted.ok) throw new Error(`${granted.code}: ${JSON.stringify(body)}`);
  expect(decodeJwt(granted.accessToken)["cnf"]).toEqual(boundTo(session.jkt));
  const refreshToken = member(body, "refresh_token");
  return {
    accessToken: granted.accessToken,
    refreshToken: typeof refreshToken === "string" ? refreshToken : "",
  };
}

/** Asks the authorization endpoint for a code; gives what a client redeems it with. */
export async function codeFor(
  browser: Browser,
  clientId: string,
  parameters: Form = {},
): Promise<Form> {
  const request = codeRequest(clientId, parameters);
  const callback = await browser.open(withParameters(realm.authorizationUrl, request.parameters));
  expect(callback.searchParams.get("iss")).toBe(issuer);
  return codeGrant(callback, request.codeVerifier, clientId);
}

/** A code and its tokens, for the public client. */
export async function loggedIn(browser: Browser, client: RecordingClient): Promise<Tokens> {
  const grant = await codeFor(browser, "public");
  return tokensOf(await client.fetch(realm.tokenUrl, post(grant)), client);
}

/** How an endpoint of OAuth refused. */
export interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly description: string;
}

export async function refusalOf(response: Response): Promise<Refusal> {
  const body: unknown = await response.json();
  return {
    status: response.status,
    error: textMember(body, "error"),
    description: textMember(body, "error_description"),
  };
}

/** RFC 9449 section 5 has `invalid_dpop_proof` for a bad proof; Keycloak says this. */
export function badRequest(description: string): Refusal {
  return { status: 400, error: "invalid_request", description };
}

export function badGrant(description: string): Refusal {
  return { status: 400, error: "invalid_grant", description };
}
