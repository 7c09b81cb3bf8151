// Only noble's SHA-512, for entries without curves: bundled.ts would bring in all of them.
import { sha512 as nobleSha512 } from "@noble/hashes/sha2.js";
import { inOneState } from "./one-state.js";

/** SHA-512, 64 bytes. */
export const sha512: (data: Uint8Array) => Uint8Array = /* @__PURE__ */ inOneState(nobleSha512);
