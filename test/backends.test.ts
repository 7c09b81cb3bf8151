// One contract for every backend: what one accepts, all accept. node:crypto is the witness for the
// signatures, our own vectors for the verdicts.
import { createHash, createPrivateKey, sign } from "node:crypto";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import {
  type Alg,
  type Backend,
  createAsyncVerifier,
  createProof,
  createProofAsync,
  createSigner,
  generatePrivateJwk,
  type ProofInit,
  noble,
  type PublicJwk,
} from "dpop-core";
import { fast } from "dpop-core/fast";
import * as nc from "dpop-core/node-crypto";
import * as wc from "dpop-core/webcrypto";
import {
  calculateJwkThumbprint,
  decodeProtectedHeader,
  EmbeddedJWK,
  importJWK,
  type JWK,
  jwtVerify,
  SignJWT,
} from "jose";
import { describe, expect, test, vi } from "vitest";
import { readPublicJwk } from "../src/jose/jwk.js";
import { L, toBigInt, toBytes } from "./support/ed25519.js";
import { exportJwk, keyPair } from "./support/key-pair.js";
import {
  type KeyName,
  nodeSign,
  nodeSignRsa,
  privateJwk,
  publicJwk,
  RSA_LABELS,
  type RsaLabel,
} from "./support/keys.js";
import { at, b64, createMint, mint, NOW, TOKEN_URL } from "./support/mint.js";
import { optionsOf, requestOf } from "./support/run.js";
import signatures from "./vectors/ed25519.json" with { type: "json" };
import proofs from "./vectors/proofs.json" with { type: "json" };
import type { ProofVector } from "./vectors/proofs.js";
import type { SyncKey, AsyncKey } from "../src/jose/alg.js";

const LABELS = ["ES256", "ES384", "ES512", "EdDSA", "Ed25519"] as const;
type Label = (typeof LABELS)[number];

interface Contender {
  readonly name: string;
  readonly backend: Backend & Readonly<Record<Label, Alg>>;
  /** A proof by a new key. */
  prove(alg: Label, request: ProofInit): Promise<string>;
  /**
   * What becomes of an Ed25519 key that is no point: some engines look at it no sooner than when
   * they verify, and then every signature is false.
   */
  readonly noPoint: "jwk_invalid" | "signature_invalid";
}

/** A new backend is one more row; one with RSA has a row below, too. */
const CONTENDERS: readonly Contender[] = [
  {
    name: "noble",
    backend: noble,
    prove: async (alg, request) => createProof(createSigner(generatePrivateJwk(alg)), request),
    noPoint: "jwk_invalid",
  },
  {
    name: "fast",
    backend: fast,
    prove: async (alg, request) =>
      createProof(fast.createSigner(fast.generatePrivateJwk(alg)), request, { backend: fast }),
    noPoint: "jwk_invalid",
  },
  {
    name: "webcrypto",
    backend: wc.webcrypto,
    async prove(alg, request) {
      const signer = await wc.createSigner(await wc.generateKeyPair(alg), { alg });
      return createProofAsync(signer, request, { backend: wc.webcrypto });
    },
    noPoint: "signature_invalid",
  },
  {
    name: "node",
    backend: nc.nodeCrypto,
    prove: async (alg, request) =>
      createProof(nc.createSigner(nc.generatePrivateJwk(alg)), request, { backend: nc.nodeCrypto }),
    noPoint: "signature_invalid",
  },
];

interface RsaContender {
  readonly name: string;
  readonly backend: Backend & Readonly<Record<RsaLabel, Alg>>;
  /** A proof by the fixed key. */
  prove(alg: RsaLabel, request: ProofInit): Promise<string>;
}

const RSA_CONTENDERS: readonly RsaContender[] = [
  {
    name: "webcrypto",
    backend: wc.webcrypto,
    async prove(alg, request) {
      const signer = await wc.createSigner(await rsaPair(alg));
      expect(signer.alg).toBe(alg);
      return createProofAsync(signer, request, { backend: wc.webcrypto });
    },
  },
  {
    name: "node",
    backend: nc.nodeCrypto,
    async prove(alg, request) {
      const key = createPrivateKey({ key: privateJwk("RS256"), format: "jwk" });
      return createProof(nc.createSigner(key, { alg }), request, { backend: nc.nodeCrypto });
    },
  },
];

