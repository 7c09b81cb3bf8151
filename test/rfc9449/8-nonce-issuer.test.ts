// RFC 9449 sections 8, 9, 11.1 and 11.3: the nonce issuer, by itself, in a verifier, and in a fleet of instances.
import { createHmac, randomBytes } from "node:crypto";
import {
  createMemoryReplayStore,
  createNonceIssuer,
  createVerifier,
  noble,
  type NonceAnswer,
  type NonceIssuer,
  type NonceIssuerOptions,
  type SyncReplayStore,
} from "dpop-core";
import * as core from "dpop-core/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hmacSha256 } from "../../src/jose/hmac.js";
import { at, mint, NOW } from "../support/mint.js";

const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
const OTHER = Uint8Array.from({ length: 40 }, (_, i) => 255 - i);
const AUDIENCE = "https://server.example.com";

const issuerOf = (over: Partial<NonceIssuerOptions> = {}): NonceIssuer =>
  createNonceIssuer({ secrets: [SECRET], audience: AUDIENCE, ...over });

const LIFETIME = 180; // seconds, the defaults
const STEP = 30;
const start = Math.floor(NOW / STEP) * STEP; // of a step

describe("HMAC-SHA-256 over the plug's hash", () => {
  test("agrees with node:crypto for keys and data of every size around a block", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 140 }),
        fc.uint8Array({ maxLength: 200 }),
        (key, data) => {
          const expected = createHmac("sha256", key).update(data).digest();
          expect(Buffer.from(hmacSha256(key, data, noble)).equals(expected)).toBe(true);
        },
      ),
    );
  });
});

describe("a nonce", () => {
  test("[8.1] is made of NQCHAR, 40 of them", () => {
    for (const now of [0, NOW, 99_999_999_999]) {
      expect(issuerOf().issue(now)).toMatch(/^[A-Za-z0-9_-]{40}$/);
    }
  });

  test("is what HMAC-SHA-256 says of label, key id, time and audience", () => {
    const nonce = issuerOf().issue(start + 7);
    const id = createHmac("sha256", SECRET)
      .update("dpop-core nonce key id")
      .digest()
      .subarray(0, 6);
    const time = Buffer.alloc(6);
    time.writeUIntBE(start + STEP, 0, 6);
    const head = id.toString("base64url") + time.toString("base64url");
    const mac = createHmac("sha256", SECRET).update(`dpop-core nonce\0${head}${AUDIENCE}`).digest();
    expect(nonce).toBe(head + mac.subarray(0, 18).toString("base64url"));
  });

  test("[8-2] can't be told from another's without the secret: every part of it depends on the secret", () => {
    const nonces = [SECRET, OTHER, randomBytes(32)].map((secret) =>
      issuerOf({ secrets: [secret] }).issue(NOW),
    );
    expect(new Set(nonces.map((nonce) => nonce.slice(16))).size).toBe(3);
    const audiences = ["a", "b"].map((audience) => issuerOf({ audience }).issue(NOW).slice(16));
    expect(new Set(audiences).size).toBe(2);
    const steps = [0, 1, 2].map((step) =>
      issuerOf()
        .issue(start + step * STEP)
        .slice(16),
    );
    expect(new Set(steps).size).toBe(3);
  });

  test("without now and clock, the platform's clock counts, in seconds", () => {
    const issuer = issuerOf();
    expect(issuer.check(issuer.issue(), Date.now() / 1000).status).toBe("valid");
  });

  test("is the same for the whole of an interval, from every instance", () => {
    const nonce = issuerOf().issue(start);
    expect(issuerOf().issue(start + STEP - 0.001)).toBe(nonce);
    expect(issuerOf().issue(start + STEP)).not.toBe(nonce);
    expect(issuerOf({ clock: () => start + 1 }).issue()).toBe(nonce);
  });
});

