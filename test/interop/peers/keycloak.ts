// Keycloak, started anew for each run. Two versions, since what they say of a token's binding differs.
import { getDistribution } from "../keycloak/distribution.js";
import { startKeycloak } from "../keycloak/server.js";
import type { Peer } from "../peer.js";

export const keycloakPeers: readonly Peer[] = ["26.7.3", "26.5.6"].map(keycloak);

function keycloak(version: string): Peer {
  return {
    id: `keycloak-${version}`,
    tests: ["keycloak-tokens.test.ts", "keycloak-codes.test.ts", "keycloak-api.test.ts"],
    async start() {
      const distribution = await getDistribution(version);
      const { issuer, stop } = await startKeycloak(distribution);
      return { name: `Keycloak ${version}`, facts: { issuer, version }, stop };
    },
  };
}
