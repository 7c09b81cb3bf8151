// The examples of libraries that docs/client.md lists, at an issuer and an API that want nonces.
import { createClientSession, createSigner, generatePrivateJwk } from "dpop-core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createApiFetch, type Fetch } from "../../examples/clients/api-fetch.js";
import * as axios from "../../examples/clients/axios.js";
import { extendGot } from "../../examples/clients/got.js";
import * as graphqlRequest from "../../examples/clients/graphql-request.js";
import * as ky from "../../examples/clients/ky.js";
import * as oauth4webapi from "../../examples/clients/oauth4webapi.js";
import * as ofetch from "../../examples/clients/ofetch.js";
import * as openapiFetch from "../../examples/clients/openapi-fetch.js";
import * as openidClient from "../../examples/clients/openid-client.js";
import { type Account, createRefresh } from "../../examples/clients/refresh.js";
import type { Thing } from "../../examples/clients/things.js";
import { createTokens, type Session, type Tokens } from "../../examples/clients/tokens.js";
import { type ClientIssuer, clientIssuers } from "./support/client-issuers.js";
import { startThingsApi, type ThingsApi } from "./support/things-api.js";

interface OpenedApi {
  list(): Promise<readonly Thing[] | undefined>;
  add(thing: Thing): Promise<Thing | undefined>;
}

type OpenApi = (url: string, session: Session, tokens: Tokens) => OpenedApi;

const overFetch =
  (open: (url: string, apiFetch: Fetch) => OpenedApi): OpenApi =>
  (url, session, tokens) =>
    open(url, createApiFetch(session, tokens));

/** The libraries that call an API, and how they ask for the list. */
const libraries: readonly (readonly [name: string, list: "GET" | "POST", open: OpenApi])[] = [
  ["ky", "GET", overFetch(ky.openApi)],
  ["axios", "GET", overFetch(axios.openApi)],
  ["openapi-fetch", "GET", overFetch(openapiFetch.openApi)],
  ["ofetch", "GET", overFetch(ofetch.openApi)],
  ["graphql-request", "POST", overFetch(graphqlRequest.openApi)],
  [
    "got",
    "GET",
    (url, session, tokens) => {
      const api = extendGot(url, session, tokens);
      return {
        list: () => api.get("things").json<Thing[]>(),
        add: (json) => api.post("things", { json }).json<Thing>(),
      };
    },
  ],
];

/** What asks for tokens. */
const refreshers = [
  ["no library", createRefresh],
  ["oauth4webapi", oauth4webapi.createRefresh],
  ["openid-client", openidClient.createRefresh],
] as const;

function newSession(): Session {
  return createClientSession({ signer: createSigner(generatePrivateJwk("ES256")) });
}

describe.each(clientIssuers)("at %s", (_issuer, startIssuer) => {
  let issuer: ClientIssuer;
  let api: ThingsApi;
  let session: Session;
  let account: Account;
  /** The status of each token response. */
  let tokenResponses: number[];
  beforeEach(async () => {
    issuer = await startIssuer();
    api = await startThingsApi(issuer.accessTokens);
    session = newSession();
    account = await issuer.accountFor(session.jkt);
    tokenResponses = [];
    const { fetch } = globalThis;
    vi.stubGlobal("fetch", async (...args: Parameters<Fetch>) => {
      const response = await fetch(...args);
      if (response.url === account.tokenEndpoint) tokenResponses.push(response.status);
      return response;
    });
  });
  afterEach(async () => {
    vi.unstubAllGlobals();
    await Promise.all([api.close(), issuer.close()]);
  });

  describe.each(libraries)("%s", (_library, list, openApi) => {
    test("gets a list, adds to it, and goes on when its token is taken back; each nonce costs one request", async () => {
      const opened = openApi(
        api.url,
        session,
        createTokens(session, createRefresh(session, account)),
      );
      expect(await opened.list()).toEqual([{ name: "one" }]);
      expect(tokenResponses.splice(0)).toEqual([400, 200]);
      expect(api.seen.splice(0)).toEqual(["nonce_missing", list]);

      expect(await opened.add({ name: "two" })).toEqual({ name: "two" });
      expect(api.seen.splice(0)).toEqual(["POST"]);

      api.revoke();
      expect(await opened.list()).toEqual([{ name: "one" }, { name: "two" }]);
      expect(tokenResponses).toEqual([200]);
      expect(api.seen).toEqual(["token_inactive", list]);
    });

    test("adds with its first request, and with one whose token was taken back, each time once", async () => {
      const opened = openApi(
        api.url,
        session,
        createTokens(session, createRefresh(session, account)),
      );
      expect(await opened.add({ name: "two" })).toEqual({ name: "two" });
      expect(api.seen.splice(0)).toEqual(["nonce_missing", "POST"]);
      expect(tokenResponses.splice(0)).toEqual([400, 200]);
      api.revoke();
      expect(await opened.add({ name: "three" })).toEqual({ name: "three" });
      expect(api.seen).toEqual(["token_inactive", "POST"]);
      expect(tokenResponses).toEqual([200]);
      expect(api.things.map(({ name }) => name)).toEqual(["one", "two", "three"]);
    });

    test("gives up when the API refuses a new token too", async () => {
      const stranger = newSession();
      const strange = await issuer.accountFor(stranger.jkt);
      const tokens = createTokens(stranger, createRefresh(stranger, strange));
      await expect(async () => {
        const things = await openApi(api.url, session, tokens).list();
        if (things === undefined) throw new Error("openapi-fetch returns errors");
      }).rejects.toThrow();
      expect(api.seen).toEqual(["nonce_missing", "jkt_mismatch", "jkt_mismatch"]);
      expect(tokenResponses).toEqual([400, 200, 200]);
    });
  });

  describe.each(refreshers)("tokens by %s", (_refresher, refresh) => {
    test("are bound to the key of the session, cost one request more for the nonce, and renew themselves", async () => {
      const tokens = createTokens(session, refresh(session, account));
      const apiFetch = createApiFetch(session, tokens);
      const [first] = await Promise.all([tokens.get(), tokens.get()]);
      expect(tokenResponses.splice(0)).toEqual([400, 200]);
      expect((await apiFetch(`${api.url}/things`)).status).toBe(200);
      tokens.drop(first);
      expect(await tokens.get()).not.toBe(first);
      expect((await apiFetch(`${api.url}/things`)).status).toBe(200);
      expect(tokenResponses).toEqual([200]);
      expect(api.seen).toEqual(["nonce_missing", "GET", "GET"]);
    });

    test("are refused to the key of a stranger", async () => {
      const stranger = newSession();
      await expect(createTokens(stranger, refresh(stranger, account)).get()).rejects.toThrow();
    });
  });
});
