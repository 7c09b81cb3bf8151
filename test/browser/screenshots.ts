// Makes the pictures of docs/explain.md anew: the page of examples/debugger in Chromium, wide and narrow, light and dark.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildPage } from "../../examples/debugger/build.js";
import { launchChromium } from "../runtimes/engines/chromium.js";
import { withFolder } from "../support/process.js";

const IMAGES = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const SIZES = { wide: { width: 1280, height: 900 }, narrow: { width: 360, height: 800 } } as const;

await withFolder(async (folder) => {
  const file = join(folder, "index.html");
  await writeFile(file, await buildPage());
  const context = await launchChromium(folder);
  try {
    for (const [name, viewport] of Object.entries(SIZES)) {
      for (const colorScheme of ["light", "dark"] as const) {
        const page = await context.newPage();
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        await page.goto(pathToFileURL(file).href);
        await page.selectOption("#kind", "prefix");
        await page.fill("#url", "https://api.example/things");
        await page.click("#mint");
        await page.waitForSelector("#verdict.bad");
        if (name === "narrow") await page.locator("#verdict").scrollIntoViewIfNeeded();
        const path = join(IMAGES, `debugger-${name}-${colorScheme}.png`);
        await page.screenshot({ path });
        await page.close();
      }
    }
  } finally {
    await context.close();
  }
});
process.exit();
