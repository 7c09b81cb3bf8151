// noble's SHA-256 alone, for entries without curves: bundled.ts would bring in all of them.
export { sha256 } from "@noble/hashes/sha2.js";
