// Section 11.1: where a replay store has no room, every role says after how many seconds some is expected.
import {
  type AsyncVerifier,
  createAsyncVerifier,
  createMemoryReplayStore,
  createAuthorizationServer,
  createVerifier,
  type Failure,
  FAILURES,
  pushedError,
  resourceError,
  tokenError,
} from "dpop-core";
import { describe, expect, test } from "vitest";
import { at, mint, NOW } from "../support/mint.js";
import { JKT_ES256 } from "../support/keys.js";
import type { ReplayAnswer } from "../../src/replay/replay.js";

/** A failure of a verifier of which the store answers this. */
async function failureFor(answer: ReplayAnswer): Promise<Failure> {
  const replay = { add: () => answer };
  const result = createVerifier({ replay }).verify(mint(), at(NOW));
  const async: AsyncVerifier = createAsyncVerifier({ replay });
  expect(await async.verify(mint(), at(NOW))).toEqual(result);
  if (result.ok) return expect.fail("it was let through");
  return result;
}

const places = {
  resource: (failure: Failure) => resourceError(failure, { algs: ["ES256"] }),
  token: (failure: Failure) => tokenError(failure),
  pushed: (failure: Failure) => pushedError(failure),
};

describe.each(Object.entries(places))("at %s", (_, render) => {
  test.each<[ReplayAnswer, string]>([
    ["full", "1"],
    [{ full: true, retryAfter: 1 }, "1"],
    [{ full: true, retryAfter: 59 }, "59"],
    [{ full: true, retryAfter: Number.MAX_SAFE_INTEGER }, "9007199254740991"],
  ])("a store that answers %j: Retry-After: %s", async (answer, seconds) => {
    const { status, headers } = render(await failureFor(answer));
    expect(status).toBe(503);
    expect(headers["Retry-After"]).toBe(seconds);
  });

  test.each([0, -1, 1.5, Number.NaN, "1\r\nSet-Cookie: a=b"])(
    "a failure with a retryAfter of %j is a TypeError",
    (retryAfter) => {
      const failure: object = { ok: false, code: "replay_store_full", message: "", retryAfter };
      expect(() => render(failure as Failure)).toThrow(/^failure\.retryAfter /); // the mistake under test
    },
  );

  test("no other refusal has it", () => {
    const failure = createVerifier({ replay: "none" }).verify("x", at(NOW));
    if (failure.ok) expect.fail();
    else expect(render(failure).headers).not.toHaveProperty("Retry-After");
  });
});

test("without a time it is the one frozen failure; with one it is made anew and says it", async () => {
  const constant = await failureFor("full");
  expect(Object.isFrozen(constant)).toBe(true);
  expect("retryAfter" in constant).toBe(false);
  expect(await failureFor("full")).toBe(constant);
  expect(await failureFor({ full: true, retryAfter: 7 })).toEqual({
    ok: false,
    code: "replay_store_full",
    message: FAILURES.replay_store_full.message,
    retryAfter: 7,
  });
});

test("what else an answer of a store holds reaches nobody", async () => {
  const answer: ReplayAnswer & { readonly ok: true; readonly code: string } = {
    full: true,
    retryAfter: 7,
    ok: true,
    code: "x",
  };
  expect(Object.keys(await failureFor(answer))).toEqual(["ok", "code", "message", "retryAfter"]);
});

describe("a key that used up its share of the memory store", () => {
  const share = () => createMemoryReplayStore({ maxEntries: 8, maxEntriesPerKey: 1 });
  const asking = (jti: string, key: "otherES256" | undefined = undefined) => ({
    method: "POST",
    url: at(NOW).url,
    proof: mint({ ...(key === undefined ? {} : { key }), claims: { jti } }),
  });

  test("is told to wait until its entry expires, and another key is not", () => {
    const verifier = createVerifier({ replay: share(), clock: () => NOW });
    const endpoint = createAuthorizationServer({ verifier });
    const grant = { type: "client_credentials" } as const;
    const client = { clientType: "public", boundAccessTokens: true, grant } as const;
    expect(endpoint.checkTokenRequest({ ...asking("1"), ...client })).toMatchObject({ ok: true });
    // iat + 60, and 15 that clocks may differ, and 1.
    expect(endpoint.checkTokenRequest({ ...asking("2"), ...client })).toMatchObject({
      status: 503,
      headers: { "Retry-After": "76" },
      failure: { code: "replay_store_full", retryAfter: 76 },
    });
    expect(endpoint.checkPushedRequest({ ...asking("3"), dpopJkt: undefined })).toMatchObject({
      status: 503,
      headers: { "Retry-After": "76" },
    });
    expect(endpoint.checkTokenRequest({ ...asking("2", "otherES256"), ...client })).toMatchObject({
      ok: true,
    });
  });

  test("is told so at a resource, by both drivers", async () => {
    const replay = share();
    expect(createVerifier({ replay }).verify(mint({ claims: { jti: "1" } }), at(NOW)).ok).toBe(
      true,
    );
    const proof = mint({ claims: { jti: "2" } });
    const wanted = { code: "replay_store_full", retryAfter: 46 };
    expect(createVerifier({ replay }).verify(proof, at(NOW + 30))).toMatchObject(wanted);
    const async = createAsyncVerifier({ replay });
    expect(await async.verify(proof, at(NOW + 30))).toMatchObject(wanted);
  });
});

test("both drivers pass the thumbprint of the proof key, not one that the request expects", async () => {
  const seen: unknown[][] = [];
  const replay = { add: (...args: unknown[]) => (seen.push(args), "new" as const) };
  createVerifier({ replay }).verify(mint(), at(NOW));
  await createAsyncVerifier({ replay }).verify(mint(), at(NOW));
  expect(seen.map((args) => args.slice(2))).toEqual([
    [NOW, JKT_ES256],
    [NOW, JKT_ES256],
  ]);
});
