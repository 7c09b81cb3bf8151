// The roles: whatever a client sends, a resource server and a token endpoint return a result; their headers can be read; and the
// synchronous and asynchronous kinds agree.
import {
  accessControlExposeHeaders,
  bindingFromClaims,
  createAsyncResourceServer,
  createAsyncAuthorizationServer,
  createAsyncVerifier,
  createClientSession,
  createNonceIssuer,
  createResourceServer,
  createSigner,
  createAuthorizationServer,
  createVerifier,
  FAILURES,
  generatePrivateJwk,
  parseDpopJkt,
} from "dpop-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { wwwAuthenticate } from "../../src/server/challenge.js";
import { readChallenges } from "../support/auth-params.js";
import { JKT_ES256 } from "../support/keys.js";
import { mint, NOW } from "../support/mint.js";
import { API_URL, apiProof, BOUND, TOKEN } from "../support/resource.js";

const runs = { numRuns: process.env["SLOW"] === "1" ? 5000 : 500 };
const nonce = createNonceIssuer({
  secrets: [Uint8Array.from({ length: 32 }, (_, i) => i)],
  audience: "a",
});

const text = fc.string({ unit: "binary", maxLength: 60 });
const good = fc.constantFrom(
  `DPoP ${TOKEN}`,
  `Bearer ${TOKEN}`,
  "DPoP ",
  "Bearer",
  ",",
  "Basic a, DPoP b",
);
const authorization = fc.oneof(
  fc.constant(`DPoP ${TOKEN}`),
  fc.oneof(
    text,
    good,
    fc.tuple(good, text).map(([a, b]) => a + b),
  ),
  fc.array(fc.oneof(text, good), { maxLength: 3 }),
  fc.constantFrom(null, undefined),
);
const PROOF = apiProof();
const proof = fc.oneof(
  fc.constant(PROOF),
  fc
    .tuple(fc.nat({ max: PROOF.length - 1 }), text)
    .map(([at, b]) => PROOF.slice(0, at) + b + PROOF.slice(at + 1)),
  text,
  fc.array(text, { maxLength: 3 }),
  fc.constantFrom(null, undefined),
);
const cnf = fc.oneof(
  fc.constant({ jkt: JKT_ES256 }),
  fc.record(
    { jkt: fc.oneof(text, fc.constant(JKT_ES256), fc.jsonValue()), x5t: fc.jsonValue() },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
);
const claims = fc.oneof(
  fc.constant({ cnf: { jkt: JKT_ES256 } }),
  fc.record({ cnf, active: fc.jsonValue(), token_type: fc.jsonValue() }, { requiredKeys: [] }),
);

describe("a resource server", () => {
  const options = { unboundTokens: "accepted", realm: 'a "realm"' } as const;

  test("gives a result for everything, in both kinds alike, with headers that can be sent and read", async () => {
    let token: object = {};
    const sync = createResourceServer({
      verifier: createVerifier({ nonce, noncePolicy: "optional", replay: "none" }),
      accessTokens: () => ({ binding: bindingFromClaims(token), claims: token }),
      ...options,
    });
    const async = createAsyncResourceServer({
      verifier: createAsyncVerifier({ nonce, noncePolicy: "optional", replay: "none" }),
      accessTokens: async () => ({ binding: bindingFromClaims(token), claims: token }),
      ...options,
    });
    await fc.assert(
      fc.asyncProperty(authorization, proof, claims, async (field, header, told) => {
        token = told;
        const request = {
          method: "GET",
          url: API_URL,
          authorization: field,
          proof: header,
          now: NOW,
        };
        const result = sync.authenticate(request);
        expect(await async.authenticate(request)).toEqual(result);
        for (const value of Object.values(result.headers)) expect(value).toMatch(/^[\x20-\x7e]+$/);
        if (result.ok) {
          // A bound token gives no access without its key.
          const bound = bindingFromClaims(token);
          expect(result.scheme === "DPoP" ? bound : { unbound: true }).toEqual(
            result.scheme === "DPoP" ? BOUND : bound,
          );
          expect(header).toBe(result.scheme === "DPoP" ? PROOF : header);
        } else {
          const challenges = readChallenges(result.headers["WWW-Authenticate"] ?? "");
          const schemes = challenges.map(({ scheme }) => scheme);
          expect(schemes.toSorted()).toEqual(["Bearer", "DPoP"]);
          // One popular client reads only the first.
          const errors = challenges.map(({ params }) => params["error"]);
          if (errors.some((error) => error !== undefined)) expect(errors[0]).toBeDefined();
          expect(JSON.stringify(result)).not.toContain(TOKEN);
        }
      }),
      runs,
    );
  });
});

describe("a token endpoint", () => {
  test("gives a result for everything, in both kinds alike, and grants no bound code or token to another key", async () => {
    const sync = createAuthorizationServer({ verifier: createVerifier({ replay: "none" }) });
    const async = createAsyncAuthorizationServer({
      verifier: createAsyncVerifier({ replay: "none" }),
    });
    const ours = mint();
    const jkt = fc.option(fc.constantFrom(JKT_ES256, "", "x".repeat(43)), { nil: undefined });
    const header = fc.oneof(fc.constant(ours), proof);
    const clientType = fc.constantFrom("public" as const, "confidential" as const);
    const grants = fc.oneof(
      fc.constant(null),
      fc.constant({ type: "client_credentials" } as const),
      fc.record({ type: fc.constantFrom("authorization_code", "refresh_token"), jkt }),
    );
    await fc.assert(
      fc.asyncProperty(
        header,
        clientType,
        fc.boolean(),
        grants,
        fc.boolean(),
        async (field, type, isAlwaysBound, grant, isLookedUp) => {
          const line = {
            method: "POST",
            url: "https://server.example.com/token",
            now: NOW,
            proof: field,
          };
          const request = {
            ...line,
            clientType: type,
            boundAccessTokens: isAlwaysBound,
            grant: isLookedUp ? () => grant : grant,
          };
          const result = sync.checkTokenRequest(request);
          expect(await async.checkTokenRequest(request)).toEqual(result);
          const bound = grant !== null && "jkt" in grant ? grant.jkt : undefined;
          if (result.ok) {
            expect(grant).not.toBe(null);
            expect([undefined, JKT_ES256]).toContain(bound);
            expect(result.jkt).toBe(field === ours ? JKT_ES256 : undefined);
            if (result.jkt === undefined)
              expect([isAlwaysBound, bound]).toEqual([false, undefined]);
          } else {
            expect(result.body.error).toBe(FAILURES[result.failure.code].token?.error);
          }
          const pushed = { ...line, dpopJkt: bound };
          expect(await async.checkPushedRequest(pushed)).toEqual(sync.checkPushedRequest(pushed));
        },
      ),
      runs,
    );
  });
});

describe("what is read from the wire never throws", () => {
  test("dpop_jkt, whatever a body parser makes of it", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const parsed = parseDpopJkt(value as never); // on purpose
        expect(parsed.ok ? (parsed.jkt ?? "") : parsed.code).toMatch(
          /^(?:[\w-]{43}|dpop_jkt_invalid)?$/,
        );
      }),
      runs,
    );
  });

  test("the claims of a token, whatever JSON they are", () => {
    fc.assert(
      fc.property(fc.dictionary(text, fc.jsonValue()), cnf, (other, confirmation) => {
        const binding = bindingFromClaims({ ...other, cnf: confirmation });
        if (binding !== null && "jkt" in binding) expect(binding.jkt).toMatch(/^[\w-]{43}$/);
        else expect(binding).not.toEqual({ unbound: true });
      }),
      runs,
    );
  });

  test("responses and token responses, whatever a server sends", () => {
    const session = createClientSession({ signer: createSigner(generatePrivateJwk("ES256")) });
    const request = { method: "GET", url: "https://api.example/" };
    const field = fc.option(text, { nil: null });
    fc.assert(
      fc.property(
        fc.nat({ max: 700 }),
        fc.dictionary(fc.constantFrom("dpop-nonce", "www-authenticate", "date", "age"), field),
        fc.anything(),
        (status, fields, body) => {
          const headers = { get: (name: string) => fields[name.toLowerCase()] ?? null };
          const response = { status, headers, errorBody: body };
          session.observe(request, response);
          const sent = session.buildProof(request);
          expect(typeof session.shouldRetry(sent, response, 1)).toBe("boolean");
          expect(session.shouldRetry(sent, response, 3)).toBe(false);
          expect(typeof session.readTokenResponse(body).ok).toBe("boolean");
          expect(session.buildProof(request).split(".")).toHaveLength(3);
        },
      ),
      { numRuns: runs.numRuns / 10 },
    );
  });
});

test("a challenge of any realm reads back as it was written", () => {
  const ascii = fc.string({ unit: "grapheme-ascii", maxLength: 30 });
  fc.assert(
    fc.property(ascii, (realm) => {
      const value = wwwAuthenticate([
        { scheme: "Bearer", realm },
        { scheme: "DPoP", realm },
      ]);
      expect(readChallenges(value)).toEqual([
        { scheme: "Bearer", params: { realm } },
        { scheme: "DPoP", params: { realm } },
      ]);
    }),
    runs,
  );
});

test("what a browser exposes keeps what was exposed, and is idempotent", () => {
  const name = fc.stringMatching(/^[A-Za-z-]{1,10}$/);
  fc.assert(
    fc.property(fc.array(name), (names) => {
      const once = accessControlExposeHeaders(names.join(","));
      expect(once.split(", ").slice(0, names.length)).toEqual(names);
      expect(accessControlExposeHeaders(once)).toBe(once);
    }),
    runs,
  );
});
