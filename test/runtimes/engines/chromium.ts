// Chromium, headless, by the DevTools protocol. It runs the suite, and then a page that has the
// package's own names in an import map and no bundler.
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import type { Engine } from "../engine.js";
import { type PageName, withPage } from "./page.js";
import {
  findProgram,
  homelessEnvironment,
  objectOf,
  START_LIMIT,
  versionOf,
  within,
  withFolder,
} from "../../support/process.js";

// As root there is no sandbox, and where there is no screen no GPU; nor any need to phone home.
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const findChromium = (): string | null => findProgram("chromium", "chromium-browser");

export const engines: readonly Engine[] = [
  {
    id: "chromium",
    name: "Chromium",
    bundle: "published modules",
    backends: ["noble", "fast", "webcrypto"],
    debian: ["chromium"],
    find: () => versionOf(findChromium()),
    run: async () => together(await reportOf("suite"), await reportOf("import map")),
  },
];

function reportOf(page: PageName): Promise<string> {
  return withFolder((folder) =>
    withPage(page, async (url, posted) => {
      const browser = await launchChromium(folder);
      try {
        const tab = await browser.newPage();
        const failed = new Promise<never>((_, reject) => {
          tab.once("crash", () => reject(new Error("the page crashed")));
          browser.once("close", () => reject(new Error("the browser went away")));
          // Not awaited, without a limit of its own: a page that is busy is late to be loaded.
          tab.goto(url, { timeout: 0 }).catch(reject);
        });
        failed.catch(() => undefined); // the browser also goes away when all is well
        return await Promise.race([posted, failed]);
      } finally {
        await within(START_LIMIT, "closing Chromium", browser.close());
      }
    }),
  );
}

/** Starts Chromium with a profile in a folder. */
export async function launchChromium(folder: string): Promise<BrowserContext> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error("there is no Chromium");
  return chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath,
    args: ARGS,
    env: definedOnly(homelessEnvironment(folder)),
    timeout: START_LIMIT,
  });
}

function definedOnly(environment: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(entries);
}

/** The members of a backend's results that are added up; there are others, which stay. */
interface Counts {
  readonly name: string;
  passed: number;
  failed: number;
  readonly failures: unknown[];
}

/** The suite's report with what the other page counted added to the same backends. */
function together(suite: string, other: string): string {
  const report = objectOf(JSON.parse(suite));
  const backends = backendsOf(report);
  for (const { name, passed, failed, failures } of backendsOf(objectOf(JSON.parse(other)))) {
    const counts = backends.find((backend) => backend.name === name);
    if (counts === undefined) throw new Error(`the suite reports no ${name}`);
    counts.passed += passed;
    counts.failed += failed;
    counts.failures.push(...failures);
  }
  return JSON.stringify(report);
}

function backendsOf(report: Readonly<Record<string, unknown>>): Counts[] {
  const { backends } = report;
  if (!Array.isArray(backends) || !backends.every(isCounts)) throw new TypeError("not a report");
  return backends;
}

function isCounts(value: unknown): value is Counts {
  const { name, passed, failed, failures } = objectOf(value);
  const counted = Number.isInteger(passed) && Number.isInteger(failed);
  return typeof name === "string" && counted && Array.isArray(failures);
}
