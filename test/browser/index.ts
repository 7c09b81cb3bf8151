// npm run test:browser: runs the cases in every browser that is asked for. See README.md.
// Last line: `test:browser: N passed, N failed`.
import { parseArgs } from "node:util";
import { install } from "../runtimes/install.js";
import type { BrowserKind } from "./browser.js";
import { browsers as chromium } from "./engines/chromium.js";
import { browsers as firefox } from "./engines/firefox.js";
import { browsers as webkit } from "./engines/webkit.js";
import { cases as client } from "./client.js";
import { cases as debuggerPage } from "./debugger.js";
import { cases as session } from "./session.js";
import { type Case, runCase } from "./stage.js";

const BROWSERS: readonly BrowserKind[] = [...chromium, ...firefox, ...webkit];
const CASES: readonly Case[] = [...client, ...debuggerPage, ...session];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: "boolean", default: false },
    case: { type: "string", default: "" },
  },
});

interface Counts {
  passed: number;
  failed: number;
}

async function main(): Promise<void> {
  const chosen = choose();
  await install(chosen);
  const total: Counts = { passed: 0, failed: 0 };
  for (const kind of chosen) {
    const begin = Date.now();
    const { passed, failed } = await runIn(kind);
    total.passed += passed;
    total.failed += failed;
    const seconds = ((Date.now() - begin) / 1000).toFixed(1);
    console.log(`${kind.id}: ${passed} passed, ${failed} failed, ${seconds} s`);
  }
  console.log(`test:browser: ${total.passed} passed, ${total.failed} failed`);
  if (total.failed > 0 || total.passed === 0) process.exitCode = 1;
}

function choose(): readonly BrowserKind[] {
  if (values.all && positionals.length > 0) throw new RangeError("--all is all: name none besides");
  const ids = BROWSERS.map(({ id }) => id);
  const unknown = positionals.filter((name) => !ids.includes(name));
  if (unknown.length > 0)
    throw new RangeError(`no browser ${unknown.join(", ")}; there are ${ids.join(", ")}`);
  return positionals.length === 0
    ? BROWSERS
    : BROWSERS.filter(({ id }) => positionals.includes(id));
}

async function runIn(kind: BrowserKind): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0 };
  const version = await kind.find();
  if (version === null) {
    const hint = `apt-get install ${kind.debian?.join(" ")}`;
    console.log(`${kind.id} (${kind.name}) is missing: ${hint}`);
    // Where the browsers were not named, those that are there will do.
    counts.failed = values.all || positionals.length > 0 ? 1 : 0;
    return counts;
  }
  console.log(`${kind.id} (${kind.name} ${version})`);
  const due = CASES.filter(
    ({ name, inPrivate = false }) =>
      (kind.isPrivate ? inPrivate !== false : inPrivate !== "only") && name.includes(values.case),
  );
  try {
    await kind.with(async (browser) => {
      for (const one of due) {
        const begin = Date.now();
        try {
          await runCase(one, browser);
          counts.passed++;
          console.log(`  passed: ${one.name} (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
        } catch (error) {
          counts.failed++;
          const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
          console.log(`  FAILED: ${one.name}\n    ${text.replaceAll("\n", "\n    ")}`);
        }
      }
    });
  } catch (error) {
    counts.failed++;
    console.log(`  FAILED: ${kind.name}: ${String(error)}`);
  }
  return counts;
}

await main();
// A driver may have left a timer or a socket behind; all processes have ended.
process.exit();
