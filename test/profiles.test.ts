// The profiles, rule by rule: FAPI 2.0 Security Profile (Final) sections 5.3.2.1 and 5.4, and SEP-1932 for MCP.
import {
  createAsyncVerifier,
  createNonceIssuer,
  createVerifier,
  noble,
  profiles,
  type NonceCheck,
  type VerifierProfile,
} from "dpop-core";
import * as core from "dpop-core/core";
import { fast } from "dpop-core/fast";
import { nodeCrypto } from "dpop-core/node-crypto";
import { webcrypto } from "dpop-core/webcrypto";
import { describe, expect, test } from "vitest";
import { nodeSignRsa, privateJwk, publicJwk } from "./support/keys.js";
import { at, b64, mint, NOW, TOKEN_URL } from "./support/mint.js";
import { optionsOf, outcome, type PolicyData } from "./support/run.js";

const { fapi2, mcp } = profiles;

const issuer = createNonceIssuer({
  secrets: [Uint8Array.from({ length: 32 }, (_, i) => i)],
  audience: "https://server.example.com",
});

/** "ok" or a code, the same from both kinds of verifier; with a nonce of now where there is an issuer. */
async function verdict(
  profile: VerifierProfile,
  claims: Readonly<Record<string, unknown>>,
  nonce?: NonceCheck,
): Promise<string> {
  const options = { ...optionsOf(), ...profile, nonce };
  const own = nonce === undefined ? {} : { nonce: issuer.issue(NOW) };
  const proof = mint({ claims: { ...own, ...claims } });
  const result = createVerifier(options).verify(proof, at(NOW));
  expect(await createAsyncVerifier(options).verify(proof, at(NOW))).toEqual(result);
  return result.ok ? "ok" : result.code;
}

const KINDS = [
  ["without nonces", undefined],
  ["with a nonce that is good", issuer],
] as const;

describe.each(KINDS)("FAPI 2.0, section 5.3.2.1-13, %s", (_, nonce) => {
  test.each([
    ["an hour ago", -3600, "iat_too_old"],
    ["61 seconds ago", -61, "iat_too_old"],
    ["60 seconds ago", -60, "ok"],
    ["10 seconds ago", -10, "ok"],
    ["now", 0, "ok"],
    ["8 seconds ahead", 8, "ok"],
    ["10 seconds ahead", 10, "ok"],
    ["60 seconds ahead, which is the server's choice", 60, "iat_in_future"],
    ["61 seconds ahead", 61, "iat_in_future"],
    ["an hour ahead", 3600, "iat_in_future"],
  ])("iat %s", async (_name, offset, code) => {
    expect(await verdict(fapi2, { iat: NOW + offset }, nonce)).toBe(code);
  });

  test.each([
    ["10 seconds ago", -10, "ok"],
    ["10 seconds ahead", 10, "ok"],
    ["61 seconds ahead", 61, "proof_not_yet_valid"],
    ["an hour ahead", 3600, "proof_not_yet_valid"],
  ])("nbf %s", async (_name, offset, code) => {
    expect(await verdict(fapi2, { nbf: NOW + offset }, nonce)).toBe(code);
  });

  test("the tolerance is at least 10 seconds and at most 60", () => {
    expect(fapi2.clockTolerance).toBeGreaterThanOrEqual(10);
    expect(fapi2.clockTolerance).toBeLessThanOrEqual(60);
  });
});

