// Runs one proof through both drivers, which must agree to the last member.
import {
  createAsyncVerifier,
  createMemoryReplayStore,
  createVerifier,
  noble,
  type NonceCheck,
  type FieldValue,
  type SyncReplayStore,
  type VerifierOptions,
  type VerifyResult,
} from "dpop-core";
import { expect } from "vitest";
import { NOW, TOKEN_URL } from "./mint.js";
import type { PlainHttp } from "../../src/proof/htu.js";
import type { NoncePolicy, IatWithNonce } from "../../src/verify/policy.js";
import type { ProofLimitOptions } from "../../src/proof/claims.js";

/** A policy as plain data, so that it can stand in a file. */
export interface PolicyData {
  readonly algs?: readonly ("ES256" | "ES384" | "ES512" | "EdDSA" | "Ed25519")[];
  readonly maxAge?: number | undefined;
  readonly clockTolerance?: number | undefined;
  readonly limits?: ProofLimitOptions;
  readonly nonce?: {
    readonly accept: string;
    readonly status?: "valid" | "renew";
    readonly acceptUntil?: number;
    readonly nextNonce?: string;
  };
  readonly noncePolicy?: NoncePolicy;
  readonly iatWithNonce?: IatWithNonce | undefined;
  readonly permittedAlgs?: readonly string[] | undefined;
  readonly plainHttp?: PlainHttp | undefined;
  /** A store that is empty, that has seen the very proof, or that is full. */
  readonly replay?: "fresh" | "seen" | "full";
}

export interface RequestData {
  readonly method?: string;
  readonly url?: string;
  readonly now?: number;
  readonly accessToken?: string;
  readonly jkt?: string;
  readonly clientKeyJkt?: string;
}

interface RequestLine {
  readonly method: string;
  readonly url: string;
  readonly now: number;
}

/** What both drivers take: nothing in it answers later. */
export type TestRequest =
  | (RequestLine & {
      readonly accessToken?: undefined;
      readonly jkt: string | undefined;
      readonly clientKeyJkt: string | undefined;
    })
  | (RequestLine & { readonly accessToken: string; readonly jkt: string });

export function requestOf(data: RequestData = {}): TestRequest {
  const { method = "POST", url = TOKEN_URL, now = NOW, accessToken, jkt, clientKeyJkt } = data;
  if (accessToken === undefined) return { method, url, now, jkt, clientKeyJkt };
  return { method, url, now, accessToken, jkt: jkt ?? "" };
}

/** Options made anew from data: a store is never shared by two runs. */
export function optionsOf(data: PolicyData = {}): VerifierOptions {
  const { algs, maxAge, clockTolerance, limits, nonce, noncePolicy, replay } = data;
  const { iatWithNonce, permittedAlgs, plainHttp } = data;
  return {
    algs: algs?.map((alg) => noble[alg]),
    maxAge,
    clockTolerance,
    limits,
    nonce: nonce === undefined ? undefined : nonceCheck(nonce),
    noncePolicy,
    iatWithNonce,
    permittedAlgs,
    plainHttp,
    replay: replay === undefined ? "none" : replayStore(replay),
  };
}

function nonceCheck(data: NonNullable<PolicyData["nonce"]>): NonceCheck {
  const { accept, status = "valid", acceptUntil, nextNonce } = data;
  return {
    check(nonce) {
      if (nonce === undefined) return { status: "missing", nextNonce };
      return nonce === accept
        ? { status, acceptUntil, nextNonce }
        : { status: "invalid", nextNonce };
    },
  };
}

function replayStore(state: "fresh" | "seen" | "full"): SyncReplayStore {
  const store = createMemoryReplayStore({ maxEntries: 1 });
  if (state === "full") store.add("of another proof", NOW + 1000, NOW, "of another key");
  return store;
}

/** The whole result, the same from both drivers. */
export async function run(
  proof: FieldValue,
  request: RequestData = {},
  policy: PolicyData = {},
): Promise<VerifyResult> {
  const facts = requestOf(request);
  const sync = createVerifier(optionsOf(policy));
  const async = createAsyncVerifier(optionsOf(policy));
  if (policy.replay === "seen") {
    sync.verify(proof, facts);
    await async.verify(proof, facts);
  }
  const result = sync.verify(proof, facts);
  expect(await async.verify(proof, facts)).toEqual(result);
  return result;
}

/** "ok" or the code of the failure. */
export async function outcome(
  proof: FieldValue,
  request: RequestData = {},
  policy: PolicyData = {},
): Promise<string> {
  const result = await run(proof, request, policy);
  return result.ok ? "ok" : result.code;
}