describe("the answer of a check", () => {
  const issuer = issuerOf();
  const nonce = issuer.issue(start);
  const acceptUntil = start + STEP + LIFETIME;
  const answers: readonly (readonly [string, number, NonceAnswer["status"]])[] = [
    ["in its interval", start, "valid"],
    ["at the end of its interval", start + STEP - 0.001, "valid"],
    ["after its interval", start + STEP, "renew"],
    ["in the last second of its lifetime", acceptUntil, "renew"],
    ["after its lifetime", acceptUntil + 0.001, "invalid"],
    ["by an instance that is behind", start - 15, "valid"],
    ["by an instance that is further behind than any", start - 15.001, "invalid"],
  ];

  test.each(answers)("%s", (_, now, status) => {
    const next = status === "valid" ? {} : { nextNonce: issuer.issue(now) };
    const until = status === "invalid" ? {} : { acceptUntil };
    expect(issuer.check(nonce, now)).toEqual({ status, ...until, ...next });
  });

  test("no nonce is missing, and told what to use", () => {
    expect(issuer.check(undefined, NOW)).toEqual({
      status: "missing",
      nextNonce: issuer.issue(NOW),
    });
  });

  test("[9-2] a nonce of the authorization server is not one of the resource server", () => {
    const api = issuerOf({ audience: "https://api.example.com" });
    expect(api.check(issuer.issue(NOW), NOW).status).toBe("invalid");
    expect(api.check(api.issue(NOW), NOW).status).toBe("valid");
  });

  test("any change of a nonce makes it invalid", () => {
    fc.assert(
      fc.property(fc.nat({ max: 39 }), fc.constantFrom(..."ABCabc019-_=é "), (index, character) => {
        fc.pre(nonce[index] !== character);
        const changed = nonce.slice(0, index) + character + nonce.slice(index + 1);
        expect(issuer.check(changed, start).status).toBe("invalid");
      }),
    );
  });

  test("any other text is invalid, and nothing is thrown", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        expect(issuer.check(text, NOW).status).toBe("invalid");
      }),
    );
    for (const text of ["", "a".repeat(40), "a".repeat(1_000_000), "\ud800".repeat(40)]) {
      expect(issuer.check(text, NOW).status).toBe("invalid");
    }
  });
});

describe("a rotation of secrets", () => {
  const [before, added, moved, after] = [[OTHER], [OTHER, SECRET], [SECRET, OTHER], [SECRET]].map(
    (secrets) => issuerOf({ secrets }),
  );

  test("the first issues, all are accepted; one of the others is to be renewed", () => {
    const old = added?.issue(NOW);
    expect(old).toBe(before?.issue(NOW));
    expect(moved?.check(old, NOW)).toMatchObject({ status: "renew", nextNonce: after?.issue(NOW) });
    expect(added?.check(moved?.issue(NOW), NOW)).toMatchObject({ status: "renew", nextNonce: old });
    expect(after?.check(old, NOW).status).toBe("invalid");
  });

  test("the issuer keeps secrets of its own", () => {
    const secret = Uint8Array.from(SECRET);
    const issuer = issuerOf({ secrets: [secret] });
    const nonce = issuer.issue(NOW);
    secret.fill(0);
    expect(issuer.issue(NOW)).toBe(nonce);
  });
});

describe("in a verifier", () => {
  const nonce = issuerOf();
  const verifier = createVerifier({ nonce, replay: "none" });
  const good = nonce.issue(NOW);

  test("[11.3] a proof without a nonce is refused, and told which", () => {
    expect(verifier.verify(mint(), at(NOW))).toMatchObject({
      code: "nonce_missing",
      nextNonce: good,
    });
  });

  test("[11.1-5] [4.3-11] the time of the nonce stands in for iat, so a wrong clock does no harm", () => {
    for (const iat of [0, NOW - 86_400, NOW + 86_400, 4_000_000_000.5]) {
      const proof = mint({ claims: { nonce: good, iat } });
      expect(verifier.verify(proof, at(NOW))).toMatchObject({
        ok: true,
        nonce: { status: "valid" },
      });
    }
    const late = mint({ claims: { nonce: good } });
    expect(verifier.verify(late, at(NOW + LIFETIME + STEP))).toMatchObject({
      code: "nonce_mismatch",
    });
    // exp and nbf are the client's own word, and hold.
    const expired = mint({ claims: { nonce: good, exp: NOW } });
    expect(verifier.verify(expired, at(NOW))).toMatchObject({ code: "proof_expired" });
  });

  test("[11.1-6] one nonce serves many proofs, each of them once while the nonce lives", () => {
    const expiries: number[] = [];
    const memory = createMemoryReplayStore();
    const replay: SyncReplayStore = {
      add: (key, expiresAt, now, jkt) => (
        expiries.push(expiresAt),
        memory.add(key, expiresAt, now, jkt)
      ),
    };
    const once = createVerifier({ nonce, replay });
    const proofs = ["a", "b"].map((jti) => mint({ claims: { nonce: good, jti, iat: 1 } }));
    const last = nonce.check(good, NOW).acceptUntil ?? 0;
    for (const proof of proofs) {
      expect(once.verify(proof, at(NOW)).ok).toBe(true);
      expect(once.verify(proof, at(NOW))).toMatchObject({ code: "jti_replayed" });
      expect(once.verify(proof, at(last))).toMatchObject({ code: "jti_replayed" });
      expect(once.verify(proof, at(last + 1))).toMatchObject({ code: "nonce_mismatch" });
    }
    // Longer than any instance accepts the nonce, its clock 15 seconds behind ours.
    expect(Math.min(...expiries)).toBeGreaterThan(last + 15);
  });

  test("[11.2] proofs made in advance are of no use: they lack the nonce of the day", () => {
    const inAdvance = mint({ claims: { iat: NOW + 3600, nonce: good } });
    expect(verifier.verify(inAdvance, at(NOW + 3600))).toMatchObject({ code: "nonce_mismatch" });
  });

  test("the policy by which nonces are optional lets those in who send none, and none who send a wrong one", () => {
    const lax = createVerifier({ nonce, noncePolicy: "optional", replay: "none" });
    expect(lax.verify(mint(), at(NOW))).toMatchObject({
      ok: true,
      nonce: { status: "missing", nextNonce: good },
    });
    expect(lax.verify(mint(), at(NOW + 61))).toMatchObject({ code: "iat_too_old" });
    const wrong = mint({ claims: { nonce: "wrong" } });
    expect(lax.verify(wrong, at(NOW))).toMatchObject({ code: "nonce_mismatch", nextNonce: good });
    const answersMissing = { check: () => ({ status: "missing" as const }) };
    const fooled = createVerifier({
      nonce: answersMissing,
      noncePolicy: "optional",
      replay: "none",
    });
    expect(fooled.verify(wrong, at(NOW))).toMatchObject({ code: "nonce_mismatch" });
    // A check that names a time for a nonce that is not there does not replace iat.
    const timely = { check: () => ({ status: "valid" as const, acceptUntil: NOW + 10_000 }) };
    const misled = createVerifier({ nonce: timely, noncePolicy: "optional", replay: "none" });
    expect(misled.verify(mint(), at(NOW + 61))).toMatchObject({ code: "iat_too_old" });
  });
});

