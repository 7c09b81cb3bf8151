// Four clients that others wrote, each behind the same two calls: a token by client credentials, and an API call.
import * as dpop from "dpop";
import {
  AbstractTokenProvider,
  ApiResponseError,
  DPoPUtils,
  OAuthFetch,
  type TokenProviderGetTokenResponse,
} from "oauth-fetch";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import type { OurServers } from "./our-servers.js";
import { member, textMember } from "./peers.js";

export const LABELS = ["ES256", "Ed25519"] as const;
export type Label = (typeof LABELS)[number];

/** A client that has a key. */
export interface ForeignClient {
  /** The thumbprint of its key, as the client computes it. */
  readonly jkt: string;
  /** Asks for a token and answers the access token of what came. */
  token(): Promise<string>;
  /** Calls the API; one more time where a nonce is wanted. */
  call(accessToken: string): Promise<ApiAnswer>;
}

export interface ApiAnswer {
  readonly status: number;
  /** The error of the DPoP challenge, as the client reads it. */
  readonly error?: string | undefined;
  readonly body?: unknown;
}

export type OpenForeignClient = (servers: OurServers, label: Label) => Promise<ForeignClient>;

export const CLIENT_ID = "a-client";
const CLIENT_SECRET = "nobody looks at it";

const INSECURE = { [oauth.allowInsecureRequests]: true }; // http, on the loopback address

export async function openOauth4webapi(servers: OurServers, label: Label): Promise<ForeignClient> {
  const issuer = new URL(servers.issuer);
  const found = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...INSECURE });
  const as = await oauth.processDiscoveryResponse(issuer, found);
  const client: oauth.Client = { client_id: CLIENT_ID };
  const authentication = oauth.ClientSecretPost(CLIENT_SECRET);
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair(label));
  return {
    jkt: await DPoP.calculateThumbprint(),
    token: () =>
      withNonce(async () => {
        const response = await oauth.clientCredentialsGrantRequest(
          as,
          client,
          authentication,
          {},
          {
            DPoP,
            ...INSECURE,
          },
        );
        const granted = await oauth.processClientCredentialsResponse(as, client, response);
        if (granted.token_type !== "dpop") throw new Error("the token should be bound");
        return granted.access_token;
      }),
    call: (accessToken) =>
      answerOf(() =>
        withNonce(() => {
          const url = new URL(servers.apiUrl);
          const options = { DPoP, ...INSECURE };
          return oauth.protectedResourceRequest(accessToken, "GET", url, undefined, null, options);
        }),
      ),
  };
}

/** What oauth4webapi leaves to its users: the handle has kept the nonce, the request is made again, once. */
export async function withNonce<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return send();
  }
}

export async function openOpenidClient(servers: OurServers, label: Label): Promise<ForeignClient> {
  const config = await openid.discovery(
    new URL(servers.issuer),
    CLIENT_ID,
    CLIENT_SECRET,
    undefined,
    { algorithm: "oauth2", execute: [openid.allowInsecureRequests] },
  );
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair(label));
  return {
    jkt: await DPoP.calculateThumbprint(),
    async token() {
      const granted = await openid.clientCredentialsGrant(config, {}, { DPoP });
      if (granted.token_type !== "dpop") throw new Error("the token should be bound");
      return granted.access_token;
    },
    call: (accessToken) =>
      answerOf(() => {
        const url = new URL(servers.apiUrl);
        return openid.fetchProtectedResource(config, accessToken, url, "GET", null, undefined, {
          DPoP,
        });
      }),
  };
}

/** Both of panva's clients throw where there is a challenge. */
async function answerOf(send: () => Promise<Response>): Promise<ApiAnswer> {
  try {
    const response = await send();
    return { status: response.status, body: await response.json() };
  } catch (error) {
    if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw error;
    const challenge = error.cause.find(({ scheme }) => scheme === "dpop");
    return { status: error.status, error: challenge?.parameters.error };
  }
}