/** The fixed RSA key as a pair of the platform. */
async function rsaPair(alg: RsaLabel): Promise<wc.CryptoKeyPairLike> {
  const name = alg.startsWith("RS") ? "RSASSA-PKCS1-v1_5" : "RSA-PSS";
  const params = { name, hash: `SHA-${alg.slice(2)}` };
  const { subtle } = globalThis.crypto;
  const [privateKey, publicKey] = await Promise.all([
    subtle.importKey("jwk", privateJwk("RS256") as JsonWebKey, params, false, ["sign"]),
    subtle.importKey("jwk", publicJwk("RS256") as JsonWebKey, params, true, ["verify"]),
  ]);
  return { privateKey, publicKey };
}

/** Of ECDSA: the order of the group, and the bytes of r and of s. */
const ECDSA = {
  ES256: { n: p256.Point.Fn.ORDER, size: 32 },
  ES384: { n: p384.Point.Fn.ORDER, size: 48 },
  ES512: { n: p521.Point.Fn.ORDER, size: 66 },
} as const;
const EC_LABELS = ["ES256", "ES384", "ES512"] as const;

const DATA = Buffer.from("header.payload");
const keyOf = (alg: Label): KeyName => (alg === "EdDSA" ? "Ed25519" : alg);
const sizeOf = (alg: Label): number =>
  alg === "EdDSA" || alg === "Ed25519" ? 64 : 2 * ECDSA[alg].size;

/** As a verifier reads it. */
function jwkOf(value: unknown): PublicJwk {
  const jwk = readPublicJwk(value);
  if (typeof jwk === "string") throw new Error(jwk);
  return jwk;
}

async function importKey(backend: Contender["backend"], alg: Label): Promise<SyncKey | AsyncKey> {
  const key = await backend[alg].importKey(jwkOf(publicJwk(keyOf(alg))));
  if (key === null) throw new Error("a key was due");
  return key;
}

/** A big-endian number of `size` bytes, and back. */
const bigEndian = (value: bigint, size: number): Buffer =>
  Buffer.from(value.toString(16).padStart(2 * size, "0"), "hex");
const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);

describe.each(CONTENDERS)("$name: the backend", ({ backend }) => {
  test("accepts ES256, EdDSA and Ed25519 unless it is told otherwise", () => {
    expect(backend.algs).toEqual([backend.ES256, backend.EdDSA, backend.Ed25519]);
    expect(createAsyncVerifier({ backend, replay: "none" }).algs).toEqual([
      "ES256",
      "EdDSA",
      "Ed25519",
    ]);
  });

  test.each(LABELS)("%s says which key it takes, and can't be changed", (alg) => {
    const { kty, crv } = publicJwk(keyOf(alg));
    expect(backend[alg]).toMatchObject({ alg, kty, crv });
    expect(Object.isFrozen(backend[alg])).toBe(true);
    expect(Object.isFrozen(backend) && Object.isFrozen(backend.algs)).toBe(true);
  });

  test.each(["", "abc", "x".repeat(1000)])("hashes at once, as node:crypto does", (text) => {
    const hash = createHash("sha256").update(text).digest();
    expect(Buffer.from(backend.sha256(Buffer.from(text)))).toEqual(hash);
  });

  test("makes random bytes of the length asked for", () => {
    expect(backend.randomBytes(0)).toHaveLength(0);
    const [one, two] = [backend.randomBytes(32), backend.randomBytes(32)];
    expect([one.length, two.length]).toEqual([32, 32]);
    expect(one).not.toEqual(two);
  });
});