describe("mistakes of the programmer", () => {
  const good: NonceIssuerOptions = { secrets: [SECRET], audience: AUDIENCE };

  test.each([
    ["secrets that are text", { secrets: "a".repeat(32) }, TypeError, "secrets"],
    ["a secret that is text", { secrets: ["a".repeat(32)] }, TypeError, "secrets"],
    ["no secret", { secrets: [] }, TypeError, "secrets"],
    ["a short secret", { secrets: [SECRET, SECRET.subarray(1)] }, RangeError, "32 bytes"],
    ["a secret twice", { secrets: [SECRET, SECRET] }, TypeError, "twice"],
    ["a secret of zeros", { secrets: [new Uint8Array(32)] }, RangeError, "secrets"],
    ["a secret of one byte", { secrets: [new Uint8Array(64).fill(7)] }, RangeError, "secrets"],
    [
      "a second secret of zeros",
      { secrets: [SECRET, new Uint8Array(32)] },
      RangeError,
      /^secrets .*one byte/,
    ],
    [
      "a third secret of one byte",
      { secrets: [SECRET, OTHER, new Uint8Array(33).fill(255)] },
      RangeError,
      /^secrets .*one byte/,
    ],
    ["a secret in units of 16 bits", { secrets: [new Uint16Array(32)] }, TypeError, "secrets"],
    ["an empty audience", { audience: "" }, TypeError, "audience"],
    ["an audience with a lone surrogate", { audience: "\ud800" }, TypeError, "audience"],
    ["a lifetime of no time", { lifetime: 0 }, RangeError, "lifetime"],
    ["a lifetime in milliseconds", { lifetime: 180_000 }, RangeError, "lifetime"],
    ["half a second", { rotationInterval: 0.5 }, RangeError, "rotationInterval"],
    ["a tolerance below zero", { clockTolerance: -1 }, RangeError, "clockTolerance"],
    ["a clock that is a number", { clock: NOW }, TypeError, "clock"],
    ["a misspelt option", { secret: SECRET }, TypeError, "options"],
    ["a backend that can't hash", { backend: {} }, TypeError, "backend.sha256"],
  ])("%s", (_, over, kind, name) => {
    const make = (): unknown => createNonceIssuer({ ...good, ...over } as never); // on purpose
    expect(make).toThrow(kind);
    expect(make).toThrow(name);
  });

  test("a secret with only its first or its last byte unlike the others is taken", () => {
    for (const place of [0, 1, 31]) {
      const secret = new Uint8Array(32);
      secret[place] = 1;
      expect(issuerOf({ secrets: [secret] }).issue(NOW)).toHaveLength(40);
    }
  });

  test("arguments", () => {
    const issuer = issuerOf();
    expect(() => issuer.issue(NOW * 1000)).toThrow(RangeError);
    expect(() => issuer.check(1 as never, NOW)).toThrow("nonce");
    expect(() => issuer.check(undefined, undefined as never)).toThrow("now");
    expect(() => core.createNonceIssuer(good as never)).toThrow("backend");
    for (const noncePolicy of ["none", null, true]) {
      const options = { nonce: issuer, noncePolicy } as never; // on purpose
      expect(() => createVerifier(options)).toThrow("noncePolicy");
    }
    // A policy for nonces that are not checked would be no policy.
    for (const noncePolicy of ["required", "optional"] as const) {
      expect(() => createVerifier({ noncePolicy, replay: "none" })).toThrow("noncePolicy");
    }
  });
});

