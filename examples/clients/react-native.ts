// index.js begins with import "react-native-get-random-values", before a key is made.
import { createClientSession, createSigner, generatePrivateJwk } from "dpop-core";

/** What expo-secure-store has, over the keychain of iOS and the keystore of Android. */
interface SecureStore {
  getItemAsync(key: string): Promise<string | null>;
  setItemAsync(key: string, value: string): Promise<void>;
}

/** The session of an account, with the key that this device keeps for it. */
export async function openSession(store: SecureStore, account: string) {
  const name = `dpop-key.${account}`;
  const kept = await store.getItemAsync(name);
  const privateJwk = kept === null ? generatePrivateJwk("ES256") : JSON.parse(kept);
  if (kept === null) await store.setItemAsync(name, JSON.stringify(privateJwk));
  return createClientSession({ signer: createSigner(privateJwk) });
}
