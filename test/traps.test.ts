// Known weak spots of other implementations, one test each, with its origin: what they get wrong must stay right here.
import {
  createProof,
  createSigner,
  createVerifier,
  createMemoryReplayStore,
  generatePrivateJwk,
  verifyProof,
} from "dpop-core";
import { createHash, randomBytes } from "node:crypto";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import { replayKey } from "../src/replay/replay.js";
import { publicJwk } from "./support/keys.js";
import { at, b64, mint, NOW, TOKEN_URL } from "./support/mint.js";
import { P1, RESOURCE } from "./support/rfc.js";
import { outcome } from "./support/run.js";

const htu = (claimed: string, url = TOKEN_URL): Promise<string> =>
  outcome(mint({ claims: { htu: claimed } }), { url });

describe("oauth4webapi", () => {
  test("lenient base64url gives one proof many forms: only one is accepted", async () => {
    const forms = [
      `${P1}=`,
      `${P1}==`,
      `${P1}\n`,
      ` ${P1}`,
      P1.replaceAll("-", "+"),
      P1.replace("-", "/"),
    ];
    expect(await outcome(P1)).toBe("ok");
    for (const form of forms) expect(await outcome(form)).toBe("jws_malformed");
  });

  test("its URL comparison leaves %7E and %2f as they are: RFC 3986 6.2.2 does not", async () => {
    expect(
      await htu("https://server.example.com/%7euser%2fz", "https://server.example.com/~user%2Fz"),
    ).toBe("ok");
  });

  test("its URL parser repairs what is no URI: here it is refused", async () => {
    for (const repaired of [
      "https:\\\\server.example.com\\token",
      "https:server.example.com/token",
      " https://server.example.com/token",
      "https://server.example.com/to\nken",
    ]) {
      expect(await htu(repaired)).toBe("htu_invalid");
    }
  });

  test("the caller gets what the proof said: jti, nonce and jkt", () => {
    const result = verifyProof(mint({ claims: { nonce: "n", "urn:x": [1] } }), at(NOW), {
      replay: "none",
    });
    expect(result).toMatchObject({
      ok: true,
      claims: { jti: "-BwC3ESc6acc2lTc", nonce: "n", "urn:x": [1] },
    });
    expect(result.ok && result.jkt.length).toBe(43);
  });
});

describe("node-oidc-provider", () => {
  test("a proof dated ahead outlives its replay entry: here it does not", () => {
    const verifier = createVerifier({
      replay: createMemoryReplayStore(),
      maxAge: 300,
      clockTolerance: 300,
    });
    const proof = mint({ claims: { iat: NOW + 300 } });
    expect(verifier.verify(proof, at(NOW)).ok).toBe(true);
    for (let later = 1; later <= 600; later++) {
      expect(verifier.verify(proof, at(NOW + later))).toMatchObject({ code: "jti_replayed" });
    }
    expect(verifier.verify(proof, at(NOW + 601))).toMatchObject({ code: "iat_too_old" });
  });

  test("a replay key without a separator joins different pairs: here it has one", () => {
    const hasher = {
      sha256: (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest()),
    };
    expect(replayKey("ab", "c", hasher)).not.toBe(replayKey("a", "bc", hasher));
    expect(replayKey("jkt", "jti", hasher)).toBe(
      createHash("sha256").update("jkt\0jti").digest("base64url"),
    );
  });

  test("every JOSE failure has one text there: here each has its code", async () => {
    const codes = await Promise.all([
      outcome("x"),
      outcome(mint({ header: { alg: "none" } })),
      outcome(mint({ header: { jwk: { ...publicJwk("ES256"), d: "x" } } })),
      outcome(mint({ signer: "otherES256" })),
    ]);
    expect(codes).toEqual(["jws_malformed", "alg_unsupported", "jwk_private", "signature_invalid"]);
  });

  test("with nonces on, a proof without one gets through there (11.3): here it does not", async () => {
    expect(await outcome(mint(), {}, { nonce: { accept: "n" } })).toBe("nonce_missing");
  });
});