describe("FAPI 2.0, section 5.4", () => {
  const { ES256: native, EdDSA, Ed25519, PS256, RS256, RS384, RS512, PS384, PS512 } = nodeCrypto;
  const withAlgs = (algs: readonly (typeof PS256)[]) => ({
    ...optionsOf(),
    ...fapi2,
    backend: nodeCrypto,
    algs,
  });

  test("PS256, ES256 and Ed25519 under both of its labels are taken", () => {
    const algs = [PS256, native, EdDSA, Ed25519];
    const labels = ["PS256", "ES256", "EdDSA", "Ed25519"];
    const verifier = createVerifier(withAlgs(algs));
    expect(verifier.algs).toEqual(labels);
    expect(createAsyncVerifier(withAlgs(algs)).algs).toEqual(labels);
    expect(fapi2.permittedAlgs).toEqual(labels);
    expect(verifier.verify(mint(), at(NOW)).ok).toBe(true);
    for (const alg of ["EdDSA", "Ed25519"]) {
      expect(verifier.verify(mint({ key: "Ed25519", header: { alg } }), at(NOW)).ok).toBe(true);
    }
    expect(verifier.verify(rsaProof("PS256"), at(NOW)).ok).toBe(true);
    expect(verifier.verify(rsaProof("RS256"), at(NOW))).toMatchObject({ code: "alg_unsupported" });
  });

  test.each([RS256, RS384, RS512, PS384, PS512].map((alg) => [alg.alg, alg] as const))(
    "%s can't be switched on: a TypeError",
    (_, alg) => {
      for (const algs of [[alg], [PS256, alg], [native, Ed25519, alg]]) {
        const message = /^algs must hold no algorithm but those of permittedAlgs$/;
        expect(() => createVerifier(withAlgs(algs))).toThrow(TypeError);
        expect(() => createVerifier(withAlgs(algs))).toThrow(message);
        expect(() => createAsyncVerifier(withAlgs(algs))).toThrow(message);
      }
    },
  );

  test.each([noble.ES384, noble.ES512].map((alg) => [alg.alg, alg] as const))(
    "%s can't be switched on: a TypeError",
    (_, alg) => {
      const options = { ...optionsOf(), ...fapi2, algs: [noble.ES256, alg] };
      expect(() => createVerifier(options)).toThrow(/^algs must hold no algorithm but/);
      expect(createVerifier({ ...options, permittedAlgs: undefined }).algs).toContain(alg.alg);
    },
  );

  test("a backend's own list is left as it is, and one that holds another label is a TypeError", () => {
    const own = ["ES256", "EdDSA", "Ed25519"];
    for (const backend of [noble, fast, nodeCrypto]) {
      expect(createVerifier({ ...optionsOf(), ...fapi2, backend }).algs).toEqual(own);
    }
    expect(createAsyncVerifier({ ...optionsOf(), ...fapi2, backend: webcrypto }).algs).toEqual(own);
    const backend = { ...noble, algs: [noble.ES256, noble.ES384] };
    expect(() => createVerifier({ ...optionsOf(), ...fapi2, backend })).toThrow(
      /^backend\.algs must hold no algorithm but those of permittedAlgs$/,
    );
  });

  test("none is no algorithm", async () => {
    expect(await outcome(mint({ header: { alg: "none" } }), {}, fapi2 as PolicyData)).toBe(
      "alg_unsupported",
    );
  });

  test("an RSA key of less than 2048 bits is refused", () => {
    const n = Buffer.from(privateJwk("RS256").n ?? "", "base64url");
    expect(n.length).toBe(256);
    const short = { ...publicJwk("RS256"), n: n.subarray(1).toString("base64url") };
    const verifier = createVerifier(withAlgs([PS256]));
    expect(verifier.verify(rsaProof("PS256", short), at(NOW))).toMatchObject({
      code: "jwk_invalid",
    });
  });
});

describe.each(KINDS)("SEP-1932, the validity window, %s", (_, nonce) => {
  test.each([
    ["an hour ago", -3600, "iat_too_old"],
    ["301 seconds ago", -301, "iat_too_old"],
    ["300 seconds ago", -300, "ok"],
    ["now", 0, "ok"],
    ["300 seconds ahead", 300, "ok"],
    ["301 seconds ahead", 301, "iat_in_future"],
    ["an hour ahead", 3600, "iat_in_future"],
  ])("iat %s", async (_name, offset, code) => {
    expect(await verdict(mcp, { iat: NOW + offset }, nonce)).toBe(code);
  });
});

test("SEP-1932 names no algorithms: whatever is asymmetric may be switched on", () => {
  expect(createVerifier({ ...optionsOf(), ...mcp, algs: [noble.ES512] }).algs).toEqual(["ES512"]);
});

describe("a profile", () => {
  test.each([
    ["fapi2", fapi2, core.profiles.fapi2],
    ["mcp", mcp, core.profiles.mcp],
  ])("%s is frozen, and the same in both entries", (_, profile, same) => {
    expect(Object.isFrozen(profile)).toBe(true);
    expect(Object.isFrozen(profile.permittedAlgs)).toBe(true);
    expect(same).toBe(profile);
  });

  test("is overridden by what stands behind it", async () => {
    expect(await verdict({ ...fapi2, maxAge: 10 }, { iat: NOW - 11 })).toBe("iat_too_old");
    expect(await verdict({ ...fapi2, iatWithNonce: "free" }, { iat: NOW + 61 }, issuer)).toBe("ok");
  });
});

