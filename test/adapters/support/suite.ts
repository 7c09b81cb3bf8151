// The suite that every adapter passes: one API in its framework, over real HTTP, behind a proxy with TLS that strips
// the prefix /v1.
import { createProof, createSigner, FAILURES } from "dpop-core";
import type { GuardOptions } from "dpop-core/express";
import * as dpop from "dpop";
import { exportJWK } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Claims, createApi, NONCE, OLD_NONCE, SECRET, UNREACHABLE } from "./api.js";
import { makeCertificate } from "./certificate.js";
import { createKey, issue, type Key, prove } from "./client.js";
import type { Running, TestServer } from "./server.js";
import { type Proxy, type RawRequest, type RawResponse, send, startProxy } from "./wire.js";

const PREFIX = "/v1";
const certificate = makeCertificate();
const { cert: ca } = certificate;

/** What `onError` was told. */
const told: unknown[] = [];

interface Deployed {
  /** What clients call. */
  readonly origin: string;
  readonly backend: number;
  readonly proxy: number;
  close(): Promise<void>;
}

/** Starts a server behind a proxy of its own. */
export async function deploy(
  server: TestServer,
  api: GuardOptions<Claims>["api"],
  more: Pick<GuardOptions<Claims>, "cors" | "problemDetails"> = {},
): Promise<Deployed> {
  const proxy: Proxy = await startProxy(certificate, PREFIX);
  const origin = `https://localhost:${proxy.port}${PREFIX}`;
  const onError: GuardOptions["onError"] = (error, request) => {
    told.push([error, request]);
    throw new Error("a log that fails");
  };
  const running: Running = await server.start({ api, origin, onError, ...more });
  proxy.to(running.port);
  return {
    origin,
    backend: running.port,
    proxy: proxy.port,
    async close() {
      await proxy.close();
      await running.close();
    },
  };
}

/** What a call has that differs from a good GET of /orders. */
interface Call {
  readonly method?: string;
  /** Behind the prefix. */
  readonly path?: string;
  readonly token?: string;
  readonly nonce?: string | undefined;
  readonly key?: Key;
  readonly htm?: string;
  readonly htu?: string;
  /** All header fields, instead of Authorization and DPoP. */
  readonly headers?: RawRequest["headers"];
  readonly more?: RawRequest["headers"];
  readonly body?: string;
}

/** The origin whose scripts may call the API. */
const APP = "https://app.example";

/** Says nothing of an error but its code. */
const NOTHING_TOLD = /10\.0\.0\.7|stack|Error:|node_modules/;

