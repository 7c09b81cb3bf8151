// Properties of verifyProof: it answers whatever comes, as its asynchronous twin does; it takes what createProof makes, and
// nothing that differs from it in one bit.
import {
  createMemoryReplayStore,
  createProof,
  FAILURES,
  jwkThumbprint,
  noble,
  type NonceCheck,
  type FieldValue,
  type ProofRequest,
  type SigningLabel,
  type SyncSigner,
  verifyProof,
  verifyProofAsync,
  type VerifierOptions,
  type VerifyResult,
} from "dpop-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  accessTokenText,
  anyText,
  jsonObject,
  jsonValue,
  methodToken,
  nonceText,
  respell,
  runs,
  signerOf,
  targetOf,
  type UrlParts,
  urlParts,
  utf16,
} from "../support/arbitraries.js";
import { publicJwk } from "../support/keys.js";
import { b64, mint, type MintOptions, NOW, TOKEN_URL } from "../support/mint.js";
import { ACCESS_TOKEN, JKT, P1, P3, RESOURCE } from "../support/rfc.js";

const { ES256, ES384, ES512, EdDSA, Ed25519 } = noble;
const ALGS = [ES256, ES384, ES512, EdDSA, Ed25519];

/** Takes one nonce; makes of every other one a failure. */
const onlyNonce = (accepted: string): NonceCheck => ({
  check: (nonce) => ({ status: nonce === accepted ? "valid" : "invalid", nextNonce: "next" }),
});