describe("iatWithNonce", () => {
  const stale = { iat: NOW - 3600 };
  const ahead = { iat: NOW + 3600 };

  test.each([{}, { iatWithNonce: undefined }, { iatWithNonce: "free" }] as const)(
    "%j: a nonce that says by when it is good decides the time (RFC 9449 sections 4.3 and 11.1)",
    async (profile) => {
      expect(await verdict(profile, stale, issuer)).toBe("ok");
      expect(await verdict(profile, ahead, issuer)).toBe("ok");
    },
  );

  test("checked: iat is looked at as well", async () => {
    const profile = { iatWithNonce: "checked" } as const;
    expect(await verdict(profile, stale, issuer)).toBe("iat_too_old");
    expect(await verdict(profile, ahead, issuer)).toBe("iat_in_future");
    expect(await verdict(profile, {}, issuer)).toBe("ok");
  });

  test("checked: the nonce is looked at as well, and first", async () => {
    const profile = { iatWithNonce: "checked" } as const;
    const old = issuer.issue(NOW - 400);
    expect(await verdict(profile, { nonce: old }, issuer)).toBe("nonce_mismatch");
    expect(await verdict(profile, { nonce: undefined }, issuer)).toBe("nonce_missing");
    expect(await verdict(profile, { ...stale, nonce: old }, issuer)).toBe("nonce_mismatch");
    expect(await verdict(profile, { nonce: issuer.issue(NOW - 100) }, issuer)).toBe("ok");
  });

  // An entry that lives shorter is a replay let through; one that lives longer only costs room.
  test.each([
    ["the nonce ends first", "checked", NOW + 20, NOW + 20],
    ["iat ends first", "checked", NOW + 100, NOW + 60],
    ["both end at once", "checked", NOW + 60, NOW + 60],
    ["iat is free", "free", NOW + 100, NOW + 100],
    ["iat is free, and would end later", "free", NOW + 20, NOW + 20],
    ["the nonce has no end", "checked", undefined, NOW + 60],
    ["the nonce has no end, and iat is free", "free", undefined, NOW + 60],
  ] as const)("the replay entry: %s", async (_, iatWithNonce, acceptUntil, lastAccepted) => {
    const expiries: number[] = [];
    const options = {
      ...optionsOf(),
      maxAge: 60,
      clockTolerance: 15,
      iatWithNonce,
      nonce: { check: () => ({ status: "valid", acceptUntil }) as const },
      replay: {
        add: (_key: string, expiresAt: number) => (expiries.push(expiresAt), "new" as const),
      },
    };
    const proof = mint({ claims: { nonce: "n" } });
    expect(createVerifier(options).verify(proof, at(NOW)).ok).toBe(true);
    expect((await createAsyncVerifier(options).verify(proof, at(NOW))).ok).toBe(true);
    expect(expiries).toEqual([lastAccepted + 16, lastAccepted + 16]);
    // In the last second of its life the proof is taken, and in the next one it is not.
    const late = (now: number) => createVerifier(options).verify(proof, at(now));
    expect(late(lastAccepted).ok).toBe(true);
    expect(late(lastAccepted + 1).ok).toBe(false);
  });

  test.each([null, true, "", "Checked", "iat", ["checked"], {}])("is not %j", (iatWithNonce) => {
    for (const create of [createVerifier, createAsyncVerifier]) {
      const wrong = { ...optionsOf(), iatWithNonce } as never; // on purpose
      expect(() => create(wrong)).toThrow(TypeError);
      expect(() => create(wrong)).toThrow(/^iatWithNonce must be "free" or "checked"$/);
    }
  });
});

describe("permittedAlgs", () => {
  test.each([
    [null],
    ["ES256"],
    [{ 0: "ES256" }],
    [["ES256", 1]],
    [[null]],
    [["none"]],
    [["HS256"]],
    [["es256"]],
    [["ES256", "ES256K"]],
    [[noble.ES256]],
  ])("is not %j", (permittedAlgs) => {
    for (const create of [createVerifier, createAsyncVerifier]) {
      const wrong = { ...optionsOf(), permittedAlgs } as never; // on purpose
      expect(() => create(wrong)).toThrow(TypeError);
      expect(() => create(wrong)).toThrow(/^permittedAlgs must be an array of labels/);
    }
  });

  test("that is empty permits nothing", () => {
    expect(() => createVerifier({ ...optionsOf(), permittedAlgs: [] })).toThrow(/^backend\.algs /);
  });
});

/** Signed by node:crypto, with the fixed key or another one in the header. */
function rsaProof(alg: "PS256" | "RS256", jwk: object = publicJwk("RS256")): string {
  const header = { typ: "dpop+jwt", alg, jwk };
  const claims = { jti: "-BwC3ESc6acc2lTc", htm: "POST", htu: TOKEN_URL, iat: NOW };
  const input = `${b64(JSON.stringify(header))}.${b64(JSON.stringify(claims))}`;
  return `${input}.${b64(nodeSignRsa(alg, Buffer.from(input)))}`;
}