describe("atproto oauth-provider", () => {
  test("whatever the JOSE library supports is accepted there: here, what is on the list", async () => {
    expect(await outcome(mint({ key: "RS256" }))).toBe("alg_unsupported");
    expect(await outcome(mint({ key: "ES512" }))).toBe("alg_unsupported");
    expect(await outcome(mint(), {}, { algs: ["Ed25519"] })).toBe("alg_unsupported");
  });

  test("one namespace of jti lets one client use up another's: here each key has its own", () => {
    const verifier = createVerifier({ replay: createMemoryReplayStore() });
    expect(verifier.verify(mint({ key: "otherES256" }), at(NOW)).ok).toBe(true);
    expect(verifier.verify(mint(), at(NOW)).ok).toBe(true);
  });

  test("a store of raw jti values grows with what clients send: here keys have one length", () => {
    const lengths = new Set<number>();
    const replay = { add: (key: string) => (lengths.add(key.length), "new" as const) };
    const verifier = createVerifier({ replay });
    for (const jti of ["a", "b".repeat(256)]) verifier.verify(mint({ claims: { jti } }), at(NOW));
    expect([...lengths]).toEqual([43]);
  });

  test("time as a 32-bit integer ends in 2038: here it does not", async () => {
    for (const now of [2 ** 31, 2 ** 32, 2 ** 33]) {
      expect(await outcome(mint({ claims: { iat: now } }), { now })).toBe("ok");
      expect(await outcome(mint({ claims: { iat: now - 61 } }), { now })).toBe("iat_too_old");
    }
  });
});

describe("auth0 node-oauth2-jwt-bearer", () => {
  test("htm is compared without case there: here as it is (RFC 9110 9.1)", async () => {
    expect(await outcome(mint({ claims: { htm: "post" } }))).toBe("htm_mismatch");
  });

  test("any truthy jti will do there: here a non-empty string", async () => {
    for (const jti of [1, true, {}, ["x"]])
      expect(await outcome(mint({ claims: { jti } }))).toBe("claim_invalid");
  });

  test("the label Ed25519 (RFC 9864) is unknown there: here both are known", async () => {
    expect(await outcome(mint({ key: "Ed25519" }))).toBe("ok");
    expect(await outcome(mint({ key: "Ed25519", header: { alg: "EdDSA" } }))).toBe("ok");
  });
});

describe("Nimbus", () => {
  test("a query in htu is refused there: item 9 says to ignore it", async () => {
    expect(await htu(`${TOKEN_URL}?a=b`)).toBe("ok");
  });

  test("a nonce that nobody asked for is refused there: here it is ignored", async () => {
    expect(await outcome(mint({ claims: { nonce: "left over" } }))).toBe("ok");
  });

  test("a jti is used up by a proof that fails afterwards: here by none that fails", () => {
    const replay = createMemoryReplayStore();
    const verifier = createVerifier({ replay });
    const good = { ...at(NOW), accessToken: "t", jkt: "x".repeat(43) };
    expect(verifier.verify(mint(), good)).toMatchObject({ code: "ath_missing" });
    const ath = createHash("sha256").update("t").digest("base64url");
    expect(verifier.verify(mint({ claims: { ath } }), good)).toMatchObject({
      code: "jkt_mismatch",
    });
    expect(replay.usage().entries).toBe(0);
  });
});

describe("Spring Security", () => {
  test("CVE-2026-41707: a thousand proofs push a live one out of the cache: here the store says that it is full", () => {
    const verifier = createVerifier({
      replay: createMemoryReplayStore({ maxEntries: 20, maxEntriesPerKey: 20 }),
    });
    const victim = mint({ claims: { jti: "victim" } });
    expect(verifier.verify(victim, at(NOW)).ok).toBe(true);
    const flood = Array.from({ length: 40 }, (_, i) =>
      verifier.verify(mint({ key: "otherES256", claims: { jti: `${i}` } }), at(NOW)),
    );
    expect(flood.filter(({ ok }) => ok).length).toBe(19);
    expect(flood.filter((result) => !result.ok && result.code === "replay_store_full").length).toBe(
      21,
    );
    expect(verifier.verify(victim, at(NOW))).toMatchObject({ code: "jti_replayed" });
  });

  test("the jti of failing proofs is recorded there: here only what passed everything", () => {
    const replay = createMemoryReplayStore();
    const verifier = createVerifier({ replay });
    verifier.verify(mint({ claims: { htu: "https://other.example/" } }), at(NOW));
    verifier.verify(mint({ signer: "otherES256" }), at(NOW));
    expect(replay.usage().entries).toBe(0);
  });
});

