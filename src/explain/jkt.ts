// Thumbprints (RFC 7638): an expected one that is not that of the key, to its likely cause.
import { encodeUtf8 } from "../bytes/utf8.js";
import type { JsonObject } from "../input/json.js";
import { type Hasher, sha256Base64url } from "../jose/hash.js";
import { decodeBase64url } from "../bytes/base64url.js";
import { isThumbprint } from "../jose/thumbprint.js";
import { formOf } from "./ath.js";
import type { Cause } from "./cause.js";

/** RFC 9278 section 3. */
const URI = "urn:ietf:params:oauth:jwk-thumbprint:sha-256:";

/**
 * Returns why `expected` is likely not the thumbprint `jkt`. `header` is that of the proof; its `jwk` has the key
 * with all its members.
 */
export function jktCause(
  expected: unknown,
  jkt: string,
  header: JsonObject,
  hasher: Hasher,
): Cause {
  if (typeof expected !== "string") return "jkt_absent";
  const hash = decodeBase64url(jkt);
  const form = hash === null ? null : formOf(expected, hash);
  if (form === "padded" || form === "base64" || form === "hex") return `jkt_${form}`;
  if (expected === URI + jkt) return "jkt_uri";
  const members: Members = Object.entries(Object(header["jwk"]));
  const kid = members.find(([name]) => name === "kid")?.[1];
  if (expected === header["kid"] || expected === kid) return "jkt_kid";
  const bare = expected.replace(/=$/, ""); // the padding of 32 bytes is one character
  const isOther = writings(members, header["alg"]).some((json) => {
    const bytes = encodeUtf8(json);
    return bytes !== null && sha256Base64url(bytes, hasher) === bare;
  });
  if (isOther) return "jkt_members";
  return isThumbprint(expected) ? "other_key" : "jkt_form";
}

type Members = readonly (readonly [string, unknown])[];

/** JSON of the key that some programs hash: in the order of the proof, with more members, with spaces. */
function writings(members: Members, alg: unknown): readonly string[] {
  const required = members.filter(([name]) => ["crv", "kty", "x", "y", "n", "e"].includes(name));
  const withAlg = sorted([...required, ["alg", alg]]);
  const orders = [members, sorted(members), required, sorted(required), withAlg];
  return orders.flatMap((list) => {
    const pairs = list.map(([name, value]) => [JSON.stringify(name), JSON.stringify(value)]);
    const joined = (colon: string, comma: string): string =>
      `{${pairs.map((pair) => pair.join(colon)).join(comma)}}`;
    return [joined(":", ","), joined(": ", ", ")]; // as JavaScript writes it, and as Python does
  });
}

/** By name. Array.prototype.toSorted is too young for some engines. */
function sorted(list: Members): Members {
  const copy = [...list];
  copy.sort(([a], [b]) => (a < b ? -1 : 1));
  return copy;
}
