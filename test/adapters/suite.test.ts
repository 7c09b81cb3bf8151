// Every adapter through the shared suite.
import { SERVERS } from "./servers.js";
import { runSuite } from "./support/suite.js";

for (const server of SERVERS) runSuite(server);
