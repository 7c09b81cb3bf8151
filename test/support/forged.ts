// A key that nobody can sign with, made hot all the same: with the arithmetic of the fast backend over a
// hash that answers what we choose for one message, a signature to that message is easily made.
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import type { SyncAlg } from "dpop-core";
import { eddsaAlg } from "../../src/fast/ed25519/eddsa.js";
import { es256Alg } from "../../src/fast/p256/es256.js";

export interface Forged {
  /** The algorithm over a hash that is the right one for every message but one. */
  readonly alg: SyncAlg;
  /** Valid under that algorithm. */
  readonly witness: { readonly signature: Uint8Array; readonly data: Uint8Array };
}

const DATA: Uint8Array = Buffer.from("a message of which we chose the hash");

type Hash = (data: Uint8Array) => Uint8Array;

/** `hash`, but for what ends with our message. */
const riggedHash =
  (hash: Hash, digest: Uint8Array): Hash =>
  (data) =>
    DATA.every((byte, i) => byte === data[data.length - DATA.length + i]) ? digest : hash(data);

/** undefined for what is no point, and for algorithms that the fast backend leaves to noble. */
export function forged(label: string, jwk: Readonly<Record<string, string>>): Forged | undefined {
  const x = Buffer.from(jwk["x"] ?? "", "base64url");
  const y = Buffer.from(jwk["y"] ?? "", "base64url");
  try {
    if (label === "ES256") return forgedEs256(Buffer.concat([Uint8Array.of(4), x, y]));
    return label === "EdDSA" || label === "Ed25519" ? forgedEddsa(label, x) : undefined;
  } catch {
    return undefined; // noble throws for what is no point
  }
}

/** R = u1·G + u2·Q with u1 = 3 and u2 = 1: s is r, and the hash is 3·r. */
function forgedEs256(key: Uint8Array): Forged {
  const { BASE, Fn } = p256.Point;
  const R = BASE.multiplyUnsafe(3n).add(p256.Point.fromBytes(key));
  const r = Fn.create(R.toAffine().x);
  const digest = Fn.toBytes(Fn.create(3n * r));
  const signature = Buffer.concat([Fn.toBytes(r), Fn.toBytes(r)]);
  return { alg: es256Alg(riggedHash(sha256, digest)), witness: { signature, data: DATA } };
}

/** R = [S]B - [k]A with S = 5 and k = 3, which is the hash. */
function forgedEddsa(label: "EdDSA" | "Ed25519", key: Uint8Array): Forged {
  const { BASE, Fn } = ed25519.Point;
  const A = ed25519.Point.fromBytes(key);
  const R = BASE.multiplyUnsafe(5n).subtract(A.multiplyUnsafe(3n));
  const digest = new Uint8Array(64);
  digest[0] = 3;
  const signature = Buffer.concat([R.toBytes(), Fn.toBytes(5n)]);
  return { alg: eddsaAlg(label, riggedHash(sha512, digest)), witness: { signature, data: DATA } };
}
