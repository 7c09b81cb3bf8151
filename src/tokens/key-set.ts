// JSON Web Key Sets (RFC 7517 section 5): a document to the keys that can verify an access token, each for
// one algorithm.
import { leave } from "../input/argument.js";
import type { JsonObject } from "../input/json.js";
import { type Alg, type AsyncKey, algShape, type SyncKey } from "../jose/alg.js";
import { type PublicJwk, readPublicJwk } from "../jose/jwk.js";

/** A key of an issuer for one algorithm. It is the same object for as long as the issuer has the key. */
export interface TokenKey {
  verify(signature: Uint8Array, signed: Uint8Array): Promise<boolean>;
}

/** The keys of an issuer at one time. */
export interface KeySet {
  /**
   * Returns the one key for the algorithm that has the `kid`, or that there is if `kid` is undefined. Of
   * several keys none is certain to be the right one.
   */
  select(alg: string, kid: string | undefined): TokenKey | "absent" | "ambiguous";
  /** How many keys can be used, each counted once for each of its algorithms. */
  readonly size: number;
  /** The keys by their algorithm and text. */
  readonly known: ReadonlyMap<string, TokenKey>;
}

/** Most keys of a set. Issuers have up to ten. */
const MOST_KEYS = 100;

/** Most characters of a `kid`, in a key or in a token. */
export const LONGEST_KID = 1024;

interface Candidate {
  readonly kid: string | undefined;
  readonly key: TokenKey;
}

/**
 * Reads a set. Skips what is not a public key for one of the algorithms: RFC 7517 section 5 has members
 * ignored that a reader does not know. Keys that are in `before` too stay the same objects. Returns null
 * where `keys` is not an array or is too long.
 */
export function readKeySet(
  document: JsonObject,
  algs: ReadonlyMap<string, Alg>,
  before?: KeySet,
): KeySet | null {
  const { keys } = document;
  if (!Array.isArray(keys) || keys.length > MOST_KEYS) return null;
  const known = new Map<string, TokenKey>();
  const byAlg = new Map<string, Candidate[]>();
  let size = 0;
  for (const [label, alg] of algs) {
    const candidates: Candidate[] = [];
    for (const member of keys) {
      const found = readKey(member, label);
      if (found === null) continue;
      const name = `${label} ${JSON.stringify(member)}`;
      const key = before?.known.get(name) ?? known.get(name) ?? createTokenKey(alg, found.jwk);
      known.set(name, key);
      candidates.push({ kid: found.kid, key });
    }
    size += candidates.length;
    byAlg.set(label, candidates);
  }
  return { size, known, select: (alg, kid) => oneOf(byAlg.get(alg) ?? [], kid) };
}

function readKey(
  member: unknown,
  alg: string,
): { readonly kid: string | undefined; readonly jwk: PublicJwk } | null {
  const shape = algShape(alg);
  if (typeof member !== "object" || member === null || shape === undefined) return null;
  const { kid } = member as { readonly kid?: unknown }; // an object may have any member
  if (kid !== undefined && !isKid(kid)) return null;
  const jwk = readPublicJwk(member, { alg, kty: shape.kty, crv: shape.crv });
  return typeof jwk === "string" ? null : { kid, jwk };
}

/** Returns true for what may name a key. */
export function isKid(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST_KID;
}

function oneOf(
  candidates: readonly Candidate[],
  kid: string | undefined,
): TokenKey | "absent" | "ambiguous" {
  const fitting = candidates.filter((one) => kid === undefined || one.kid === kid);
  const [first, ...others] = fitting;
  if (first === undefined) return "absent";
  return others.length === 0 ? first.key : "ambiguous";
}

/** Imports the key when it is used first. A failed import is no answer: the next use tries again. */
function createTokenKey(alg: Alg, jwk: PublicJwk): TokenKey {
  let imported: SyncKey | AsyncKey | null | undefined;
  return {
    async verify(signature, signed) {
      if (imported === undefined) imported = await alg.importKey(jwk);
      if (imported === null) return false; // its point is not on the curve
      if (typeof imported?.verify !== "function") {
        throw new TypeError("importKey must return a key or null");
      }
      const valid: unknown = await imported.verify(signature, signed);
      if (typeof valid === "boolean") return valid;
      leave(valid);
      throw new TypeError("key.verify must return true or false");
    },
  };
}
