// thumbprints.json: public keys and their RFC 7638 thumbprints, published ones and those of our
// test keys.
import type { JsonWebKey } from "node:crypto";
import { calculateJwkThumbprint } from "jose";
import { type KeyName, publicJwk } from "../support/keys.js";
import { JKT, JKT_OKP_8037, JKT_RSA_7638, OKP_8037, RSA_7638 } from "../support/rfc.js";

export interface ThumbprintVector {
  readonly name: string;
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly jkt: string;
}

const PUBLISHED: readonly ThumbprintVector[] = [
  {
    name: "RFC 7638 section 3.1",
    jwk: { ...RSA_7638, alg: "RS256", kid: "2011-04-29" },
    jkt: JKT_RSA_7638,
  },
  {
    name: "RFC 8037 appendix A.3",
    jwk: OKP_8037,
    jkt: JKT_OKP_8037,
  },
  {
    name: "RFC 9449 section 6.1",
    jwk: {
      kty: "EC",
      x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
      y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
      crv: "P-256",
    },
    jkt: JKT,
  },
];

const KEYS: readonly KeyName[] = ["ES256", "ES384", "ES512", "Ed25519", "RS256"];

/** Those that were never published are jose's. */
export async function thumbprintVectors(): Promise<readonly ThumbprintVector[]> {
  const own = KEYS.map(async (name) => {
    const key = publicJwk(name);
    const jkt = await calculateJwkThumbprint(key);
    return [
      { name: `the test key ${name}`, jwk: members(key), jkt },
      { name: `the test key ${name}, backwards and with more members`, jwk: withMore(key), jkt },
    ];
  });
  return [...PUBLISHED, ...(await Promise.all(own)).flat()];
}

const members = (key: JsonWebKey): ThumbprintVector["jwk"] => ({ ...key });

function withMore(key: JsonWebKey): ThumbprintVector["jwk"] {
  const backwards = Object.entries(key).toReversed();
  return { use: "sig", kid: "1", ext: true, ...Object.fromEntries(backwards) };
}
