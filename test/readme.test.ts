// The README holds the examples to the letter, every example runs, and its tables say what the code says.
import { createServer } from "node:http";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import {
  createProof,
  createSigner,
  createVerifier,
  FAILURES,
  generatePrivateJwk,
  jwkThumbprint,
} from "dpop-core";
import { describe, expect, test } from "vitest";
import { verifierOver } from "../examples/async-store.js";
import manifest from "../package.json" with { type: "json" };
import { call, signer } from "../examples/client.js";
import { verifier as es384Verifier } from "../examples/own-noble.js";
import { answer } from "../examples/server.js";

const readme = readFileSync("README.md", "utf8");
const blocks = [...readme.matchAll(/<!-- (examples\/[\w-]+\.ts) -->\n\n```ts\n([\s\S]*?)```/g)];

describe("the README", () => {
  test("shows the examples as they are", () => {
    const named = blocks.map(([, file]) => file);
    expect(named).toEqual(
      ["server", "client", "async-store", "own-noble"].map((name) => `examples/${name}.ts`),
    );
    for (const [, file = "", code] of blocks) expect(code).toBe(readFileSync(file, "utf8"));
  });

  test("has no other code but commands", () => {
    expect(readme.match(/^```\w+/gm)?.length).toBe(blocks.length + 1);
  });

  test("has the table of failures", () => {
    const place = ({ status, error }: { status: number; error: string | null }): string =>
      `${status} ${error ?? ""}`.trim();
    const rows = Object.entries(FAILURES).map(([code, { item, resource, token, par }]) => [
      `\`${code}\``,
      item,
      place(resource),
      place(token),
      place(par),
    ]);
    const table = /<!-- failures -->\n\n([\s\S]*?)\n\n/.exec(readme)?.[1] ?? "";
    const shown = table
      .split("\n")
      .slice(2)
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(shown).toEqual(rows);
    expect(readme).toContain(`one of ${rows.length} codes`);
  });

  test("names the defaults that hold", () => {
    expect(createVerifier().algs).toEqual(["ES256", "EdDSA", "Ed25519"]);
    expect(readme).toContain("| ES256, EdDSA, Ed25519 ");
  });

  test("names files and scripts that exist", () => {
    for (const [, script = ""] of readme.matchAll(/`npm run ([\w:]+)/g))
      expect(Object.keys(manifest.scripts)).toContain(script);
    for (const [, file = ""] of readme.matchAll(/`((?:src|test|bench)\/[\w./-]+)`/g)) {
      expect(() => readFileSync(file)).not.toThrow();
    }
  });
});

describe("the examples", () => {
  test("server and client: the call is answered, a replay and a stolen token are not", async () => {
    const jkt = jwkThumbprint(signer.publicJwk);
    let origin = "";
    const server = createServer((req, res) => {
      const token = req.headers.authorization?.slice("DPoP ".length) ?? "";
      const fields = req.headersDistinct["dpop"];
      const { status, challenge } = answer(fields, req.method ?? "", origin + req.url, token, jkt);
      res.writeHead(status, challenge === undefined ? {} : { "WWW-Authenticate": challenge }).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    try {
      expect((await call(`${origin}/things?page=2`, "a-token")).status).toBe(200);
      const request = { method: "GET", url: origin, accessToken: "a-token" };
      const send = (dpop: string): Promise<Response> =>
        fetch(origin, { headers: { authorization: "DPoP a-token", dpop } });
      const used = createProof(signer, request);
      const stolen = createProof(createSigner(generatePrivateJwk("ES256")), request);
      expect((await send(used)).status).toBe(200);
      const without = await fetch(origin, { headers: { authorization: "DPoP a-token" } });
      expect(without.status).toBe(401);
      for (const [proof, error] of [
        [used, "invalid_dpop_proof"],
        [stolen, "invalid_token"],
      ] as const) {
        const refused = await send(proof);
        expect(refused.status).toBe(401);
        expect(refused.headers.get("WWW-Authenticate")).toBe(
          `DPoP error="${error}", algs="ES256 EdDSA Ed25519"`,
        );
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("a store that answers later", async () => {
    const seen = new Set<string>();
    const verifier = verifierOver(async (key) => !seen.has(key) && seen.add(key).size > 0);
    const request = { method: "GET", url: "https://api.example/" };
    const proof = createProof(signer, request);
    expect((await verifier.verify(proof, request)).ok).toBe(true);
    expect(await verifier.verify(proof, request)).toMatchObject({ code: "jti_replayed" });
    const old = createProof(signer, { ...request, iat: Math.floor(Date.now() / 1000) - 40 });
    expect(await verifier.verify(old, request)).toMatchObject({ code: "iat_too_old" });
  });

  test("noble of your own", () => {
    const request = { method: "GET", url: "https://api.example/" };
    const own = createSigner(generatePrivateJwk("ES384"));
    expect(es384Verifier.verify(createProof(own, request), request)).toMatchObject({
      ok: true,
      alg: "ES384",
    });
    const ed = createSigner(generatePrivateJwk("EdDSA"));
    expect(es384Verifier.verify(createProof(ed, request), request)).toMatchObject({
      code: "alg_unsupported",
    });
  });
});
