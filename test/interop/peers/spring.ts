// Spring Authorization Server and a resource server of Spring Security, in one small application.
import type { Peer } from "../peer.js";
import { buildJava, startJava } from "../support/maven.js";

export const spring: Peer = {
  id: "spring",
  tests: [
    "spring-tokens.test.ts",
    "spring-codes.test.ts",
    "spring-api.test.ts",
    "spring-our-api.test.ts",
  ],
  needsPackages: false,
  async start() {
    const program = await buildJava("spring");
    const { origin, stop } = await startJava(program, "peer.App", [
      "--server.address=127.0.0.1",
      "--server.port=0",
    ]);
    const security = `Spring Security ${program.version("spring-security-core")}`;
    const name = `${security}, Spring Boot ${program.version("spring-boot")}`;
    return { name, facts: { origin }, stop };
  },
};
