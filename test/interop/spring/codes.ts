// Authorization codes of Spring Authorization Server, for a user who logs in and needs no browser for it.
import { createHash, randomBytes } from "node:crypto";
import { expect } from "vitest";
import { textMember } from "../support/peers.js";
import { type Form, origin, type Person, tokenRequest } from "./parties.js";

const REDIRECT_URI = "https://client.example/callback";

/** The cookie of a user who is logged in at the authorization server. */
async function login(password: string): Promise<string> {
  const body = new URLSearchParams({ username: "alice", password });
  const init = { method: "POST", body, redirect: "manual" } as const;
  const { headers } = await fetch(`${origin}/login`, init);
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(";", 1)[0])
    .join("; ");
}

/** A code, and what it is redeemed with. The request is pushed where somebody is to do so. */
export async function authorize(id: string, parameters: Form = {}, pusher?: Person): Promise<Form> {
  const code_verifier = randomBytes(32).toString("base64url");
  const query = {
    response_type: "code",
    client_id: id,
    redirect_uri: REDIRECT_URI,
    scope: "things",
    code_challenge: createHash("sha256").update(code_verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...parameters,
  };
  const url = new URL(`${origin}/oauth2/authorize`);
  const sent = pusher === undefined ? query : await push(pusher, query, id);
  url.search = new URLSearchParams(sent).toString();
  const headers = { Cookie: await login("wonderland") };
  const response = await fetch(url, { headers, redirect: "manual" });
  const location = new URL(response.headers.get("Location") ?? "");
  const code = location.searchParams.get("code");
  if (code === null) throw new Error(`no code in ${location.href}`);
  return { grant_type: "authorization_code", redirect_uri: REDIRECT_URI, code, code_verifier };
}

async function push({ client }: Person, query: Form, id: string): Promise<Form> {
  const response = await client.fetch(`${origin}/oauth2/par`, tokenRequest(query, id));
  expect(response.status).toBe(201);
  return { client_id: id, request_uri: textMember(await response.json(), "request_uri") };
}