describe.each(CONTENDERS)("$name: keys", ({ backend, noPoint }) => {
  test.each(LABELS)("%s: an imported key says how much it holds", async (alg) => {
    expect((await importKey(backend, alg)).size).toBeGreaterThanOrEqual(32);
  });

  test.each(LABELS)("%s takes no key of another curve", async (alg) => {
    const names: readonly KeyName[] = ["ES256", "ES384", "ES512", "Ed25519", "RS256"];
    for (const name of names.filter((one) => one !== keyOf(alg))) {
      expect(await backend[alg].importKey(jwkOf(publicJwk(name))), name).toBeNull();
    }
  });

  test.each(EC_LABELS)("%s: a point off the curve is no key", async (alg) => {
    const { x = "", y = "" } = publicJwk(alg);
    const bytes = Buffer.from(y, "base64url");
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    const zero = b64(new Uint8Array(bytes.length));
    for (const point of [{ y: b64(bytes) }, { x: zero, y: zero }, { x: y, y: x }]) {
      const jwk = jwkOf({ ...publicJwk(alg), ...point });
      expect(await backend[alg].importKey(jwk)).toBeNull();
    }
  });

  test.each(["EdDSA", "Ed25519"] as const)("%s: what is no point never signs", async (alg) => {
    const signature = nodeSign("Ed25519", DATA);
    for (const first of [2, 7, 8]) {
      const x = b64(Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? first : 0)));
      const key = await backend[alg].importKey(jwkOf({ kty: "OKP", crv: "Ed25519", x }));
      expect(key === null).toBe(noPoint === "jwk_invalid");
      if (key === null) continue;
      expect(await key.verify(signature, DATA)).toBe(false);
      expect(await key.verify(new Uint8Array(64), DATA)).toBe(false);
    }
  });
});

describe.each(CONTENDERS)("$name: signatures", ({ backend }) => {
  test.each(LABELS)("%s: what node:crypto signed is true, again and again", async (alg) => {
    const key = await importKey(backend, alg);
    for (let i = 0; i < 3; i++) {
      expect(await key.verify(nodeSign(keyOf(alg), DATA), DATA)).toBe(true);
    }
    expect(await key.verify(nodeSign(keyOf(alg), Buffer.alloc(0)), Buffer.alloc(0))).toBe(true);
  });

  test.each(LABELS)("%s: another message or another key's is false", async (alg) => {
    const key = await importKey(backend, alg);
    const signature = nodeSign(keyOf(alg), DATA);
    for (const other of ["", "header.payloae", "header.payload\0", "eader.payload"]) {
      expect(await key.verify(signature, Buffer.from(other)), other).toBe(false);
    }
    const other = createSigner(generatePrivateJwk(alg));
    expect(await key.verify(other.sign(DATA), DATA)).toBe(false);
  });

  test.each(LABELS)("%s: a bit changed is false, at either end of both halves", async (alg) => {
    const key = await importKey(backend, alg);
    const signature = nodeSign(keyOf(alg), DATA);
    const half = signature.length / 2;
    for (const index of [0, half - 1, half, signature.length - 1]) {
      const changed = signature.map((byte, i) => (i === index ? byte ^ 1 : byte));
      expect(await key.verify(changed, DATA), `byte ${index}`).toBe(false);
    }
    expect(await key.verify(signature, DATA)).toBe(true);
  });

  test.each(LABELS)("%s: another length is false, not thrown at", async (alg) => {
    const key = await importKey(backend, alg);
    const size = sizeOf(alg);
    const signature = nodeSign(keyOf(alg), DATA);
    for (const length of [0, 1, size / 2, size - 1]) {
      expect(await key.verify(signature.slice(0, length), DATA), `${length} bytes`).toBe(false);
    }
    for (const more of [1, 8, size]) {
      const longer = Buffer.concat([signature, Buffer.alloc(more)]);
      expect(await key.verify(longer, DATA), `${size + more} bytes`).toBe(false);
    }
    expect(await key.verify(new Uint8Array(size), DATA)).toBe(false);
    expect(await key.verify(new Uint8Array(size).fill(255), DATA)).toBe(false);
  });

  test.each(LABELS)("%s: a view into a larger buffer is as good as a whole one", async (alg) => {
    const key = await importKey(backend, alg);
    const both = Buffer.concat([DATA, nodeSign(keyOf(alg), DATA), DATA]);
    const signature = new Uint8Array(both.buffer, both.byteOffset + DATA.length, sizeOf(alg));
    expect(await key.verify(signature, DATA)).toBe(true);
  });

  test.each(EC_LABELS)("%s: r and s are from 1 to n - 1", async (alg) => {
    const key = await importKey(backend, alg);
    const { n, size } = ECDSA[alg];
    const signature = nodeSign(alg, DATA);
    const [r, s] = [signature.subarray(0, size), signature.subarray(size)];
    const beyond = [0n, n, (1n << BigInt(8 * size)) - 1n];
    // What a reduction modulo n would take for the right number, where there is room for it.
    const [rMore, sMore] = [numberOf(r) + n, numberOf(s) + n].map((value) =>
      value < 1n << BigInt(8 * size) ? [value] : [],
    );
    for (const value of [...beyond, ...(rMore ?? [])]) {
      const bad = Buffer.concat([bigEndian(value, size), s]);
      expect(await key.verify(bad, DATA), `r = ${value}`).toBe(false);
    }
    for (const value of [...beyond, ...(sMore ?? [])]) {
      const bad = Buffer.concat([r, bigEndian(value, size)]);
      expect(await key.verify(bad, DATA), `s = ${value}`).toBe(false);
    }
  });

  test.each(EC_LABELS)("%s: a high S is as good as a low one", async (alg) => {
    const key = await importKey(backend, alg);
    const { n, size } = ECDSA[alg];
    const signature = nodeSign(alg, DATA);
    const s = numberOf(signature.subarray(size));
    for (const value of [s, n - s]) {
      const twin = Buffer.concat([signature.subarray(0, size), bigEndian(value, size)]);
      expect(await key.verify(twin, DATA)).toBe(true);
    }
  });

  test.each(["EdDSA", "Ed25519"] as const)("%s: S + L is false", async (alg) => {
    const key = await importKey(backend, alg);
    const signature = nodeSign("Ed25519", DATA);
    const more = toBytes(toBigInt(signature.subarray(32)) + L);
    expect(await key.verify(Buffer.concat([signature.subarray(0, 32), more]), DATA)).toBe(false);
  });
});

