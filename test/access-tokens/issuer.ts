// An issuer of access tokens for the tests: its keys, its tokens, and a fetch that serves its documents.
import { constants, type KeyObject, sign } from "node:crypto";
import type { SigningLabel } from "dpop-core/node-crypto";
import { exportJwk, type KeyKind, keyPair } from "../support/key-pair.js";

export const ISSUER = "https://as.example";
export const API = "https://api.example";
/** Seconds since the epoch. */
export const NOW = 1_800_000_000;

/** A key of the issuer. */
export interface IssuerKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** The public key, with its kid. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

const CURVES: Readonly<Record<string, KeyKind>> = {
  ES256: "P-256",
  ES384: "P-384",
  ES512: "P-521",
  EdDSA: "ed25519",
  Ed25519: "ed25519",
};

export function newKey(alg: SigningLabel, kid: string): IssuerKey {
  const { publicKey, privateKey } = keyPair(CURVES[alg] ?? { rsa: 2048 });
  return { kid, privateKey, jwk: { ...exportJwk(publicKey), kid } };
}

/** Signs any text as a JWS with a header of any text. */
export function signText(
  header: string,
  payload: string,
  alg: SigningLabel,
  key: KeyObject,
): string {
  const signed = `${base64url(header)}.${base64url(payload)}`;
  const hash = alg.startsWith("Ed") ? undefined : `sha${alg.slice(2)}`;
  const signature = sign(hash, Buffer.from(signed), {
    key,
    dsaEncoding: "ieee-p1363",
    ...(alg.startsWith("PS")
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : {}),
  });
  return `${signed}.${signature.toString("base64url")}`;
}

export function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}

/** The claims of a good token. */
export const CLAIMS = {
  iss: ISSUER,
  aud: API,
  sub: "ann",
  client_id: "web",
  iat: NOW - 10,
  exp: NOW + 300,
  scope: "read write",
};

/** A token with other claims or another header than usual. */
export function tokenOf(
  key: IssuerKey,
  alg: SigningLabel,
  claims: object = {},
  header: object = {},
): string {
  const fields = { alg, typ: "at+jwt", kid: key.kid, ...header };
  return signText(
    JSON.stringify(fields),
    JSON.stringify({ ...CLAIMS, ...claims }),
    alg,
    key.privateKey,
  );
}

export const METADATA_URL = `${ISSUER}/.well-known/oauth-authorization-server`;
export const OPENID_URL = `${ISSUER}/.well-known/openid-configuration`;
export const JWKS_URL = `${ISSUER}/keys`;

/** The documents of an issuer by their URL, a clock, and what was asked for. */
export class FakeIssuer {
  now = NOW;
  readonly calls: string[] = [];
  readonly inits: unknown[] = [];
  readonly documents = new Map<string, () => Response | Promise<Response>>();

  constructor(...keys: readonly IssuerKey[]) {
    this.documents.set(METADATA_URL, () => Response.json({ issuer: ISSUER, jwks_uri: JWKS_URL }));
    this.keys(...keys);
  }

  /** Publishes these keys and no others. */
  keys(...keys: readonly IssuerKey[]): void {
    this.documents.set(JWKS_URL, () => Response.json({ keys: keys.map(({ jwk }) => jwk) }));
  }

  /** Is not there any more. */
  goAway(): void {
    this.documents.set(METADATA_URL, () => Promise.reject(new TypeError("connect ECONNREFUSED")));
    this.documents.delete(OPENID_URL);
  }

  readonly clock = (): number => this.now;

  readonly fetch = async (url: string, init: unknown): Promise<Response> => {
    this.calls.push(url);
    this.inits.push(init);
    const document = this.documents.get(url);
    return document === undefined ? new Response("no such page", { status: 404 }) : document();
  };

  /** How often the keys were asked for. */
  get fetches(): number {
    return this.calls.filter((url) => url === JWKS_URL).length;
  }
}
