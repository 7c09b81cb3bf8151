// RFC 9449 section 5 and RFC 6749 section 5.1: what a client makes of a token response.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTokenResponse } from "../../src/client/token-response.js";
import { accessTokenText, jsonValue, runs } from "../support/arbitraries.js";
import { clientSession } from "./support/client.js";

/** The code, or the token type. */
function outcome(body: unknown, unboundTokens: "refused" | "accepted" = "refused"): string {
  const read = readTokenResponse(body, unboundTokens);
  return read.ok ? read.tokenType : read.code;
}

const of = (type: unknown): unknown => ({ access_token: "t", token_type: type, expires_in: 60 });

describe("RFC 9449 §5: the type of the token", () => {
  test.each(["DPoP", "dpop", "DPOP", "dPoP"])(
    "[5-3] token_type is compared case-insensitively: %s",
    (type) => {
      expect(outcome(of(type))).toBe("DPoP");
      expect(outcome(of(type), "accepted")).toBe("DPoP");
    },
  );

  test.each(["Bearer", "bearer", "BEARER", "mac", "N_A", "DPoP ", "DPoPx"])(
    "[5-7] a response of another type is discarded: %s",
    (type) => {
      expect(outcome(of(type))).toBe("token_type_not_dpop");
    },
  );

  test("[5-7] Bearer is taken where the policy says so by name, and no other type", () => {
    expect(outcome(of("bearer"), "accepted")).toBe("Bearer");
    expect(outcome(of("mac"), "accepted")).toBe("token_type_not_dpop");
  });
});

describe("RFC 6749 §5.1: what is no token response", () => {
  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", '{"access_token":"t","token_type":"DPoP"}'],
    ["a list", []],
    ["an empty object", {}],
    ["an error that is no text", { error: 1 }],
    ["no type", { access_token: "t" }],
    ["an empty type", of("")],
    ["a type that is no text", of(["DPoP"])],
    ["no token", { token_type: "DPoP" }],
    ["an empty token", { access_token: "", token_type: "DPoP" }],
    ["a token with a space", { access_token: "a b", token_type: "DPoP" }],
    ["a token with a line break", { access_token: "a\r\nb", token_type: "DPoP" }],
    ["a token outside ASCII", { access_token: "\u00e9", token_type: "DPoP" }],
    ["a token that is no text", { access_token: 1, token_type: "DPoP" }],
  ])("%s", (_, body) => {
    expect(outcome(body)).toBe("token_response_invalid");
    expect(outcome(body, "accepted")).toBe("token_response_invalid");
  });
});

describe("RFC 6749 §5.2: an error is kept", () => {
  test("its code and its words, for the program that must tell one from another", () => {
    const body = { error: "invalid_grant", error_description: "The code is used" };
    expect(readTokenResponse(body, "refused")).toEqual({
      ok: false,
      code: "token_refused",
      message: "The authorization server refused the request for a token",
      error: "invalid_grant",
      errorDescription: "The code is used",
    });
  });

  test("words that can't stand in a log are left out", () => {
    const body = { error: "consent", error_description: "a\nb" };
    expect(readTokenResponse(body, "refused")).toMatchObject({
      error: "consent",
      errorDescription: null,
    });
  });

  test("other refusals have none", () => {
    for (const body of [{}, of("mac"), { error: "a\nb" }])
      expect(readTokenResponse(body, "refused")).toMatchObject({
        error: null,
        errorDescription: null,
      });
  });
});

test("each refusal says in words of its own what is wrong", () => {
  const messages = [undefined, of("bearer"), { error: "x" }].map((body) => {
    const read = readTokenResponse(body, "refused");
    return read.ok ? "" : read.message;
  });
  for (const message of messages) expect(message).toMatch(/^The .+\w$/);
  expect(new Set(messages).size).toBe(3);
});

test("no JSON makes it throw, and a token comes out as it came in", () => {
  const almost = fc.record({
    access_token: fc.oneof(accessTokenText, jsonValue),
    token_type: fc.oneof(fc.constantFrom("DPoP", "bearer"), jsonValue),
  });
  fc.assert(
    fc.property(fc.oneof(almost, jsonValue), (body) => {
      const read = readTokenResponse(body, "accepted");
      if (read.ok) expect(body).toMatchObject({ access_token: read.accessToken });
    }),
    runs(500),
  );
});

describe("a session", () => {
  const body = { access_token: "t", token_type: "bearer" };

  test.each([undefined, "refused"] as const)("refuses unbound tokens: %s", (unboundTokens) => {
    const session = clientSession({ unboundTokens });
    expect(session.readTokenResponse(body)).toMatchObject({
      ok: false,
      code: "token_type_not_dpop",
    });
  });

  test.each([null, true, "", "Refused", "bearer", ["accepted"]])("is not told %j", (word) => {
    const wrong = { unboundTokens: word } as never; // on purpose
    expect(() => clientSession(wrong)).toThrow(TypeError);
    expect(() => clientSession(wrong)).toThrow(/^unboundTokens must be "refused" or "accepted"$/);
  });

  test("takes them by name", () => {
    const session = clientSession({ unboundTokens: "accepted" });
    expect(session.readTokenResponse(body)).toEqual({
      ok: true,
      accessToken: "t",
      tokenType: "Bearer",
    });
  });
});
