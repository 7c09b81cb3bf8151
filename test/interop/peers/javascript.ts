// Peers from npm that run in the tests themselves.
import type { Peer } from "../peer.js";
import { peer } from "../support/peers.js";

export const javascriptPeers: readonly Peer[] = [
  inTests("clients", "peers-clients.test.ts", ["oauth4webapi", "openid-client", "dpop"]),
  inTests("servers", "peers-servers.test.ts", [
    "oidc-provider",
    "express-oauth2-jwt-bearer",
    "@atproto/oauth-provider",
  ]),
];

/** `packages` are the ones that take part. */
function inTests(id: string, file: string, packages: readonly string[]): Peer {
  return { id, tests: [file], start: async () => ({ name: packages.map(peer).join(", ") }) };
}
