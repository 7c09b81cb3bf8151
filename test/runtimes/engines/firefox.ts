// Firefox, headless, by WebDriver BiDi: Debian's has not what playwright-core needs of a Firefox.
import { join } from "node:path";
import puppeteer, { type Browser } from "puppeteer-core";
import type { Engine } from "../engine.js";
import { withPage } from "./page.js";
import {
  adopt,
  findProgram,
  homelessEnvironment,
  START_LIMIT,
  versionOf,
  within,
  withFolder,
} from "../../support/process.js";

const findFirefox = (): string | null => findProgram("firefox-esr", "firefox");

export const engines: readonly Engine[] = [
  {
    id: "firefox",
    name: "Firefox",
    bundle: "published modules",
    backends: ["noble", "fast", "webcrypto"],
    debian: ["firefox-esr"],
    find: () => versionOf(findFirefox()),
    run: () =>
      withFolder((folder) => withPage("suite", (url, posted) => runIn(folder, url, posted))),
  },
];

async function runIn(folder: string, url: string, posted: Promise<string>): Promise<string> {
  const browser = await launchFirefox(folder);
  try {
    const tab = await browser.newPage();
    const failed = new Promise<never>((_, reject) => {
      browser.once("disconnected", () => reject(new Error("the browser went away")));
      // Not awaited, without a limit of its own: a page that is busy is late to be loaded.
      tab.goto(url, { timeout: 0 }).catch(reject);
    });
    failed.catch(() => undefined); // it also goes away when all is well
    return await Promise.race([posted, failed]);
  } finally {
    await closeFirefox(browser);
  }
}

/** Starts Firefox with a profile in a folder; `preferences` are those of about:config. */
export async function launchFirefox(
  folder: string,
  preferences: Readonly<Record<string, boolean>> = {},
): Promise<Browser> {
  const executablePath = findFirefox();
  if (executablePath === null) throw new Error("there is no Firefox");
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath,
    headless: true,
    env: homelessEnvironment(folder),
    userDataDir: join(folder, "profile"),
    extraPrefsFirefox: preferences,
    timeout: START_LIMIT,
    protocolTimeout: START_LIMIT,
  });
  adopt(browser.process());
  return browser;
}

export async function closeFirefox(browser: Browser): Promise<void> {
  await within(START_LIMIT, "closing Firefox", browser.close()).catch((error: unknown) => {
    browser.process()?.kill("SIGKILL");
    throw error;
  });
}
