// thumbprints.json: public keys and their RFC 7638 thumbprints, published ones and those of our
// test keys.
import type { JsonWebKey } from "node:crypto";
import { calculateJwkThumbprint } from "jose";
import { type KeyName, publicJwk } from "../support/keys.js";
import { JKT } from "../support/rfc.js";

export interface ThumbprintVector {
  readonly name: string;
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly jkt: string;
}

const PUBLISHED: readonly ThumbprintVector[] = [
  {
    name: "RFC 7638 section 3.1",
    jwk: {
      kty: "RSA",
      n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
      e: "AQAB",
      alg: "RS256",
      kid: "2011-04-29",
    },
    jkt: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
  },
  {
    name: "RFC 8037 appendix A.3",
    jwk: { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
    jkt: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
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

/** Those that nobody published are jose's. */
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