describe.each(CONTENDERS)("$name: ed25519.json, under both labels", ({ backend, noPoint }) => {
  test.each(signatures)("$name: $expect", async (vector) => {
    for (const alg of [backend.EdDSA, backend.Ed25519]) {
      const jwk = readPublicJwk(vector.jwk, alg);
      const key = typeof jwk === "string" ? null : await alg.importKey(jwk);
      const valid = await key?.verify(
        Buffer.from(vector.signature, "hex"),
        Buffer.from(vector.message, "hex"),
      );
      expect(valid === true).toBe(vector.expect === "valid");
      // A well-formed key that is refused is no point, and an engine may import it.
      const late = noPoint === "signature_invalid" && typeof jwk !== "string";
      if (!late) expect(key === null).toBe(vector.expect === "jwk_invalid");
    }
  });

  test("small-order points are among them, as R and as key", () => {
    const disputed = signatures.filter((vector) => "disputed" in vector);
    expect(disputed.length).toBeGreaterThanOrEqual(8);
    expect(signatures.filter(({ name }) => name.includes("order 8")).length).toBeGreaterThan(10);
  });
});

const vectors = proofs as readonly ProofVector[]; // made from them: vectors.test.ts

/** The one vector of which the answer follows the engine. */
const NO_POINT = "an A that is not on the curve: y = 2";

describe.each(CONTENDERS)("$name: proofs.json", ({ backend, noPoint }) => {
  test.each(vectors)("$section: $name: $expect", async (vector) => {
    const algs = vector.policy.algs?.map((alg) => backend[alg]);
    const verifier = createAsyncVerifier({ ...optionsOf(vector.policy), backend, algs });
    const verify = (): ReturnType<typeof verifier.verify> =>
      verifier.verify(vector.proof, requestOf(vector.request));
    if (vector.policy.replay === "seen") await verify();
    const result = await verify();
    const expected = vector.name.endsWith(NO_POINT) ? noPoint : vector.expect;
    expect(result.ok ? "ok" : result.code).toBe(expected);
    if (result.ok) expect(result.jkt).toBe(vector.jkt);
  });
});

test("the vector of which the answer follows the engine is there", () => {
  const found = vectors.filter(({ name }) => name.endsWith(NO_POINT));
  expect(found.map((vector) => vector.expect)).toEqual(["jwk_invalid"]);
});

const pairs = CONTENDERS.flatMap((from) =>
  CONTENDERS.flatMap((to) =>
    LABELS.map((alg) => ({ alg, from, to, title: `${from.name} to ${to.name}` })),
  ),
);

