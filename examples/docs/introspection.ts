import { bindingFromClaims } from "dpop-core";

const { INTROSPECTION = "http://localhost:4000/introspect" } = process.env;
const authorization = `Basic ${btoa("the-api:its-secret")}`;

/** Returns what an opaque token is bound to, null for a token that is not active. */
export async function binding(accessToken: string) {
  const response = await fetch(INTROSPECTION, {
    method: "POST",
    headers: { authorization, accept: "application/json" },
    body: new URLSearchParams({ token: accessToken }),
  });
  if (!response.ok) throw new Error(`introspection: status ${response.status}`);
  return bindingFromClaims(await response.json());
}
