// Requests to a protected resource, right except for what a test overrides, through both kinds of resource server, which
// must agree to the last member.
import { createHash } from "node:crypto";
import {
  type AccessResult,
  createAsyncResourceServer,
  createAsyncVerifier,
  createResourceServer,
  createVerifier,
  type Binding,
  type ResourceRequest,
  type ResourceServerOptions,
} from "dpop-core";
import { expect } from "vitest";
import type { AccessTokens } from "../../src/tokens/access-token.js";
import { JKT_ES256 } from "./keys.js";
import { mint, type MintOptions, NOW } from "./mint.js";
import type { PolicyData } from "./policy.js";
import { optionsOf } from "./run.js";

export const TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
export const API_URL = "https://resource.example.org/protectedresource";
export const BOUND: Binding = { jkt: JKT_ES256 };

/** A proof for a GET of API_URL with TOKEN. */
export function apiProof({ claims, ...rest }: MintOptions = {}): string {
  const ath = createHash("sha256").update(TOKEN).digest("base64url");
  return mint({ ...rest, claims: { htm: "GET", htu: API_URL, ath, ...claims } });
}

export const apiRequest = (over: Partial<ResourceRequest> = {}): ResourceRequest => ({
  method: "GET",
  url: API_URL,
  authorization: `DPoP ${TOKEN}`,
  proof: apiProof(),
  now: NOW,
  ...over,
});

/** What a test says of the access token: what it is bound to, or a function of it. */
export type TestBinding = Binding | null | ((accessToken: string) => Binding | null);

/** What every token says. */
export const CLAIMS = { sub: "someone", scope: "read list" } as const;

export function tokensOf(binding: TestBinding): AccessTokens<typeof CLAIMS> {
  return (accessToken) => ({
    binding: typeof binding === "function" ? binding(accessToken) : binding,
    claims: CLAIMS,
  });
}

/** Every token is bound to the key of apiProof. */
export const accessTokens: AccessTokens<typeof CLAIMS> = tokensOf(BOUND);

export type TestRequest = ResourceRequest & { readonly binding: TestBinding };

export type ServerData = Partial<Omit<ResourceServerOptions, "verifier" | "accessTokens">> & {
  readonly policy?: PolicyData;
};

/** The answer, the same from both. */
export async function authenticate(
  { binding = BOUND, ...over }: Partial<TestRequest> = {},
  { policy = {}, ...options }: ServerData = {},
): Promise<AccessResult<typeof CLAIMS>> {
  const request = apiRequest(over);
  const look = tokensOf(binding);
  const sync = createResourceServer({
    verifier: createVerifier(optionsOf(policy)),
    accessTokens: look,
    ...options,
  });
  const async = createAsyncResourceServer({
    verifier: createAsyncVerifier(optionsOf(policy)),
    accessTokens: async (token, hash) => look(token, hash),
    ...options,
  });
  const result = sync.authenticate(request);
  expect(await async.authenticate(request)).toEqual(result);
  return result;
}

/** "ok" or the code of the failure. */
export async function accessOutcome(
  over: Partial<TestRequest> = {},
  server: ServerData = {},
): Promise<string> {
  const result = await authenticate(over, server);
  return result.ok ? "ok" : result.failure.code;
}