describe("whatever comes, there is a result, the same from both, that echoes nothing", () => {
  /** Names of policies, because a store is made anew for every run. */
  const POLICIES = ["plain", "nonce", "replay", "long"] as const;
  const plainHttp = "anywhere"; // the URLs below have any host
  function optionsOf(policy: (typeof POLICIES)[number]): VerifierOptions {
    switch (policy) {
      case "plain":
        return { replay: "none", plainHttp };
      case "nonce":
        return { algs: ALGS, nonce: onlyNonce("n"), replay: "none", plainHttp };
      case "replay":
        return { algs: ALGS, replay: createMemoryReplayStore(), plainHttp };
      case "long":
        return {
          algs: ALGS,
          replay: "none",
          plainHttp,
          maxAge: 86_400,
          clockTolerance: 86_400,
          limits: { jti: 5, proof: 2000 },
        };
    }
  }

  const good: fc.Arbitrary<ProofRequest> = fc.constant({
    method: "POST",
    url: TOKEN_URL,
    now: NOW,
  });
  const anyUrl = fc
    .tuple(fc.constantFrom("https://", "http://", "HTTPS://", "https://a.example/"), anyText)
    .map(([start, rest]) => start + rest);
  const hostile: fc.Arbitrary<ProofRequest> = fc.oneof(
    fc.record({ method: anyText, url: anyUrl, now: fc.constant(NOW) }),
    fc.record({ method: anyText, url: anyUrl, now: fc.constant(NOW), jkt: anyText }),
    fc.record({
      method: fc.constantFrom("POST", "GET"),
      url: fc.oneof(fc.constantFrom(TOKEN_URL, RESOURCE), anyUrl),
      now: fc.constantFrom(NOW, NOW + 2, NOW + 100),
      accessToken: fc.oneof(fc.constant(ACCESS_TOKEN), anyText),
      jkt: fc.oneof(fc.constant(JKT), anyText),
    }),
  );
  const request = fc.oneof({ weight: 2, arbitrary: good }, { weight: 1, arbitrary: hostile });

  async function agreed(
    proof: FieldValue,
    facts: ProofRequest,
    policy: (typeof POLICIES)[number],
  ): Promise<VerifyResult> {
    const result = verifyProof(proof, facts, optionsOf(policy));
    expect(await verifyProofAsync(proof, facts, optionsOf(policy))).toEqual(result);
    if (result.ok) return result;
    const { ok: _, code, message, clockOffset = 0, nextNonce = "next", ...more } = result;
    expect(message).toBe(FAILURES[code].message);
    expect(clockOffset).toBeTypeOf("number");
    expect(nextNonce).toBe("next");
    expect(more).toEqual({});
    return result;
  }

  test("for any header field", async () => {
    const segment = fc.oneof(
      anyText,
      fc.uint8Array().map(b64),
      jsonObject.map((value) => b64(JSON.stringify(value))),
      fc.constantFrom(...P1.split("."), ""),
    );
    const damaged = fc
      .tuple(fc.constantFrom(P1, P3), fc.nat(), fc.nat(3), anyText)
      .map(([proof, at, cut, piece]) => {
        const index = at % (proof.length + 1);
        return proof.slice(0, index) + piece + proof.slice(index + cut);
      });
    const text = fc.oneof(
      anyText,
      fc.array(segment, { maxLength: 5 }).map((segments) => segments.join(".")),
      damaged,
    );
    const field: fc.Arbitrary<FieldValue> = fc.oneof(
      { weight: 8, arbitrary: text },
      { weight: 1, arbitrary: fc.array(text, { maxLength: 3 }) },
      { weight: 1, arbitrary: fc.constantFrom(null, undefined, "", P1, P3, [P1], [P1, P1]) },
    );
    await fc.assert(
      fc.asyncProperty(
        field,
        hostile,
        fc.constantFrom(...POLICIES),
        async (proof, facts, policy) => {
          await agreed(proof, facts, policy);
        },
      ),
      runs(600),
    );
  });

  const text32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(b64);

  const jwk = fc.oneof(
    fc.record(
      {
        kty: maybe(fc.constantFrom("EC", "OKP", "RSA")),
        crv: maybe(fc.constantFrom("P-256", "Ed25519", "P-384", "P-521")),
        x: maybe(text32),
        y: maybe(text32),
        n: jsonValue,
        e: jsonValue,
        d: jsonValue,
        use: maybe(fc.constant("sig")),
        key_ops: maybe(fc.constant(["verify"])),
        alg: maybe(fc.constantFrom("ES256", "EdDSA")),
      },
      { requiredKeys: ["kty", "crv", "x"] },
    ),
    fc.record({ kty: fc.constant("EC"), crv: fc.constant("P-256"), x: text32, y: text32 }),
    fc.record({ kty: fc.constant("OKP"), crv: fc.constant("Ed25519"), x: text32 }),
    fc.constantFrom(null, true, "", 0, [], [{}], {}),
    jsonValue,
  );
  const almostGood = fc
    .tuple(
      fc.constantFrom("kty", "crv", "x", "y", "use", "key_ops", "alg", "kid", "n"),
      fc.oneof(jsonValue, fc.constantFrom(["verify", "verify"], ["verify", {}], ["sign"], "sig")),
    )
    .map(([member, value]) => Object.assign(publicJwk("ES256"), { [member]: value })); // made anew by every call
  const headerMember = fc.oneof(
    fc.record({ alg: fc.constant("ES256"), jwk: almostGood }),
    fc.record({ typ: jsonValue }),
    fc.record({ alg: fc.oneof(jsonValue, fc.constantFrom("ES384", "ES512", "EdDSA", "Ed25519")) }),
    fc.record({ jwk }),
    fc.record({ jwk, alg: fc.constantFrom("ES256", "ES384", "ES512", "EdDSA", "Ed25519") }),
    fc.record({ crit: jsonValue }),
    fc.record({ b64: jsonValue }),
    jsonObject,
  );
  const claim = fc.oneof(
    ...["jti", "htm", "htu", "iat", "ath", "nonce", "exp", "nbf"].map((name) =>
      jsonValue.map((value): Readonly<Record<string, unknown>> => ({ [name]: value })),
    ),
    fc.record({ jti: utf16 }),
    fc.record({ nonce: utf16 }),
    fc.record({ htu: anyUrl }),
    fc.record({ iat: fc.double({ min: NOW - 1e5, max: NOW + 1e5, noNaN: true }) }),
    fc.record({ exp: fc.integer({ min: NOW - 100, max: NOW + 100 }) }),
    fc.record({ nonce: fc.constantFrom("n", "m", 1) }),
    jsonObject,
  );
  const none = fc.constant<Readonly<Record<string, unknown>>>({});
  const minted: fc.Arbitrary<MintOptions> = fc.oneof(
    fc.record({ header: headerMember }),
    fc.record({ claims: claim }),
    fc.record({ header: fc.oneof(none, headerMember), claims: claim }),
    fc.record({ rawHeader: fc.oneof(anyText.map(utf8), jsonObject.map(textOf), fc.uint8Array()) }),
    fc.record({ rawPayload: fc.oneof(anyText.map(utf8), jsonObject.map(textOf), fc.uint8Array()) }),
    fc.record({ signature: fc.uint8Array({ maxLength: 140 }).map((bytes) => () => bytes) }),
    fc.record({
      signature: fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => () => bytes),
    }),
  );

  test("for any JSON in any header member and any claim, validly signed", async () => {
    const codes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("ES256", "Ed25519"),
        minted,
        request,
        fc.constantFrom(...POLICIES),
        async (key, options, facts, policy) => {
          const result = await agreed(mint({ key, ...options }), facts, policy);
          codes.add(result.ok ? "ok" : result.code);
        },
      ),
      runs(2500),
    );
    // They went all the way: had every one been refused at the door, nothing would have been tried.
    expect([...codes]).toEqual(
      expect.arrayContaining([
        "ok",
        "jws_malformed",
        "typ_mismatch",
        "claim_invalid",
        "htu_mismatch",
        "jwk_invalid",
        "signature_invalid",
      ]),
    );
  });
});

