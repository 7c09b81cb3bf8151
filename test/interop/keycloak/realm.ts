// The realm of realm.json as its clients see it: where Keycloak has what, and the requests that they send there.
import { createHash, randomBytes } from "node:crypto";
import { member, textMember } from "../support/peers.js";
import { type Browser, createBrowser } from "./browser.js";

export const REDIRECT_URI = "https://client.example/callback";

/** The audience of access tokens for our API. */
export const API = "https://api.example";

export interface Realm {
  readonly issuer: string;
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  readonly pushedUrl: string;
  readonly userinfoUrl: string;
  readonly introspectionUrl: string;
  readonly jwksUri: string;
  /** `dpop_signing_alg_values_supported`. */
  readonly algs: readonly string[];
}

export async function discover(issuer: string): Promise<Realm> {
  const response = await fetch(`${issuer}/.well-known/openid-configuration`);
  const metadata: unknown = await response.json();
  const algs = member(metadata, "dpop_signing_alg_values_supported");
  return {
    issuer: textMember(metadata, "issuer"),
    authorizationUrl: textMember(metadata, "authorization_endpoint"),
    tokenUrl: textMember(metadata, "token_endpoint"),
    pushedUrl: textMember(metadata, "pushed_authorization_request_endpoint"),
    userinfoUrl: textMember(metadata, "userinfo_endpoint"),
    introspectionUrl: textMember(metadata, "introspection_endpoint"),
    jwksUri: textMember(metadata, "jwks_uri"),
    algs: Array.isArray(algs) ? algs.map(String) : [],
  };
}

/** A form, as the endpoints take it. */
export type Form = Readonly<Record<string, string>>;

export function post(form: Form, basic?: string): RequestInit {
  const headers: Form = basic === undefined ? {} : { Authorization: `Basic ${btoa(basic)}` };
  return { method: "POST", headers, body: new URLSearchParams(form) };
}

/** The client credentials of a confidential client. */
export const CONFIDENTIAL = "confidential:a-secret";

export interface CodeRequest {
  /** For the authorization endpoint, or to be pushed. */
  readonly parameters: Form;
  readonly codeVerifier: string;
}

export function codeRequest(clientId: string, more: Form = {}): CodeRequest {
  const codeVerifier = randomBytes(32).toString("base64url");
  const parameters = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    scope: "openid",
    code_challenge: createHash("sha256").update(codeVerifier).digest("base64url"),
    code_challenge_method: "S256",
    ...more,
  };
  return { parameters, codeVerifier };
}

export const newBrowser = (): Browser => createBrowser("alice", "wonderland", REDIRECT_URI);

export function withParameters(url: string, parameters: Form): URL {
  const address = new URL(url);
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  return address;
}

/** What the token request for a code says. */
export function codeGrant(callback: URL, codeVerifier: string, clientId = "public"): Form {
  return {
    grant_type: "authorization_code",
    client_id: clientId,
    code: callback.searchParams.get("code") ?? "",
    code_verifier: codeVerifier,
    redirect_uri: REDIRECT_URI,
  };
}
