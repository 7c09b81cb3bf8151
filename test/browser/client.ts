// createDpopFetch in a page, with an API of another origin: what CORS hides, and what a browser does by itself.
import { deepStrictEqual, equal, match } from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { accessControlExposeHeaders, createVerifier, jwkThumbprint, parseProof } from "dpop-core";
import { bundle } from "../../examples/browser/bundle.js";
import type { Browser } from "./browser.js";
import type { Case } from "./stage.js";

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request, and what the verifier says to its proof. */
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly nonce: unknown;
  /** "ok", or why the proof is refused. */
  readonly verdict: string;
  readonly body: string;
}

interface Api {
  /** The field Access-Control-Expose-Headers. */
  readonly exposed: string;
  answer(asked: Asked): Answer;
}

const ALL = accessControlExposeHeaders();
const refused: Answer = {
  status: 401,
  headers: { "WWW-Authenticate": 'DPoP error="invalid_dpop_proof"' },
};
const onlyGood = ({ verdict }: Asked): Answer => (verdict === "ok" ? { status: 200 } : refused);

/** Calls an API of another origin from a page, and returns what the page and the API saw. */
async function callFromPage(
  browser: Browser,
  { exposed, answer }: Api,
  path: string,
  init: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly seen: Readonly<Record<string, unknown>>; readonly asked: readonly Asked[] }> {
  const script = await bundle(new URL("client-page.ts", import.meta.url), "esm");
  const asked: Asked[] = [];
  const app = await listen((_, response) => {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(
      `<!doctype html><link rel="icon" href="data:,"><script type="module">${script}</script>`,
    );
  });
  const api = await listen(async (request, response) => {
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Allow-Headers", "authorization, dpop, content-type");
    response.setHeader("Access-Control-Allow-Methods", "GET, POST");
    response.setHeader("Access-Control-Expose-Headers", exposed);
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    const one = await readAsked(request, api.origin);
    asked.push(one);
    const { status, headers = {} } = answer(one);
    response.writeHead(status, headers).end("answered");
  });
  try {
    const tab = await browser.open(app.origin);
    const seen = await tab.run(
      `return call(${JSON.stringify(api.origin + path)}, ${JSON.stringify(init)});`,
    );
    return { seen: seen as Readonly<Record<string, unknown>>, asked }; // the page returns an object
  } finally {
    app.close();
    api.close();
  }
}

/** Of no proof. */
const NO_KEY = "A".repeat(43);

async function readAsked(request: IncomingMessage, origin: string): Promise<Asked> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  const { method = "", url: path = "", headersDistinct } = request;
  const [proof] = headersDistinct["dpop"] ?? [];
  const parsed = parseProof(proof);
  const result = createVerifier({ replay: "none" }).verify(proof, {
    method,
    url: origin + path,
    accessToken: "a-token",
    jkt: parsed.ok ? jwkThumbprint(parsed.jwk) : NO_KEY,
  });
  const nonce = parsed.ok ? parsed.claims.nonce : undefined;
  return { method, path, nonce, verdict: result.ok ? "ok" : result.code, body };
}

interface Listening {
  readonly origin: string;
  close(): void;
}

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<Listening> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    origin: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const verdicts = (asked: readonly Asked[]): string[] => asked.map(({ verdict }) => verdict);

function asksFor(answer: Answer): (asked: Asked) => Answer {
  const headers = { ...answer.headers, "DPoP-Nonce": "n1" };
  return ({ nonce }) => (nonce === "n1" ? { status: 200 } : { ...answer, headers });
}

const nonceCase = (how: string, exposed: string, answer: Answer): Case => ({
  name: `a nonce is asked for by ${how}`,
  async run({ browser }) {
    const { seen, asked } = await callFromPage(browser, { exposed, answer: asksFor(answer) }, "/");
    equal(seen["status"], 200);
    deepStrictEqual(
      asked.map(({ nonce }) => nonce),
      [undefined, "n1"],
    );
  },
});

export const cases: readonly Case[] = [
  {
    name: "a device 200 seconds ahead gets into an API of another origin, which exposes Date",
    async run({ browser }) {
      const api = { exposed: ALL, answer: onlyGood };
      const { seen, asked } = await callFromPage(browser, api, "/", { skew: 200 });
      deepStrictEqual([seen["status"], verdicts(asked)], [200, ["iat_in_future", "ok"]]);
    },
  },
  {
    name: "a device 200 seconds behind gets in where the challenge is hidden and Date is exposed",
    async run({ browser }) {
      const api = { exposed: "Date", answer: onlyGood };
      const { seen, asked } = await callFromPage(browser, api, "/", { skew: -200 });
      deepStrictEqual([seen["status"], verdicts(asked)], [200, ["iat_too_old", "ok"]]);
    },
  },
  {
    name: "a refusal that CORS hides is one request, and its message names CORS",
    async run({ browser }) {
      const api = { exposed: "", answer: onlyGood };
      const { seen, asked } = await callFromPage(browser, api, "/", { skew: 200 });
      deepStrictEqual([seen["status"], verdicts(asked)], [401, ["iat_in_future"]]);
      match(String(seen["message"]), /not exposed by CORS\?/);
    },
  },
  nonceCase("a challenge that CORS hides", "DPoP-Nonce", {
    status: 401,
    headers: { "WWW-Authenticate": 'DPoP error="use_dpop_nonce"' },
  }),
  nonceCase("status 400 and a challenge", ALL, {
    status: 400,
    headers: { "WWW-Authenticate": 'DPoP error="use_dpop_nonce"' },
  }),
  nonceCase("invalid_dpop_nonce", ALL, {
    status: 401,
    headers: { "WWW-Authenticate": 'DPoP error="invalid_dpop_nonce"' },
  }),
  {
    name: "a redirect is followed where the caller says so, with a proof for the new URL",
    async run({ browser }) {
      const answer = (asked: Asked): Answer =>
        asked.path === "/old"
          ? { status: 307, headers: { Location: "/new?x=y" } }
          : onlyGood(asked);
      const api = { exposed: ALL, answer };
      const { seen, asked } = await callFromPage(browser, api, "/old", { redirect: "follow" });
      equal(seen["status"], 200);
      deepStrictEqual(
        asked.map(({ path, verdict }) => `${path} ${verdict}`),
        ["/old ok", "/new?x=y htu_mismatch", "/new?x=y ok"],
      );
      const byDefault = await callFromPage(browser, api, "/old");
      deepStrictEqual(
        [byDefault.seen["type"], byDefault.asked.map(({ path }) => path)],
        ["opaqueredirect", ["/old"]],
      );
    },
  },
  {
    name: "a Request with a body is sent again with it",
    async run({ browser }) {
      const api = {
        exposed: ALL,
        answer: asksFor({
          status: 401,
          headers: { "WWW-Authenticate": "DPoP error=use_dpop_nonce" },
        }),
      };
      const init = { method: "POST", body: "x".repeat(100_000), asRequest: true };
      const { seen, asked } = await callFromPage(browser, api, "/", init);
      equal(seen["status"], 200);
      deepStrictEqual(
        asked.map(({ body }) => body === init.body),
        [true, true],
      );
    },
  },
];
