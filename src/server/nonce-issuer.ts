// The nonce issuer (RFC 9449 sections 8, 9 and 11.1): from secrets and the time to nonces that every
// instance with the same secrets can check. Nothing is stored, and only the secrets are shared.
import {
  integerArgument,
  isBytes,
  membersArgument,
  numberArgument,
  stringArgument,
  timeArgument,
} from "../input/argument.js";
import { DAY, platformClock } from "../input/clock.js";
import { encodeBase64url } from "../bytes/base64url.js";
import { constantTimeEqual } from "../bytes/equal.js";
import { asciiBytes, encodeUtf8 } from "../bytes/utf8.js";
import { type Hasher, hasherArgument } from "../jose/hash.js";
import { hmacSha256 } from "../jose/hmac.js";
import type { NonceAnswer, NonceCheck } from "../verify/nonce-check.js";
import { nonceEnd } from "../verify/nonce-form.js";

/** Options of createNonceIssuer. */
export interface NonceIssuerOptions {
  /** Its SHA-256 makes the nonces. */
  readonly backend: Hasher;
  /**
   * Secrets of at least 32 random bytes; one byte over and over is a RangeError. The first secret issues,
   * nonces of all are accepted. A rotation in three steps refuses no client: add the new secret last and
   * deploy everywhere; move it first and deploy; remove the old one after `lifetime` and one
   * `rotationInterval`.
   */
  readonly secrets: readonly Uint8Array[];
  /**
   * The server that the nonces are for: its issuer or resource identifier. A server refuses the nonce of
   * another one, even if they share their secrets (section 9).
   */
  readonly audience: string;
  /**
   * How long a nonce is accepted after the end of the interval in which it was issued, in whole
   * seconds, from 1 to 86,400. Default 180.
   */
  readonly lifetime?: number | undefined;
  /** How often the nonce changes, in whole seconds, from 1 to 86,400. Default 30. */
  readonly rotationInterval?: number | undefined;
  /**
   * How far the clock of another instance may be ahead of ours, in seconds, at most 86,400. Default
   * 15.
   */
  readonly clockTolerance?: number | undefined;
  /** Returns the time in seconds since the epoch. Default: the platform's clock. */
  readonly clock?: (() => number) | undefined;
}

/** Issues nonces and checks them. It is a value for the option `nonce` of a verifier. */
export interface NonceIssuer extends NonceCheck {
  /**
   * Returns the present nonce, for the header field `DPoP-Nonce` of any response: 40 characters of
   * base64url. `now` is the time in seconds since the epoch. Default: the clock.
   */
  issue(now?: number): string;
  /**
   * Returns `valid` up to the end of the interval in which the nonce was issued, then `renew` with the
   * next nonce until `acceptUntil`, which is the end of the interval plus `lifetime`. A nonce of any
   * secret but the first is `renew` at once. All other texts are `invalid`.
   */
  check(nonce: string | undefined, now: number): NonceAnswer;
}

const OPTIONS = [
  "backend",
  "secrets",
  "audience",
  "lifetime",
  "rotationInterval",
  "clockTolerance",
  "clock",
];

/** The least length of a secret in bytes: that of the hash (RFC 2104 section 3). */
const SECRET_BYTES = 32;

/**
 * Makes an issuer of nonces, which also checks them. It computes every nonce from the secrets and the
 * clock, so that it works where no memory lives between two requests. A nonce is not bound to a client
 * and can be used many times: it shows that a proof is recent, and the replay store takes care that the
 * proof is used once (section 11.1).
 *
 * @param options the backend, the secrets, which all instances share, and the audience.
 * @returns an issuer, for the option `nonce` of a verifier.
 * @throws a TypeError or RangeError that names the option.
 * @example
 * ```ts
 * import { createNonceIssuer } from "dpop-core/core";
 * import { noble } from "dpop-core/noble";
 *
 * const secret = noble.randomBytes(32); // in production: one for all instances
 * const options = { secrets: [secret], audience: "https://api.example" };
 * const nonce = createNonceIssuer({ ...options, backend: noble });
 * console.log(nonce.issue().length); // 40
 * ```
 * @see RFC 9449 sections 8, 9 and 11.1
 */
