// npm run bench: asserts and times every group whose name holds FILTER, and prints a table of each. See README.md.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Bench } from "tinybench";
import type { BenchGroup } from "./case.js";
import { createGroups } from "./create.bench.js";
import { makeFixtures } from "./fixtures.js";
import { htuGroups } from "./htu.bench.js";
import { type GroupResult, measureGroup, type Timing } from "./measure.js";
import { parseGroups } from "./parse.bench.js";
import { peers } from "./peers.js";
import { replayGroups } from "./replay.bench.js";
import { groupText, type Setting, settingText } from "./report.js";
import { thumbprintGroups } from "./thumbprint.bench.js";
import { verifyGroups } from "./verify.bench.js";

const FULL: Timing = { warmUp: 150, rounds: 7, round: 90 };
const QUICK: Timing = { warmUp: 20, rounds: 3, round: 12 };

function allGroups(): readonly BenchGroup[] {
  const fixtures = makeFixtures();
  return [
    ...verifyGroups(fixtures, peers),
    ...createGroups(fixtures),
    ...parseGroups(fixtures),
    ...htuGroups(),
    ...thumbprintGroups(fixtures),
    ...replayGroups(fixtures),
  ];
}

function chosenGroups(filter: string): readonly BenchGroup[] {
  const all = allGroups();
  const chosen = all.filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()));
  if (chosen.length > 0) return chosen;
  throw new Error(
    `no group has this in its name; there are:\n${all.map(({ name }) => name).join("\n")}`,
  );
}

function setting(quick: boolean): Setting {
  const { runtime, runtimeVersion } = new Bench();
  return {
    engine: runtime,
    version: runtimeVersion,
    cpu: cpus()[0]?.model ?? "unknown CPU",
    date: new Date().toISOString(),
    commit: commit(),
    quick,
  };
}

function commit(): string | null {
  try {
    const describe = ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]; // the hash, no tag
    return execFileSync("git", describe, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return null; // no git, or no repository: a tarball
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { json: { type: "string" }, quick: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const groups = chosenGroups(positionals.join(" "));
  const where = setting(values.quick);
  console.log(settingText(where));
  const results: GroupResult[] = [];
  for (const group of groups) {
    const result = await measureGroup(group, values.quick ? QUICK : FULL);
    console.log(`\n${groupText(result)}`);
    results.push(result);
  }
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ ...where, groups: results }, null, 2)}\n`);
}

await main();
