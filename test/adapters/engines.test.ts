// The guards of fetch and Hono inside Bun, Deno and workerd. Without --all, those that are installed.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Folder, openFolder } from "../support/process.js";
import { buildWorker, ENGINES, startEngine, type RunningEngine } from "./engines/engines.js";
import { NONCE, ORIGIN, UNREACHABLE } from "./engines/facts.js";
import { createKey, type Key, prove } from "./support/client.js";
import { type RawResponse, send } from "./support/wire.js";

let folder: Folder;
let key: Key;
beforeAll(async () => {
  folder = openFolder();
  key = await createKey();
  await buildWorker(folder.path);
});
afterAll(() => folder.remove());

const isAll = process.env["ADAPTERS_ALL"] === "1";
const chosen = ENGINES.filter(({ program }) => isAll || program !== null);

interface Call {
  readonly path?: string;
  readonly scope?: string;
  readonly nonce?: string | undefined;
  readonly proof?: string;
}

describe.each(chosen.map((engine) => [engine.name, engine] as const))("%s", (_, engine) => {
  let running: RunningEngine;
  beforeAll(async () => {
    running = await startEngine(engine, folder.path);
  });
  afterAll(() => running.service.stop());

  const get = (target: string, headers: readonly (readonly [string, string])[] = []) =>
    send({ port: running.port }, { method: "GET", target, headers });

  describe.each(["fetch", "hono"])("%s", (adapter) => {
    const tokenOf = (scope = "read"): string => `${scope}~${key.jkt}`;
    const proofOf = ({ path = "/orders", scope, nonce }: Call): Promise<string> => {
      const htu = `${ORIGIN}/${adapter}${path}`;
      return prove(key, { htm: "GET", htu, token: tokenOf(scope), nonce });
    };
    const call = async (wanted: Call): Promise<RawResponse> => {
      const { path = "/orders", scope, proof = await proofOf(wanted) } = wanted;
      return get(`/${adapter}${path}`, [
        ["Authorization", `DPoP ${tokenOf(scope)}`],
        ["DPoP", proof],
      ]);
    };
    const expectNonce = (response: RawResponse): void => {
      expect(response.one("DPoP-Nonce")).toBe(NONCE);
      expect(response.one("Cache-Control")).toBe("no-store");
    };

    test("a good request has access, also by an encoded path", async () => {
      for (const path of ["/orders", "/a%2Fb%20c"]) {
        const response = await call({ path, nonce: NONCE });
        expect([response.status, response.body]).toEqual([200, '{"sub":"someone"}']);
        expect(response.one("DPoP-Nonce")).toBeUndefined();
      }
    });

    test("a nonce is handed out, taken, and a wrong one is refused", async () => {
      const without = await call({});
      expect(without.status).toBe(200);
      expectNonce(without);
      const wrong = await call({ nonce: "wrong" });
      expect(wrong.status).toBe(401);
      expect(wrong.one("WWW-Authenticate")).toContain("use_dpop_nonce");
      expectNonce(wrong);
    });

    test("a proof is taken once", async () => {
      const proof = await proofOf({ nonce: NONCE });
      expect((await call({ proof })).status).toBe(200);
      const again = await call({ proof });
      expect([again.status, again.body]).toEqual([401, ""]);
      expect(again.one("WWW-Authenticate")).toContain("invalid_dpop_proof");
    });

    test("two proofs, and a request with nothing, are refused", async () => {
      const headers = [["Authorization", `DPoP ${tokenOf()}`] as const];
      const proofs = [await proofOf({ nonce: NONCE }), "another"];
      const twice = proofs.map((proof) => ["DPoP", proof] as const);
      expect((await get(`/${adapter}/orders`, [...headers, ...twice])).status).toBe(401);
      expect((await get(`/${adapter}/orders`)).status).toBe(401);
    });

    test("a token with too small a scope gets 403", async () => {
      expect((await call({ path: "/write", nonce: NONCE })).status).toBe(403);
    });

    test("a redirect has the nonce that is due", async () => {
      const response = await call({ path: "/redirect" });
      expect(response.status).toBe(302);
      expectNonce(response);
    });

    test("a token that can't be checked gets 503, and the log is told", async () => {
      const before = Number((await get("/told")).body);
      const response = await call({ scope: UNREACHABLE, nonce: NONCE });
      expect([response.status, response.body]).toEqual([503, ""]);
      expect(response.one("Retry-After")).toBe("1");
      expect(Number((await get("/told")).body)).toBe(before + 1);
    });
  });
});