export function createNonceIssuer(options: NonceIssuerOptions): NonceIssuer {
  const given = membersArgument(options, "options", OPTIONS);
  const hasher = hasherArgument(given.backend);
  const keys = readSecrets(given.secrets, hasher);
  const audience = readAudience(given.audience);
  const lifetime = readSeconds(given.lifetime, "lifetime", 180);
  const interval = readSeconds(given.rotationInterval, "rotationInterval", 30);
  const { clockTolerance = 15, clock = platformClock } = given;
  numberArgument(clockTolerance, "clockTolerance", "seconds", 0, DAY);
  if (typeof clock !== "function") throw new TypeError("clock must be a function");

  const intervalEnd = (now: number): number => (Math.floor(now / interval) + 1) * interval;
  const nonceAt = (end: number, key = keys[0]): string => makeNonce(end, key, audience, hasher);

  return Object.freeze({
    issue(now?: number): string {
      return nonceAt(intervalEnd(timeArgument(now === undefined ? clock() : now, "now")));
    },
    check(nonce: string | undefined, now: number): NonceAnswer {
      const current = intervalEnd(timeArgument(now, "now"));
      if (nonce === undefined) return { status: "missing", nextNonce: nonceAt(current) };
      const end = nonceEnd(stringArgument(nonce, "nonce"));
      // A nonce from later than any of our clocks can show is not ours.
      const isTimely =
        end !== null && end <= now + clockTolerance + interval && now <= end + lifetime;
      const key = isTimely ? keys.find((one) => isNonceOf(nonce, end, one)) : undefined;
      if (end === null || key === undefined)
        return { status: "invalid", nextNonce: nonceAt(current) };
      const acceptUntil = end + lifetime;
      if (key === keys[0] && end >= current) return { status: "valid", acceptUntil };
      return { status: "renew", acceptUntil, nextNonce: nonceAt(current) };
    },
  });

  function isNonceOf(nonce: string, end: number, key: NonceKey): boolean {
    // The id is public; the comparison of the rest takes the same time whatever part of it is wrong.
    return nonce.startsWith(key.id) && constantTimeEqual(nonce, nonceAt(end, key));
  }
}

interface NonceKey {
  /** The base64url of 6 bytes that follow from the secret only. */
  readonly id: string;
  readonly secret: Uint8Array;
}

/** At least one. */
type NonceKeys = readonly [NonceKey, ...NonceKey[]];

function readSecrets(value: unknown, hasher: Hasher): NonceKeys {
  if (!Array.isArray(value)) throw new TypeError("secrets must be an array of Uint8Array");
  const [first, ...others] = value.map((secret: unknown) => readSecret(secret, hasher));
  if (first === undefined) throw new TypeError("secrets must hold at least one secret");
  const keys: NonceKeys = [first, ...others];
  if (new Set(keys.map(({ id }) => id)).size !== keys.length) {
    throw new TypeError("secrets must not hold a secret twice");
  }
  return keys;
}

function readSecret(value: unknown, hasher: Hasher): NonceKey {
  if (!isBytes(value)) throw new TypeError("secrets must be an array of Uint8Array");
  if (value.length < SECRET_BYTES) {
    throw new RangeError(`secrets must have at least ${SECRET_BYTES} bytes each`);
  }
  // A buffer that was never filled. Other weak secrets can't be told from their bytes.
  if (value.every((byte) => byte === value[0])) {
    throw new RangeError("secrets must be random bytes, not one byte over and over");
  }
  const secret = Uint8Array.from(value); // a copy: the caller may wipe or reuse theirs
  const mac = hmacSha256(secret, asciiBytes("dpop-core nonce key id"), hasher);
  return { id: encodeBase64url(mac.subarray(0, 6)), secret };
}

function readAudience(value: unknown): Uint8Array {
  const bytes = encodeUtf8(stringArgument(value, "audience"));
  if (bytes === null || bytes.length === 0) {
    throw new TypeError("audience must be a non-empty well-formed string");
  }
  return bytes;
}

function readSeconds(value: unknown, name: string, byDefault: number): number {
  return value === undefined ? byDefault : integerArgument(value, name, "seconds", 1, DAY);
}

/**
 * The MAC is HMAC-SHA-256 over a label, the key id, the time and the audience, which is last since only
 * its length varies. Its first 144 bits (RFC 2104 section 5) can't be predicted without the secret.
 */
function makeNonce(end: number, key: NonceKey, audience: Uint8Array, hasher: Hasher): string {
  const time = new Uint8Array(6);
  for (let i = 5, rest = end; i >= 0; i--, rest = Math.floor(rest / 256)) time[i] = rest % 256;
  const head = key.id + encodeBase64url(time);
  const label = asciiBytes(`dpop-core nonce\0${head}`);
  const data = new Uint8Array(label.length + audience.length);
  data.set(label);
  data.set(audience, label.length);
  return head + encodeBase64url(hmacSha256(key.secret, data, hasher).subarray(0, 18));
}