describe("Keycloak", () => {
  test("its check for a private key can never fire: here it does", async () => {
    expect(await outcome(mint({ header: { jwk: { ...publicJwk("ES256"), d: "AQAB" } } }))).toBe(
      "jwk_private",
    );
  });

  test("a fragment in htu and the default port are not normalised there: here they are", async () => {
    expect(await htu(`${TOKEN_URL}#top`)).toBe("ok");
    expect(await htu("https://server.example.com:443/token")).toBe("ok");
  });

  test("users can't see why a proof is not active: here the failure carries the offset in seconds", () => {
    expect(verifyProof(mint(), at(NOW + 100), { replay: "none" })).toMatchObject({
      code: "iat_too_old",
      clockOffset: -100,
    });
    expect(verifyProof(mint(), at(NOW - 100), { replay: "none" })).toMatchObject({
      code: "iat_in_future",
      clockOffset: 100,
    });
  });
});

describe("WSO2", () => {
  test("a proof dated in 2100 is valid until then: here not at all", async () => {
    expect(await outcome(mint({ claims: { iat: 4_102_444_800 } }))).toBe("iat_in_future");
  });

  test("paths and thumbprints are compared without case there: here as they are", async () => {
    expect(await htu("https://server.example.com/TOKEN")).toBe("htu_mismatch");
    const result = verifyProof(mint(), at(NOW), { replay: "none" });
    const jkt = result.ok ? result.jkt : "";
    expect(await outcome(mint(), { jkt })).toBe("ok");
    expect(await outcome(mint(), { jkt: jkt.toUpperCase() })).toBe("jkt_mismatch");
  });

  test("a missing typ is a null pointer there: here a refusal", async () => {
    expect(await outcome(mint({ header: { typ: undefined } }))).toBe("typ_mismatch");
  });
});

describe("Duende", () => {
  test("a proof for /Admin matches /admin there: not here", async () => {
    expect(await htu("https://server.example.com/Admin", "https://server.example.com/admin")).toBe(
      "htu_mismatch",
    );
  });

  test("escapes that mean something may be undone there: here never", async () => {
    expect(await htu("https://server.example.com/a%2Fb", "https://server.example.com/a/b")).toBe(
      "htu_mismatch",
    );
    expect(await htu("https://server.example.com/a%3Fb", "https://server.example.com/a?b")).toBe(
      "htu_mismatch",
    );
    expect(
      await htu("https://server.example.com/%252e%252e/b", "https://server.example.com/b"),
    ).toBe("htu_mismatch");
  });

  test("its size limit looks at the token instead of the proof: here a long token is fine, a long proof is not", async () => {
    const accessToken = randomBytes(12_000).toString("base64url");
    const ath = createHash("sha256").update(accessToken).digest("base64url");
    const result = verifyProof(mint(), at(NOW), { replay: "none" });
    const jkt = result.ok ? result.jkt : "";
    expect(await outcome(mint({ claims: { ath } }), { accessToken, jkt })).toBe("ok");
    expect(await outcome(mint({ claims: { x: "x".repeat(8192) } }))).toBe("proof_too_large");
  });
});

describe("go-dpop", () => {
  test("a typ that is a number panics there: here it is refused", async () => {
    for (const typ of [5, null, {}, [], true])
      expect(await outcome(mint({ header: { typ } }))).toBe("typ_mismatch");
  });

  test("crv of an OKP key is not read there: here X25519 and no crv are refused", async () => {
    for (const crv of ["X25519", "Ed448", undefined, 5]) {
      expect(
        await outcome(mint({ key: "Ed25519", header: { jwk: { ...publicJwk("Ed25519"), crv } } })),
      ).toBe("jwk_alg_mismatch");
    }
  });

  test("it makes Ed25519 keys without crv: ours have one", () => {
    expect(createSigner(generatePrivateJwk("Ed25519")).publicJwk).toMatchObject({
      kty: "OKP",
      crv: "Ed25519",
    });
  });

  test("the caller's URL is changed there: here nothing that is passed is", () => {
    const request = Object.freeze({ ...at(NOW), url: `${TOKEN_URL}?a=b` });
    const limits = Object.freeze({ proof: 8192 });
    const options = Object.freeze({ maxAge: 60, limits, replay: "none" });
    expect(verifyProof(mint(), request, options).ok).toBe(true);
    expect(request.url).toBe(`${TOKEN_URL}?a=b`);
  });

  test("no tolerance by default refuses every client whose clock is a little ahead: here it has 15 seconds", async () => {
    expect(await outcome(mint({ claims: { iat: NOW + 2 } }))).toBe("ok");
  });
});

