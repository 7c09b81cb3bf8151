import { createAsyncClientSession, createDpopFetch } from "dpop-core/core";
import { createSigner, generateKeyPair, webcrypto } from "dpop-core/webcrypto";

const keyPair = await generateKeyPair("ES256"); // IndexedDB can hold it
const signer = await createSigner(keyPair);
export const session = createAsyncClientSession({ signer, backend: webcrypto });
export const dpopFetch = createDpopFetch({ session });