describe("proofs cross from one backend to another", () => {
  test.each(pairs)("$title: $alg", async ({ alg, from, to }) => {
    const url = "https://api.example/things";
    const proof = await from.prove(alg, { method: "GET", url, accessToken: "token", iat: NOW });
    const jwk = decodeProtectedHeader(proof).jwk ?? {};
    const jkt = await calculateJwkThumbprint(jwk);
    const { backend } = to;
    const verifier = createAsyncVerifier({ backend, algs: [backend[alg]], replay: "none" });
    const request = { method: "GET", url, accessToken: "token", jkt, now: NOW };
    expect(await verifier.verify(proof, request)).toMatchObject({ ok: true, alg, jkt, jwk });
    expect(Object.keys(jwk).toSorted()).toEqual(
      jwk.kty === "EC" ? ["crv", "kty", "x", "y"] : ["crv", "kty", "x"],
    );

    const [header = "", payload = ""] = proof.split(".");
    const other = (await from.prove(alg, { method: "GET", url, iat: NOW })).split(".")[2] ?? "";
    expect(await verifier.verify(`${header}.${payload}.${other}`, request)).toMatchObject({
      ok: false,
      code: "signature_invalid",
    });
  });

  test.each(
    CONTENDERS.flatMap(({ name, backend }) => LABELS.map((alg) => ({ name, backend, alg }))),
  )("$name takes what node:crypto made: $alg", async ({ backend, alg }) => {
    const verifier = createAsyncVerifier({ backend, algs: [backend[alg]], replay: "none" });
    const request = { method: "POST", url: TOKEN_URL, now: NOW };
    const proof = mint({ key: keyOf(alg), header: { alg } });
    expect(await verifier.verify(proof, request)).toMatchObject({ ok: true, alg });
    const cut = mint({ key: keyOf(alg), header: { alg }, signature: (whole) => whole.slice(1) });
    expect(await verifier.verify(cut, request)).toMatchObject({ code: "signature_invalid" });
  });
});

/** Of the fixed key, in bytes. */
const MODULUS = 256;

async function importRsa(alg: Alg, jwk = jwkOf(publicJwk("RS256"))): Promise<SyncKey | AsyncKey> {
  const key = await alg.importKey(jwk);
  if (key === null) throw new Error("a key was due");
  return key;
}

describe.each(RSA_CONTENDERS)("$name: RSA keys", ({ backend }) => {
  test.each(RSA_LABELS)("%s says which key it takes, and can't be changed", (alg) => {
    expect(backend[alg]).toMatchObject({ alg, kty: "RSA" });
    expect("crv" in backend[alg]).toBe(false);
    expect(Object.isFrozen(backend[alg])).toBe(true);
    expect(backend.algs).not.toContain(backend[alg]);
  });

  test.each(RSA_LABELS)("%s: an imported key says how much it holds", async (alg) => {
    expect((await importRsa(backend[alg])).size).toBeGreaterThanOrEqual(MODULUS);
  });

  test.each(RSA_LABELS)("%s takes no key of a curve", async (alg) => {
    for (const name of ["ES256", "ES384", "ES512", "Ed25519"] as const) {
      expect(await backend[alg].importKey(jwkOf(publicJwk(name))), name).toBeNull();
    }
  });

  const ones = (length: number): Uint8Array => new Uint8Array(length).fill(255);
  test.each<readonly [string, Uint8Array, Uint8Array]>([
    ["2047 bits", Uint8Array.of(0x7f, ...ones(255)), Uint8Array.of(3)],
    ["8193 bits", Uint8Array.of(1, ...ones(1024)), Uint8Array.of(3)],
    ["a modulus that is even", ones(256).fill(254, 255), Uint8Array.of(3)],
    ["a leading zero", Uint8Array.of(0, ...ones(256)), Uint8Array.of(3)],
    ["the exponent 1", ones(256), Uint8Array.of(1)],
    ["an exponent that is even", ones(256), Uint8Array.of(4)],
    ["an exponent of nine bytes", ones(256), ones(9)],
    ["no exponent", ones(256), new Uint8Array(0)],
  ])("%s: the proof is refused before the backend sees the key", async (_, n, e) => {
    for (const label of RSA_LABELS) {
      const spy = vi.fn(backend[label].importKey);
      const alg = { ...backend[label], importKey: spy } as Alg; // the same function, counted
      const proof = mint({ header: { alg: label, jwk: { kty: "RSA", n: b64(n), e: b64(e) } } });
      const options = { backend, algs: [alg], replay: "none" } as const;
      const result = await createAsyncVerifier(options).verify(proof, at(NOW));
      expect(result, label).toMatchObject({ ok: false, code: "jwk_invalid" });
      expect(spy).not.toHaveBeenCalled();
    }
  });
});

