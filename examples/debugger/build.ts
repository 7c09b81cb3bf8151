// npm run example:debugger: makes index.html, one file that works from disk and sends nothing.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { bundle } from "../browser/bundle.js";

const here = (name: string): URL => new URL(name, import.meta.url);

/** Returns the page, with its style and its script in it, and a policy that allows these two and nothing else. */
export async function buildPage(): Promise<string> {
  const script = (await bundle(here("page.ts"), "iife", { minify: true })).trim();
  const style = await readFile(here("page.css"), "utf8");
  const hash = (text: string): string =>
    `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  if (/<\/script|<!--/i.test(script))
    throw new Error("the script would end, or hide, its own element");
  const page = await readFile(here("page.html"), "utf8");
  return page
    .replace('content="policy"', `content="${policy}"`)
    .replace(/<style>[^<]*<\/style>/, () => `<style>${style}</style>`)
    .replace(/<script>[^<]*<\/script>/, () => `<script>${script}</script>`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = await buildPage();
  await writeFile(here("index.html"), page);
  console.log(
    `${fileURLToPath(here("index.html"))}: ${Buffer.byteLength(page)} bytes. Open it in a browser.`,
  );
}
