// The key of a session (RFC 9449 sections 3 and 11.4): a pair whose private half no script can read, made once
// for all tabs and kept with the tokens that are bound to it.
import type { AsyncSigner, SigningLabel } from "../jose/alg.js";
import { createSigner, generateKeyPair } from "../webcrypto/signer.js";
import type { CryptoKeyPairLike } from "../webcrypto/subtle.js";
import type { Exclusive } from "./lock.js";
import type { Store } from "./store.js";

/** The name of the key in the store. */
export const KEY = "key";

/** A key as it is kept. */
interface Kept {
  /** Tells one pair from another, which two copies of a CryptoKey do not. */
  readonly id: string;
  readonly keyPair: CryptoKeyPairLike;
}

/**
 * Returns the signer of the key that is kept. If no key is kept, or the one that is can't sign, it makes one: the
 * first tab to do so makes it for all.
 */
export async function openKey(
  store: Store,
  exclusive: Exclusive,
  alg: SigningLabel,
  newId: () => string,
): Promise<AsyncSigner> {
  const found = await signerOf(await store.read(KEY), alg);
  if (found !== null) return found;
  return exclusive(async () => {
    const present = await store.read(KEY);
    const made = await signerOf(present, alg); // by another tab, while this one waited
    if (made !== null) return made;
    const mine: Kept = { id: newId(), keyPair: await generateKeyPair(alg) };
    const change = (value: unknown): unknown => (idOf(value) === idOf(present) ? mine : value);
    const { keyPair } = readKept(await store.update(KEY, change)) ?? mine;
    return createSigner(keyPair, { alg });
  });
}

/** Returns null for a key that is damaged, or of another algorithm: no proof can be made with it. */
async function signerOf(value: unknown, alg: SigningLabel): Promise<AsyncSigner | null> {
  const kept = readKept(value);
  if (kept === null) return null;
  try {
    return await createSigner(kept.keyPair, { alg });
  } catch {
    return null; // where all of Web Cryptography is broken, so is the making of the next key
  }
}

function readKept(value: unknown): Kept | null {
  const { id, keyPair } = Object(value) as Partial<Record<keyof Kept, unknown>>;
  if (typeof id !== "string" || typeof keyPair !== "object" || keyPair === null) return null;
  return { id, keyPair: keyPair as CryptoKeyPairLike }; // createSigner guards the rest
}

function idOf(value: unknown): string | undefined {
  return readKept(value)?.id;
}
