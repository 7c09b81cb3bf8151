// A redis-server, which the tests start and stop themselves, several times.
import { findProgram, versionOf } from "../../support/process.js";
import { Missing, type Peer } from "../peer.js";

export const redis: Peer = {
  id: "redis",
  tests: ["redis.test.ts"],
  needsPackages: true,
  async start() {
    const version = await versionOf(process.env["REDIS_SERVER"] ?? findProgram("redis-server"));
    if (version === null) throw new Missing("redis-server is not on the PATH, nor in REDIS_SERVER");
    return { name: `redis-server ${version}` };
  },
};
