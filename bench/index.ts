// npm run bench: asserts and times every group whose name holds FILTER, and prints a table of each. See README.md.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Bench } from "tinybench";
import { ATTACK_NAME, type AttackResult, measureAttack } from "./cache.bench.js";
import type { BenchGroup } from "./case.js";
import { createGroups } from "./create.bench.js";
import { type Fixtures, makeFixtures } from "./fixtures.js";
import { htuGroups } from "./htu.bench.js";
import { type GroupResult, measureGroup, type Timing } from "./measure.js";
import { MEMORY_NAME, type MemoryResult, measureMemory } from "./memory.bench.js";
import { parseGroups } from "./parse.bench.js";
import { partsGroups } from "./parts.bench.js";
import { peers } from "./peers.js";
import { replayGroups } from "./replay.bench.js";
import { attackText, groupText, memoryText, type Setting, settingText } from "./report.js";
import { thumbprintGroups } from "./thumbprint.bench.js";
import { verifyGroups } from "./verify.bench.js";

const FULL: Timing = { warmUp: 150, rounds: 7, round: 90 };
const QUICK: Timing = { warmUp: 20, rounds: 3, round: 12 };

/** Entries of which the memory is measured. */
const FULL_COUNTS: readonly number[] = [1000, 10_000];
const QUICK_COUNTS: readonly number[] = [1000];

/** Keys of strangers, at most. */
const FULL_STRANGERS = 5000;
const QUICK_STRANGERS = 500;

function allGroups(fixtures: Fixtures): readonly BenchGroup[] {
  return [
    ...verifyGroups(fixtures, peers),
    ...partsGroups(fixtures, peers),
    ...createGroups(fixtures),
    ...parseGroups(fixtures),
    ...htuGroups(),
    ...thumbprintGroups(fixtures),
    ...replayGroups(fixtures),
  ];
}

/** Whether a name holds what was asked for. */
function holds(name: string, filter: string): boolean {
  return name.toLowerCase().includes(filter.toLowerCase());
}

function chosenGroups(all: readonly BenchGroup[], filter: string): readonly BenchGroup[] {
  const chosen = all.filter(({ name }) => holds(name, filter));
  const others = [MEMORY_NAME, ATTACK_NAME];
  if (chosen.length > 0 || others.some((name) => holds(name, filter))) return chosen;
  const names = [...all.map(({ name }) => name), ...others];
  throw new Error(`no group has this in its name; there are:\n${names.join("\n")}`);
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
  const filter = positionals.join(" ");
  const fixtures = makeFixtures();
  const groups = chosenGroups(allGroups(fixtures), filter);
  const where = setting(values.quick);
  console.log(settingText(where));
  const results: GroupResult[] = [];
  for (const group of groups) {
    const result = await measureGroup(group, values.quick ? QUICK : FULL);
    console.log(`\n${groupText(result)}`);
    results.push(result);
  }
  let memory: readonly MemoryResult[] = [];
  if (holds(MEMORY_NAME, filter)) {
    memory = await measureMemory(fixtures, values.quick ? QUICK_COUNTS : FULL_COUNTS);
    console.log(`\n${memoryText(MEMORY_NAME, memory)}`);
  }
  let attack: readonly AttackResult[] = [];
  if (holds(ATTACK_NAME, filter)) {
    attack = measureAttack(fixtures, values.quick ? QUICK_STRANGERS : FULL_STRANGERS);
    console.log(`\n${attackText(ATTACK_NAME, attack)}`);
  }
  if (values.json !== undefined) {
    const all = { ...where, groups: results, memory, attack };
    writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`);
  }
}

await main();
