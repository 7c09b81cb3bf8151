// Firefox by WebDriver BiDi, once as it is and once with private windows only.
import { closeFirefox, engines, launchFirefox } from "../../runtimes/engines/firefox.js";
import { withFolder } from "../../support/process.js";
import { begun, type BrowserKind, called, type Tab } from "../browser.js";

type Firefox = Awaited<ReturnType<typeof launchFirefox>>;
type Page = Awaited<ReturnType<Firefox["newPage"]>>;

export const browsers: readonly BrowserKind[] = engines.flatMap(({ id, name, debian, find }) => [
  { id, name, debian, find, isPrivate: false, with: (use) => withPages({}, use) },
  {
    id: `${id}-private`,
    name: `${name}, private windows`,
    debian,
    find,
    isPrivate: true,
    with: (use) => withPages({ "browser.privatebrowsing.autostart": true }, use),
  },
]);

function withPages(
  preferences: Readonly<Record<string, boolean>>,
  use: Parameters<BrowserKind["with"]>[0],
): Promise<void> {
  return withFolder(async (folder) => {
    const browser = await launchFirefox(folder, preferences);
    try {
      await use({
        async open(url) {
          const page = await browser.newPage();
          const tab = tabOf(page);
          await tab.goto(url);
          return tab;
        },
      });
    } finally {
      await closeFirefox(browser);
    }
  });
}

function tabOf(page: Page): Tab {
  const requested: string[] = [];
  page.on("request", (request) => requested.push(request.url()));
  return {
    goto: async (url) => void (await page.goto(url)),
    run: (body) => page.evaluate(called(body)),
    begin: async (script) => void (await page.evaluate(begun(script))),
    url: async () => page.url(),
    requested: () => requested,
    kill: () => page.close({ runBeforeUnload: false }),
  };
}
