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
  binding: BOUND,
  now: NOW,
  ...over,
});

export type ServerData = Omit<ResourceServerOptions, "verifier"> & { readonly policy?: PolicyData };

/** The answer, the same from both. */
export async function authenticate(
  over: Partial<ResourceRequest> = {},
  { policy = {}, ...options }: ServerData = {},
): Promise<AccessResult> {
  const request = apiRequest(over);
  const sync = createResourceServer({ verifier: createVerifier(optionsOf(policy)), ...options });
  const async = createAsyncResourceServer({
    verifier: createAsyncVerifier(optionsOf(policy)),
    ...options,
  });
  const result = sync.authenticate(request);
  const { binding } = request;
  const later = typeof binding === "function" ? async (token: string) => binding(token) : binding;
  expect(await async.authenticate({ ...request, binding: later })).toEqual(result);
  return result;
}

/** "ok" or the code of the failure. */
export async function accessOutcome(
  over: Partial<ResourceRequest> = {},
  server: ServerData = {},
): Promise<string> {
  const result = await authenticate(over, server);
  return result.ok ? "ok" : result.failure.code;
}
