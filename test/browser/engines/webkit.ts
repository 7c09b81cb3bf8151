// WebKitGTK by WebDriver, which runs one command at a time: what takes longer is begun by one, and asked for by others.
import { ask, engines, withWebkit } from "../../runtimes/engines/webkit.js";
import { later, objectOf, withFolder } from "../../support/process.js";
import { begun, type BrowserKind, type Tab } from "../browser.js";

/** Milliseconds for all cases together. */
const LIMIT = 900_000;

/** Milliseconds between two looks at what runs. */
const LOOK_DELAY = 50;

export const browsers: readonly BrowserKind[] = engines.map(({ id, name, debian, find }) => ({
  id,
  name,
  debian,
  find,
  isPrivate: false,
  with: (use) =>
    withFolder((folder) =>
      withWebkit(folder, LIMIT, async (session) => {
        const inTurn = createTurns();
        const first = String(await ask("GET", `${session}/window`)); // it stays, when all tabs are gone
        await use({
          open: async (url) => {
            const tab = tabOf(session, await inTurn(() => openWindow(session, first)), inTurn);
            await tab.goto(url);
            return tab;
          },
        });
      }),
    ),
}));

type InTurn = <T>(run: () => Promise<T>) => Promise<T>;

function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const next = last.then(run);
    last = next.catch(() => undefined);
    return next;
  };
}

async function openWindow(session: string, first: string): Promise<string> {
  await ask("POST", `${session}/window`, { handle: first });
  const opened = objectOf(await ask("POST", `${session}/window/new`, { type: "tab" }));
  return String(opened["handle"]);
}

function tabOf(session: string, handle: string, inTurn: InTurn): Tab {
  const command = (method: "GET" | "POST" | "DELETE", path: string, body?: object) =>
    inTurn(async () => {
      await ask("POST", `${session}/window`, { handle });
      return ask(method, `${session}${path}`, body);
    });
  const execute = (script: string): Promise<unknown> =>
    command("POST", "/execute/sync", { script, args: [] });
  let runs = 0;

  async function run(body: string): Promise<unknown> {
    const id = `run${++runs}`;
    await execute(`
      const runs = (window.dpopCoreRuns ??= {});
      (async () => {\n${body}\n})().then(
        (value) => { runs.${id} = { value }; },
        (error) => { runs.${id} = { error: String(error) }; },
      );`);
    for (;;) {
      // null also where the page has gone, and the run with it.
      const found = await execute(
        `return window.dpopCoreRuns ? window.dpopCoreRuns.${id} ?? "runs" : "gone";`,
      );
      if (found === "gone") throw new Error("the page went away");
      if (found !== "runs") {
        const { value, error } = objectOf(found);
        if (error !== undefined) throw new Error(String(error));
        return value;
      }
      await later(LOOK_DELAY);
    }
  }

  return {
    goto: async (url) => void (await command("POST", "/url", { url })),
    run,
    begin: async (script) => void (await execute(begun(script))),
    url: async () => String(await command("GET", "/url")),
    kill: async () => void (await command("DELETE", "/window")),
  };
}
