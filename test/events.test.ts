// Events of the roles: what a metric or a log needs, and nothing that a thief could use.
import {
  createAsyncAuthorizationServer,
  createAsyncResourceServer,
  createAsyncVerifier,
  createAuthorizationServer,
  createMemoryReplayStore,
  createNonceIssuer,
  createResourceServer,
  createVerifier,
  type PushedRequest,
  type ResourceRequest,
  type ServerEvent,
  type TokenRequest,
} from "dpop-core";
import { describe, expect, test } from "vitest";
import type { OnEvent } from "../src/server/event.js";
import { JKT_ES256, JKT_OTHER } from "./support/keys.js";
import { mint, NOW } from "./support/mint.js";
import {
  accessTokens,
  API_URL,
  apiProof,
  apiRequest,
  TOKEN,
  tokensOf,
} from "./support/resource.js";

interface Servers {
  authenticate(request: ResourceRequest): unknown;
  checkTokenRequest(request: TokenRequest): unknown;
  checkPushedRequest(request: PushedRequest): unknown;
}

const KINDS: readonly (readonly [string, (onEvent: OnEvent) => Servers])[] = [
  [
    "at once",
    (onEvent) => {
      const verifier = createVerifier({ replay: createMemoryReplayStore() });
      return {
        ...createResourceServer({ verifier, accessTokens, onEvent, unboundTokens: "accepted" }),
        ...createAuthorizationServer({ verifier, onEvent }),
      };
    },
  ],
  [
    "later",
    (onEvent) => {
      const verifier = createAsyncVerifier({ replay: createMemoryReplayStore() });
      return {
        ...createAsyncResourceServer({
          verifier,
          accessTokens,
          onEvent,
          unboundTokens: "accepted",
        }),
        ...createAsyncAuthorizationServer({ verifier, onEvent }),
      };
    },
  ],
];

const TOKEN_URL = "https://server.example.com/token";
const tokenRequest = (over: Partial<TokenRequest> = {}): TokenRequest => ({
  method: "POST",
  url: `${TOKEN_URL}?secret=1`,
  proof: mint(),
  clientType: "public",
  boundAccessTokens: true,
  grant: { type: "client_credentials" },
  now: NOW,
  ...over,
});
const resource = { place: "resource", method: "GET", url: API_URL } as const;
const token = { place: "token", method: "POST", url: TOKEN_URL } as const;
const granted = { outcome: "granted", jkt: JKT_ES256, alg: "ES256" } as const;

describe.each(KINDS)("servers that answer %s", (_, make) => {
  async function eventsOf(ask: (servers: Servers) => unknown): Promise<readonly ServerEvent[]> {
    const events: ServerEvent[] = [];
    await ask(make((event) => events.push(event)));
    return events;
  }

  test("tell of access, with the key, the label and the scheme, without the query", async () => {
    const url = `${API_URL}?access_token=secret#part`;
    expect(await eventsOf((all) => all.authenticate(apiRequest({ url })))).toEqual([
      { ...resource, ...granted, scheme: "DPoP" },
    ]);
  });

  test("tell why access was refused, and how far a clock is off", async () => {
    const proof = apiProof({ claims: { iat: NOW - 100 } });
    expect(await eventsOf((all) => all.authenticate(apiRequest({ proof })))).toEqual([
      { ...resource, outcome: "refused", code: "iat_too_old", clockOffset: -100 },
    ]);
    const scope = ["write"];
    expect(await eventsOf((all) => all.authenticate(apiRequest({ scope })))).toEqual([
      { ...resource, outcome: "refused", code: "scope_insufficient" },
    ]);
  });

  test("tell by the name detail what differed, and leave it out of JSON, of a copy and of what a log walks over", async () => {
    const url = `${API_URL}/other?secret=1`;
    const [event, ...more] = await eventsOf((all) => all.authenticate(apiRequest({ url })));
    expect(more).toEqual([]);
    expect(event?.detail).toEqual({ htu: API_URL, url: `${API_URL}/other` });
    expect(Object.keys({ ...event })).not.toContain("detail");
    expect(JSON.stringify(event)).not.toContain("detail");
    const missing = tokenRequest({ proof: mint({ claims: { jti: undefined } }) });
    const [refused] = await eventsOf((all) => all.checkTokenRequest(missing));
    expect(refused?.detail).toEqual({ claim: "jti" });
    const [good] = await eventsOf((all) => all.checkTokenRequest(tokenRequest()));
    expect(good !== undefined && "detail" in good).toBe(false);
  });

  test("tell of tokens, and why none was granted", async () => {
    expect(await eventsOf((all) => all.checkTokenRequest(tokenRequest()))).toEqual([
      { ...token, ...granted },
    ]);
    const bound = { type: "refresh_token", jkt: JKT_OTHER } as const;
    const refused = tokenRequest({ grant: bound });
    expect(await eventsOf((all) => all.checkTokenRequest(refused))).toEqual([
      { ...token, outcome: "refused", code: "jkt_mismatch" },
    ]);
    const unbound = tokenRequest({ proof: undefined, boundAccessTokens: false });
    expect(await eventsOf((all) => all.checkTokenRequest(unbound))).toEqual([
      { ...token, outcome: "granted" },
    ]);
  });

  test("tell of pushed requests", async () => {
    const pushed = { method: "POST", url: TOKEN_URL, now: NOW, dpopJkt: undefined };
    const place = "pushed";
    const ask = async (over: Partial<PushedRequest>) =>
      eventsOf((all) => all.checkPushedRequest({ ...pushed, proof: mint(), ...over }));
    expect(await ask({})).toEqual([{ ...token, place, ...granted }]);
    expect(await ask({ dpopJkt: "x" })).toEqual([
      { ...token, place, outcome: "refused", code: "dpop_jkt_invalid" },
    ]);
  });

  test("that find a replay tell of both requests", async () => {
    const request = apiRequest();
    const events = await eventsOf(async (all) => {
      await all.authenticate(request);
      await all.authenticate(request);
    });
    expect(events.map(({ outcome, code }) => [outcome, code])).toEqual([
      ["granted", undefined],
      ["refused", "jti_replayed"],
    ]);
  });

  test("grant nothing where onEvent throws", async () => {
    const servers = make(() => {
      throw new Error("disk is full");
    });
    await expect(async () => servers.authenticate(apiRequest())).rejects.toThrow("disk is full");
    await expect(async () => servers.checkTokenRequest(tokenRequest())).rejects.toThrow(
      "disk is full",
    );
  });

  test("tell of no request that is a mistake of the programmer", async () => {
    const events: ServerEvent[] = [];
    const servers = make((event) => events.push(event));
    await expect(async () => servers.authenticate(apiRequest({ url: "/a" }))).rejects.toThrow(
      "url",
    );
    expect(events).toEqual([]);
  });
});

