// The client session: RFC 9449 sections 4, 5, 7, 8, 9 and 10 from the client's side.
import {
  type AsyncSigner,
  createVerifier,
  jwkThumbprint,
  noble,
  type ProofRequest,
  type SyncSigner,
} from "dpop-core";
import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import type { ResponseLike } from "../../src/client/challenge.js";
import {
  type AsyncClientSessionOptions,
  type ClientSession,
  type ClientSessionOptions,
  createAsyncClientSession,
} from "../../src/client/session.js";
import { anyText, nonceText, runs, signerOf } from "../support/arbitraries.js";
import { NOW, TOKEN_URL } from "../support/mint.js";
import { API, asks, claimsOf, clientSession, headOf, respond, TOKEN } from "./support/client.js";

const toToken = { method: "POST", url: TOKEN_URL };
const toApi = { method: "GET", url: API, accessToken: TOKEN };

const gives = (nonce: string, status = 200): ResponseLike =>
  respond(status, { "dpop-nonce": nonce });

function nonceFor(session: ClientSession, request: typeof toToken): unknown {
  return claimsOf(session.buildProof(request)).nonce;
}

function iatFor(session: ClientSession, url = API): number {
  return claimsOf(session.buildProof({ method: "GET", url })).iat;
}

/** What a verifier says of a proof: "ok" or a code. */
function verdict(proof: string, request: ProofRequest): string {
  const result = createVerifier({ clock: () => NOW, replay: "none" }).verify(proof, request);
  return result.ok ? "ok" : result.code;
}

describe("RFC 9449 §4 and §5: a proof for every request", () => {
  test("[4-1] no two proofs have one jti", () => {
    const session = clientSession();
    const all = Array.from({ length: 100 }, () => claimsOf(session.buildProof(toToken)).jti);
    expect(new Set(all).size).toBe(100);
  });

  test("[5-1] a token request gets a proof that a server takes", () => {
    expect(verdict(clientSession().buildProof(toToken), toToken)).toBe("ok");
  });

  test("[5-4] every proof of a session is of one key, for the refresh token too", () => {
    const session = clientSession();
    session.observe(toToken, gives("next"));
    for (const request of [toToken, toToken, toApi]) {
      const jwk = headOf(session.buildProof(request))["jwk"];
      expect(jwk).toEqual(session.publicJwk);
    }
    expect(verdict(session.buildProof(toToken), { ...toToken, jkt: session.jkt })).toBe("ok");
  });

  test("further claims go along", () => {
    const proof = clientSession().buildProof({ ...toToken, claims: { exp: NOW + 9 } });
    expect(claimsOf(proof)["exp"]).toBe(NOW + 9);
  });
});

describe("where a request goes, and what its proof says", () => {
  test("plain http to a stranger gets no proof, whatever URL is in it", () => {
    const session = clientSession();
    for (const url of ["http://api.example/", "http://127.0.0.1.example/"]) {
      for (const htu of [undefined, API]) {
        const request = { method: "GET", url, accessToken: TOKEN, htu };
        expect(() => session.buildProof(request)).toThrow(/^url must begin with https/);
      }
    }
    expect(claimsOf(session.buildProof({ ...toApi, url: "http://localhost:3000/" })).htu).toBe("http://localhost:3000/"); // prettier-ignore
  });

  test("another htu stands in the proof, and the nonce is that of the URL", () => {
    const session = clientSession();
    session.observe(toApi, gives("n1"));
    const inner = "http://inner.example:8080/things";
    expect(claimsOf(session.buildProof({ ...toApi, htu: inner }))).toMatchObject({ htu: inner, nonce: "n1" }); // prettier-ignore
    expect(() => session.buildProof({ ...toApi, htu: 1 as never })).toThrow(
      /^htu must be a string/,
    );
  });
});

