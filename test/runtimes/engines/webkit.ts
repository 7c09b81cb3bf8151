// WebKitGTK: MiniBrowser, by WebDriver, on a screen of its own that no one sees.
//
// Its own Ed25519 is left out. That of 2.50.6 over libgcrypt 1.10.1 crashes the page for a key that is
// no point on the curve, takes signatures with S + L for S, and fails to make one key in a hundred.
import { createServer } from "node:net";
import type { Engine } from "../engine.js";
import { withPage } from "./page.js";
import {
  debianVersion,
  findProgram,
  homelessEnvironment,
  later,
  objectOf,
  START_LIMIT,
  startService,
  within,
  withFolder,
} from "../../support/process.js";
import { RUN_LIMIT } from "./places.js";

const DRIVER = "webkit2gtk-driver";

/** Longer than anything that is waited for here. */
const SERVICE_LIMIT = RUN_LIMIT + 2 * START_LIMIT;

export const engines: readonly Engine[] = [
  {
    id: "webkit",
    name: "WebKitGTK",
    bundle: "published modules",
    backends: ["noble", "fast", "webcrypto"],
    lacks: ["EdDSA", "Ed25519"],
    debian: [DRIVER, "xvfb"],
    async find() {
      if (findProgram("WebKitWebDriver") === null || findProgram("Xvfb") === null) return null;
      return (await debianVersion(DRIVER)) ?? "unknown"; // it has no option that tells
    },
    run: () =>
      withFolder((folder) =>
        withPage("suite, no Ed25519", (url, posted) => runIn(folder, url, posted)),
      ),
  },
];

function runIn(folder: string, url: string, posted: Promise<string>): Promise<string> {
  return withWebkit(folder, SERVICE_LIMIT, async (session) => {
    // Not awaited: the driver responds when the page is loaded, and one that is busy is late.
    const failed = new Promise<never>((_, reject) => {
      ask("POST", `${session}/url`, { url }, RUN_LIMIT).catch(reject);
      crashOf(session, posted).catch(reject);
    });
    failed.catch(() => undefined); // too late to matter, where the page has posted
    return Promise.race([posted, failed]);
  });
}

/**
 * Starts MiniBrowser for as long as `use` takes, which gets the URL of its session of WebDriver. `limit` is in
 * milliseconds.
 */
export async function withWebkit<T>(
  folder: string,
  limit: number,
  use: (session: string) => Promise<T>,
): Promise<T> {
  const env = {
    ...homelessEnvironment(folder),
    GDK_BACKEND: "x11",
    LIBGL_ALWAYS_SOFTWARE: "1",
    NO_AT_BRIDGE: "1", // no bus for accessibility is there to ask
    // A container, or root, can't have the sandbox; the page is our own.
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
  };
  // The server chooses a display that is free, and writes its number to file descriptor 1.
  const screen = startService(
    "Xvfb",
    ["-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp"],
    { limit, env },
  );
  try {
    const display = `:${await within(START_LIMIT, "starting Xvfb", screen.firstLine)}`;
    const port = await freePort();
    const args = ["--host=127.0.0.1", `--port=${port}`];
    const driverEnv = { ...env, DISPLAY: display };
    const driver = startService("WebKitWebDriver", args, { limit, env: driverEnv });
    try {
      return await Promise.race([
        inSession(`http://127.0.0.1:${port}`, use),
        driver.ended,
        screen.ended,
      ]);
    } finally {
      await driver.stop();
    }
  } finally {
    await screen.stop();
  }
}

async function inSession<T>(driver: string, use: (session: string) => Promise<T>): Promise<T> {
  await untilReady(driver);
  const created = objectOf(await ask("POST", `${driver}/session`, { capabilities: {} }));
  const session = `${driver}/session/${String(created["sessionId"])}`;
  try {
    return await use(session);
  } finally {
    await ask("DELETE", session).catch(() => undefined); // its end is the driver's end anyway
  }
}

/** Rejects when the page's process is gone, which the driver tells only who asks. */
async function crashOf(session: string, posted: Promise<string>): Promise<void> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  posted.then(end, end);
  for (;;) {
    await later(1_000);
    if (over) return;
    await ask("GET", `${session}/url`, undefined, RUN_LIMIT); // a busy page is late
  }
}

async function untilReady(driver: string): Promise<void> {
  const end = Date.now() + START_LIMIT;
  for (;;) {
    const status = await ask("GET", `${driver}/status`).catch(() => null);
    if (status !== null) return;
    if (Date.now() > end) throw new Error("WebKitWebDriver doesn't answer");
    await later(100);
  }
}

/** One command of WebDriver. Returns the value of its response. */
export async function ask(
  method: "GET" | "POST" | "DELETE",
  url: string,
  body?: object,
  limit: number = START_LIMIT,
): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(limit),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`WebDriver: ${response.status}: ${text.slice(0, 1_000)}`);
  return objectOf(JSON.parse(text))["value"];
}

/** A port of 127.0.0.1 that no one listens at now; the driver can't choose one itself. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, failed) => {
    server.once("error", failed);
    server.listen(0, "127.0.0.1", done);
  });
  const address = server.address();
  await new Promise<void>((done) => {
    server.close(() => done());
  });
  if (typeof address !== "object" || address === null) throw new Error("the server has no port");
  return address.port;
}