describe.each(RSA_CONTENDERS)("$name: RSA signatures", ({ backend }) => {
  test.each(RSA_LABELS)("%s: what node:crypto signed is true, again and again", async (alg) => {
    const key = await importRsa(backend[alg]);
    for (let i = 0; i < 3; i++) expect(await key.verify(nodeSignRsa(alg, DATA), DATA)).toBe(true);
    const whole = Buffer.concat([DATA, nodeSignRsa(alg, DATA), DATA]);
    const view = new Uint8Array(whole.buffer, whole.byteOffset + DATA.length, MODULUS);
    expect(await key.verify(view, DATA)).toBe(true);
  });

  test.each(RSA_LABELS)("%s: one of another label, message or key is false", async (alg) => {
    const key = await importRsa(backend[alg]);
    for (const other of RSA_LABELS.filter((label) => label !== alg)) {
      expect(await key.verify(nodeSignRsa(other, DATA), DATA), other).toBe(false);
    }
    expect(await key.verify(nodeSignRsa(alg, DATA), Buffer.from("header.payloae"))).toBe(false);
    const { n, ...rest } = publicJwk("RS256");
    const bytes = Buffer.from(n ?? "", "base64url");
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    const swapped = await importRsa(backend[alg], jwkOf({ ...rest, n: b64(bytes) }));
    expect(await swapped.verify(nodeSignRsa(alg, DATA), DATA)).toBe(false);
  });

  test.each(RSA_LABELS)("%s: a bit changed, or another length, is false", async (alg) => {
    const key = await importRsa(backend[alg]);
    const signature = nodeSignRsa(alg, DATA);
    for (const index of [0, 1, 128, MODULUS - 1]) {
      const changed = signature.map((byte, i) => (i === index ? byte ^ 1 : byte));
      expect(await key.verify(changed, DATA), `byte ${index}`).toBe(false);
    }
    for (const length of [0, 1, 64, MODULUS - 1]) {
      expect(await key.verify(signature.slice(0, length), DATA), `${length} bytes`).toBe(false);
    }
    const zero = new Uint8Array(1);
    expect(await key.verify(Buffer.concat([zero, signature]), DATA)).toBe(false);
    expect(await key.verify(Buffer.concat([signature, zero]), DATA)).toBe(false);
    for (const byte of [0, 1, 255]) {
      expect(await key.verify(new Uint8Array(MODULUS).fill(byte), DATA), `${byte}`).toBe(false);
    }
  });

  test.each(RSA_LABELS)("%s: the number of a signature is below the modulus", async (alg) => {
    const key = await importRsa(backend[alg]);
    const n = numberOf(Buffer.from(publicJwk("RS256").n ?? "", "base64url"));
    const room = (1n << BigInt(8 * MODULUS)) - n;
    let signature = nodeSignRsa(alg, DATA);
    let data: Uint8Array = DATA;
    // The sum with the modulus must fit, which it does for some messages only.
    for (let i = 0; numberOf(signature) >= room; i++) {
      data = Buffer.from(`header.payload${i}`);
      signature = nodeSignRsa(alg, data);
    }
    expect(await key.verify(signature, data)).toBe(true);
    const more = bigEndian(numberOf(signature) + n, MODULUS);
    expect(more).toHaveLength(MODULUS);
    expect(await key.verify(more, data)).toBe(false);
  });

  test.each(["PS256", "PS384", "PS512"] as const)("%s: the salt has one length", async (alg) => {
    const key = await importRsa(backend[alg]);
    const size = Number(alg.slice(2)) / 8;
    expect(await key.verify(nodeSignRsa(alg, DATA, size), DATA)).toBe(true);
    for (const length of [0, 20, size - 1, size + 1, MODULUS - 2 - size]) {
      const signature = nodeSignRsa(alg, DATA, length);
      expect(await key.verify(signature, DATA), `${length} bytes`).toBe(false);
    }
  });

  test("a modulus of 3072 bits is as good, and asks for a signature of its length", async () => {
    const { publicKey, privateKey } = keyPair({ rsa: 3072 });
    const key = await importRsa(backend.RS256, jwkOf(exportJwk(publicKey)));
    const signature = sign("sha256", DATA, privateKey);
    expect(signature).toHaveLength(384);
    expect(await key.verify(signature, DATA)).toBe(true);
    expect(await key.verify(signature.subarray(0, MODULUS), DATA)).toBe(false);
  });
});