export function runSuite(server: TestServer): void {
  describe(server.name, () => {
    let deployed: Deployed;
    let strict: Deployed;
    /** With CORS and problem details. */
    let browsed: Deployed;
    let key: Key;
    let token: string;
    beforeAll(async () => {
      key = await createKey();
      token = issue(key.jkt);
      deployed = await deploy(server, createApi("optional"));
      strict = await deploy(server, createApi("required"));
      browsed = await deploy(server, createApi("optional"), {
        cors: { origins: [APP] },
        problemDetails: "rfc9457",
      });
    });
    afterAll(async () => {
      await deployed.close();
      await strict.close();
      await browsed.close();
    });
    beforeEach(() => void told.splice(0));

    const fieldsOf = async (call: Call, to = deployed): Promise<RawRequest["headers"]> => {
      const { method = "GET", path = "/orders", nonce = NONCE } = call;
      const { htm = method, htu = to.origin + path.split("?", 1)[0] } = call;
      const used = call.token ?? token;
      const proof = await prove(call.key ?? key, {
        htm,
        htu,
        token: used,
        nonce: "nonce" in call ? call.nonce : nonce,
      });
      return [
        ["Authorization", `DPoP ${used}`],
        ["DPoP", proof],
      ];
    };
    const call = async (wanted: Call = {}, to = deployed): Promise<RawResponse> => {
      const { method = "GET", path = "/orders", body, more = [] } = wanted;
      const headers = [...(wanted.headers ?? (await fieldsOf(wanted, to))), ...more];
      return send({ port: to.proxy, ca }, { method, target: PREFIX + path, headers, body });
    };
    const expectAccess = (response: RawResponse): void => {
      expect([response.status, response.body]).toEqual([200, '{"sub":"someone"}']);
    };
    const expectRefusal = (response: RawResponse, error?: string, status = 401): void => {
      expect(response.status).toBe(status);
      expect(response.body).toBe("");
      expect(response.one("Cache-Control")).toBe("no-store");
      const challenge = response.one("WWW-Authenticate");
      expect(challenge).toMatch(/^DPoP /);
      expect(/error="([^"]*)"/.exec(challenge ?? "")?.[1]).toBe(error);
      expect(told).toEqual([]);
    };
    const expectNonce = (response: RawResponse): void => {
      expect(response.one("DPoP-Nonce")).toBe(NONCE);
      expect(response.one("Cache-Control")).toBe("no-store");
    };

    test("a good request has access, and nothing is said of caches or nonces", async () => {
      const response = await call();
      expectAccess(response);
      expect(response.one("DPoP-Nonce")).toBeUndefined();
      expect(response.one("Cache-Control")).not.toBe("no-store");
    });

    test("a proof of dpop has access", async () => {
      const { privateKey, publicKey } = key;
      const htu = `${deployed.origin}/orders`;
      const proof = await dpop.generateProof({ privateKey, publicKey }, htu, "GET", NONCE, token);
      const headers = [["Authorization", `DPoP ${token}`] as const, ["DPoP", proof] as const];
      expectAccess(await call({ headers }));
    });

    test("a proof of dpop-core has access", async () => {
      const privateJwk = await exportJWK(key.privateKey);
      const signer = createSigner({ ...privateJwk, alg: "ES256" } as Parameters<
        typeof createSigner
      >[0]);
      const url = `${deployed.origin}/orders`;
      const proof = createProof(signer, { method: "GET", url, accessToken: token, nonce: NONCE });
      const headers = [["Authorization", `DPoP ${token}`] as const, ["DPoP", proof] as const];
      expectAccess(await call({ headers }));
    });

    test("a nonce goes round: it is asked for, sent, and renewed", async () => {
      const asked = await call({ nonce: undefined }, strict);
      expectRefusal(asked, "use_dpop_nonce");
      expectNonce(asked);
      expectAccess(await call({ nonce: asked.one("DPoP-Nonce") }, strict));
      const renewed = await call({ nonce: OLD_NONCE }, strict);
      expectAccess(renewed);
      expectNonce(renewed);
    });

    test("a proof is taken once", async () => {
      const headers = await fieldsOf({});
      expectAccess(await call({ headers }));
      expectRefusal(await call({ headers }), "invalid_dpop_proof");
    });

    test("a proof for another method is refused", async () => {
      expectRefusal(await call({ htm: "POST" }), "invalid_dpop_proof");
    });

    test("a proof for the internal URL is refused", async () => {
      const inside = `http://127.0.0.1:${deployed.backend}/orders`;
      for (const htu of [
        inside,
        "http://internal.example/orders",
        `https://localhost:${deployed.proxy}/orders`,
      ])
        expectRefusal(await call({ htu }), "invalid_dpop_proof");
    });

    test("two DPoP fields are refused, whichever is good", async () => {
      const [authorization, proof] = await fieldsOf({});
      for (const headers of [
        [authorization, proof, ["DPoP", "another"]],
        [authorization, ["dpop", "another"], proof],
      ] as RawRequest["headers"][])
        expectRefusal(await call({ headers }), "invalid_dpop_proof");
    });

    test("two Authorization fields are refused, whichever is good", async () => {
      const [authorization, proof] = await fieldsOf({});
      for (const headers of [
        [authorization, ["authorization", "DPoP another"], proof],
        [["Authorization", "Bearer another"], authorization, proof],
      ] as RawRequest["headers"][])
        expectRefusal(await call({ headers }), "invalid_request", 400);
    });

    test("a request with nothing gets a challenge without an error", async () => {
      expectRefusal(await call({ headers: [] }));
    });

    test("a bound token is not taken as Bearer, with a proof or without", async () => {
      const [, proof] = await fieldsOf({});
      const bearer = ["Authorization", `Bearer ${token}`] as const;
      for (const headers of [[bearer], [bearer, ["DPoP", proof?.[1] ?? ""] as const]])
        expectRefusal(await call({ headers }));
    });

    test("a garbage token, an expired one and a thief's key are refused", async () => {
      expectRefusal(await call({ token: "garbage" }), "invalid_token");
      expectRefusal(await call({ token: issue(key.jkt, { isExpired: true }) }), "invalid_token");
      expectRefusal(await call({ key: await createKey() }), "invalid_token");
    });

    test.each([
      "/files/a%2Fb",
      "/files/a%20b",
      "/files/%7Euser",
      "/files/caf%C3%A9?page=2",
      "/files/a//b",
      "/files/x/%2E./y",
    ])("the path %s is the one that was signed", async (path) => {
      expectAccess(await call({ path }));
    });

    test("a token with too small a scope gets 403 and its name; the proof was checked once", async () => {
      const refused = await call({ path: "/write", nonce: OLD_NONCE });
      expectRefusal(refused, "insufficient_scope", 403);
      expect(refused.one("WWW-Authenticate")).toContain('scope="write"');
      expectNonce(refused);
      const wide = issue(key.jkt, { scope: "read write" });
      expectAccess(await call({ path: "/write", token: wide }));
    });

    test("POST has access with its body", async () => {
      const more = [["Content-Type", "application/json"]] as const;
      const post = { method: "POST", body: "{}", more };
      expectAccess(await call(post));
      expectRefusal(await call({ ...post, htm: "GET" }), "invalid_dpop_proof");
    });

    test("an open route is open, also with a bad token", async () => {
      for (const headers of [[], [["Authorization", "DPoP garbage"] as const]]) {
        const response = await call({ path: "/open", headers });
        expect([response.status, response.body]).toEqual([200, '{"open":true}']);
      }
    });

    test("a token that can't be checked gets 503, told to the log and to no client", async () => {
      const response = await call({ token: UNREACHABLE, path: "/orders?secret=1" });
      expect(response.status).toBe(503);
      expect(response.one("Retry-After")).toBe("1");
      expect(response.one("Cache-Control")).toBe("no-store");
      expect(response.one("WWW-Authenticate")).toBeUndefined();
      expect(response.body).toBe("");
      expect(response.text).not.toMatch(NOTHING_TOLD);
      const request = { method: "GET", url: `${deployed.origin}/orders` };
      expect(told).toEqual([[new Error(SECRET), request]]);
    });

    test("a handler's Cache-Control and DPoP-Nonce give way when a nonce is due, and only then", async () => {
      const due = await call({ path: "/cached", nonce: OLD_NONCE });
      expectAccess(due);
      expectNonce(due);
      const fresh = await call({ path: "/cached" });
      expect(fresh.one("Cache-Control")).toBe("public, max-age=60");
    });

    test("a redirect has the nonce that is due", async () => {
      const response = await call({ path: "/redirect", nonce: OLD_NONCE });
      expect(response.status).toBe(302);
      expect(response.one("Location")).toMatch(/\/elsewhere$/);
      expectNonce(response);
    });

    test("an error that the handler throws has the nonce that is due", async () => {
      const response = await call({ path: "/throws", nonce: OLD_NONCE });
      expect(response.status).toBe(500);
      expectNonce(response);
    });

    test("HEAD has access and the nonce, and its refusal no body", async () => {
      const response = await call({ method: "HEAD", nonce: OLD_NONCE });
      expect([response.status, response.body]).toEqual([200, ""]);
      expectNonce(response);
      expectRefusal(await call({ method: "HEAD", htm: "GET" }), "invalid_dpop_proof");
    });

    test("OPTIONS is a request like any other where CORS is not asked for", async () => {
      const preflight = [
        ["Origin", "https://app.example"],
        ["Access-Control-Request-Method", "GET"],
      ] as const;
      const refused = await call({ method: "OPTIONS", headers: preflight });
      expectRefusal(refused);
      expect(refused.text).not.toMatch(/access-control/i);
      expect((await call({ method: "OPTIONS" })).status).toBe(200);
    });

    test("a preflight request is answered before authentication, for an origin that may call", async () => {
      const preflight = (origin: string): RawRequest["headers"] => [
        ["Origin", origin],
        ["Access-Control-Request-Method", "PUT"],
        ["Access-Control-Request-Headers", "authorization,dpop,x-trace,b@d"],
      ];
      const options = { method: "OPTIONS" };
      const allowed = await call({ ...options, headers: preflight(APP) }, browsed);
      expect([allowed.status, allowed.body]).toEqual([204, ""]);
      expect(allowed.one("Access-Control-Allow-Origin")).toBe(APP);
      expect(allowed.one("Access-Control-Allow-Methods")).toBe("PUT");
      expect(allowed.one("Access-Control-Allow-Headers")).toBe("Authorization, DPoP, x-trace");
      expect(allowed.one("Vary")).toMatch(/\bOrigin\b/);
      const other = await call({ ...options, headers: preflight("https://evil.example") }, browsed);
      expect(other.status).toBe(204);
      expect(other.text).not.toMatch(/access-control/i);
      expect(other.one("Vary")).toMatch(/\bOrigin\b/);
    });

    test("a script of that origin sees challenges, nonces and the time, of any response", async () => {
      const more = [["Origin", APP]] as const;
      const responses = [
        await call({ more }, browsed),
        await call({ more, headers: [] }, browsed),
        await call({ more, path: "/throws" }, browsed),
        await call({ more, path: "/redirect" }, browsed),
        await call({ more, token: UNREACHABLE }, browsed),
      ];
      expect(responses.map(({ status }) => status)).toEqual([200, 401, 500, 302, 503]);
      for (const response of responses) {
        expect(response.one("Access-Control-Allow-Origin")).toBe(APP);
        expect(response.one("Access-Control-Expose-Headers")).toBe(
          "WWW-Authenticate, DPoP-Nonce, Date",
        );
        expect(response.one("Vary")).toMatch(/\bOrigin\b/);
      }
      const other = await call({ more: [["Origin", "https://evil.example"]] }, browsed);
      expectAccess(other);
      expect(other.text).not.toMatch(/access-control/i);
    });

    test("problem details tell the reason where they are asked for, and nothing of the request", async () => {
      const refused = await call({ htm: "POST", path: "/orders?echo-me" }, browsed);
      expect(refused.one("Content-Type")).toMatch(/^application\/problem\+json(?:$|;)/);
      expect(JSON.parse(refused.body)).toEqual({
        type: "about:blank",
        title: "Unauthorized",
        status: 401,
        detail: FAILURES.htm_mismatch.message,
      });
      expect(refused.body).not.toContain("echo-me");
      const unavailable = await call({ token: UNREACHABLE }, browsed);
      const title = "Service Unavailable";
      expect(JSON.parse(unavailable.body)).toEqual({ type: "about:blank", title, status: 503 });
      const head = await call({ method: "HEAD", htm: "GET" }, browsed);
      expect([head.status, head.body]).toEqual([401, ""]);
    });

    test("a request target in absolute form names no other host", async () => {
      for (const host of ["http://evil.example", `https://LOCALHOST:${deployed.proxy}`]) {
        const headers = await fieldsOf({});
        const request = { method: "GET", target: `${host}/orders`, headers };
        expectAccess(await send({ port: deployed.backend }, request));
        const forged = await fieldsOf({ htu: `${host}/orders` });
        expectRefusal(
          await send({ port: deployed.backend }, { ...request, headers: forged }),
          "invalid_dpop_proof",
        );
      }
    });
  });
}
