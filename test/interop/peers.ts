// The peers, in the order in which they are tried.
import type { Peer } from "./peer.js";
import { javascriptPeers } from "./peers/javascript.js";
import { keycloakPeers } from "./peers/keycloak.js";
import { mcpConformance } from "./peers/mcp-conformance.js";
import { nimbus } from "./peers/nimbus.js";
import { reactNative } from "./peers/react-native.js";
import { redis } from "./peers/redis.js";
import { spring } from "./peers/spring.js";

export const PEERS: readonly Peer[] = [
  ...javascriptPeers,
  reactNative,
  mcpConformance,
  nimbus,
  spring,
  ...keycloakPeers,
  redis,
];