describe("what a part throws", () => {
  const broken = (): never => {
    throw new Error("database");
  };

  test("is told as an error without its message, and propagates", async () => {
    const events: ServerEvent[] = [];
    const onEvent = (event: ServerEvent): number => events.push(event);
    const sync = createResourceServer({
      verifier: createVerifier({ replay: "none" }),
      accessTokens: broken,
      onEvent,
    });
    expect(() => sync.authenticate(apiRequest())).toThrow("database");
    const later = createAsyncResourceServer({
      verifier: createAsyncVerifier({ replay: { add: broken } }),
      accessTokens: async (given, hash) => accessTokens(given, hash),
      onEvent,
    });
    await expect(later.authenticate(apiRequest())).rejects.toThrow("database");
    const endpoint = createAuthorizationServer({
      verifier: createVerifier({ replay: "none" }),
      onEvent,
    });
    expect(() => endpoint.checkTokenRequest(tokenRequest({ grant: broken }))).toThrow("database");
    expect(events).toEqual([
      { ...resource, outcome: "error" },
      { ...resource, outcome: "error" },
      { ...token, outcome: "error" },
    ]);
  });
});

test("no event holds a token, a proof, a nonce or a key, whatever is asked", () => {
  const clock = (): number => NOW;
  const nonce = createNonceIssuer({
    secrets: [Uint8Array.from({ length: 32 }, (_, i) => i)],
    audience: "a",
    clock,
  });
  const fresh = nonce.issue(NOW);
  const events: ServerEvent[] = [];
  const onEvent = (event: ServerEvent): number => events.push(event);
  const verifier = createVerifier({ nonce, noncePolicy: "optional", replay: "none", clock });
  const secrets: string[] = [TOKEN, fresh, "a-secret-in-the-query"];
  for (const binding of [
    { jkt: JKT_ES256 },
    { jkt: JKT_OTHER },
    { unbound: true },
    null,
  ] as const) {
    const api = createResourceServer({
      verifier,
      accessTokens: tokensOf(binding),
      unboundTokens: "accepted",
      onEvent,
    });
    for (const scheme of ["DPoP", "Bearer", "Basic", ""]) {
      for (const claims of [{}, { nonce: fresh }, { nonce: "stale" }, { iat: 1 }, { htm: "PUT" }]) {
        const proof = apiProof({ claims });
        secrets.push(...proof.split("."));
        const url = `${API_URL}?token=a-secret-in-the-query`;
        api.authenticate(apiRequest({ url, authorization: `${scheme} ${TOKEN}`, proof }));
      }
    }
  }
  const { x, y } = JSON.parse(
    atob((secrets[3] ?? "").replaceAll("-", "+").replaceAll("_", "/")),
  ).jwk;
  const told = JSON.stringify(events);
  expect(events.length).toBe(80);
  expect(new Set(events.map(({ code }) => code)).size).toBeGreaterThan(6);
  for (const secret of [...secrets, x, y]) expect(told).not.toContain(secret);
});
