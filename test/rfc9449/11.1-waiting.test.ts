// RFC 9449 section 11.1 where the parts take their time: a proof that grew too old while a binding was looked up, or a key
// verified, is refused, since the store may have forgotten its first use.
import {
  type AsyncAlg,
  type AsyncVerifierOptions,
  createAsyncVerifier,
  createMemoryReplayStore,
  createNonceIssuer,
  createVerifier,
  noble,
  type VerifyResult,
} from "dpop-core";
import { describe, expect, test, vi } from "vitest";
import { JKT_ES256 } from "../support/keys.js";
import { mint, NOW } from "../support/mint.js";
import { apiProof, API_URL, TOKEN } from "../support/resource.js";

/** Verifies with a clock that goes on by so many seconds while the binding is looked up. */
async function afterWaiting(
  seconds: number,
  proof: string,
  options: Partial<AsyncVerifierOptions> = {},
  given: { readonly now?: number } = {},
): Promise<VerifyResult> {
  let time = NOW;
  const verifier = createAsyncVerifier({ clock: () => time, replay: "none", ...options });
  const jkt = async (): Promise<string> => {
    time += seconds;
    return JKT_ES256;
  };
  return verifier.verify(proof, { method: "GET", url: API_URL, accessToken: TOKEN, jkt, ...given });
}

const old = apiProof({ claims: { iat: NOW - 50 } });
const nonce = createNonceIssuer({
  secrets: [Uint8Array.from({ length: 32 }, (_, i) => i)],
  audience: "api",
});
const good = nonce.issue(NOW);
const until = nonce.check(good, NOW).acceptUntil ?? 0;

test("a nonce is asked for once where nothing was waited for, and again after each wait", async () => {
  const times: number[] = [];
  const asked = {
    check(_: string | undefined, now: number) {
      times.push(now);
      return { status: "valid", acceptUntil: NOW + 500 } as const;
    },
  };
  const proof = apiProof({ claims: { nonce: "n" } });
  const options = { nonce: asked, replay: createMemoryReplayStore() };
  expect(await afterWaiting(0, proof, options)).toMatchObject({ ok: true });
  expect(times).toEqual([NOW]);
  const after = apiProof({ claims: { nonce: "n", jti: "another" } });
  expect(await afterWaiting(20, after, options)).toMatchObject({ ok: true });
  expect(times).toEqual([NOW, NOW, NOW + 20, NOW + 20]);
});

describe("a proof that is right when it comes", () => {
  test("is right as long as it would be accepted", async () => {
    expect(await afterWaiting(10, old)).toMatchObject({ ok: true });
    const withNonce = apiProof({ claims: { nonce: good } });
    expect(await afterWaiting(until - NOW, withNonce, { nonce })).toMatchObject({ ok: true });
  });

  test("is refused once it has grown too old", async () => {
    expect(await afterWaiting(10.5, old)).toMatchObject({
      code: "iat_too_old",
      clockOffset: -60.5,
    });
    const short = apiProof({ claims: { exp: NOW + 5 } });
    expect(await afterWaiting(4, short)).toMatchObject({ ok: true });
    expect(await afterWaiting(5, short)).toMatchObject({ code: "proof_expired" });
    const withNonce = apiProof({ claims: { nonce: good } });
    const late = await afterWaiting(until - NOW + 1, withNonce, { nonce });
    expect(late).toMatchObject({ code: "nonce_mismatch", nextNonce: nonce.issue(until + 1) });
  });

  test("the same where the caller gave the time of the request", async () => {
    const of = (seconds: number): Promise<VerifyResult> =>
      afterWaiting(seconds, old, { clock: undefined }, { now: NOW });
    expect(await of(1000)).toMatchObject({ ok: true }); // the platform's clock did not go on
    let time = 5; // any other clock: it is the difference that counts
    const clock = (): number => (time += 11);
    expect(await afterWaiting(0, old, { clock }, { now: NOW })).toMatchObject({
      code: "iat_too_old",
    });
  });

  test("is recorded with the time after the wait, where that was long", async () => {
    const asked: number[] = [];
    const memory = createMemoryReplayStore();
    const add: typeof memory.add = (key, expiresAt, now, jkt) => (
      asked.push(now),
      memory.add(key, expiresAt, now, jkt)
    );
    await afterWaiting(0.5, apiProof(), { replay: { add } });
    await afterWaiting(20, apiProof({ claims: { jti: "b" } }), { replay: { add } });
    expect(asked).toEqual([NOW, NOW + 20]);
  });

  test("a wait of a second counts, a clock that goes back does not", async () => {
    const asked: number[] = [];
    const add = (_key: string, _expiresAt: number, now: number): "new" => (asked.push(now), "new");
    for (const seconds of [0.999, 1, -100]) {
      await afterWaiting(seconds, apiProof(), { replay: { add } });
    }
    expect(asked).toEqual([NOW, NOW + 1, NOW]);
  });

  test("is told of the nonce that is due after the wait", async () => {
    const withNonce = apiProof({ claims: { nonce: good } });
    expect(await afterWaiting(0, withNonce, { nonce })).toMatchObject({
      nonce: { status: "valid" },
    });
    expect(await afterWaiting(100, withNonce, { nonce })).toMatchObject({
      nonce: { status: "renew", nextNonce: nonce.issue(NOW + 100) },
    });
  });

  test("is not recorded where it grew too old", async () => {
    const replay = createMemoryReplayStore();
    expect((await afterWaiting(10.5, old, { replay })).ok).toBe(false);
    expect(replay.usage().entries).toBe(0);
  });
});

