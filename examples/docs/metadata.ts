import { type AuthorizationServer, clientMetadata, serverMetadata } from "dpop-core";

/** What an authorization server publishes (RFC 8414), and what a client registers (RFC 7591). */
export function metadataOf(server: AuthorizationServer, issuer: string) {
  const published = { issuer, token_endpoint: `${issuer}/token`, ...serverMetadata(server) };
  const registered = { client_name: "an app", ...clientMetadata({ boundAccessTokens: true }) };
  return { published, registered };
}
