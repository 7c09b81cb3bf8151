// RFC 9449 sections 8, 9 and 11.3, as far as a verifier goes: a check is plugged in, and its word is kept.
import {
  createAsyncVerifier,
  createVerifier,
  FAILURES,
  type NonceAnswer,
  type NonceCheck,
} from "dpop-core";
import { describe, expect, test } from "vitest";
import { isNonce } from "../../src/proof/nonce.js";
import { mint, NOW } from "../support/mint.js";
import { optionsOf, requestOf, run } from "../support/run.js";
import type { NoncePolicy } from "../../src/verify/policy.js";

const policy = { nonce: { accept: "fresh", nextNonce: "next" } };

describe("RFC 9449 §8 and §9: what a client is told", () => {
  test("no nonce: use_dpop_nonce everywhere, with the nonce to use", async () => {
    const result = await run(mint(), {}, policy);
    expect(result).toEqual({
      ok: false,
      code: "nonce_missing",
      message: FAILURES.nonce_missing.message,
      nextNonce: "next",
    });
  });

  test("another nonce: the same", async () => {
    const result = await run(mint({ claims: { nonce: "stale" } }), {}, policy);
    expect(result).toMatchObject({ ok: false, code: "nonce_mismatch", nextNonce: "next" });
  });

  test.each(["nonce_missing", "nonce_mismatch"] as const)(
    "%s is use_dpop_nonce at every place",
    (code) => {
      const { resource, token, pushed } = FAILURES[code];
      const error = "use_dpop_nonce";
      const description = "Authorization server requires nonce in DPoP proof";
      expect(resource).toEqual({
        status: 401,
        error,
        description: "Resource server requires nonce in DPoP proof",
      });
      expect([token, pushed]).toEqual([1, 2].map(() => ({ status: 400, error, description })));
    },
  );

  test("a good nonce: the result says whether to hand out the next", async () => {
    const proof = mint({ claims: { nonce: "fresh" } });
    expect(await run(proof, {}, policy)).toMatchObject({
      ok: true,
      nonce: { status: "valid", nextNonce: "next" },
    });
    const renew = { nonce: { ...policy.nonce, status: "renew" as const } };
    expect(await run(proof, {}, renew)).toMatchObject({
      ok: true,
      nonce: { status: "renew", nextNonce: "next" },
    });
  });

  test("a nonce past its own limit: the same, with the next", async () => {
    const late = { nonce: { ...policy.nonce, acceptUntil: NOW - 1 } };
    const result = await run(mint({ claims: { nonce: "fresh" } }), {}, late);
    expect(result).toMatchObject({ ok: false, code: "nonce_mismatch", nextNonce: "next" });
  });

  test("without a check the result says nothing of nonces", async () => {
    const result = await run(mint({ claims: { nonce: "whatever" } }));
    expect(result.ok && result.nonce).toBeUndefined();
  });
});

describe("RFC 9449 §11.3: without a nonce there is none that could be valid", () => {
  test.each(["valid", "renew", "invalid", "missing"] as const)(
    "though the check says %s",
    (status) => {
      const nonce: NonceCheck = { check: () => ({ status, nextNonce: "next" }) };
      const result = createVerifier({ nonce, replay: "none" }).verify(mint(), requestOf());
      expect(result).toMatchObject({ ok: false, code: "nonce_missing", nextNonce: "next" });
    },
  );
});

describe("noncePolicy", () => {
  const options = (noncePolicy?: NoncePolicy) => optionsOf({ ...policy, ...said(noncePolicy) });
  const said = (noncePolicy?: NoncePolicy) => (noncePolicy === undefined ? {} : { noncePolicy });

  test.each([undefined, "required"] as const)("%s: a proof without a nonce is refused", (word) => {
    for (const create of [createVerifier, createAsyncVerifier]) {
      expect(() => create(options(word))).not.toThrow();
    }
    const { verify } = createVerifier(options(word));
    expect(verify(mint(), requestOf())).toMatchObject({ ok: false, code: "nonce_missing" });
    expect(verify(mint({ claims: { nonce: "fresh" } }), requestOf()).ok).toBe(true);
  });

  test("optional: it is judged by its iat, and a wrong nonce is refused all the same", () => {
    const { verify } = createVerifier(options("optional"));
    expect(verify(mint(), requestOf())).toMatchObject({ ok: true, nonce: { status: "missing" } });
    expect(verify(mint({ claims: { iat: NOW - 61 } }), requestOf())).toMatchObject({
      code: "iat_too_old",
    });
    expect(verify(mint({ claims: { nonce: "x" } }), requestOf())).toMatchObject({
      code: "nonce_mismatch",
    });
  });

  test.each([null, true, "", "Required", "none", ["required"]])("is not %j", (noncePolicy) => {
    const wrong = { ...options(), noncePolicy } as never; // on purpose
    expect(() => createVerifier(wrong)).toThrow(/^noncePolicy must be "required" or "optional"$/);
    expect(() => createAsyncVerifier(wrong)).toThrow(TypeError);
  });
});

describe("what the check is asked", () => {
  function asked(proof: string): readonly unknown[] {
    const calls: unknown[] = [];
    const nonce: NonceCheck = {
      check(claim, now): NonceAnswer {
        calls.push([claim, now]);
        return { status: "invalid" };
      },
    };
    createVerifier({ nonce, replay: "none" }).verify(proof, requestOf());
    return calls;
  }

  test("the claim and the time, once", () => {
    expect(asked(mint({ claims: { nonce: "x" } }))).toEqual([["x", NOW]]);
    expect(asked(mint())).toEqual([[undefined, NOW]]);
  });

  test("nothing for a proof that was refused before", () => {
    expect(asked(mint({ claims: { nonce: "x", htm: "GET" } }))).toEqual([]);
    expect(asked("x")).toEqual([]);
  });
});

test("the check can be read off the verifier", () => {
  const nonce: NonceCheck = { check: () => ({ status: "valid" }) };
  expect(createVerifier({ nonce, replay: "none" }).nonce).toBe(nonce);
  expect(createVerifier({ replay: "none" }).nonce).toBeUndefined();
});

test("[8.1] a nonce is of one or more NQCHAR, and of nothing else", () => {
  for (let unit = 0; unit < 0x300; unit++) {
    const character = String.fromCharCode(unit);
    const isOne = /^[\x21\x23-\x5b\x5d-\x7e]$/.test(character);
    for (const nonce of [character, `${character}a`, `a${character}`]) {
      expect([nonce, isNonce(nonce)]).toEqual([nonce, isOne]);
    }
  }
  for (const nonce of ["", undefined, null, 1, ["a"], { length: 1 }]) {
    expect(isNonce(nonce)).toBe(false);
  }
});
