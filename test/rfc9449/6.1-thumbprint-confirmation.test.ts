// RFC 9449 sections 6.1 and 7.1: the key of the proof is the one that the token is bound to.
import { accessTokenHash, FAILURES, jwkThumbprint, verifyProof } from "dpop-core";
import { describe, expect, test } from "vitest";
import { isFailure, isRetryAfter } from "../../src/proof/failure.js";
import { at, mint, NOW } from "../support/mint.js";
import { ACCESS_TOKEN, ATH, JKT, P3, RESOURCE } from "../support/rfc.js";

const request = {
  method: "GET",
  url: RESOURCE,
  now: 1_562_262_618,
  accessToken: ACCESS_TOKEN,
  jkt: JKT,
};

describe("the examples of §6.1 and §7.1", () => {
  test("the thumbprint of the proof's key is cnf.jkt of the token", () => {
    const result = verifyProof(P3, request, { replay: "none" });
    expect(result).toMatchObject({
      ok: true,
      jkt: JKT,
      alg: "ES256",
      claims: { jti: "e1j3V_bKic8-LAEB", ath: ATH },
    });
    expect(result.ok && jwkThumbprint(result.jwk)).toBe(JKT);
  });

  test("ath is the hash of the token", () => {
    expect(accessTokenHash(ACCESS_TOKEN)).toBe(ATH);
  });

  test("figure of §7.1: another key is invalid_token with its own description", () => {
    expect(verifyProof(P3, { ...request, jkt: ATH }, { replay: "none" })).toMatchObject({
      ok: false,
      code: "jkt_mismatch",
    });
    expect(FAILURES.jkt_mismatch.resource).toEqual({ status: 401, error: "invalid_token" });
    expect(FAILURES.jkt_mismatch.token).toEqual({ status: 400, error: "invalid_grant" });
    expect(FAILURES.jkt_mismatch.pushed).toEqual({ status: 400, error: "invalid_request" });
    expect(FAILURES.jkt_mismatch.message).toBe("Invalid DPoP key binding");
  });
});

