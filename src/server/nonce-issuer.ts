// The nonce issuer (RFC 9449 sections 8, 9 and 11.1): secrets and the time to nonces that any
// instance with the same secrets can check, with nothing stored and nothing shared but the secrets.
import {
  integerArgument,
  isBytes,
  membersArgument,
  numberArgument,
  stringArgument,
  timeArgument,
} from "../input/argument.js";
import { decodeBase64url, encodeBase64url } from "../bytes/base64url.js";
import { constantTimeEqual } from "../bytes/equal.js";
import { asciiBytes, encodeUtf8 } from "../bytes/utf8.js";
import { type Hasher, hasherArgument } from "../jose/hash.js";
import { hmacSha256 } from "../jose/hmac.js";
import type { NonceAnswer, NonceCheck } from "../verify/nonce-check.js";
import { DAY, platformClock } from "../verify/policy.js";

export interface NonceIssuerOptions {
  readonly backend: Hasher;
  /**
   * Random bytes, 32 at least in each; a secret of one byte over and over is a RangeError. The first
   * one issues, all are accepted, so that a rotation refuses nobody when it goes in steps: add the new
   * one last and deploy everywhere; move it first and deploy; drop the old one after `lifetime` and a `rotationInterval`.
   */
  readonly secrets: readonly Uint8Array[];
  /**
   * Names the server that these nonces are for, its issuer or resource identifier: a nonce of one
   * is no nonce of another, though they share their secrets (section 9).
   */
  readonly audience: string;
  /**
   * How long a nonce is accepted after the end of the interval in which it was issued, in whole
   * seconds. Default 180.
   */
  readonly lifetime?: number | undefined;
  /** How often the nonce changes, in whole seconds. Default 30. */
  readonly rotationInterval?: number | undefined;
  /** How far ahead of ours the clock of another instance may be, in seconds; 15 by default. */
  readonly clockTolerance?: number | undefined;
  /** Returns the time in seconds since the epoch; the platform's clock where it is not given. */
  readonly clock?: (() => number) | undefined;
}

/** Issues nonces and checks them: what a verifier takes as its option `nonce`. */
export interface NonceIssuer extends NonceCheck {
  /**
   * The nonce of this moment, 40 characters of base64url, for the header field `DPoP-Nonce` of any
   * answer. `now` are seconds since the epoch.
   */
  issue(now?: number): string;
  /**
   * Returns `valid` up to the end of the interval in which the nonce was issued, then `renew` with the
   * next one, until `acceptUntil`: the end of its interval plus `lifetime`. A nonce of another secret
   * than the first is to be renewed at once. A text of any other form is `invalid`.
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

/** Of a secret, in bytes: as long as the hash (RFC 2104 section 3). */
const SECRET_BYTES = 32;

// A nonce is key id (6 bytes), the end of its interval (6 bytes, big-endian, seconds since the epoch)
// and the head of a MAC (18 bytes): multiples of three, so that each part has its own characters.
const KEY_ID_END = 8;
const TIME_END = 16;
const LENGTH = 40;

/**
 * Makes an issuer. It computes every nonce from the clock when it is asked, so that it works where
 * nothing lives between two requests. A nonce is not bound to a client, and is good many times: it
 * shows that a proof was made lately, and the replay store that it is used once (section 11.1).
 *
 * Throws a TypeError or RangeError that names the option.
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
      const end = readEnd(stringArgument(nonce, "nonce"));
      // One that seems to come from later than any clock of ours can be is not ours.
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
    // Everybody may know the id; the rest takes the same time whatever of it is wrong.
    return nonce.startsWith(key.id) && constantTimeEqual(nonce, nonceAt(end, key));
  }
}

interface NonceKey {
  /** base64url of 6 bytes that only the secret decides. */
  readonly id: string;
  readonly secret: Uint8Array;
}

/** At least one. */
type NonceKeys = readonly [NonceKey, ...NonceKey[]];

function readSecrets(value: unknown, hasher: Hasher): NonceKeys {
  if (!Array.isArray(value)) throw new TypeError("secrets must be an array of Uint8Array");
  const [first, ...others] = value.map((secret: unknown) => readSecret(secret, hasher));
  if (first === undefined) throw new TypeError("secrets must hold one at least");
  const keys: NonceKeys = [first, ...others];
  if (new Set(keys.map(({ id }) => id)).size !== keys.length) {
    throw new TypeError("secrets must not hold one twice");
  }
  return keys;
}

function readSecret(value: unknown, hasher: Hasher): NonceKey {
  if (!isBytes(value)) throw new TypeError("secrets must be an array of Uint8Array");
  if (value.length < SECRET_BYTES) {
    throw new RangeError(`secrets must have ${SECRET_BYTES} bytes at least`);
  }
  // A buffer that nobody filled. What else is no secret can't be told from its bytes.
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
 * HMAC-SHA-256 over a label, the key id, the time and the audience, which is last since it alone
 * has no fixed length. Cut to 144 bits (RFC 2104 section 5), it can't be predicted without the
 * secret.
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

/** The time that a text of the right form says; whether it is ours, its MAC says. */
function readEnd(nonce: string): number | null {
  if (nonce.length !== LENGTH) return null;
  const time = decodeBase64url(nonce, KEY_ID_END, TIME_END);
  return time === null ? null : time.reduce((number, byte) => number * 256 + byte, 0);
}
