// The page of examples/debugger, opened from disk: what it says, that it sends nothing, that a keyboard and a screen reader do.
import { deepStrictEqual, match, ok } from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildPage } from "../../examples/debugger/build.js";
import { KINDS } from "../../examples/debugger/mint.js";
import { withFolder } from "../support/process.js";
import type { Tab } from "./browser.js";
import { type Case, eventually, type Stage } from "./stage.js";

let page: Promise<string> | undefined;

/** Opens the page from a folder that holds nothing else. */
function onPage(use: (tab: Tab, stage: Stage) => Promise<void>): Case["run"] {
  return (stage) =>
    withFolder(async (folder) => {
      const file = join(folder, "index.html");
      page ??= buildPage();
      await writeFile(file, await page);
      await use(await stage.browser.open(pathToFileURL(file).href), stage);
    });
}

/** Puts a value into a control, as a person does. */
function enter(tab: Tab, id: string, value: string): Promise<unknown> {
  return tab.run(`
    const control = document.getElementById(${JSON.stringify(id)});
    control.value = ${JSON.stringify(value)};
    control.dispatchEvent(new Event("input", { bubbles: true }));`);
}

function click(tab: Tab, id: string): Promise<unknown> {
  return tab.run(`document.getElementById("${id}").click();`);
}

async function textOf(tab: Tab, selector: string): Promise<string> {
  return String(
    await tab.run(`return document.querySelector(${JSON.stringify(selector)})?.innerText ?? ""`),
  );
}

function untilVerdict(tab: Tab, pattern: RegExp): Promise<void> {
  return eventually(async () => pattern.test(await textOf(tab, "#verdict")));
}

/** What the page says of a proof of each kind: the code that decides. */
const CODES: Readonly<Record<string, string>> = {
  good: "",
  method: "htm_mismatch",
  scheme: "htu_mismatch",
  host: "htu_mismatch",
  port: "htu_mismatch",
  prefix: "htu_mismatch",
  slash: "htu_mismatch",
  case: "htu_mismatch",
  encoded: "htu_mismatch",
  path: "htu_invalid",
  old: "iat_too_old",
  future: "iat_in_future",
  zone: "iat_in_future",
  milliseconds: "iat_in_future",
  expired: "proof_expired",
  "no-jti": "claim_missing",
  "iat-text": "claim_invalid",
  nonce: "nonce_mismatch",
  "no-ath": "ath_missing",
  "other-token": "ath_mismatch",
  "token-prefix": "ath_mismatch",
  "ath-hex": "ath_mismatch",
  typ: "typ_mismatch",
  "alg-none": "alg_unsupported",
  "alg-mac": "alg_unsupported",
  crit: "crit_unsupported",
  "no-jwk": "jwk_invalid",
  private: "jwk_private",
  "other-key": "jkt_mismatch",
  payload: "signature_invalid",
  der: "signature_invalid",
  changed: "signature_invalid",
  unsigned: "jws_malformed",
  padded: "jws_malformed",
  bearer: "jws_malformed",
  twice: "proof_multiple",
};

const makesEveryKind: Case = {
  name: "debugger: a proof of each kind is made and explained",
  run: onPage(async (tab) => {
    deepStrictEqual([...KINDS.keys()], Object.keys(CODES));
    await click(tab, "make-key");
    await eventually(async () => /thumbprint/.test(await textOf(tab, "#key-note")));
    const jkt = String(await tab.run(`return document.getElementById("key-note").textContent`));
    await enter(tab, "url", "https://api.example/a/things");
    await enter(tab, "token", "a-token-of-the-test");
    await enter(tab, "jkt", /[\w-]{43}/.exec(jkt)?.[0] ?? "");
    await enter(tab, "nonce", "a-nonce");
    for (const [kind, code] of Object.entries(CODES)) {
      await tab.run(`document.getElementById("kind").value = "${kind}";`);
      await enter(tab, "pasted", "");
      await click(tab, "mint");
      await untilVerdict(
        tab,
        code === "" ? /^Accepted/ : new RegExp(`^Refused: [\\s\\S]*\\b${code}\\b`),
      );
    }
    const shown = await tab.run("return document.body.innerText");
    ok(!String(shown).includes("a-token-of-the-test"), "the page shows the token");
  }),
};