describe("the table of failures", () => {
  test.each(Object.entries(FAILURES))(
    "%s fits error_description and holds nothing of the client's",
    (_, row) => {
      expect(row.message).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/); // RFC 6750 section 3
      expect(row.item).toMatch(
        /^(?:[1-9]|10|11|12[ab]|§(?:5|6|7\.1|7\.2|10|10\.1|11\.1)|RFC 6750 §3\.1)$/,
      );
    },
  );

  test("§5, §7.1: a bad proof is 401 at a resource and 400 at the authorization server", () => {
    expect(FAILURES.signature_invalid).toMatchObject({
      resource: { status: 401, error: "invalid_dpop_proof" },
      token: { status: 400, error: "invalid_dpop_proof" },
      pushed: { status: 400, error: "invalid_dpop_proof" },
    });
  });

  test("a store without room is a 503, without an error at a resource", () => {
    expect(FAILURES.replay_store_full).toMatchObject({
      resource: { status: 503, error: null },
      token: { status: 503, error: "temporarily_unavailable" },
      pushed: { status: 503, error: "temporarily_unavailable" },
    });
  });

  test("every code has the answers of its kind at the places where it can occur", () => {
    const bad = [400, "invalid_request"];
    const badProof = [400, "invalid_dpop_proof"];
    const atServer = "Authorization server requires nonce in DPoP proof";
    const kinds: Readonly<Record<string, unknown>> = {
      proof: [[401, "invalid_dpop_proof"], badProof, badProof],
      ath: [[401, "invalid_dpop_proof"], null, null],
      nonce: [
        [401, "use_dpop_nonce", "Resource server requires nonce in DPoP proof"],
        [400, "use_dpop_nonce", atServer],
        [400, "use_dpop_nonce", atServer],
      ],
      token: [[401, "invalid_token"], null, null],
      grant: [null, [400, "invalid_grant"], null],
      key: [[401, "invalid_token"], [400, "invalid_grant"], bad],
      credentials: [bad, null, null],
      parameter: [null, null, bad],
      challenge: [[401, null], null, null],
      scope: [[403, "insufficient_scope"], null, null],
      full: [
        [503, null],
        [503, "temporarily_unavailable"],
        [503, "temporarily_unavailable"],
      ],
    };
    const others: Readonly<Record<string, string>> = {
      nonce_missing: "nonce",
      nonce_mismatch: "nonce",
      ath_missing: "ath",
      ath_mismatch: "ath",
      token_inactive: "token",
      token_unbound: "token",
      token_bound_as_bearer: "token",
      binding_invalid: "token",
      binding_unsupported: "token",
      grant_invalid: "grant",
      jkt_mismatch: "key",
      credentials_malformed: "credentials",
      credentials_multiple: "credentials",
      dpop_jkt_invalid: "parameter",
      dpop_jkt_mismatch: "parameter",
      credentials_missing: "challenge",
      scheme_unsupported: "challenge",
      replay_store_full: "full",
      scope_insufficient: "scope",
    };
    for (const [code, row] of Object.entries(FAILURES)) {
      const answers = [row.resource, row.token, row.pushed].map((answer) => {
        if (answer === null) return null;
        const { status, error, description } = answer;
        return description === undefined ? [status, error] : [status, error, description];
      });
      expect([code, answers]).toEqual([code, kinds[others[code] ?? "proof"]]);
    }
  });

  test("a failure of this table is known by its code, of whatever copy it is; nothing else is one", () => {
    for (const code of Object.keys(FAILURES)) expect(isFailure({ ok: false, code })).toBe(true);
    for (const value of [
      null,
      undefined,
      "jkt_mismatch",
      {},
      { code: "jkt_mismatch" },
      { ok: true, code: "jkt_mismatch" },
      { ok: 0, code: "jkt_mismatch" },
      { ok: false },
      { ok: false, code: "another" },
      { ok: false, code: "toString" },
      { ok: false, code: ["jkt_mismatch"] },
    ]) {
      expect(isFailure(value)).toBe(false);
    }
  });

  test("Retry-After is a whole number of seconds, 1 at least", () => {
    for (const value of [1, 2, 3600]) expect(isRetryAfter(value)).toBe(true);
    for (const value of [0, -1, 0.5, 1.5, Number.NaN, Infinity, 2 ** 53, "1", 1n, null]) {
      expect(isRetryAfter(value)).toBe(false);
    }
  });

  test("failures and the table are frozen", () => {
    const failure = verifyProof("x", { method: "GET", url: RESOURCE }, { replay: "none" });
    expect(
      Object.isFrozen(failure) &&
        Object.isFrozen(FAILURES) &&
        Object.isFrozen(FAILURES.jkt_mismatch),
    ).toBe(true);
    for (const { resource, token, pushed } of Object.values(FAILURES)) {
      expect([resource, token, pushed].every((place) => Object.isFrozen(place))).toBe(true);
    }
    expect(verifyProof("y", { method: "GET", url: RESOURCE }, { replay: "none" })).toBe(failure);
  });
});

describe("clock failures carry the offset: the claim minus our time, in seconds", () => {
  test.each([
    [{ now: 1_562_262_618 + 61 }, { code: "iat_too_old", clockOffset: -61 }],
    [{ now: 1_562_262_618 - 16.5 }, { code: "iat_in_future", clockOffset: 16.5 }],
  ])("%o", (time, failure) => {
    expect(verifyProof(P3, { ...request, ...time }, { replay: "none" })).toMatchObject(failure);
  });

  test("also for exp and nbf", () => {
    const of = (claims: Readonly<Record<string, unknown>>): unknown =>
      verifyProof(mint({ claims }), at(NOW), { replay: "none" });
    expect(of({ exp: NOW - 7 })).toMatchObject({ code: "proof_expired", clockOffset: -7 });
    expect(of({ nbf: NOW + 20 })).toMatchObject({ code: "proof_not_yet_valid", clockOffset: 20 });
  });
});
