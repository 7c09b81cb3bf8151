// RFC 9449 sections 4.1 and 4.2 from both sides: what createProof makes, read by jose and node:crypto, and what a verifier
// makes of a proof that lacks it.
import { createHash, createPublicKey, verify } from "node:crypto";
import {
  createMemoryReplayStore,
  createProof,
  createSigner,
  createVerifier,
  FAILURES,
  generatePrivateJwk,
  jwkThumbprint,
  type ProofInit,
  normalizeHtu,
  type SigningLabel,
} from "dpop-core";
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import { publicJwk } from "../support/keys.js";
import { mint, NOW } from "../support/mint.js";
import { outcome } from "../support/run.js";

const signer = createSigner(generatePrivateJwk("ES256"));
const request: ProofInit = { method: "GET", url: "https://api.example/a?b=c#d", iat: NOW };
const made = (over: Partial<ProofInit> = {}): string =>
  createProof(signer, { ...request, ...over });

describe("the header of a proof", () => {
  test("[4.1-2] the value is a token68, of base64url and two dots alone", async () => {
    expect(made({ accessToken: "a", nonce: "b" })).toMatch(
      /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/,
    );
    for (const value of [`${mint()}=`, ` ${mint()}`, `${mint()} `, mint().replace(".", "..")]) {
      expect(await outcome(value)).toBe("jws_malformed");
    }
  });

  test("[4.2-1] typ is dpop+jwt", async () => {
    expect(decodeProtectedHeader(made()).typ).toBe("dpop+jwt");
    expect(await outcome(mint({ header: { typ: "jwt" } }))).toBe("typ_mismatch");
  });

  test("[4.2-2] alg is an asymmetric algorithm, and the one that the key signs with", async () => {
    const labels: readonly SigningLabel[] = ["ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
    for (const alg of labels) {
      const proof = createProof(createSigner(generatePrivateJwk(alg), { alg }), request);
      const { alg: label, jwk = {} } = decodeProtectedHeader(proof);
      expect(label).toBe(alg);
      const [head, payload, signature = ""] = proof.split(".");
      const hash = {
        ES256: "sha256",
        ES384: "sha384",
        ES512: "sha512",
        EdDSA: null,
        Ed25519: null,
      };
      const key = {
        key: createPublicKey({ key: jwk, format: "jwk" }),
        dsaEncoding: "ieee-p1363",
      } as const;
      const signed = Buffer.from(`${head}.${payload}`);
      expect(verify(hash[alg], signed, key, Buffer.from(signature, "base64url"))).toBe(true);
    }
    for (const alg of ["none", "HS256", "HS512"]) {
      expect(await outcome(mint({ header: { alg } }))).toBe("alg_unsupported");
    }
  });

  test("[4.2-3] jwk is the public key alone", async () => {
    const { jwk = {} } = decodeProtectedHeader(made());
    expect(Object.keys(jwk).toSorted()).toEqual(["crv", "kty", "x", "y"]);
    expect(await calculateJwkThumbprint(jwk)).toBe(jwkThumbprint(signer.publicJwk));
    for (const member of ["d", "p", "k"]) {
      const leaking = { ...publicJwk("ES256"), [member]: "AA" };
      expect(await outcome(mint({ header: { jwk: leaking } }))).toBe("jwk_private");
    }
  });
});

describe("the claims of a proof", () => {
  test("[4.2-4] jti has 128 random bits, and is new every time", () => {
    const ids = Array.from({ length: 200 }, () => decodeJwt(made()).jti ?? "");
    expect(new Set(ids).size).toBe(200);
    for (const id of ids) expect(Buffer.from(id, "base64url")).toHaveLength(16);
  });

  test("[4.2-5] htm is the method as it will be sent, in its case", async () => {
    for (const method of ["GET", "POST", "patch", "M-SEARCH"]) {
      expect(decodeJwt(made({ method }))["htm"]).toBe(method);
    }
    expect(await outcome(mint({ claims: { htm: "post" } }))).toBe("htm_mismatch");
  });

  test("[4.2-6] htu is the target without query and fragment", () => {
    expect(decodeJwt(made())["htu"]).toBe("https://api.example/a");
    expect(decodeJwt(made({ url: "HTTPS://API.example:443" }))["htu"]).toBe("https://api.example/");
  });

  test("[4.2-6] its path is as it is sent, whatever a server compares it with", () => {
    const written = ["/a%7Eb", "/%c3%a9", "/a%2fb", "/%41", "/a//b/", "/a|b"];
    for (const path of written) {
      const url = `https://API.example${path}`;
      expect(decodeJwt(made({ url }))["htu"]).toBe(`https://api.example${path}`);
      expect(decodeJwt(made({ url }))["htu"]).toBe(
        new URL(`${url}?x#y`).href.replace(/[?].*$/, ""),
      );
      const sent = { method: "GET", url: `${url}?x`, now: NOW };
      expect(createVerifier({ replay: "none" }).verify(made({ url }), sent).ok).toBe(true);
    }
    // Dot segments are resolved, as clients do before they send; escapes stay as they are.
    for (const [path, sent] of [
      ["/x/../a", "/a"],
      ["/./a", "/a"],
      ["/x/%2E%2e/a", "/a"],
      ["/x/%2e/a", "/x/a"],
      ["/x/%2E/a/%2e", "/x/a/"],
      ["/x/%2e", "/x/"],
      ["/x/%2e%2E", "/"],
      ["/x/..%2e/a", "/x/..%2e/a"],
      ["/x/.%2E/%7Ebob%2f", "/%7Ebob%2f"],
      ["/./%7e#f", "/%7e"],
      ["/.../%7e", "/.../%7e"],
      ["/a%2e", "/a%2e"],
      ["/%7e#f?x/..", "/%7e"],
      ["?x=/y", "/"],
      ["#/y", "/"],
      ["", "/"],
    ] as const) {
      const url = `https://api.example${path}`;
      expect(decodeJwt(made({ url }))["htu"]).toBe(`https://api.example${sent}`);
      const { origin, pathname } = new URL(url);
      expect(origin + pathname).toBe(`https://api.example${sent}`);
    }
  });

  test("[4.2-7] iat is in seconds, and fractions of them are read", async () => {
    const { iat = 0 } = decodeJwt(made({ iat: undefined }));
    expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(5);
    expect(await outcome(mint({ claims: { iat: NOW - 0.5 } }))).toBe("ok");
    expect(await outcome(mint({ claims: { iat: String(NOW) } }))).toBe("claim_invalid");
  });

  test("[4.2-8] with an access token there is its hash", () => {
    const hash = createHash("sha256").update("a-token").digest("base64url");
    expect(decodeJwt(made({ accessToken: "a-token" }))["ath"]).toBe(hash);
    expect(decodeJwt(made())).not.toHaveProperty("ath");
  });

  test("[4.2-9] the nonce of the server goes in as it came", () => {
    const nonce = "!#$%&'()*+,-./:;<=>?@[]^_`{|}~aZ09";
    expect(decodeJwt(made({ nonce }))["nonce"]).toBe(nonce);
    expect(() => made({ nonce: "with space" })).toThrow("nonce");
  });

  test("[4.2-10] other header parameters and claims may be there, and are ignored", async () => {
    const proof = made({ header: { kid: "a" }, claims: { foo: ["bar"] } });
    expect(decodeProtectedHeader(proof).kid).toBe("a");
    expect(decodeJwt(proof)["foo"]).toEqual(["bar"]);
    expect(
      createVerifier({ replay: "none" }).verify(proof, {
        method: "GET",
        url: "https://api.example/a",
        now: NOW,
      }).ok,
    ).toBe(true);
    const fetching = {
      jku: "https://attacker.example/",
      x5u: "https://attacker.example/",
      kid: "b",
    };
    expect(await outcome(mint({ header: fetching, claims: { foo: null } }))).toBe("ok");
  });
});

describe("what a verifier bounds", () => {
  test("[11.1-3] a jti that is too long is refused, and of a long one a hash is stored", async () => {
    expect(await outcome(mint({ claims: { jti: "x".repeat(257) } }))).toBe("claim_too_long");
    expect(await outcome(mint({ claims: { jti: "x".repeat(100_000) } }))).toBe("proof_too_large");
    const keys: string[] = [];
    const memory = createMemoryReplayStore();
    const add: typeof memory.add = (key, ...rest) => (keys.push(key), memory.add(key, ...rest));
    const verifier = createVerifier({ replay: { add } });
    for (const length of [1, 256]) {
      const proof = mint({ claims: { jti: "x".repeat(length) } });
      const url = "https://server.example.com/token";
      expect(verifier.verify(proof, { method: "POST", url, now: NOW }).ok).toBe(true);
    }
    expect(keys.map((key) => key.length)).toEqual([43, 43]);
  });

  test("[11.1-1] [11.1-4] a proof is good for a minute, and a client's clock may be a little ahead", async () => {
    const at = (iat: number): Promise<string> => outcome(mint({ claims: { iat } }));
    expect(await at(NOW - 60)).toBe("ok");
    expect(await at(NOW - 60.001)).toBe("iat_too_old");
    expect(await at(NOW + 15)).toBe("ok");
    expect(await at(NOW + 15.001)).toBe("iat_in_future");
  });

  test("[4.3-13] htu and URL are compared in their normal forms", async () => {
    const url = "https://server.example.com/token";
    for (const htu of ["HTTPS://SERVER.example.com:443/%74oken?x#y", `${url}/../token`]) {
      expect(normalizeHtu(htu)).toBe(url);
      expect(await outcome(mint({ claims: { htu } }))).toBe("ok");
    }
    expect(await outcome(mint({ claims: { htu: `${url}/` } }))).toBe("htu_mismatch");
  });

  test("[11.5] a JWT that was made for something else is no proof", async () => {
    for (const typ of ["JWT", "at+jwt", "application/dpop+jwt", undefined]) {
      expect(await outcome(mint({ header: { typ } }))).toBe("typ_mismatch");
    }
  });

  test("[11.6] no MAC and no none, whatever the policy", () => {
    for (const alg of ["none", "HS256"]) {
      const key = { alg, kty: "oct", importKey: () => null } as never; // on purpose
      expect(() => createVerifier({ algs: [key], replay: "none" })).toThrow(TypeError);
    }
    expect(FAILURES.alg_unsupported.item).toBe("5");
  });
});
