// What a browser is given: a page of 127.0.0.1 that imports the suite, with the published files as
// they are, and posts the report back. Such an address is a secure context, so crypto.subtle is there.
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join, resolve, sep } from "node:path";
import { within } from "../../support/process.js";
import { DIST, RUN_LIMIT } from "./places.js";

/** The second one takes the engine's own Ed25519 away, so that the suite finds that it lacks it. */
export type PageName = "suite" | "suite, no Ed25519" | "import map";

const REPORT_PATH = "/report";
const FAILURE_PATH = "/failure";

/** Characters; a report is some thousands. */
const BODY_LIMIT = 4_000_000;

/**
 * Serves a page till it has posted its report, which it resolves to. `open` makes a browser show
 * the page, and `posted` settles when it is done with it; both may fail, and so does this then.
 */
export async function withPage(
  name: PageName,
  open: (url: string, posted: Promise<string>) => Promise<string>,
): Promise<string> {
  const { posted, listener, giveUp } = answering(PAGES[name]);
  const server = createServer(listener);
  await new Promise<void>((done, failed) => {
    server.once("error", failed);
    server.listen(0, "127.0.0.1", done);
  });
  const outcome = within(RUN_LIMIT, `the page with the ${name}`, posted);
  outcome.catch(() => undefined); // it is awaited, perhaps later
  try {
    return await open(`http://127.0.0.1:${portOf(server)}/`, outcome);
  } finally {
    giveUp(); // ends the wait where it is still on
    server.closeAllConnections();
    server.close();
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the server has no port");
  return address.port;
}

/** What serves a page and the published files, and the promise of what the page posts. */
function answering(page: string): {
  readonly posted: Promise<string>;
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void;
  readonly giveUp: () => void;
} {
  let succeed = (_report: string): void => undefined;
  let fail = (_error: Error): void => undefined;
  const posted = new Promise<string>((resolved, rejected) => {
    succeed = resolved;
    fail = rejected;
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? "";
    if (request.method !== "POST") return sendFile(path, page, response);
    const text = await bodyOf(request);
    response.writeHead(204).end();
    if (path === REPORT_PATH) succeed(text);
    if (path === FAILURE_PATH) fail(new Error(text.slice(0, 2_000)));
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch((error: unknown) => {
      response.destroy();
      fail(new Error(`the page's server failed: ${String(error)}`));
    });
  };
  return { posted, listener, giveUp: () => fail(new Error("the browser was closed")) };
}

async function sendFile(path: string, page: string, response: ServerResponse): Promise<void> {
  response.setHeader("cache-control", "no-store");
  // Together they isolate the page, and an isolated page has a finer clock.
  response.setHeader("cross-origin-opener-policy", "same-origin");
  response.setHeader("cross-origin-embedder-policy", "require-corp");
  if (path === "/") {
    response.setHeader("content-type", "text/html; charset=utf-8").end(page);
    return;
  }
  const file = resolve(join(DIST, path));
  const text =
    file.startsWith(resolve(DIST) + sep) && file.endsWith(".js")
      ? await readFile(file).catch(() => null)
      : null;
  if (text === null) response.writeHead(404).end();
  else response.setHeader("content-type", "text/javascript; charset=utf-8").end(text);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > BODY_LIMIT) throw new Error("a body is far longer than a report");
  }
  return text;
}

/** Whatever fails, also while modules are loaded and linked, is posted: no one waits for nothing. */
const HEAD = `<!doctype html><html lang="en"><meta charset="utf-8"><title>dpop-core</title>
<link rel="icon" href="data:,">
<script>
  const post = (path, body) => fetch(path, { method: "POST", body });
  const fail = (text, error) => post("${FAILURE_PATH}", text + " " + (error ? error.stack : ""));
  addEventListener("error", ({ message, error, target }) => {
    fail(message || "not loaded: " + (target.src || "a module that is imported"), error);
  }, true);
  addEventListener("unhandledrejection", ({ reason }) => fail(String(reason), reason));
</script>
`;

const SUITE = `<script type="module">
  import { report } from "./suite.js";
  // Not awaited at the top: not every browser tells of a module that fails there.
  report.then((text) => post("${REPORT_PATH}", text), (error) => fail(String(error), error));
</script>
`;

const NO_ED25519 = `<script>
  for (const [name, place] of [["generateKey", 0], ["importKey", 2]]) {
    const original = SubtleCrypto.prototype[name];
    SubtleCrypto.prototype[name] = async function (...args) {
      const algorithm = args[place]?.name ?? args[place];
      if (algorithm === "Ed25519") throw new DOMException("taken away", "NotSupportedError");
      return original.apply(this, args);
    };
  }
</script>
`;

/** The package without the suite and without any tool: the browser itself resolves its names. */
const IMPORT_MAP = `<script type="importmap">
  { "imports": {
    "dpop-core": "./dpop-core/index.js",
    "dpop-core/webcrypto": "./dpop-core/webcrypto.js"
  } }
</script>
<script type="module">
  import { createProofAsync, createVerifier, jwkThumbprint, verifyProofAsync } from "dpop-core";
  import { createSigner, generateKeyPair, webcrypto } from "dpop-core/webcrypto";

  const asked = { method: "POST", url: "https://server.example.com/token" };
  const signer = await createSigner(await generateKeyPair("ES256"));
  const proof = await createProofAsync(signer, asked, { backend: webcrypto });
  const jkt = jwkThumbprint(signer.publicJwk);
  const verifier = createVerifier({ replay: "none" });
  const other = { method: "GET", url: asked.url };
  const code = (result) => (result.ok ? result.jkt : result.code);
  const seen = {
    noble: [
      ["a proof is verified", code(verifier.verify(proof, asked)), jkt],
      ["another method is refused", code(verifier.verify(proof, other)), "htm_mismatch"],
    ],
    webcrypto: [
      ["a proof is verified", code(await verifyProofAsync(proof, asked, { backend: webcrypto, replay: "none" })), jkt],
      ["another method is refused", code(await verifyProofAsync(proof, other, { backend: webcrypto, replay: "none" })), "htm_mismatch"],
    ],
  };
  const backends = Object.entries(seen).map(([name, checks]) => {
    const failures = checks
      .filter(([, found, due]) => found !== due)
      .map(([title, found]) => "import map: " + title + ": " + found);
    const failed = failures.length;
    return { name, passed: checks.length - failed, failed, failures };
  });
  post("${REPORT_PATH}", JSON.stringify({ backends }));
</script>
`;

const PAGES: Readonly<Record<PageName, string>> = {
  suite: `${HEAD}${SUITE}`,
  "suite, no Ed25519": `${HEAD}${NO_ED25519}${SUITE}`,
  "import map": `${HEAD}${IMPORT_MAP}`,
};
