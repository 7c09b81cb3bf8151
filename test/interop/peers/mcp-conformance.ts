// The conformance suite of the MCP project. It wants Node 22 or later: ours where it is one, else that of test/runtimes.
import { existsSync } from "node:fs";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { MODULES } from "../../runtimes/engines/places.js";
import { RUNS, runScenario } from "../mcp/suite.js";
import { type Facts, Missing, type Peer } from "../peer.js";
import { installEngines } from "../support/npm.js";
import { peer } from "../support/peers.js";

export const mcpConformance: Peer = {
  id: "mcp-conformance",
  tests: ["mcp-conformance.test.ts"],
  needsPackages: true,
  async start() {
    const names = ["@modelcontextprotocol/conformance", "@modelcontextprotocol/sdk"].map(peer);
    return { name: names.join(", "), facts: await outcomes(await recentNode()) };
  },
};

/** The suite runs here, not in the tests: vitest may be killed, and then what it started would not end. */
async function outcomes(node: string): Promise<Facts> {
  const facts: Record<string, string> = {};
  for (const [name, run] of Object.entries(RUNS))
    facts[name] = JSON.stringify(await runScenario(node, run));
  return facts;
}

async function recentNode(): Promise<string> {
  if (Number.parseInt(process.versions.node, 10) >= 22) return process.execPath;
  const file = join(MODULES, `node24-${platform()}-${arch()}`, "bin", "node");
  if (!existsSync(file)) await installEngines();
  if (!existsSync(file)) throw new Missing("there is no Node 22 or later");
  return file;
}
