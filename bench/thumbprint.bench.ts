// Keys and hashes (RFC 7638, RFC 9449 section 4.2): reading a JWK, its thumbprint, and the hash of an access token.
import { accessTokenHash, jwkThumbprint, noble, type PublicJwk } from "dpop-core";
import { readPublicJwk } from "../src/jose/jwk.js";
import { thumbprint } from "../src/jose/thumbprint.js";
import { type BenchCase, type BenchGroup, syncCase } from "./case.js";
import { type Fixtures, type KeyFixture, RSA_JKT, RSA_JWK } from "./fixtures.js";

export function thumbprintGroups(fixtures: Fixtures): readonly BenchGroup[] {
  const keys = namedKeys(fixtures);
  return [
    { name: "read a JWK", cases: () => keys.map(({ name, jwk }) => readCase(name, jwk)) },
    {
      name: "thumbprint of a JWK that was read",
      cases: () => keys.map(({ name, jwk, jkt }) => hashCase(name, jwk, jkt)),
    },
    { name: "jwkThumbprint, guards included", cases: () => [publicCase(fixtures.es256)] },
    {
      name: `accessTokenHash: ${fixtures.accessToken.length} characters`,
      cases: () => [
        syncCase("noble", () => accessTokenHash(fixtures.accessToken), {
          right: (hash) => hash === fixtures.ath,
          counterpart: () => accessTokenHash(fixtures.accessToken.slice(1)) !== fixtures.ath,
        }),
      ],
    },
  ];
}

interface NamedKey {
  readonly name: string;
  readonly jwk: PublicJwk;
  readonly jkt: string;
}

function namedKeys({ es256, ed25519 }: Fixtures): readonly NamedKey[] {
  return [
    { name: "P-256", jwk: es256.jwk, jkt: es256.jkt },
    { name: "Ed25519", jwk: ed25519.jwk, jkt: ed25519.jkt },
    { name: "RSA, 2048 bits", jwk: RSA_JWK, jkt: RSA_JKT },
  ];
}

function readCase(name: string, jwk: PublicJwk): BenchCase {
  const sent: unknown = JSON.parse(JSON.stringify(jwk)); // as it comes out of a header
  return syncCase(name, () => readPublicJwk(sent), {
    right: (key) => JSON.stringify(key) === JSON.stringify(jwk),
    counterpart: () => readPublicJwk({ ...jwk, d: "AA" }) === "jwk_private",
  });
}

function hashCase(name: string, jwk: PublicJwk, jkt: string): BenchCase {
  return syncCase(name, () => thumbprint(jwk, noble), {
    right: (hash) => hash === jkt,
    counterpart: () => thumbprint(swapped(jwk), noble) !== jkt,
  });
}

/** Another key of the same kind. */
function swapped(jwk: PublicJwk): PublicJwk {
  switch (jwk.kty) {
    case "EC":
      return { ...jwk, x: jwk.y, y: jwk.x };
    case "OKP":
      return { ...jwk, x: jwk.x.toLowerCase() };
    case "RSA":
      return { ...jwk, e: "Aw" };
  }
}

function publicCase({ jwk, jkt }: KeyFixture): BenchCase {
  return syncCase("P-256, noble", () => jwkThumbprint(jwk), {
    right: (hash) => hash === jkt,
    counterpart: () => jwkThumbprint(RSA_JWK) === RSA_JKT,
  });
}