interface Instance {
  issuer: NonceIssuer;
  /** Of its clock, in seconds. */
  readonly offset: number;
}

interface HandedOut {
  readonly nonce: string;
  readonly at: number;
}

/** Who was refused what, in a run of requests to a fleet in which secrets are rotated. */
function run(
  requests: number,
  deployments: (time: number, fleet: Instance[]) => void,
): {
  readonly refusedYoung: number;
  readonly acceptedOld: number;
  readonly acceptedForeign: number;
  readonly accepted: number;
} {
  let seed = 1;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647; // the same run every time
  const instances: Instance[] = [-5, 0, 5].map((offset) => ({
    issuer: issuerOf({ secrets: [OTHER] }),
    offset,
  }));
  const foreign = issuerOf({ secrets: [OTHER, SECRET], audience: "https://api.example.com" });
  const pick = (): Instance => instances[Math.floor(random() * 3)] as Instance; // three there are
  const handedOut: HandedOut[] = [];
  const count = { refusedYoung: 0, acceptedOld: 0, acceptedForeign: 0, accepted: 0 };
  for (let i = 0; i < requests; i++) {
    const time = NOW + i / 4;
    deployments(time - NOW, instances);
    const one = pick();
    handedOut.push({ nonce: one.issuer.issue(time + one.offset), at: time });
    const tried = handedOut[Math.max(0, handedOut.length - 1 - Math.floor(random() * 1000))];
    if (tried === undefined) throw new Error("one was just handed out");
    const age = time - tried.at;
    for (const { issuer, offset } of instances) {
      const accepted = issuer.check(tried.nonce, time + offset).status !== "invalid";
      if (accepted) count.accepted++;
      if (!accepted && age < LIFETIME - 10) count.refusedYoung++;
      if (accepted && age > LIFETIME + STEP + 10) count.acceptedOld++;
    }
    if (i % 10 !== 0) continue;
    const nonce = foreign.issue(time);
    for (const { issuer, offset } of instances)
      if (issuer.check(nonce, time + offset).status !== "invalid") count.acceptedForeign++;
  }
  return count;
}

describe("a fleet of three instances, their clocks up to ten seconds apart, over 10,000 requests", () => {
  const REQUESTS = 10_000; // 2,500 seconds
  const set = (instance: Instance | undefined, secrets: readonly Uint8Array[]): void => {
    if (instance !== undefined) instance.issuer = issuerOf({ secrets });
  };
  /** A deployment reaches one instance after the other, 20 seconds apart. */
  const roll = (
    time: number,
    from: number,
    fleet: Instance[],
    secrets: readonly Uint8Array[],
  ): void => {
    for (const [i, instance] of fleet.entries()) if (time === from + i * 20) set(instance, secrets);
  };

  test("a rotation in steps refuses no nonce younger than its lifetime, and accepts no older one", () => {
    const count = run(REQUESTS, (time, instances) => {
      roll(time, 900, instances, [OTHER, SECRET]); // add it last, everywhere
      roll(time, 1100, instances, [SECRET, OTHER]); // then move it first
      roll(time, 1100 + 40 + LIFETIME, instances, [SECRET]); // and after one lifetime drop the old one
    });
    expect(count).toMatchObject({ refusedYoung: 0, acceptedOld: 0, acceptedForeign: 0 });
    expect(count.accepted).toBeGreaterThan(REQUESTS);
  });

  test("a rotation in one step refuses young nonces", () => {
    const count = run(REQUESTS, (time, instances) => roll(time, 900, instances, [SECRET]));
    expect(count.refusedYoung).toBeGreaterThan(0);
    expect(count).toMatchObject({ acceptedOld: 0, acceptedForeign: 0 });
  });
});
