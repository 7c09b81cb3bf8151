import { createHash, randomUUID } from "node:crypto";

type Bound = { readonly request: URLSearchParams; readonly jkt: string }; // pushed, and by which key
type Granted = Bound & { readonly type: "authorization_code" | "refresh_token" };
const redirectUris = new Map([["a-client", "https://client.example/callback"]]); // of public clients
const pushed = new Map<string, Bound>();
const granted = new Map<string, Granted>(); // by code and refresh token; yours expire
const idOf = (form: URLSearchParams) => form.get("code") ?? form.get("refresh_token") ?? "";

/** Returns the request_uri for a pushed request, null if its client or its challenge is not good. */
export function push(request: URLSearchParams, jkt: string): string | null {
  const redirectUri = redirectUris.get(request.get("client_id") ?? "");
  const isOfClient = redirectUri !== undefined && redirectUri === request.get("redirect_uri");
  if (!isOfClient || request.get("code_challenge_method") !== "S256") return null;
  const uri = `urn:ietf:params:oauth:request_uri:${randomUUID()}`;
  pushed.set(uri, { request, jkt });
  return uri;
}

/** Returns where a user goes who has logged in and agreed, null if the request was not pushed. */
export function authorize(query: URLSearchParams, iss: string): string | null {
  const uri = query.get("request_uri") ?? "";
  const bound = pushed.get(uri);
  if (bound === undefined || bound.request.get("client_id") !== query.get("client_id")) return null;
  pushed.delete(uri);
  const code = randomUUID();
  granted.set(code, { ...bound, type: "authorization_code" });
  const state = bound.request.get("state");
  const answer = new URLSearchParams({ code, iss, ...(state === null ? {} : { state }) });
  return `${bound.request.get("redirect_uri")}?${answer.toString()}`;
}

/** Returns the grant that a token request redeems, null if it is not good. */
export function grantOf(form: URLSearchParams) {
  const grant = granted.get(idOf(form));
  if (grant === undefined || grant.type !== form.get("grant_type")) return null;
  const { type, jkt, request } = grant;
  if (request.get("client_id") !== form.get("client_id")) return null;
  const isCode = type === "authorization_code";
  if (isCode && request.get("redirect_uri") !== form.get("redirect_uri")) return null;
  const hash = createHash("sha256").update(form.get("code_verifier") ?? "");
  if (isCode && hash.digest("base64url") !== request.get("code_challenge")) return null;
  return { type, jkt };
}

/** Uses the grant up, and returns the refresh token that follows it. */
export function redeem(form: URLSearchParams): string {
  const grant = granted.get(idOf(form));
  if (grant === undefined) throw new Error("the grant must be there");
  granted.delete(idOf(form));
  const refreshToken = randomUUID();
  granted.set(refreshToken, { ...grant, type: "refresh_token" });
  return refreshToken;
}
