// Properties of signatures, half of them damaged: the verdict of every implementation is that of node:crypto and of jose.
import { createPublicKey, verify as nodeVerify } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { createAsyncVerifier } from "dpop-core";
import fc from "fast-check";
import { compactVerify, importJWK } from "jose";
import { describe, expect, test } from "vitest";
import { runs, signerOf } from "../support/arbitraries.js";
import { IMPLEMENTATIONS } from "../support/implementations.js";
import { type KeyName, publicJwk } from "../support/keys.js";
import { b64, createMint, NOW, TOKEN_URL } from "../support/mint.js";

/** The part that the two algorithms do not share: the byte order of s, and the order of the group. */
interface Form {
  readonly key: KeyName;
  readonly other: KeyName;
  readonly order: bigint;
  readonly field: bigint;
  toBigInt(half: Uint8Array): bigint;
  toBytes(value: bigint): Uint8Array;
}

const FORMS: readonly Form[] = [
  {
    key: "ES256",
    other: "otherES256",
    order: p256.Point.Fn.ORDER,
    field: p256.Point.Fp.ORDER,
    toBigInt: (half) => BigInt(`0x${Buffer.from(half).toString("hex")}`),
    toBytes: (value) => Buffer.from(hex32(value), "hex"),
  },
  {
    key: "Ed25519",
    other: "otherEd25519",
    order: ed25519.Point.Fn.ORDER,
    field: ed25519.Point.Fp.ORDER,
    toBigInt: (half) => BigInt(`0x${Buffer.from(half.toReversed()).toString("hex")}`),
    toBytes: (value) => Uint8Array.from(Buffer.from(hex32(value), "hex")).toReversed(),
  },
];

/** 64 hexadecimal digits; a value past 2^256 loses what is above. */
function hex32(value: bigint): string {
  return BigInt.asUintN(256, value).toString(16).padStart(64, "0");
}

type Damage = (signature: Uint8Array) => Uint8Array;

/** What is done to a signature; the half that is not damaged stays as it is. */
function damages({ order, field, toBigInt, toBytes }: Form): fc.Arbitrary<Damage> {
  const half = (which: 0 | 1, change: (value: bigint) => bigint): Damage => {
    const changed = (bytes: Uint8Array): Uint8Array => toBytes(change(toBigInt(bytes)));
    return (signature) => {
      const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
      return Buffer.concat(which === 0 ? [changed(r), s] : [r, changed(s)]);
    };
  };
  const which = fc.constantFrom<0 | 1>(0, 1);
  const special = fc.constantFrom<(value: bigint) => bigint>(
    () => 0n,
    () => 1n,
    () => order,
    () => order - 1n,
    () => field,
    () => (1n << 256n) - 1n,
    (value) => order - value,
    (value) => value + order,
    (value) => value + field,
    (value) => value + 1n,
    (value) => value ^ (1n << 255n),
  );
  return fc.oneof(
    fc.nat(511).map(
      (bit): Damage =>
        (signature) =>
          signature.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
    ),
    fc.tuple(which, special).map(([one, change]) => half(one, change)),
    fc.constant(half(1, (s) => order - s)),
    fc.uint8Array({ minLength: 64, maxLength: 64 }).map(
      (bytes): Damage =>
        () =>
          bytes,
    ),
    fc.uint8Array({ minLength: 1, maxLength: 140 }).map(
      (bytes): Damage =>
        () =>
          bytes,
    ),
    fc.integer({ min: 1, max: 63 }).map(
      (length): Damage =>
        (signature) =>
          signature.slice(0, length),
    ),
    fc.constant<Damage>((signature) => Buffer.concat([signature, Buffer.alloc(1)])),
    fc.constant<Damage>((signature) =>
      Buffer.concat([signature.subarray(32), signature.subarray(0, 32)]),
    ),
  );
}

describe.each(FORMS)("of $key", (form) => {
  test("every implementation gives the verdict of node:crypto and of jose", async () => {
    const signers = { [form.key]: signerOf(form.key), [form.other]: signerOf(form.other) };
    const mint = createMint((name, data) => signers[name]?.sign(data) ?? new Uint8Array(0));
    const verifiers = IMPLEMENTATIONS.map(({ name, backend }) => ({
      name,
      verifier: createAsyncVerifier({ backend, replay: "none" }),
    }));
    const theirKey = createPublicKey({ key: publicJwk(form.key), format: "jwk" });
    const joseKey = await importJWK({ ...publicJwk(form.key) }, form.key);
    const tally = { accepted: 0, refused: 0, twins: 0 };
    const damage = fc.oneof(fc.constant<Damage | null>(null), damages(form));
    const signer = fc.constantFrom(form.key, form.key, form.key, form.other);

    await fc.assert(
      fc.asyncProperty(fc.uuid(), damage, signer, async (jti, change, who) => {
        const whole = mint({ key: form.key, signer: who, claims: { jti } });
        const [header = "", payload = "", signature = ""] = whole.split(".");
        const bytes = Buffer.from(signature, "base64url");
        const changed = change === null ? bytes : change(bytes);
        const input = `${header}.${payload}`;
        const proof = `${input}.${b64(changed)}`;

        const theirs = nodeVerify(
          form.key === "ES256" ? "sha256" : null,
          Buffer.from(input),
          { key: theirKey, dsaEncoding: "ieee-p1363" },
          changed,
        );
        const joses = await compactVerify(proof, joseKey).then(
          () => true,
          () => false,
        );
        expect(joses).toBe(theirs);
        for (const { name, verifier } of verifiers) {
          const ours = await verifier.verify(proof, { method: "POST", url: TOKEN_URL, now: NOW });
          expect(ours.ok ? "ok" : ours.code, name).toBe(theirs ? "ok" : "signature_invalid");
        }
        tally[theirs ? "accepted" : "refused"]++;
        if (theirs && !bytes.equals(changed)) tally.twins++;
      }),
      runs(400),
    );
    expect(Math.min(tally.accepted, tally.refused)).toBeGreaterThan(60);
    // n - s is as valid as s, for ECDSA only: RFC 8032 leaves no second signature of one R.
    if (form.key === "ES256") expect(tally.twins).toBeGreaterThan(0);
    else expect(tally.twins).toBe(0);
  });
});
