// Peers from npm that run in the tests themselves.
import type { Peer } from "../peer.js";
import { peer } from "../support/peers.js";

/** What examples/clients call by, beside the peers that have tests of their own. */
const CLIENTS = [
  "ky",
  "axios",
  "openapi-fetch",
  "ofetch",
  "graphql-request",
  "got",
  "@aws-sdk/client-kms",
] as const;

export const javascriptPeers: readonly Peer[] = [
  inTests("oauth4webapi"),
  inTests("openid-client"),
  // By a name that ends with that of another's file, vitest runs both.
  { ...inTests("dpop"), tests: ["panva-dpop.test.ts"] },
  inTests("oidc-provider"),
  inTests("express-oauth2-jwt-bearer"),
  inTests("express-oauth2-dpop", "express-oauth2-dpop", "oauth-fetch"),
  inTests("atproto-oauth-provider", "@atproto/oauth-provider"),
  inTests("better-auth", "@better-auth/core"),
  inTests("mcp", "@modelcontextprotocol/sdk"),
  { ...inTests("clients", ...CLIENTS), tests: ["clients.test.ts", "clients-kms.test.ts"] },
  {
    ...inTests("wso2-stand-in"),
    start: async () => ({ name: "stand-in for WSO2 Identity Server" }),
  },
];

/** `packages` are the ones that take part. */
function inTests(id: string, ...packages: readonly string[]): Peer {
  const names = packages.length === 0 ? [id] : packages;
  const start: Peer["start"] = async () => ({ name: names.map(peer).join(", ") });
  return { id, tests: [`${id}.test.ts`], needsPackages: true, start };
}
