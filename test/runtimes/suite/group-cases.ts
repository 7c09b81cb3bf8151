// Signatures in groups, by the algorithms that offer it: in each place a bad one, the verdicts are those of the keys.
import type { SyncSigner } from "dpop-core";
import type { KeyedSignature } from "../../../src/jose/alg.js";
import type { Implementation, Label, SyncImplementation } from "../../support/implementation.js";
import { hasRandomSource, syncSigner } from "./implementations.js";
import { runCase, type Tally } from "./tally.js";

const LABELS: readonly Label[] = ["ES256", "EdDSA", "Ed25519"];
const KEYS = 4;
/** Of each key by itself before: it has its first table then, and the generator its last one. */
const BEFORE = 10;
const SIZES = [0, 1, 2, 3, 16, 17, 33];

export async function groupCases(tally: Tally, implementation: Implementation): Promise<void> {
  if (!implementation.sync) return;
  const { algOf } = implementation;
  for (const label of LABELS.filter((one) => implementation.labels.includes(one))) {
    const alg = algOf(label);
    if (alg.verifyMany === undefined) continue;
    await runCase(tally, `${label} in groups`, (check) => {
      const valid = Array.from({ length: KEYS }, (_, i): KeyedSignature => {
        const signer = signerOf(implementation, label);
        const key = alg.importKey(signer.publicJwk);
        if (key === null) throw new Error("a key was due");
        const data = Uint8Array.from({ length: 100 * i }, (__, at) => (at * 7) & 0xff);
        return { key, signature: signer.sign(data), data };
      });
      for (const { key, signature, data } of valid) {
        for (let i = 0; i < BEFORE; i++) check("by itself", key.verify(signature, data), true);
      }
      for (const size of SIZES) {
        const step = size === 17 ? 1 : 6;
        for (let bad = 0; bad <= size; bad += step) {
          const group = Array.from({ length: size }, (_, i): KeyedSignature => {
            const one = valid[i % KEYS];
            if (one === undefined) throw new Error("a signature was due");
            return i === bad ? { ...one, data: Uint8Array.of(1, 2, 3) } : one;
          });
          const due = group.map((_, i) => i !== bad);
          check(`${size}, a bad one at ${bad}`, alg.verifyMany?.(group), due);
        }
      }
    });
  }
}

/** Of a new key, or of the fixed one where the engine can't make any: then the group has one key several times. */
function signerOf(implementation: SyncImplementation, label: Label): SyncSigner {
  return hasRandomSource() ? implementation.newSigner(label) : syncSigner(implementation, label);
}