/** The package makes proofs; requests and nonces are its user's, here ours. */
export async function openDpop(servers: OurServers, label: Label): Promise<ForeignClient> {
  const keyPair = await dpop.generateKeyPair(label);
  const send = sender((url, method, nonce, accessToken) =>
    dpop.generateProof(keyPair, url, method, nonce, accessToken),
  );
  return {
    jkt: await dpop.calculateThumbprint(keyPair.publicKey),
    token: () => tokenBy(send, servers),
    async call(accessToken) {
      const response = await send("GET", servers.apiUrl, accessToken);
      const { status } = response;
      if (status === 200) return { status, body: await response.json() };
      return { status, error: challengeError(response) };
    },
  };
}

/** It calls APIs by itself; for the token request it only makes the proof. */
export async function openOauthFetch(servers: OurServers, label: Label): Promise<ForeignClient> {
  const dpopKeyPair = await DPoPUtils.generateKeyPair(
    label === "ES256" ? {} : { algorithm: "EdDSA", curveOrModulus: "Ed25519" },
  );
  const send = sender((url, method, nonce, accessToken) =>
    DPoPUtils.generateProof({
      url: new URL(url),
      method,
      dpopKeyPair,
      ...(nonce === undefined ? {} : { nonce }),
      ...(accessToken === undefined ? {} : { accessToken }),
    }),
  );
  const tokens = new (class extends AbstractTokenProvider {
    accessToken = "";
    override async getToken(): Promise<TokenProviderGetTokenResponse> {
      return { access_token: this.accessToken, token_type: "DPoP" };
    }
  })();
  const api = new URL(servers.apiUrl);
  const client = new OAuthFetch({ baseUrl: api.origin, tokenProvider: tokens, dpopKeyPair });
  return {
    jkt: await DPoPUtils.calculateJwkThumbprint(dpopKeyPair.publicKey),
    token: () => tokenBy(send, servers),
    async call(accessToken) {
      tokens.accessToken = accessToken;
      try {
        return { status: 200, body: await client.get(api.pathname) };
      } catch (error) {
        if (!(error instanceof ApiResponseError)) throw error;
        return { status: error.status, error: challengeError(error.response) };
      }
    },
  };
}

type Send = (method: "GET" | "POST", url: string, accessToken?: string) => Promise<Response>;

/** Requests with the proofs of a package that makes nothing else, one more time where a nonce is wanted. */
function sender(
  proofOf: (
    url: string,
    method: "GET" | "POST",
    nonce: string | undefined,
    accessToken: string | undefined,
  ) => Promise<string>,
): Send {
  const nonces = new Map<string, string>();
  return async function send(method, url, accessToken): Promise<Response> {
    const { origin } = new URL(url);
    const nonce = nonces.get(origin);
    const headers = new Headers({ DPoP: await proofOf(url, method, nonce, accessToken) });
    if (accessToken !== undefined) headers.set("Authorization", `DPoP ${accessToken}`);
    const form = { grant_type: "client_credentials", client_secret: CLIENT_SECRET };
    const body = method === "POST" ? new URLSearchParams(form) : null;
    const response = await fetch(url, { method, headers, body });
    const next = response.headers.get("DPoP-Nonce");
    if (next !== null) nonces.set(origin, next);
    const isAsked = next !== null && nonce === undefined && !response.ok;
    return isAsked ? send(method, url, accessToken) : response;
  };
}

async function tokenBy(send: Send, { tokenUrl }: OurServers): Promise<string> {
  const granted: unknown = await (await send("POST", tokenUrl)).json();
  if (member(granted, "token_type") !== "DPoP") throw new Error("the token should be bound");
  return textMember(granted, "access_token");
}

function challengeError({ headers }: Response): string | undefined {
  const [, error] = (headers.get("WWW-Authenticate") ?? "").split('error="');
  return error?.split('"', 1)[0];
}