const readsRequests: Case = {
  name: "debugger: a raw request, a command of curl, both URLs, the clock and the thumbprint",
  run: onPage(async (tab) => {
    await click(tab, "mint");
    await untilVerdict(tab, /^Accepted/);
    const proof = String(await tab.run(`return document.getElementById("pasted").value`));
    await enter(tab, "url", "");
    await enter(tab, "method", "");
    await enter(tab, "pasted", `GET /v2/things HTTP/1.1\nHost: api.example\nDPoP: ${proof}\n`);
    await untilVerdict(tab, /htu_mismatch/);
    deepStrictEqual(
      await tab.run(
        `return [...document.querySelectorAll("mark")].map((mark) => mark.textContent)`,
      ),
      ["things", "v2/things"],
    );
    await enter(tab, "pasted", `curl 'https://api.example/things' -X POST -H 'DPoP: ${proof}'`);
    await untilVerdict(tab, /htm_mismatch/);
    await enter(tab, "now", "2001-09-09T01:46:40Z");
    await untilVerdict(tab, /iat_in_future|htm_mismatch/);
    match(await textOf(tab, "#details"), /now 2001-09-09T01:46:40Z/);
    await enter(tab, "method", "GET");
    await untilVerdict(tab, /iat_in_future/);
    await click(tab, "at-iat");
    await untilVerdict(tab, /^Accepted/);
    match(await textOf(tab, "#details"), /Thumbprint of the key\s+[\w-]{43}/);
    for (const text of ["", "\u0000", "a.b.c", "{".repeat(5000), "<img src=x onerror=alert(1)>"]) {
      await enter(tab, "pasted", text);
      await untilVerdict(tab, text === "" ? /^Paste a proof/ : /^Refused/);
    }
    deepStrictEqual(await tab.run(`return document.querySelectorAll("#result img").length`), 0);
  }),
};

const sendsNothing: Case = {
  name: "debugger: nothing leaves the page, and its policy forbids it",
  run: onPage(async (tab, stage) => {
    await click(tab, "mint");
    await untilVerdict(tab, /^Accepted/);
    const used = await tab.run(
      `return performance.getEntriesByType("resource").map(({ name }) => name)`,
    );
    deepStrictEqual(used, []);
    const outside = (tab.requested?.() ?? []).filter((url) => !/^(?:file|data):/.test(url));
    deepStrictEqual(outside, []);
    const refused = await tab.run(`
      const target = ${JSON.stringify(`${stage.app}/blank`)};
      const refused = [];
      addEventListener("securitypolicyviolation", ({ effectiveDirective }) => refused.push(effectiveDirective));
      const settled = await Promise.allSettled([fetch(target)]);
      try { new WebSocket(target.replace("http", "ws")); } catch {}
      try { navigator.sendBeacon(target, "a"); } catch {}
      document.body.append(Object.assign(new Image(), { src: target }));
      document.head.append(Object.assign(document.createElement("script"), { src: target }));
      document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: target }));
      document.body.append(Object.assign(document.createElement("iframe"), { src: target }));
      const form = Object.assign(document.createElement("form"), { action: target, method: "post" });
      document.body.append(form);
      try { form.submit(); } catch {}
      await new Promise((done) => setTimeout(done, 500));
      return [settled[0].status, ...new Set(refused)].sort();`);
    ok(Array.isArray(refused) && refused.includes("rejected"), "fetch was not refused");
    for (const directive of ["connect-src", "img-src", "style-src-elem", "form-action"]) {
      ok(refused.includes(directive), `${directive} was not refused: ${refused.join(" ")}`);
    }
    deepStrictEqual(stage.asked, []);
  }),
};

const isAccessible: Case = {
  name: "debugger: axe finds nothing, in light and dark, wide and narrow; all works by keyboard",
  run: onPage(async (tab) => {
    const axe = await readFile(
      createRequire(import.meta.url).resolve("../runtimes/node_modules/axe-core/axe.min.js"),
      "utf8",
    );
    await tab.run(`${axe}\n;`);
    const check = async (state: string): Promise<void> => {
      const found = await tab.run(`
        const { violations, incomplete, passes } = await axe.run(document);
        return {
          faults: violations.map(({ id, nodes }) => id + " " + nodes.map(({ html }) => html).join(" ")),
          passed: passes.length,
        };`);
      const { faults, passed } = found as { faults: string[]; passed: number }; // as the script returns it
      deepStrictEqual(faults, [], state);
      ok(passed > 20, "axe looked at little");
    };
    await check("empty");
    await click(tab, "mint");
    await untilVerdict(tab, /^Accepted/);
    await check("a good proof");
    await tab.run(`document.getElementById("kind").value = "prefix";`);
    await click(tab, "mint");
    await untilVerdict(tab, /^Refused/);
    await check("a bad proof");
    // The other colours: those of the style sheet for dark, without asking for the preference.
    await tab.run(`
      for (const rule of [...document.styleSheets[0].cssRules]) {
        if (rule.media?.mediaText.includes("dark")) {
          for (const one of rule.cssRules) document.styleSheets[0].insertRule(one.cssText, document.styleSheets[0].cssRules.length);
        }
      }`);
    await check("the other colours");
    const reached = await tab.run(`
      return [...document.querySelectorAll("textarea, input, select, button")]
        .map((control) => (control.focus(), document.activeElement === control && control.tabIndex === 0));`);
    ok(
      Array.isArray(reached) && reached.length > 10 && reached.every(Boolean),
      "a control has no focus",
    );
  }),
};

const isNarrow: Case = {
  name: "debugger: 360 px are enough",
  run: onPage(async (tab) => {
    await click(tab, "mint");
    await untilVerdict(tab, /^Accepted/);
    const wide = await tab.run(`
      document.documentElement.style.width = "360px";
      return [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > 361)
        .map((one) => one.outerHTML.slice(0, 80));`);
    deepStrictEqual(wide, []);
  }),
};

export const cases: readonly Case[] = [
  makesEveryKind,
  readsRequests,
  sendsNothing,
  isAccessible,
  isNarrow,
];