describe("what createProof makes for a request is accepted for it", () => {
  const newProof = fc.record({
    parts: urlParts,
    method: methodToken,
    nonce: fc.option(nonceText, { nil: undefined }),
    accessToken: fc.option(accessTokenText, { nil: undefined }),
    jti: fc.option(fc.string({ unit: "binary", minLength: 1, maxLength: 60 }), { nil: undefined }),
    iat: fc.option(fc.integer({ min: NOW - 60, max: NOW + 15 }), { nil: undefined }),
  });

  function accepts(signer: SyncSigner, count: number): void {
    const jkt = jwkThumbprint(signer.publicJwk);
    fc.assert(
      fc.property(newProof, fc.gen(), ({ parts, iat = NOW, accessToken, ...rest }, g) => {
        const url = targetOf(parts) + parts.query;
        const proof = createProof(signer, { ...rest, url, iat, accessToken });
        const asSeen = respell(parts, () => g(fc.boolean));
        const facts = { method: rest.method, url: asSeen, now: NOW, jkt, accessToken };
        const nonce = rest.nonce === undefined ? undefined : onlyNonce(rest.nonce);
        expect(
          verifyProof(proof, requestOf(facts), { algs: ALGS, nonce, replay: "none" }),
        ).toMatchObject({
          ok: true,
          jkt,
          alg: signer.alg,
          claims: { htm: rest.method, htu: targetOf(parts), iat },
        });
      }),
      runs(count),
    );
  }

  test.each<[SigningLabel, SyncSigner, number]>([
    ["ES256", signerOf("ES256"), 300],
    ["ES384", signerOf("ES384"), 100],
    ["ES512", signerOf("ES512"), 60],
    ["EdDSA", signerOf("Ed25519", "EdDSA"), 200],
    ["Ed25519", signerOf("Ed25519", "Ed25519"), 200],
  ])("%s", (alg, signer, count) => {
    expect(signer.alg).toBe(alg);
    accepts(signer, count);
  });
});

describe("one bit or one character changed anywhere, and the proof is refused", () => {
  /** Both are accepted as they are; RFC 9449 section 4.1's own, and one of which every run has the same signature. */
  const NAMED: readonly (readonly [string, string])[] = [
    ["ES256", P1],
    ["Ed25519", mint({ key: "Ed25519" })],
  ];
  const PROOFS = NAMED.map(([, proof]) => proof);
  const facts = { method: "POST", url: TOKEN_URL, now: NOW };

  test("as they are, they are accepted", () => {
    for (const proof of PROOFS) expect(verifyProof(proof, facts, { replay: "none" }).ok).toBe(true);
  });

  test.each(NAMED)("one bit of what a segment holds, whichever it is: %s", (_, proof) => {
    const segments = proof.split(".").map((segment) => Buffer.from(segment, "base64url"));
    for (const bytes of segments) {
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const byte = bytes[bit >> 3] ?? 0;
        bytes[bit >> 3] = byte ^ (1 << (bit & 7));
        const changed = segments.map(b64).join(".");
        if (verifyProof(changed, facts, { replay: "none" }).ok) expect.fail(`accepted: ${changed}`);
        bytes[bit >> 3] = byte;
      }
    }
    expect(segments.map(b64).join(".")).toBe(proof);
  });

  const character = fc.oneof(
    fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
    fc.constantFrom(".", "=", ",", " ", "\n", "\t", "+", "/"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  );

  test("one character of the text", () => {
    fc.assert(
      fc.property(fc.constantFrom(...PROOFS), fc.nat(), character, (proof, at, other) => {
        const index = at % proof.length;
        fc.pre(proof[index] !== other);
        const changed = proof.slice(0, index) + other + proof.slice(index + 1);
        expect(verifyProof(changed, facts, { replay: "none" }).ok).toBe(false);
      }),
      runs(1500),
    );
  });

  test("one character more, at the ends or anywhere", () => {
    const place = fc.oneof(fc.constantFrom(0, Infinity), fc.nat(1000));
    fc.assert(
      fc.property(fc.constantFrom(...PROOFS), place, character, (proof, at, more) => {
        const changed = proof.slice(0, at) + more + proof.slice(at);
        expect(verifyProof(changed, facts, { replay: "none" }).ok).toBe(false);
      }),
      runs(800),
    );
  });

  test("one character left out, doubled or swapped with its neighbour", () => {
    fc.assert(
      fc.property(fc.constantFrom(...PROOFS), fc.nat(), fc.nat(2), (proof, at, way) => {
        const index = at % (proof.length - 1);
        const [a = "", b = ""] = proof.slice(index, index + 2);
        const middle = [b, a + a + b, b + a][way] ?? "";
        const changed = proof.slice(0, index) + middle + proof.slice(index + 2);
        fc.pre(changed !== proof);
        expect(verifyProof(changed, facts, { replay: "none" }).ok).toBe(false);
      }),
      runs(400),
    );
  });
});

