// Hashes of access tokens (RFC 9449 section 4.2): an `ath` that does not fit, to its likely cause.
import { encodeBase64url } from "../bytes/base64url.js";
import { asciiBytes } from "../bytes/utf8.js";
import { type Hasher, sha256, sha256Base64url } from "../jose/hash.js";
import { isThumbprint } from "../jose/thumbprint.js";
import { hashOf } from "../proof/ath.js";
import type { Cause } from "./cause.js";
import { bareToken } from "./echo.js";

/** Returns why `ath` is likely not the hash of the token. */
export function athCause(ath: string | undefined, accessToken: string, hasher: Hasher): Cause {
  const bare = bareToken(accessToken);
  if (bare !== accessToken) return "token_prefix";
  const expected = hashOf(accessToken, hasher);
  if (expected === null) return "token_malformed";
  if (ath === undefined) return "ath_absent";
  if (ath === accessToken) return "ath_is_token";
  const form = formOf(ath, sha256(asciiBytes(accessToken), hasher));
  if (form !== null) return ATH_CAUSES[form];
  const hash = (text: string): string => sha256Base64url(asciiBytes(text), hasher);
  if (ath === hash(expected) || ath === twice(accessToken, hasher)) return "ath_twice";
  if (["DPoP ", "Bearer "].some((scheme) => ath === hash(scheme + accessToken)))
    return "token_prefix";
  if (ath === hash(`${accessToken}\n`)) return "token_newline";
  if (["", "undefined", "null"].some((nothing) => ath === hash(nothing))) return "token_absent";
  return isThumbprint(ath) ? "other_token" : "ath_form";
}

/** The hash of the 32 bytes of the hash. */
function twice(accessToken: string, hasher: Hasher): string {
  return sha256Base64url(Uint8Array.from(sha256(asciiBytes(accessToken), hasher)), hasher);
}

const ATH_CAUSES = {
  padded: "ath_padded",
  base64: "ath_base64",
  hex: "ath_hex",
  half: "ath_half",
} as const satisfies Readonly<Record<HashForm, Cause>>;

/** A wrong form of the right hash. */
export type HashForm = "padded" | "base64" | "hex" | "half";

/** Returns in which wrong form a text is a hash; null where it is another text. */
export function formOf(text: string, hash: Uint8Array): HashForm | null {
  const right = encodeBase64url(hash);
  if (text.length > 2 * right.length + 2) return null; // no form is longer
  const bare = text.replace(/=+$/, "");
  if (bare === right) return "padded";
  if (bare.replace(/\+/g, "-").replace(/\//g, "_") === right) return "base64";
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (text.toLowerCase() === hex) return "hex";
  if (bare === encodeBase64url(asciiBytes(hex))) return "hex";
  return bare === encodeBase64url(hash.subarray(0, hash.length / 2)) ? "half" : null;
}