describe("RFC 9449 §7: access to a resource", () => {
  test("[4.2-8] with an access token the proof has its hash", () => {
    const proof = clientSession().buildProof(toApi);
    expect(claimsOf(proof).ath).toBe("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
  });

  test("without one it has none", () => {
    expect(claimsOf(clientSession().buildProof(toToken)).ath).toBeUndefined();
  });

  test("[7-1] proof and token together are what a resource server takes", () => {
    const session = clientSession();
    const request = { ...toApi, jkt: session.jkt };
    expect(verdict(session.buildProof(toApi), request)).toBe("ok");
    expect(verdict(session.buildProof({ method: "GET", url: API }), request)).toBe("ath_missing");
  });
});

describe("RFC 9449 §8 and §9: nonces", () => {
  test("[4.2-9] once a server handed out a nonce, proofs for it carry the nonce", () => {
    const session = clientSession();
    expect(nonceFor(session, toToken)).toBeUndefined();
    session.observe(toToken, gives("n1"));
    expect(nonceFor(session, toToken)).toBe("n1");
  });

  test("[8-4] the nonce is opaque: every one comes back as it came", () => {
    fc.assert(
      fc.property(nonceText, (nonce) => {
        const session = clientSession();
        session.observe(toApi, asks(nonce));
        expect(nonceFor(session, toApi)).toBe(nonce);
      }),
      runs(30),
    );
  });

  test("[8-6] one value is kept for each server: the last", () => {
    const session = clientSession();
    for (const nonce of ["n1", "n2", "n1"]) {
      session.observe(toApi, gives(nonce));
      expect(nonceFor(session, toApi)).toBe(nonce);
    }
  });

  test.each([200, 204, 302, 400, 401, 403, 404, 500, 0])(
    "[8.2-1] a nonce on a response of any status is used from then on: %s",
    (status) => {
      const session = clientSession();
      session.observe(toApi, gives("old"));
      session.observe(toApi, gives("new", status));
      expect([nonceFor(session, toApi), nonceFor(session, toApi)]).toEqual(["new", "new"]);
      session.observe(toApi, respond(200)); // a response without one changes nothing
      expect(nonceFor(session, toApi)).toBe("new");
    },
  );

  test("[9-2] a nonce goes only to the server that issued it", () => {
    const session = clientSession({ plainHttp: "anywhere" });
    session.observe(toApi, gives("theirs"));
    for (const url of [
      "https://other.example.org/protectedresource",
      "http://resource.example.org/protectedresource",
      "https://resource.example.org:8443/protectedresource",
    ]) {
      expect(nonceFor(session, { ...toApi, url })).toBeUndefined();
    }
    expect(nonceFor(session, { ...toApi, url: "HTTPS://Resource.example.ORG:443/other?x" })).toBe(
      "theirs",
    );
  });

  test("[9-2] an authorization server and an API on one origin keep their nonces apart", () => {
    const session = clientSession();
    const token = { method: "POST", url: "https://one.example/token" };
    const api = { method: "GET", url: "https://one.example/api", accessToken: TOKEN };
    session.observe(token, gives("as"));
    expect(nonceFor(session, api)).toBe("as"); // it may be for both
    session.observe(api, gives("rs"));
    expect(nonceFor(session, token)).toBe("as");
    expect(nonceFor(session, api)).toBe("rs");
  });

  test.each([
    ["a challenge", respond(401, { "www-authenticate": 'DPoP error="invalid_dpop_proof"' })],
    ["JSON", respond(400, {}, { error: "invalid_dpop_proof" })],
  ])("a nonce of the other role that is refused is not sent again: %s", (_, refusal) => {
    const session = clientSession();
    const api = { method: "GET", url: "https://one.example/api", accessToken: TOKEN };
    session.observe({ url: "https://one.example/token" }, gives("as"));
    session.observe(api, respond(401, { "www-authenticate": 'DPoP error="invalid_token"' }));
    expect(nonceFor(session, api)).toBe("as");
    session.observe(api, refusal);
    expect(nonceFor(session, api)).toBeUndefined();
  });

  test("what a session learned goes over a reload", () => {
    const session = clientSession({ correctClockSkew: true });
    session.observe(toApi, gives("n1"));
    session.observe(toApi, respond(401, { date: new Date((NOW + 60) * 1000).toUTCString() }));
    const stored = JSON.stringify(session.state());
    expect(stored).not.toContain(TOKEN);
    const next = clientSession({ correctClockSkew: true });
    next.restore(JSON.parse(stored));
    expect(claimsOf(next.buildProof(toApi))).toMatchObject({ nonce: "n1", iat: NOW + 60 });
    const other = clientSession(); // it trusts no server's clock
    other.restore(JSON.parse(stored));
    expect(claimsOf(other.buildProof(toApi))).toMatchObject({ nonce: "n1", iat: NOW });
  });

  test.each([
    ["an empty one", ""],
    ["two, joined", "a, b"],
    ["one with a quote", 'a"b'],
    ["one that is far too long", "a".repeat(1025)],
  ])("what is no nonce is ignored: %s", (_, value) => {
    const session = clientSession();
    session.observe(toApi, gives("good"));
    session.observe(toApi, { status: 200, headers: new Map([["dpop-nonce", value]]) });
    expect(nonceFor(session, toApi)).toBe("good");
  });

  test("256 servers are remembered, and those that were used last", () => {
    const session = clientSession();
    const server = (n: number): typeof toApi => ({ ...toApi, url: `https://${n}.example/` });
    for (let n = 0; n < 256; n++) session.observe(server(n), gives(`n${n}`));
    expect(nonceFor(session, server(0))).toBe("n0"); // used: 1 is the oldest now
    session.observe(server(256), gives("n256"));
    expect(nonceFor(session, server(1))).toBeUndefined();
    expect(nonceFor(session, server(0))).toBe("n0");
    expect(nonceFor(session, server(256))).toBe("n256");
  });
});

test("the nonce of the next proof can be asked for, and asking changes nothing", () => {
  const session = clientSession();
  expect(session.nonceFor(toApi)).toBeUndefined();
  session.observe(toApi, gives("n1"));
  session.observe(toToken, gives("n2"));
  for (const request of [toApi, toToken, toApi])
    expect(session.nonceFor(request)).toBe(nonceFor(session, request));
  expect([session.nonceFor(toApi), session.nonceFor(toToken)]).toEqual(["n1", "n2"]);
  expect(() => session.nonceFor({ ...toApi, accessTokn: "x" } as never)).toThrow(/^request must /);
});

describe("whether to send a request again", () => {
  const unasked = clientSession().buildProof(toApi);

  test("[7.3] once, and with a new proof", () => {
    const session = clientSession();
    const first = session.buildProof(toApi);
    session.observe(toApi, asks("n1"));
    expect(session.shouldRetry(first, asks("n1"), 1)).toBe(true);
    const second = session.buildProof(toApi);
    expect(claimsOf(second).jti).not.toBe(claimsOf(first).jti);
    expect(claimsOf(second).nonce).toBe("n1");
    expect(session.shouldRetry(second, asks("n2"), 2)).toBe(false);
    expect(session.shouldRetry(second, asks("n2"), 100)).toBe(false);
  });

  test("where the authorization server asks, too", () => {
    const response = respond(400, { "dpop-nonce": "n" }, { error: "use_dpop_nonce" });
    expect(clientSession().shouldRetry(unasked, response, 1)).toBe(true);
    expect(clientSession().shouldRetry(unasked, { ...response, status: 401 }, 1)).toBe(true);
  });

  test("and for no other response", () => {
    expect(clientSession().shouldRetry(unasked, gives("n"), 1)).toBe(false);
  });

  test("where the challenge is hidden, for a nonce that the proof did not have", () => {
    const session = clientSession();
    expect(session.shouldRetry(unasked, gives("n1", 401), 1)).toBe(true);
    session.observe(toApi, gives("n1", 401));
    const proof = session.buildProof(toApi);
    expect(session.shouldRetry(proof, gives("n1", 401), 1)).toBe(false);
    expect(session.shouldRetry(proof, gives("n2", 401), 1)).toBe(true);
    expect(session.shouldRetry(proof, gives("n2", 401), 2)).toBe(false);
    expect(session.shouldRetry(unasked, gives("n1", 403), 1)).toBe(false);
    expect(session.shouldRetry(unasked, respond(401), 1)).toBe(false);
    const named = respond(401, { "dpop-nonce": "n" }, { error: "invalid_client" });
    expect(session.shouldRetry(unasked, named, 1)).toBe(false);
  });

  describe("where the clock was wrong", () => {
    const at = (seconds: number, more: Readonly<Record<string, string>> = {}): ResponseLike =>
      respond(401, {
        "www-authenticate": 'DPoP error="invalid_dpop_proof"',
        date: new Date(seconds * 1000).toUTCString(),
        ...more,
      });
    const correcting = clientSession({ correctClockSkew: true });

    test.each([-3600, -5, 5, 200])("by %i seconds", (offset) => {
      expect(correcting.shouldRetry(unasked, at(NOW + offset), 1)).toBe(true);
      expect(correcting.shouldRetry(unasked, at(NOW + offset), 2)).toBe(true);
      expect(correcting.shouldRetry(unasked, at(NOW + offset), 3)).toBe(false);
      expect(clientSession().shouldRetry(unasked, at(NOW + offset), 1)).toBe(false);
    });

    test("and the challenge can't be read, or the error stands in JSON", () => {
      const { headers } = respond(400, { date: new Date((NOW + 9) * 1000).toUTCString() });
      expect(correcting.shouldRetry(unasked, { status: 401, headers }, 1)).toBe(true);
      const errorBody = { error: "invalid_dpop_proof" };
      expect(correcting.shouldRetry(unasked, { status: 400, headers, errorBody }, 1)).toBe(true);
    });

    test.each<[string, ResponseLike]>([
      ["by so little that every server takes it", at(NOW + 4)],
      ["and the Date comes from a cache", at(NOW + 200, { age: "1" })],
      ["and there is no date", at(NOW + 200, { date: "soon" })],
      ["and the token is refused", at(NOW + 200, { "www-authenticate": 'DPoP error="invalid_token"' })], // prettier-ignore
      ["and nothing says that the proof is refused", at(NOW + 200, { "www-authenticate": "DPoP" })],
    ])("but not %s", (_, response) => {
      expect(correcting.shouldRetry(unasked, response, 1)).toBe(false);
    });

    test("and the nonce as well: one repeat for each", () => {
      const withNonce = clientSession();
      withNonce.observe(toApi, gives("n1"));
      const second = withNonce.buildProof(toApi);
      expect(correcting.shouldRetry(unasked, asks("n1"), 2)).toBe(true); // the first was for the time
      expect(correcting.shouldRetry(second, asks("n2"), 2)).toBe(false);
      expect(correcting.shouldRetry(second, at(NOW + 9), 2)).toBe(true);
    });

    test("and the server asks for a nonce again, as one does that finds the time wrong", () => {
      const withNonce = clientSession();
      withNonce.observe(toApi, gives("n1"));
      const second = withNonce.buildProof(toApi);
      const asking = { "www-authenticate": "DPoP error=use_dpop_nonce", "dpop-nonce": "n2" };
      expect(correcting.shouldRetry(second, at(NOW + 9, asking), 2)).toBe(true);
      expect(correcting.shouldRetry(second, at(NOW, asking), 2)).toBe(false);
    });

    test.each([null, "1", [1]])("but not where the proof has no time: %j", (iat) => {
      const payload = Buffer.from(JSON.stringify({ iat })).toString("base64url");
      expect(correcting.shouldRetry(`e30.${payload}.AA`, at(NOW), 1)).toBe(false);
    });
  });

  test("a proof that is no proof is taken for one without a nonce; no string is a mistake", () => {
    for (const proof of ["", "x", "a.b.c", "a.e30.c"]) {
      expect(clientSession().shouldRetry(proof, asks("n"), 1)).toBe(true);
      expect(clientSession({ correctClockSkew: true }).shouldRetry(proof, gives("n"), 1)).toBe(
        false,
      );
    }
    expect(() => clientSession().shouldRetry(asks("n") as never, asks("n"), 1)).toThrow(
      /^proof must be a string/,
    );
  });

  test.each([0, -1, 1.5, NaN, "1"])("attempts count from 1: %s is a mistake", (attempt) => {
    expect(() => clientSession().shouldRetry(unasked, asks("n"), attempt as number)).toThrow(
      /^attempt must /,
    );
  });
});

describe("RFC 9449 §10: the binding of an authorization code", () => {
  test("[10-1] dpop_jkt is the thumbprint of the key of the proofs", () => {
    const session = clientSession();
    expect(session.jkt).toBe(jwkThumbprint(signerOf("ES256").publicJwk));
    expect(verdict(session.buildProof(toToken), { ...toToken, jkt: session.jkt })).toBe("ok");
  });

  test("[10.1-1] a pushed request takes dpop_jkt, or a proof for its endpoint", () => {
    const session = clientSession();
    const pushed = { method: "POST", url: "https://server.example.com/par" };
    expect(session.jkt).toHaveLength(43);
    expect(verdict(session.buildProof(pushed), { ...pushed, jkt: session.jkt })).toBe("ok");
  });
});

describe("clocks", () => {
  const theirs = NOW + 3600;
  const dated = (seconds: number, more: Readonly<Record<string, string>> = {}): ResponseLike =>
    respond(401, { date: new Date(seconds * 1000).toUTCString(), ...more });

  test("ours is used, in whole seconds", () => {
    expect(iatFor(clientSession({ clock: () => NOW + 0.9 }))).toBe(NOW);
  });

  test("the platform's is used where none is given", () => {
    const before = Math.floor(Date.now() / 1000);
    const iat = iatFor(clientSession({ clock: undefined }));
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(iat).toBeLessThanOrEqual(Date.now() / 1000);
  });

  test("a server's is not, unless asked by name", () => {
    for (const correctClockSkew of [undefined, false]) {
      const session = clientSession({ correctClockSkew: correctClockSkew });
      session.observe({ url: API }, dated(theirs));
      expect(iatFor(session)).toBe(NOW);
    }
  });

  test("then proofs for that server carry its time, and those for others do not", () => {
    const session = clientSession({ correctClockSkew: true });
    session.observe({ url: API }, dated(theirs));
    expect(iatFor(session)).toBe(theirs);
    expect(iatFor(session, TOKEN_URL)).toBe(NOW);
  });

  test("the latest wins, also where it agrees with ours again", () => {
    const session = clientSession({ correctClockSkew: true });
    session.observe({ url: API }, dated(theirs));
    session.observe({ url: API }, dated(NOW - 60));
    expect(iatFor(session)).toBe(NOW - 60);
    session.observe({ url: API }, dated(NOW + 1));
    expect(iatFor(session)).toBe(NOW);
  });

  test("nothing is learned from a cache, or from what is no date", () => {
    const session = clientSession({ correctClockSkew: true });
    const { headers } = dated(theirs);
    session.observe({ url: API }, { status: 200, headers }); // a browser does not say that it kept it
    session.observe({ url: API }, dated(theirs, { age: "9" }));
    session.observe({ url: API }, respond(401, { date: "soon" }));
    expect(iatFor(session)).toBe(NOW);
  });

  test("a response that tells no time leaves what was learned", () => {
    const session = clientSession({ correctClockSkew: true });
    session.observe({ url: API }, dated(NOW + 100));
    const silent: readonly ResponseLike[] = [
      respond(200),
      respond(401),
      respond(401, { date: "soon" }),
      { status: 200, headers: dated(NOW + 7).headers },
      dated(NOW + 7, { age: "9" }),
    ];
    for (const response of silent) {
      session.observe({ url: API }, response);
      expect(iatFor(session)).toBe(NOW + 100);
    }
    session.observe({ url: API }, dated(NOW));
    expect(iatFor(session)).toBe(NOW);
  });

  // ResponseLike allows it: a Map, or a function over a plain object.
  test.each([undefined, null])("a field that is absent may be %s", (absent) => {
    const session = clientSession({ correctClockSkew: true });
    const fields: Readonly<Record<string, string>> = {
      date: new Date(theirs * 1000).toUTCString(),
    };
    const headers = { get: (name: string) => fields[name] ?? absent };
    session.observe({ url: API }, { status: 401, headers });
    expect(iatFor(session)).toBe(theirs);
    expect(nonceFor(session, toToken)).toBeUndefined();
    expect(session.shouldRetry(session.buildProof(toApi), { status: 401, headers }, 1)).toBe(false);
  });

  test("a token response tells the time too, since no cache may keep it", () => {
    const session = clientSession({ correctClockSkew: true });
    const { headers } = dated(theirs, { "cache-control": "no-store" });
    session.observe({ url: TOKEN_URL }, { status: 200, headers });
    expect(iatFor(session, TOKEN_URL)).toBe(theirs);
  });

  test.each([0, 1e11])("the first and the last second that a proof can have: %s", (seconds) => {
    const session = clientSession({ correctClockSkew: true });
    session.observe({ url: API }, dated(seconds));
    expect(iatFor(session)).toBe(seconds);
  });

  test.each([-30_000_000_000, -1, 1e11 + 1, 253_402_300_799])(
    "a date out of all time does no harm: %s",
    (seconds) => {
      const session = clientSession({ correctClockSkew: true });
      session.observe({ url: API }, dated(seconds));
      expect(iatFor(session)).toBe(NOW);
    },
  );
});

describe("RFC 9449 §5.1: the algorithms of the server", () => {
  const label = (signer: SyncSigner, algs: unknown): unknown => {
    const session = clientSession({ signer, algs });
    const { alg } = headOf(session.buildProof(toToken));
    expect(session.alg).toBe(alg);
    expect(verdict(session.buildProof(toToken), toToken)).toBe("ok");
    return alg;
  };
  const ed = [signerOf("Ed25519", "Ed25519"), signerOf("Ed25519", "EdDSA")];

  test.each(ed)("Ed25519 if it is listed, else EdDSA: a signer of $alg", (signer) => {
    expect(label(signer, ["ES256", "EdDSA", "Ed25519"])).toBe("Ed25519");
    expect(label(signer, ["EdDSA", "ES256"])).toBe("EdDSA");
    expect(label(signer, ["Ed25519"])).toBe("Ed25519");
    expect(label(signer, undefined)).toBe(signer.alg);
    expect(() => label(signer, ["ES256"])).toThrow(/^algs must /);
  });

  test("the label of another key is its own", () => {
    expect(label(signerOf("ES256"), ["RS256", "ES256"])).toBe("ES256");
    expect(() => label(signerOf("ES256"), ["EdDSA", "ES384"])).toThrow(/^algs must /);
  });

  test.each([[null], ["ES256"], [["ES256", 1]], [[]], [{}]])(
    "what is no such list is a TypeError: %j",
    (algs) => {
      expect(() => clientSession({ algs })).toThrow(TypeError);
    },
  );
});

describe("an asynchronous signer", () => {
  const { alg, publicJwk, sign } = signerOf("ES256");
  const signer: AsyncSigner = { alg, publicJwk, sign: async (data) => sign(data) };
  const session = createAsyncClientSession({ signer, backend: noble, clock: () => NOW });

  test("the same session, and proofs that are promised", async () => {
    session.observe(toApi, asks("n1"));
    const proof = await session.buildProof(toApi);
    expect(claimsOf(proof).nonce).toBe("n1");
    expect(verdict(proof, { ...toApi, jkt: session.jkt })).toBe("ok");
    expect(session.jkt).toBe(clientSession().jkt);
  });

  test("a synchronous one will do", async () => {
    const own = createAsyncClientSession({
      signer: signerOf("ES256"),
      backend: noble,
      clock: () => NOW,
    });
    expect(verdict(await own.buildProof(toToken), toToken)).toBe("ok");
  });

  test("a mistake is a rejection, and so is what the signer throws", async () => {
    await expect(session.buildProof({ method: "GET", url: "/x" })).rejects.toThrow(TypeError);
    const broken = createAsyncClientSession({
      signer: { alg, publicJwk, sign: () => Promise.reject(new Error("no key")) },
      backend: noble,
    });
    await expect(broken.buildProof(toToken)).rejects.toThrow("no key");
  });

  test("is a type error for a synchronous session", () => {
    expectTypeOf<AsyncSigner>().not.toExtend<ClientSessionOptions["signer"]>();
    expectTypeOf<SyncSigner>().toExtend<AsyncClientSessionOptions["signer"]>();
    expect(() => clientSession({ signer: signer as never }).buildProof(toToken)).toThrow(TypeError);
  });
});

test("a session can't be changed", () => {
  const session = clientSession();
  expect(Object.isFrozen(session)).toBe(true);
  expect(Object.isFrozen(session.publicJwk)).toBe(true);
});

test("a signer that changes its key later does not change the session", () => {
  const signer = { ...signerOf("ES256") };
  const session = clientSession({ signer });
  Object.assign(signer, { alg: "ES384", publicJwk: signerOf("ES384").publicJwk });
  expect(headOf(session.buildProof(toToken))).toMatchObject({
    alg: "ES256",
    jwk: session.publicJwk,
  });
});

describe("a programmer's mistake is a TypeError that names the argument", () => {
  const es256 = signerOf("ES256");
  test.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ["a misspelt option", { learnclock: true }, /^options must /],
    ["no signer", { signer: undefined }, /^signer must /],
    ["a signer that can't sign", { signer: { ...es256, sign: undefined } }, /^signer.sign must /],
    ["a signer of a MAC", { signer: { ...es256, alg: "HS256" } }, /^signer.alg must /],
    ["a signer of another key", { signer: { ...es256, alg: "ES384" } }, /^signer.publicJwk must /],
    [
      "a signer that shows its private key",
      { signer: { ...es256, publicJwk: { ...es256.publicJwk, d: "x" } } },
      /^signer.publicJwk must /,
    ],
    ["no backend", { backend: undefined }, /^backend must /],
    ["a backend that can't hash", { backend: { ...noble, sha256: 1 } }, /^backend.sha256 must /],
    [
      "a backend without randomness",
      { backend: { sha256: noble.sha256 } },
      /^backend.randomBytes /,
    ],
    ["a clock that is a number", { clock: NOW }, /^clock must /],
    ["correctClockSkew as text", { correctClockSkew: "yes" }, /^correctClockSkew must /],
    ["another word for unboundTokens", { unboundTokens: true }, /^unboundTokens must /],
  ])("%s", (_, options, message) => {
    expect(() => clientSession(options)).toThrow(TypeError);
    expect(() => clientSession(options)).toThrow(message);
  });

  test.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ["a misspelt member", { accesstoken: TOKEN }, /^request must /],
    ["a relative URL", { url: "/token" }, /^url must /],
    ["no URL", { url: undefined }, /^url must /],
    ["a URL object", { url: new URL(TOKEN_URL) }, /^url must /],
    ["an empty token", { accessToken: "" }, /^accessToken must /],
    ["a token with its scheme", { accessToken: `DPoP ${TOKEN}` }, /^accessToken must /],
  ])("of a request: %s", (_, members, message) => {
    const session = clientSession();
    const request = { ...toToken, ...members };
    expect(() => session.buildProof(request)).toThrow(message);
    expect(() => session.observe(request, gives("n"))).toThrow(message);
  });

  test("of a clock: milliseconds are a RangeError", () => {
    expect(() => clientSession({ clock: () => NOW * 1000 }).buildProof(toToken)).toThrow(
      RangeError,
    );
  });
});

test("nothing that a server sends makes it throw", () => {
  const value = fc.oneof(anyText, fc.constantFrom("DPoP", 'DPoP error="use_dpop_nonce"'));
  const response = fc.record({
    status: fc.oneof(fc.constantFrom(200, 400, 401), fc.integer()),
    fields: fc.dictionary(
      fc.constantFrom("dpop-nonce", "www-authenticate", "date", "age"),
      fc.oneof(value, fc.constant(null)),
    ),
    errorBody: fc.anything(),
  });
  const session = clientSession({ correctClockSkew: true });
  fc.assert(
    fc.property(response, ({ status, fields, errorBody }) => {
      const headers = new Map(Object.entries(fields));
      const seen = { status, headers: { get: (name: string) => headers.get(name) }, errorBody };
      session.observe(toApi, seen);
      expect(typeof session.shouldRetry(session.buildProof(toApi), seen, 1)).toBe("boolean");
      expect(session.readTokenResponse(errorBody).ok).toBe(false);
      session.buildProof(toApi);
    }),
    runs(100),
  );
});
