// Properties of the RFC 7638 thumbprint: one key, one thumbprint, and the one that jose computes.
import { jwkThumbprint } from "dpop-core";
import fc from "fast-check";
import { calculateJwkThumbprint } from "jose";
import { expect, test } from "vitest";
import { readPublicJwk } from "../../src/jose/jwk.js";
import { jsonValue, runs } from "../support/arbitraries.js";
import { exportJwk, keyPair } from "../support/key-pair.js";

const KEYS = [
  keyPair("P-256"),
  keyPair("P-256"),
  keyPair("P-384"),
  keyPair("P-521"),
  keyPair("ed25519"),
  keyPair("ed25519"),
  keyPair({ rsa: 2048 }),
  keyPair({ rsa: 2056, publicExponent: 3 }),
].map(({ publicKey }) => exportJwk(publicKey));

/** Members that the thumbprint does not cover, and that no reader may refuse in a public key. */
const extra = fc.record(
  {
    use: fc.constant("sig"),
    key_ops: fc.constantFrom(["verify"], ["verify", "sign"]),
    kid: jsonValue,
    ext: fc.boolean(),
    x5c: jsonValue,
    "": jsonValue,
    Kty: jsonValue,
    toJSON: jsonValue,
  },
  { requiredKeys: [] },
);

test.each(KEYS.map((jwk) => [jwk.kty, jwk.crv ?? "", jwk] as const))(
  "of a key (%s %s): neither the order of members nor more of them matter, and jose agrees",
  async (_kty, _crv, jwk) => {
    const expected = await calculateJwkThumbprint(jwk);
    await fc.assert(
      fc.asyncProperty(extra, fc.infiniteStream(fc.nat()), async (more, order) => {
        const members = Object.entries({ ...more, ...jwk })
          .map((member): [number, [string, unknown]] => [order.next().value ?? 0, member])
          .toSorted(([a], [b]) => a - b);
        const other = Object.fromEntries(members.map(([, member]) => member));
        const key = readPublicJwk(other);
        if (typeof key === "string") throw new Error(key);
        expect(Reflect.apply(jwkThumbprint, undefined, [other])).toBe(expected);
        expect(jwkThumbprint(key)).toBe(expected);
        expect(await calculateJwkThumbprint(other)).toBe(expected);
      }),
      runs(50),
    );
  },
);

test("other keys have other thumbprints", async () => {
  const all = await Promise.all(KEYS.map((jwk) => calculateJwkThumbprint(jwk)));
  expect(new Set(all).size).toBe(KEYS.length);
  const ours = KEYS.map((jwk): unknown => Reflect.apply(jwkThumbprint, undefined, [jwk]));
  expect(ours).toEqual(all);
});
