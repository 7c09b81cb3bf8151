// noble's SHA-512 alone, for entries without curves: bundled.ts would bring in all of them.
export { sha512 } from "@noble/hashes/sha2.js";
