// Nimbus oauth2-oidc-sdk, behind a small Java program.
import type { Peer } from "../peer.js";
import { buildJava, startJava } from "../support/maven.js";

export const nimbus: Peer = {
  id: "nimbus",
  tests: ["nimbus.test.ts"],
  needsPackages: false,
  async start() {
    const program = await buildJava("nimbus");
    const { origin, stop } = await startJava(program, "Peer");
    const sdk = `oauth2-oidc-sdk ${program.version("oauth2-oidc-sdk")}`;
    const name = `Nimbus ${sdk}, nimbus-jose-jwt ${program.version("nimbus-jose-jwt")}`;
    return { name, facts: { origin }, stop };
  },
};
