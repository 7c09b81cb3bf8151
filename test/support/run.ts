// Runs one proof through both drivers, which must agree to the last member.
import {
  createAsyncVerifier,
  createVerifier,
  noble,
  type FieldValue,
  type VerifierOptions,
  type VerifyResult,
} from "dpop-core";
import { expect } from "vitest";
import type { Implementation } from "./implementation.js";
import { NOW, TOKEN_URL } from "./mint.js";
import { type PolicyData, policyOptions } from "./policy.js";

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

/** What both drivers take: nothing in it is asynchronous. */
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

/** Options made anew from data, of the default backend. */
export function optionsOf(data: PolicyData = {}): VerifierOptions {
  return { ...policyOptions(data, NOW), algs: data.algs?.map((alg) => noble[alg]) };
}

/** The whole result, the same from both drivers; of the default backend, or of an implementation. */
export async function run(
  proof: FieldValue,
  request: RequestData = {},
  policy: PolicyData = {},
  by?: Implementation,
): Promise<VerifyResult> {
  const facts = requestOf(request);
  const [first, ...others] = by === undefined ? defaultVerifiers(policy) : verifiersOf(by, policy);
  const resultOf = async ({ verify }: AnyVerifier): Promise<VerifyResult> => {
    if (policy.replay === "seen") await verify(proof, facts);
    return verify(proof, facts);
  };
  const result = await resultOf(first);
  for (const other of others) expect(await resultOf(other)).toEqual(result);
  return result;
}

interface AnyVerifier {
  readonly verify: (
    proof: FieldValue,
    request: TestRequest,
  ) => VerifyResult | Promise<VerifyResult>;
}
type AnyVerifiers = readonly [AnyVerifier, ...AnyVerifier[]];

const defaultVerifiers = (policy: PolicyData): AnyVerifiers => [
  createVerifier(optionsOf(policy)),
  createAsyncVerifier(optionsOf(policy)),
];

/** One verifier of each driver that takes the backend. */
function verifiersOf(by: Implementation, policy: PolicyData): AnyVerifiers {
  const { backend } = by;
  const algs = policy.algs?.map((alg) => by.algOf(alg));
  const later = createAsyncVerifier({ ...policyOptions(policy, NOW), backend, algs });
  if (!by.sync) return [later];
  const syncAlgs = policy.algs?.map((alg) => by.algOf(alg));
  const options = { ...policyOptions(policy, NOW), backend: by.backend, algs: syncAlgs };
  return [createVerifier(options), later];
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