describe("RSA proofs cross from one backend to another", () => {
  const url = "https://api.example/things";
  const crossings = RSA_CONTENDERS.flatMap((from) =>
    RSA_CONTENDERS.flatMap((to) =>
      RSA_LABELS.map((alg) => ({ alg, from, to, title: `${from.name} to ${to.name}` })),
    ),
  );

  test.each(crossings)("$title: $alg", async ({ alg, from, to }) => {
    const proof = await from.prove(alg, { method: "GET", url, accessToken: "token", iat: NOW });
    const jwk = decodeProtectedHeader(proof).jwk ?? {};
    const jkt = await calculateJwkThumbprint(jwk);
    expect(jwk).toEqual(publicJwk("RS256"));
    const verifier = createAsyncVerifier({
      backend: to.backend,
      algs: [to.backend[alg]],
      replay: "none",
    });
    const request = { method: "GET", url, accessToken: "token", jkt, now: NOW };
    expect(await verifier.verify(proof, request)).toMatchObject({ ok: true, alg, jkt, jwk });

    const [header = "", payload = ""] = proof.split(".");
    const other = (await from.prove(alg, { method: "GET", url, iat: NOW })).split(".")[2] ?? "";
    expect(await verifier.verify(`${header}.${payload}.${other}`, request)).toMatchObject({
      ok: false,
      code: "signature_invalid",
    });
  });

  test.each(RSA_CONTENDERS.flatMap((to) => RSA_LABELS.map((alg) => ({ name: to.name, to, alg }))))(
    "$name and jose and node:crypto: $alg",
    async ({ to: { backend, prove }, alg }) => {
      const verifier = createAsyncVerifier({ backend, algs: [backend[alg]], replay: "none" });
      const key = await importJWK(privateJwk("RS256") as JWK, alg);
      const theirs = await new SignJWT({ htm: "GET", htu: url, jti: "1", iat: NOW })
        .setProtectedHeader({ typ: "dpop+jwt", alg, jwk: publicJwk("RS256") as JWK })
        .sign(key);
      const request = { method: "GET", url, now: NOW };
      expect(await verifier.verify(theirs, request)).toMatchObject({ ok: true, alg });

      const minted = createMint((_, data) => nodeSignRsa(alg, data))({
        key: "RS256",
        header: { alg },
      });
      const token = { method: "POST", url: TOKEN_URL, now: NOW };
      expect(await verifier.verify(minted, token)).toMatchObject({ ok: true, alg });

      const ours = await prove(alg, { method: "GET", url });
      const { payload } = await jwtVerify(ours, EmbeddedJWK, {
        typ: "dpop+jwt",
        algorithms: [alg],
      });
      expect(payload).toMatchObject({ htm: "GET", htu: url });
    },
  );

  test.each(RSA_CONTENDERS)("$name: not accepted unless it is asked for", async ({ backend }) => {
    const proof = mint({ key: "RS256", header: { alg: "RS256" } });
    const request = { method: "POST", url: TOKEN_URL, now: NOW };
    expect(
      await createAsyncVerifier({ backend, replay: "none" }).verify(proof, request),
    ).toMatchObject({
      ok: false,
      code: "alg_unsupported",
    });
    const { RS256, ES256 } = backend as typeof backend & Readonly<Record<"ES256", Alg>>; // they all have it
    const both = createAsyncVerifier({ backend, algs: [ES256, RS256], replay: "none" });
    expect(await both.verify(proof, request)).toMatchObject({ ok: true, alg: "RS256" });
    expect(await both.verify(mint(), request)).toMatchObject({ ok: true, alg: "ES256" });
  });
});
