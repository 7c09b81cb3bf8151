// Only noble's SHA-256, for entries without curves: bundled.ts would bring in all of them.
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { inOneState } from "./one-state.js";

/** SHA-256, 32 bytes. */
export const sha256: (data: Uint8Array) => Uint8Array = /* @__PURE__ */ inOneState(nobleSha256);
