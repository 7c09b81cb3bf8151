// Chromium by the DevTools protocol.
import { engines, launchChromium } from "../../runtimes/engines/chromium.js";
import { START_LIMIT, within, withFolder } from "../../support/process.js";
import { begun, type BrowserKind, called, type Tab } from "../browser.js";

type Context = Awaited<ReturnType<typeof launchChromium>>;
type Page = Awaited<ReturnType<Context["newPage"]>>;

export const browsers: readonly BrowserKind[] = engines.map(({ id, name, debian, find }) => ({
  id,
  name,
  debian,
  find,
  isPrivate: false,
  with: (use) =>
    withFolder(async (folder) => {
      const context = await launchChromium(folder);
      try {
        await use({
          async open(url) {
            const page = await context.newPage();
            const tab = tabOf(page);
            await tab.goto(url);
            return tab;
          },
        });
      } finally {
        await within(START_LIMIT, "closing Chromium", context.close());
      }
    }),
}));

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
