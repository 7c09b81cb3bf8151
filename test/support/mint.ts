// Makes proofs that are right except for what a test overrides, with none of the library's own code.
import { type KeyName, labelOf, nodeSign, publicJwk, type Sign } from "./keys.js";

/** The iat of the example in RFC 9449 section 4.2. */
export const NOW = 1_562_262_616;
export const TOKEN_URL = "https://server.example.com/token";

/** The request that such a proof is for, at a given time. */
export const at = (now: number): Readonly<{ method: string; url: string; now: number }> => ({
  method: "POST",
  url: TOKEN_URL,
  now,
});

export interface MintOptions {
  /** Whose public key stands in the header, and who signs. */
  readonly key?: KeyName;
  /** Who signs instead. */
  readonly signer?: KeyName;
  /** Members of the header to set; undefined removes one. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Claims to set; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The whole header or payload, as text or bytes, instead of the JSON that would be made. */
  readonly rawHeader?: string | Uint8Array;
  readonly rawPayload?: string | Uint8Array;
  /** Changes the signature. */
  readonly signature?: (signature: Uint8Array) => Uint8Array;
}

export type Mint = (options?: MintOptions) => string;

export const b64 = (data: string | Uint8Array): string => Buffer.from(data).toString("base64url");

export function createMint(sign: Sign): Mint {
  return ({
    key = "ES256",
    signer = key,
    header,
    claims,
    rawHeader,
    rawPayload,
    signature,
  } = {}) => {
    const fullHeader = { typ: "dpop+jwt", alg: labelOf(key), jwk: publicJwk(key), ...header };
    const fullClaims = {
      jti: "-BwC3ESc6acc2lTc",
      htm: "POST",
      htu: TOKEN_URL,
      iat: NOW,
      ...claims,
    };
    const input = `${b64(rawHeader ?? JSON.stringify(fullHeader))}.${b64(rawPayload ?? JSON.stringify(fullClaims))}`;
    const signed = sign(signer, Buffer.from(input));
    return `${input}.${b64(signature === undefined ? signed : signature(signed))}`;
  };
}

/** Signed by node:crypto; ECDSA signatures differ from call to call. */
export const mint: Mint = createMint(nodeSign);
