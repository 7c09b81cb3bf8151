// What the backends over a platform's own cryptography know of its keys: a valid key of each kind,
// and how much memory a key takes.
import type { PublicJwk } from "./jwk.js";

/** The members that name a kind of key. */
interface KeyKind {
  readonly kty: "EC" | "OKP" | "RSA";
  readonly crv?: string | undefined;
}

/**
 * Returns a key that every engine takes if it supports the kind: the generator of the curve (FIPS
 * 186-4 D.1.2.3 to D.1.2.5, RFC 8032 section 5.1), or the modulus 2^2048 - 1. Where an engine
 * refuses another key but takes this one, that other key is at fault.
 */
export function goodKey({ kty, crv }: KeyKind): PublicJwk {
  if (kty === "RSA") return { kty, n: `${"_".repeat(341)}w`, e: "AQAB" };
  switch (crv) {
    case "P-384":
      return {
        kty: "EC",
        crv,
        x: "qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3",
        y: "NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f",
      };
    case "P-521":
      return {
        kty: "EC",
        crv,
        x: "AMaFjga3BATpzZ4-y2YjlbRCnGSBOQU_tSH4KK9ga009uqFLXnfv51ko_h3BJ6L_qN4zSLPBhWpCm_l-fjHC5b1m",
        y: "ARg5KWp4mjvABFyKX7QsfRvZmPVESVebRGgXr70XJz5mLJfucple9CZAxVC5AT-tB2E1PHCGonLCQIi-lHaf0WZQ",
      };
    case "Ed25519":
      return { kty: "OKP", crv, x: `WGZm${"ZmZm".repeat(9)}ZmY` };
    default:
      return {
        kty: "EC",
        crv: "P-256",
        x: "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
        y: "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
      };
  }
}

/**
 * Returns the memory that a key takes, in bytes: how much the memory of Node 20 and 24 grows by a
 * KeyObject or a CryptoKey that has verified, the highest figure rounded up. No engine reports it.
 */
export function nativeKeySize(jwk: PublicJwk): number {
  switch (jwk.kty) {
    case "EC":
      return 7000;
    case "OKP":
      return 3500;
    case "RSA":
      return 5500 + 5 * modulusBytes(jwk.n);
  }
}

/**
 * Returns the length of a modulus in bytes, given in base64url without leading zeros. Every
 * signature is as long.
 */
export function modulusBytes(n: string): number {
  return Math.floor((n.length * 3) / 4);
}