describe("Solid access-token-verifier", () => {
  test("ath is checked only where there is one: here it must be there", async () => {
    expect(await outcome(mint(), { accessToken: "t", jkt: "x" })).toBe("ath_missing");
  });
});

describe("clients: panva/dpop, MCP, go-dpop", () => {
  const signer = createSigner(generatePrivateJwk("ES256"));

  test("a custom method is not put into capitals", () => {
    expect(decodeJwt(createProof(signer, { method: "patch", url: RESOURCE }))).toMatchObject({
      htm: "patch",
    });
  });

  test("query and fragment never get into htu", () => {
    const proof = createProof(signer, { method: "GET", url: `${RESOURCE}?secret=1#x` });
    expect(decodeJwt(proof)).toMatchObject({ htu: RESOURCE });
  });

  test("an empty access token does not silently drop ath", () => {
    expect(() => createProof(signer, { method: "GET", url: RESOURCE, accessToken: "" })).toThrow(
      /^accessToken /,
    );
  });

  test("a nonce with characters that JSON escapes comes back as it was", () => {
    const nonce = "</script>'%&{}[]~!";
    expect(decodeJwt(createProof(signer, { method: "GET", url: RESOURCE, nonce }))).toMatchObject({
      nonce,
    });
  });
});

describe("what integrators forgot", () => {
  test("giantswarm/mcp-oauth#384: the key was never compared; here a token without its jkt is a TypeError", () => {
    const request = { ...at(NOW), accessToken: "t" };
    expect(() =>
      Reflect.apply(verifyProof, undefined, [mint(), request, { replay: "none" }]),
    ).toThrow(/^jkt must be given/);
  });

  test("descope/go-sdk#737: an empty jkt skipped the comparison; here it matches nothing", async () => {
    expect(await outcome(mint(), { jkt: "" })).toBe("jkt_mismatch");
  });

  test("inji-certify: stripping a trailing slash makes a proof valid for another path", async () => {
    expect(await htu("https://server.example.com/token/")).toBe("htu_mismatch");
  });

  test("oidc-cli#142: the label says one thing, the signature another", async () => {
    expect(await outcome(mint({ key: "Ed25519", header: { alg: "ES256" } }))).toBe(
      "jwk_alg_mismatch",
    );
    expect(await outcome(mint({ signer: "Ed25519" }))).toBe("signature_invalid");
  });

  test("noble refuses a high S by default, and with it the RFC's own examples", async () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const high = mint({
      signature: (bytes) => {
        const own = BigInt(`0x${Buffer.from(bytes).subarray(32).toString("hex")}`);
        const flipped = own > order / 2n ? own : order - own;
        return Buffer.concat([
          bytes.subarray(0, 32),
          Buffer.from(flipped.toString(16).padStart(64, "0"), "hex"),
        ]);
      },
    });
    expect(await outcome(high)).toBe("ok");
  });

  test("an access token shown as a proof (11.5) is none", async () => {
    const token = mint({
      header: { typ: "at+jwt" },
      rawPayload: JSON.stringify({ iss: "x", aud: "y", exp: NOW + 60 }),
    });
    expect(await outcome(token)).toBe("typ_mismatch");
  });

  test("a key in kid, jku or x5c is not used in place of the one in jwk", async () => {
    const header = { jwk: undefined, kid: "1", jku: "https://evil.example/keys", x5c: [b64("x")] };
    expect(await outcome(mint({ header }))).toBe("jwk_invalid");
    expect(decodeProtectedHeader(mint({ header })).jwk).toBeUndefined();
  });
});