describe("a store that takes its time", () => {
  /** Verifies with a store during which so many seconds pass, by each of the two clocks of the platform. */
  async function afterSlowStore(
    wall: number,
    monotonic: number,
    proof = old,
    options: Partial<AsyncVerifierOptions> = {},
  ): Promise<VerifyResult> {
    let passed = { wall: 0, monotonic: 0 };
    vi.spyOn(Date, "now").mockImplementation(() => (NOW + passed.wall) * 1000);
    vi.spyOn(performance, "now").mockImplementation(() => 5000 + passed.monotonic * 1000);
    const add = async (): Promise<"new"> => {
      passed = { wall, monotonic };
      return "new";
    };
    const verifier = createAsyncVerifier({ replay: { add }, ...options });
    const request = { method: "GET", url: API_URL, accessToken: TOKEN, jkt: JKT_ES256 };
    return verifier.verify(proof, request).finally(() => vi.restoreAllMocks());
  }

  test("its answer counts as long as the proof would be accepted", async () => {
    expect(await afterSlowStore(10, 10)).toMatchObject({ ok: true });
    expect(await afterSlowStore(0.9, 0.9, apiProof({ claims: { iat: NOW - 60 } }))).toMatchObject({
      ok: true,
    });
  });

  test("a proof that grew too old meanwhile is refused: the entry of its first use may be gone", async () => {
    expect(await afterSlowStore(10.5, 10.5)).toMatchObject({
      code: "iat_too_old",
      clockOffset: -60.5,
    });
    const short = apiProof({ claims: { exp: NOW + 5 } });
    expect(await afterSlowStore(5, 5, short)).toMatchObject({ code: "proof_expired" });
    const withNonce = apiProof({ claims: { nonce: good } });
    expect(await afterSlowStore(until - NOW, until - NOW, withNonce, { nonce })).toMatchObject({
      ok: true,
      nonce: { status: "renew", nextNonce: nonce.issue(until) },
    });
    const late = await afterSlowStore(until - NOW + 1, 0, withNonce, { nonce });
    expect(late).toMatchObject({ code: "nonce_mismatch", nextNonce: nonce.issue(until + 1) });
  });

  test("a wall clock that is set back hides no wait", async () => {
    expect(await afterSlowStore(-60, 70)).toMatchObject({ code: "iat_too_old" });
    expect(await afterSlowStore(-60, 0)).toMatchObject({ ok: true });
  });

  test("a monotonic clock that stood still while the machine slept hides none either", async () => {
    expect(await afterSlowStore(70, 0)).toMatchObject({ code: "iat_too_old" });
  });

  test("the same where it answers at once, and blocks: a locked file, say", () => {
    const blocked = (seconds: number): VerifyResult => {
      let passed = 0;
      vi.spyOn(Date, "now").mockImplementation(() => (NOW + passed) * 1000);
      const add = (): "new" => ((passed = seconds), "new");
      const request = { method: "GET", url: API_URL, accessToken: TOKEN, jkt: JKT_ES256 };
      const result = createVerifier({ replay: { add } }).verify(old, request);
      vi.restoreAllMocks();
      return result;
    };
    expect(blocked(10)).toMatchObject({ ok: true });
    expect(blocked(10.5)).toMatchObject({ code: "iat_too_old", clockOffset: -60.5 });
  });

  test("a look-up that blocks counts without a store too, and where neither is, nothing is measured", () => {
    const verify = (seconds: number, isLookedUp: boolean): VerifyResult => {
      let passed = 0;
      vi.spyOn(Date, "now").mockImplementation(() => (NOW + passed) * 1000);
      const jkt = (): string => ((passed = seconds), JKT_ES256);
      const request = { method: "GET", url: API_URL, accessToken: TOKEN };
      const given = { ...request, jkt: isLookedUp ? jkt : JKT_ES256 };
      return createVerifier({ replay: "none" }).verify(old, given);
    };
    expect(verify(10, true)).toMatchObject({ ok: true });
    expect(verify(10.5, true)).toMatchObject({ code: "iat_too_old", clockOffset: -60.5 });
    const now = vi.spyOn(performance, "now");
    expect(verify(0, false)).toMatchObject({ ok: true });
    expect(now).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  test("the clock of the options counts as well", async () => {
    let time = NOW;
    const replay = { add: async () => ((time += 10.5), "new" as const) };
    const verifier = createAsyncVerifier({ clock: () => time, replay });
    const request = { method: "GET", url: API_URL, accessToken: TOKEN, jkt: JKT_ES256 };
    expect(await verifier.verify(old, { ...request, now: NOW })).toMatchObject({
      code: "iat_too_old",
    });
  });
});

test("two instances and a slow look-up: the first use is never forgotten while the proof can be accepted", async () => {
  let time = NOW;
  const clock = (): number => time;
  const replay = createMemoryReplayStore();
  const options = { clock, replay, maxAge: 1, clockTolerance: 0 };
  const request = { method: "GET", url: API_URL, accessToken: TOKEN };
  const proof = apiProof();
  const slow = createAsyncVerifier(options).verify(proof, {
    ...request,
    jkt: async () => {
      await Promise.resolve();
      time += 4.5; // meanwhile the entry of the other use has expired
      replay.add("a".repeat(43), NOW + 60, time, JKT_ES256);
      return JKT_ES256;
    },
  });
  const quick = createVerifier(options).verify(proof, { ...request, jkt: JKT_ES256 });
  expect(quick.ok).toBe(true);
  expect(await slow).toMatchObject({ code: "iat_too_old" });
});

describe("what a look-up answers", () => {
  const request = { method: "GET", url: API_URL, accessToken: TOKEN, now: NOW };

  test.each([undefined, 1, true, {}, { ok: true }, { ok: false, code: "jkt_mismatch" }])(
    "%j is neither a thumbprint nor null",
    async (answer) => {
      const jkt = (): never => answer as never; // on purpose
      expect(() =>
        createVerifier({ replay: "none" }).verify(apiProof(), { ...request, jkt }),
      ).toThrow(TypeError);
      const later = createAsyncVerifier({ replay: "none" }).verify(apiProof(), {
        ...request,
        jkt: async () => jkt(),
      });
      await expect(later).rejects.toThrow(TypeError);
    },
  );

  test("null refuses the proof, whatever its key", async () => {
    const jkt = (): null => null;
    const refused = { ok: false, code: "jkt_mismatch" };
    const options = { replay: "none" } as const;
    expect(createVerifier(options).verify(apiProof(), { ...request, jkt })).toMatchObject(refused);
    const later = { ...request, jkt: async () => jkt() };
    expect(await createAsyncVerifier(options).verify(apiProof(), later)).toMatchObject(refused);
  });

  test("a promise is for an asynchronous verifier, and ends no process where it is rejected", async () => {
    const noted: unknown[] = [];
    const note = (reason: unknown): number => noted.push(reason);
    process.on("unhandledRejection", note);
    try {
      const jkt = (): never => Promise.reject(new Error("late")) as never; // on purpose
      expect(() =>
        createVerifier({ replay: "none" }).verify(apiProof(), { ...request, jkt }),
      ).toThrow("createAsyncVerifier");
      const check = (): never => Promise.reject(new Error("late")) as never;
      expect(() =>
        createVerifier({ nonce: { check }, replay: "none" }).verify(mint(), {
          ...request,
          accessToken: undefined,
          method: "POST",
          url: "https://server.example.com/token",
        }),
      ).toThrow("nonce.check");
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(noted).toEqual([]);
    } finally {
      process.off("unhandledRejection", note);
    }
  });

  test("an algorithm that takes its time is waited for, too", async () => {
    let time = NOW;
    const slow: AsyncAlg = {
      ...noble.ES256,
      async importKey(jwk) {
        const key = noble.ES256.importKey(jwk);
        if (key === null) return null;
        return { size: key.size, verify: async (...args) => ((time += 100), key.verify(...args)) };
      },
    };
    const verifier = createAsyncVerifier({ algs: [slow], clock: () => time, replay: "none" });
    const { now: _, ...untimed } = request;
    expect(await verifier.verify(apiProof(), { ...untimed, jkt: JKT_ES256 })).toMatchObject({
      code: "iat_too_old",
    });
  });
});
