// The part of node:crypto that this folder uses. Our sources see no types of Node (`types: []`), so a
// global of Node is an error in every file; tsconfig.json maps node:crypto to this file. The tests
// type-check this folder against @types/node instead, so this file can't be wrong unnoticed.

export declare class KeyObject {
  readonly type: "secret" | "public" | "private";
  readonly asymmetricKeyType?: string;
  export(options: { readonly format: "jwk" }): object;
  export(options: Spki): Uint8Array;
}

interface Spki {
  readonly format: "der";
  readonly type: "spki";
}

interface PssKey {
  readonly key: KeyObject;
  readonly padding: number;
  readonly saltLength: number;
}

interface Hash {
  update(data: Uint8Array): Hash;
  digest(): Uint8Array;
}

interface AsJwk {
  readonly publicKeyEncoding: { readonly format: "jwk" };
  readonly privateKeyEncoding: { readonly format: "jwk" };
}

interface JwkPair {
  readonly privateKey: object;
}

declare const crypto: {
  readonly KeyObject: typeof KeyObject;
  readonly constants: {
    readonly RSA_PKCS1_PSS_PADDING: number;
  };
  createPublicKey(
    key:
      | KeyObject
      | { readonly key: object; readonly format: "jwk" }
      | (Spki & { readonly key: Uint8Array }),
  ): KeyObject;
  createPrivateKey(key: { readonly key: object; readonly format: "jwk" }): KeyObject;
  generateKeyPairSync(type: "ec", options: AsJwk & { readonly namedCurve: string }): JwkPair;
  generateKeyPairSync(type: "rsa", options: AsJwk & { readonly modulusLength: number }): JwkPair;
  generateKeyPairSync(type: "ed25519", options: AsJwk): JwkPair;
  verify(
    hash: string | null,
    data: Uint8Array,
    key: KeyObject | PssKey,
    signature: Uint8Array,
  ): boolean;
  sign(hash: string | null, data: Uint8Array, key: KeyObject | PssKey): Uint8Array;
  /** From Node 20.12 on. */
  hash?(algorithm: string, data: Uint8Array, outputEncoding: "binary"): string;
  createHash(algorithm: string): Hash;
  randomFillSync(array: Uint8Array): Uint8Array;
};

export default crypto;
