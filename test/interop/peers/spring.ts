// Spring Authorization Server and a resource server of Spring Security, in one small application.
import type { Peer } from "../peer.js";
import { buildJava, startJava } from "../support/maven.js";

export const spring: Peer = {
  id: "spring",
  tests: ["spring.test.ts"],
  async start() {
    const program = await buildJava("spring");
    const { origin, stop } = await startJava(program, "peer.App");
    const security = `Spring Security ${program.version("spring-security-core")}`;
    const name = `${security}, Spring Boot ${program.version("spring-boot")}`;
    return { name, facts: { origin }, stop };
  },
};
