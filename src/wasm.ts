// dpop-core/wasm: verifies ES256, EdDSA and Ed25519 of keys that come often in WebAssembly, which is assembled at
// run time; everything else goes to another backend.
import { fast } from "./fast.js";
import { functionMember, objectArgument } from "./input/argument.js";
import type { SyncAlg, SyncBackend } from "./jose/alg.js";
import type { NobleBackend } from "./noble/backend.js";
import { acceleratedAlg } from "./wasm/algorithm.js";
import { engineState } from "./wasm/engine.js";

export { createSigner, generatePrivateJwk } from "./noble.js";
export type { NobleBackend, PrivateJwk, SignerOptions, SigningLabel } from "./noble.js";

/**
 * What verifies keys with a table in this process: `"simd"` or `"relaxed-simd"`, the module with plain or fused
 * arithmetic (the answers are the same); `"unavailable"`, only the backend below, because the platform has no
 * WebAssembly with SIMD or does not permit to compile; `"idle"`, the module has not been needed yet.
 */
export type Lanes = "idle" | "simd" | "relaxed-simd" | "unavailable";

/** A backend whose keys go through WebAssembly once they have earned a table. */
export type AcceleratedBackend<B extends SyncBackend> = B & {
  /** What verifies keys with a table now. */
  readonly lanes: Lanes;
};

/**
 * Makes a backend that verifies ES256, EdDSA and Ed25519 in WebAssembly for keys that have had a valid signature
 * before, and asks the given backend about everything else: keys that come for the first time, messages of more
 * than 4096 bytes, the rare signature that the module can't decide, other algorithms, hashes and random bytes.
 * Where the platform has no WebAssembly with SIMD, or a page's policy does not permit to compile it (CSP without
 * `wasm-unsafe-eval`), the given backend decides everything. The answers are the same in every case.
 *
 * @param backend a backend that answers at once: `nodeCrypto` where there is one, else `fast`.
 * @returns a backend with the members of the given one, and `lanes`.
 * @throws a TypeError where `backend` is not a backend; `importKey` throws one where it returns promises.
 * @example
 * ```ts
 * import { createMemoryReplayStore, createVerifier } from "dpop-core";
 * import { nodeCrypto } from "dpop-core/node-crypto";
 * import { accelerate } from "dpop-core/wasm";
 *
 * const verifier = createVerifier({
 *   backend: accelerate(nodeCrypto),
 *   replay: createMemoryReplayStore(),
 * });
 * ```
 * @see RFC 7518 section 3.4, RFC 8037 and RFC 9864 for the algorithms.
 */
export function accelerate<B extends SyncBackend>(backend: B): AcceleratedBackend<B> {
  const given = objectArgument(backend, "backend");
  if (!Array.isArray(given["algs"])) throw new TypeError("backend.algs must be an array");
  for (const name of ["sha256", "randomBytes"]) functionMember(given, name, "backend");
  const known = new Map<unknown, SyncAlg>();
  const over = (alg: SyncAlg): SyncAlg => {
    const made = known.get(alg) ?? acceleratedAlg(alg);
    known.set(alg, made);
    return made;
  };
  const members = Object.fromEntries(
    Object.entries(given).map(([name, member]) => [name, isAlg(member) ? over(member) : member]),
  );
  return Object.freeze({
    ...members,
    sha256: (data: Uint8Array) => backend.sha256(data),
    randomBytes: (length: number) => backend.randomBytes(length),
    algs: Object.freeze(backend.algs.map(over)),
    get lanes(): Lanes {
      return LANES[engineState()];
    },
  }) as unknown as AcceleratedBackend<B>; // the members of B, each of its kind, and `lanes`
}

const LANES = {
  waiting: "idle",
  plain: "simd",
  fused: "relaxed-simd",
  none: "unavailable",
} as const;

function isAlg(member: unknown): member is SyncAlg {
  return typeof member === "object" && member !== null && "importKey" in member && "alg" in member;
}

/**
 * `accelerate(fast)`: WebAssembly for keys that come often, pure TypeScript for the others. For a key that comes
 * often about twice as fast as `fast`. Signing and everything else are those of `fast`.
 *
 * Its time varies with what it verifies, and that is only public values. The bounds of its arithmetic are proved
 * from the bytes of the module, and its answers compared with those of `fast` and node:crypto. It has had no audit
 * from outside.
 *
 * @example
 * ```ts
 * import { createMemoryReplayStore, createVerifier } from "dpop-core";
 * import { wasm } from "dpop-core/wasm";
 *
 * const verifier = createVerifier({ backend: wasm, replay: createMemoryReplayStore() });
 * ```
 * @see RFC 7518 section 3.4, RFC 8037 and RFC 9864 for the algorithms.
 */
export const wasm: AcceleratedBackend<NobleBackend> = /* @__PURE__ */ accelerate(fast);