describe("one thing of the request changed, and the proof is refused for it", () => {
  const signer = signerOf("ES256");
  const jkt = jwkThumbprint(signer.publicJwk);
  const facts = fc.record({
    parts: urlParts,
    method: methodToken,
    nonce: nonceText,
    accessToken: accessTokenText,
  });
  type Facts = typeof facts extends fc.Arbitrary<infer T> ? T : never;

  /** What the proof was made for, and then what it is checked against. */
  function codeOf(made: Facts, seen: Facts & { readonly jkt?: string }): string {
    const { parts: _, ...rest } = made;
    const proof = createProof(signer, { ...rest, url: urlOf(made), iat: NOW });
    const result = verifyProof(
      proof,
      {
        method: seen.method,
        url: urlOf(seen),
        now: NOW,
        accessToken: seen.accessToken,
        jkt: seen.jkt ?? jkt,
      },
      { nonce: onlyNonce(seen.nonce), replay: "none" },
    );
    return result.ok ? "ok" : result.code;
  }
  const urlOf = ({ parts }: Facts): string => targetOf(parts) + parts.query;

  test("nothing: it is accepted", () => {
    fc.assert(
      fc.property(facts, (made) => {
        expect(codeOf(made, made)).toBe("ok");
      }),
      runs(20),
    );
  });

  function refused(
    name: "method" | "accessToken" | "nonce",
    of: fc.Arbitrary<string>,
    code: string,
  ): void {
    const pair = facts.chain((made) =>
      otherText(made[name], of).map((other): [Facts, Facts] => [made, { ...made, [name]: other }]),
    );
    fc.assert(
      fc.property(pair, ([made, seen]) => {
        expect(codeOf(made, seen)).toBe(code);
      }),
      runs(60),
    );
  }

  test("the method: htm_mismatch", () => refused("method", anyText, "htm_mismatch"));
  test("the nonce: nonce_mismatch", () => refused("nonce", nonceText, "nonce_mismatch"));
  test("the access token: ath_mismatch", () => refused("accessToken", anyText, "ath_mismatch"));

  test("the host, the port or the path: htu_mismatch", () => {
    const changes = fc.oneof(
      fc
        .tuple(urlParts, fc.constantFrom("host", "port", "segments"))
        .map(([other, part]) => (parts: UrlParts): UrlParts => ({ ...parts, [part]: other[part] })),
      fc.constantFrom<(parts: UrlParts) => UrlParts>(
        (parts) => ({ ...parts, segments: [...parts.segments, ""] }),
        (parts) => ({ ...parts, segments: [...parts.segments, "x"] }),
        (parts) => ({ ...parts, segments: parts.segments.map((one) => `${one}x`) }),
        (parts) => ({ ...parts, segments: ["", ...parts.segments] }),
        (parts) => ({ ...parts, segments: parts.segments.map((one) => one.toUpperCase()) }),
      ),
    );
    fc.assert(
      fc.property(facts, changes, (made, change) => {
        const seen = { ...made, parts: change(made.parts) };
        fc.pre(targetOf(seen.parts) !== targetOf(made.parts));
        expect(codeOf(made, seen)).toBe("htu_mismatch");
      }),
      runs(100),
    );
  });

  test("the key that is expected: jkt_mismatch", () => {
    const pair = fc.tuple(facts, otherText(jkt, anyText));
    fc.assert(
      fc.property(pair, ([made, other]) => {
        expect(codeOf(made, { ...made, jkt: other })).toBe("jkt_mismatch");
      }),
      runs(60),
    );
  });
});

/** Most members as they should be, so that what is not goes deep. */
function maybe<T>(of: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 2, arbitrary: of },
    { weight: 1, arbitrary: fc.oneof(fc.constant(undefined), jsonValue) },
  );
}

/** Another text: of its own, or the same in one character or in the case of its letters. */
function otherText(text: string, of: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .oneof(
      of,
      fc.nat(text.length).map((at) => `${text.slice(0, at)}x${text.slice(at + 1)}`),
      fc.nat(text.length).map((at) => `${text.slice(0, at)}${text.slice(at + 1)}`),
      fc.constantFrom(text.toLowerCase(), text.toUpperCase(), `${text}x`),
    )
    .filter((other) => other !== text && other !== "");
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(value: unknown): Uint8Array {
  return utf8(JSON.stringify(value));
}

/** With an access token, the key is part of the request's type. */
function requestOf(facts: {
  readonly method: string;
  readonly url: string;
  readonly now: number;
  readonly jkt: string;
  readonly accessToken: string | undefined;
}): ProofRequest {
  const { accessToken, ...rest } = facts;
  return accessToken === undefined ? rest : { ...rest, accessToken };
}
