// Keycloak, started anew for each run. Two versions, since what they say of a token's binding differs.
import { getDistribution, KEYCLOAK_VERSIONS } from "../keycloak/distribution.js";
import { startKeycloak } from "../keycloak/server.js";
import type { Peer } from "../peer.js";

export const keycloakPeers: readonly Peer[] = KEYCLOAK_VERSIONS.map(keycloak);

function keycloak(version: string): Peer {
  return {
    id: `keycloak-${version}`,
    tests: ["keycloak-tokens.test.ts", "keycloak-codes.test.ts", "keycloak-api.test.ts"],
    needsPackages: false,
    async start() {
      const distribution = await getDistribution(version);
      const { issuer, stop } = await startKeycloak(distribution);
      return { name: `Keycloak ${version}`, facts: { issuer, version }, stop };
    },
  };
}
