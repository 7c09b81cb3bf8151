// Hostile input: a megabyte of anything is refused, in time that grows with its length and no faster (RFC 9449 section
// 11.1). The limits are raised for it: with those of every day, all of this is refused for its size only.
import { createVerifier, type ProofRequest, type VerifyResult } from "dpop-core";
import { describe, expect, test } from "vitest";
import { QUICK } from "./support/arbitraries.js";
import { b64, mint, NOW, TOKEN_URL } from "./support/mint.js";

const MEGABYTE = 2 ** 20;
const LIMITS = { proof: 2 ** 21, jti: 2 ** 21, htu: 2 ** 21, nonce: 2 ** 21 };

const verifier = createVerifier({ limits: LIMITS, replay: "none" });
const withNonce = createVerifier({
  limits: LIMITS,
  nonce: { check: (nonce) => ({ status: nonce === "n" ? "valid" : "invalid" }) },
  replay: "none",
});
const good: ProofRequest = { method: "POST", url: TOKEN_URL, now: NOW };

/** Makes one verification of input of this many characters; it is made before it is timed. */
type Make = (size: number) => () => VerifyResult;

/** A text put together of one piece, over and over, of `size` characters or a few less. */
const filled = (piece: string, size: number): string =>
  piece.repeat(Math.floor(size / piece.length));

/** Members, each with its own name. */
function members(size: number, name: (index: number) => string): string {
  const all: string[] = [];
  for (let length = 0; length < size; length += all.at(-1)?.length ?? 0) {
    all.push(`"${name(all.length)}":0,`);
  }
  return all.join("");
}

/**
 * V8 hashes an array index of eight to ten digits by its low 24 bits: of these, 196 and 196 fall together. Others make an
 * array of small indices, or of far ones.
 */
const colliding = (index: number): string =>
  `${1_000_000_000 + (index % 196) * 2 ** 24 + Math.floor(index / 196)}`;

type Text = readonly [name: string, make: (size: number) => string, code: string];

/** What each is refused for as the whole proof. */
const TEXTS: readonly Text[] = [
  ["dots", (size) => filled(".", size), "jws_malformed"],
  ["A", (size) => filled("A", size), "jws_malformed"],
  ["A.", (size) => filled("A.", size), "jws_malformed"],
  ["commas", (size) => filled(",", size), "proof_multiple"],
  ["colons", (size) => filled(":", size), "jws_malformed"],
  ["quotes", (size) => filled('"', size), "jws_malformed"],
  ["escaped quotes", (size) => filled('\\"', size), "jws_malformed"],
  ["backslashes", (size) => filled("\\", size), "jws_malformed"],
  ["opening brackets", (size) => filled("[", size), "jws_malformed"],
  ["opening braces", (size) => filled('{"a":', size), "jws_malformed"],
  ["closing braces", (size) => filled("}", size), "jws_malformed"],
  ["spaces", (size) => filled(" ", size), "jws_malformed"],
  ["NULs", (size) => filled("\0", size), "jws_malformed"],
  ["equals signs", (size) => filled("=", size), "jws_malformed"],
  ["characters of two bytes", (size) => filled("é", size), "jws_malformed"],
  ["characters of four bytes", (size) => filled("😀", size), "jws_malformed"],
  ["two proofs, joined by commas", (size) => filled(`${mint()},`, size), "proof_multiple"],
  [
    "three segments of A",
    (size) => [1, 2, 3].map(() => filled("A", size / 3)).join("."),
    "jws_malformed",
  ],
];

/** JSON and what is nearly JSON. Well-formed, it is refused for what it lacks: typ in a header, jti in a payload. */
const JSONS: readonly Text[] = [
  ["dots", (size) => filled(".", size), "malformed"],
  ["A", (size) => filled("A", size), "malformed"],
  ["spaces before an object", (size) => `${filled(" ", size)}{}`, "malformed"],
  ["spaces inside an object", (size) => `{${filled(" ", size)}}`, "malformed"],
  [
    "nested arrays",
    (size) => `{"a":${filled("[", size / 2)}${filled("]", size / 2)}}`,
    "malformed",
  ],
  [
    "nested objects",
    (size) => `${filled('{"a":', size - size / 6)}1${filled("}", size / 6)}`,
    "malformed",
  ],
  ["opening brackets", (size) => filled("[", size), "malformed"],
  ["flat arrays", (size) => `{"a":[${filled("[],", size)}[]]}`, "malformed"],
  ["flat objects", (size) => `{"a":[${filled('{"b":0},', size)}{}]}`, "malformed"],
  [
    "flat objects of objects",
    (size) => `{"a":[${filled('{"b":{"c":{}}},', size)}{}]}`,
    "malformed",
  ],
  ["numbers", (size) => `{"a":[${filled("0,", size)}0]}`, "malformed"],
  ["one long number", (size) => `{"a":${filled("9", size)}}`, "malformed"],
  ["one long fraction", (size) => `{"a":0.${filled("1", size)}}`, "malformed"],
  ["one long exponent", (size) => `{"a":1e${filled("9", size)}}`, "malformed"],
  ["commas", (size) => `{"a":[${filled(",", size)}]}`, "malformed"],
  ["colons", (size) => `{"a"${filled(":", size)}0}`, "malformed"],
  ["colons in a string", (size) => `{"a":"${filled(":", size)}"}`, "well-formed"],
  ["brackets in a string", (size) => `{"a":"${filled("[{", size)}"}`, "well-formed"],
  ["quotes", (size) => `{"a":${filled('"', size)}}`, "malformed"],
  ["empty strings", (size) => `{"a":[${filled('"",', size)}""]}`, "malformed"],
  ["escaped quotes", (size) => `{"a":"${filled('\\"', size)}"}`, "well-formed"],
  ["escaped quotes, without an end", (size) => `{"a":"${filled('\\"', size)}`, "malformed"],
  ["escaped quotes in a name", (size) => `{"${filled('\\"', size)}":0}`, "well-formed"],
  ["strings of one escaped quote", (size) => `{"a":[${filled('"\\"",', size)}""]}`, "malformed"],
  ["strings of one backslash", (size) => `{"a":[${filled('"\\\\",', size)}""]}`, "malformed"],
  ["backslashes", (size) => `{"a":"${filled("\\\\", size)}"}`, "well-formed"],
  ["backslashes, one too many", (size) => `{"a":"${filled("\\\\", size)}\\"}`, "malformed"],
  ["escapes", (size) => `{"a":"${filled("\\u0061", size)}"}`, "well-formed"],
  ["names in escapes", (size) => `{${members(size, (i) => escaped(`${i}`))}"":0}`, "malformed"],
  ["one name, over and over", (size) => `{${filled('"a":0,', size)}"a":0}`, "malformed"],
  [
    "one name in escapes, over and over",
    (size) => `{${filled('"\\u0061":0,', size)}"a":0}`,
    "malformed",
  ],
  ["__proto__, over and over", (size) => `{${filled('"__proto__":0,', size)}"a":0}`, "malformed"],
  ["member names", (size) => `{${members(size, (i) => `n${i}`)}"":0}`, "malformed"],
  ["member names that are small integers", (size) => `{${members(size, String)}"":0}`, "malformed"],
  [
    "member names that are integers far apart",
    (size) => `{${members(size, (i) => `${i * 65_536}`)}"":0}`,
    "malformed",
  ],
  ["member names that collide", (size) => `{${members(size, colliding)}"":0}`, "malformed"],
  [
    "long member names",
    (size) => `{${members(size, (i) => `${filled("n", size / 32)}${i}`)}"":0}`,
    "well-formed",
  ],
  ["characters of two bytes", (size) => `{"a":"${filled("é", size / 2)}"}`, "well-formed"],
  ["characters of three bytes", (size) => `{"a":"${filled("€", size / 3)}"}`, "well-formed"],
  ["characters of four bytes", (size) => `{"a":"${filled("😀", size / 2)}"}`, "well-formed"],
  ["lone surrogates", (size) => `{"a":"${filled("\\ud800", size)}"}`, "well-formed"],
  ["one wide character at the end", (size) => `{"a":"${filled("a", size)}é"}`, "well-formed"],
];

function escaped(text: string): string {
  return [...text].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}

describe("as the whole proof", () => {
  test.each(TEXTS)("%s: refused in linear time", (_, text, code) => {
    check((size) => {
      const proof = text(size);
      return () => verifier.verify(proof, good);
    }, code);
  });

  test.each<Text>([
    ["empty fields", () => "", "proof_multiple"],
    ["fields of a dot", () => ".", "proof_multiple"],
  ])("a list of %s: refused in linear time", (_, text, code) => {
    check((size) => {
      const proof = Array.from({ length: size }, () => text(1));
      return () => verifier.verify(proof, good);
    }, code);
  });
});

describe.each(["header", "payload"] as const)(
  "as the %s of a proof that is validly signed",
  (part) => {
    test.each(JSONS)("%s: refused in linear time", (_, text, form) => {
      const lacking = part === "header" ? "typ_mismatch" : "claim_missing";
      check(
        (size) => {
          const json = text(size);
          const proof = mint(part === "header" ? { rawHeader: json } : { rawPayload: json });
          return () => verifier.verify(proof, good);
        },
        form === "malformed" ? "jws_malformed" : lacking,
      );
    });

    test("bytes that are no UTF-8: refused in linear time", () => {
      check((size) => {
        const bytes = Buffer.alloc(size, 0xc3);
        const proof = mint(part === "header" ? { rawHeader: bytes } : { rawPayload: bytes });
        return () => verifier.verify(proof, good);
      }, "jws_malformed");
    });
  },
);

describe("as the signature", () => {
  test.each<Text>([
    ["A", (size) => filled("A", size), "signature_invalid"],
    ["_", (size) => filled("_", size), "jws_malformed"],
  ])("%s: refused in linear time", (_, text, code) => {
    const [header = "", payload = ""] = mint().split(".");
    check((size) => {
      const length = 4 * Math.floor(size / 4) + (code === "jws_malformed" ? 2 : 0); // bits are left that are not zero
      const proof = `${header}.${payload}.${text(length)}`;
      return () => verifier.verify(proof, good);
    }, code);
  });
});

describe("as one claim or one member of the header of a proof that is validly signed", () => {
  test.each<readonly [string, (size: number) => Readonly<Record<string, unknown>>, string]>([
    ["jti", (size) => ({ jti: filled("a", size) }), "signature_invalid"],
    ["jti of wide characters", (size) => ({ jti: filled("é", size / 2) }), "signature_invalid"],
    [
      "jti, a lone surrogate at its end",
      (size) => ({ jti: `${filled("a", size)}\ud800` }),
      "claim_invalid",
    ],
    ["htm", (size) => ({ htm: filled("POST", size) }), "htm_mismatch"],
    ["ath", (size) => ({ ath: filled("A", size) }), "ath_unexpected"],
    ["iat", (size) => ({ iat: hundred(size, "0") }), "claim_invalid"],
    ["iat, a long list", (size) => ({ iat: zeros(size) }), "jws_malformed"],
    ["an unknown claim", (size) => ({ x: filled("a", size) }), "signature_invalid"],
  ])("%s: refused in linear time", (_, claims, code) => {
    check((size) => {
      const proof = mint({ claims: claims(size), signer: "otherES256" });
      return () => verifier.verify(proof, good);
    }, code);
  });

  test("nonce: refused in linear time", () => {
    check((size) => {
      const proof = mint({ claims: { nonce: filled("n", size) } });
      return () => withNonce.verify(proof, good);
    }, "nonce_mismatch");
  });

  test.each<readonly [string, (size: number) => Readonly<Record<string, unknown>>, string]>([
    ["typ", (size) => ({ typ: filled("dpop+jwt", size) }), "typ_mismatch"],
    ["alg", (size) => ({ alg: filled("ES256", size) }), "alg_unsupported"],
    ["crit", (size) => ({ crit: hundred(size, "b") }), "crit_unsupported"],
    ["crit, a long list", (size) => ({ crit: zeros(size) }), "jws_malformed"],
    ["jwk, a list", (size) => ({ jwk: hundred(size, "0") }), "jwk_invalid"],
    ["jwk, a long list", (size) => ({ jwk: zeros(size) }), "jws_malformed"],
    ["x of the jwk", (size) => ({ jwk: key({ x: filled("A", size) }) }), "jwk_invalid"],
    ["d of the jwk", (size) => ({ jwk: key({ d: filled("A", size) }) }), "jwk_private"],
    [
      "key_ops of the jwk",
      (size) => ({ jwk: key({ key_ops: ["verify", ...hundred(size, "verify")] }) }),
      "jwk_invalid",
    ],
    [
      "key_ops of the jwk, each its own but the last",
      (size) => ({
        jwk: key({
          key_ops: ["verify", ...hundred(size, "v").map((text, i) => `${text}${i}`), "verify"],
        }),
      }),
      "jwk_invalid",
    ],
    ["kid", (size) => ({ kid: filled("a", size) }), "signature_invalid"],
    ["x5c", (size) => ({ x5c: hundred(size, "AAAA") }), "signature_invalid"],
    ["x5c, a long list", (size) => ({ x5c: zeros(size) }), "jws_malformed"],
  ])("%s: refused in linear time", (_, header, code) => {
    check((size) => {
      const proof = mint({ header: header(size), signer: "otherES256" });
      return () => verifier.verify(proof, good);
    }, code);
  });
});

/** A list as long as a proof may have: a hundred texts of this piece, over and over. */
const hundred = (size: number, piece: string): readonly string[] =>
  Array.from({ length: 100 }, () => filled(piece, size / 100));

/** A list of more elements than a proof may have. */
const zeros = (size: number): readonly number[] => Array.from({ length: size / 2 }, () => 0);

/** A well-formed key but for what is overridden. */
function key(members_: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {
    kty: "EC",
    crv: "P-256",
    x: b64(Buffer.alloc(32)),
    y: b64(Buffer.alloc(32)),
    ...members_,
  };
}

/** URLs that begin with https://, and what each is refused for as htu and as the URL of the request. */
const URLS: readonly (readonly [string, (size: number) => string, string, string])[] = [
  ["%2e/ in the path", path("%2e/"), "htu_mismatch", "htu_mismatch"],
  ["%2e%2e/ in the path", path("%2e%2e/"), "htu_mismatch", "htu_mismatch"],
  ["a/../ in the path", path("a/../"), "htu_mismatch", "htu_mismatch"],
  ["names, and then as many ../", both("a/", "../"), "htu_mismatch", "htu_mismatch"],
  ["slashes", path("/"), "htu_mismatch", "htu_mismatch"],
  ["dots in the path", path("."), "htu_mismatch", "htu_mismatch"],
  ["%2f in the path", path("%2f"), "htu_mismatch", "htu_mismatch"],
  ["%41 in the path", path("%41"), "htu_mismatch", "htu_mismatch"],
  ["percent signs", path("%"), "htu_invalid", "url_invalid"],
  ["spaces", path(" "), "htu_invalid", "url_invalid"],
  ["wide characters", path("é"), "htu_invalid", "url_invalid"],
  ["backslashes", path("\\"), "htu_invalid", "url_invalid"],
  ["question marks", path("?"), "htu_mismatch", "htu_mismatch"],
  ["hashes", path("#"), "htu_mismatch", "htu_mismatch"],
  ["?# by turns", path("?#"), "htu_mismatch", "htu_mismatch"],
  [
    "a long query",
    (size) => `https://b.example/?${filled("a=b&", size)}`,
    "htu_mismatch",
    "htu_mismatch",
  ],
  ["a long host", host("a"), "htu_mismatch", "htu_mismatch"],
  ["a host of dots", host("."), "htu_mismatch", "htu_mismatch"],
  ["%2f in the host", host("%2f"), "htu_mismatch", "htu_mismatch"],
  ["%41 in the host", host("%41"), "htu_mismatch", "htu_mismatch"],
  ["[ in the host", host("["), "htu_invalid", "url_invalid"],
  ["] in the host", host("]"), "htu_invalid", "url_invalid"],
  ["[] by turns in the host", host("[]"), "htu_invalid", "url_invalid"],
  [
    "[ and colons in the host",
    (size) => `https://[${filled(":", size)}`,
    "htu_invalid",
    "url_invalid",
  ],
  [
    "an address of colons",
    (size) => `https://[${filled(":", size)}]/`,
    "htu_mismatch",
    "htu_mismatch",
  ],
  ["colons in the host", host(":"), "htu_invalid", "url_invalid"],
  ["@ in the host", host("@"), "htu_invalid", "url_invalid"],
  [
    "a long port",
    (size) => `https://a.example:${filled("4", size)}/`,
    "htu_invalid",
    "url_invalid",
  ],
];

function path(piece: string): (size: number) => string {
  return (size) => `https://b.example/${filled(piece, size)}`;
}

function both(first: string, then: string): (size: number) => string {
  return (size) => `https://b.example/${filled(first, size / 2)}${filled(then, size / 2)}`;
}

function host(piece: string): (size: number) => string {
  return (size) => `https://${filled(piece, size)}`;
}

describe("as htu of a proof that is validly signed", () => {
  test.each(URLS)("%s: refused in linear time", (_, url, code) => {
    check((size) => {
      const proof = mint({ claims: { htu: url(0.7 * size) } });
      return () => verifier.verify(proof, good);
    }, code);
  });
});

describe("as a part of the request", () => {
  const proof = mint();
  test.each(URLS)("url, %s: refused in linear time", (_, url, __, code) => {
    check((size) => {
      const request = { ...good, url: url(size) };
      return () => verifier.verify(proof, request);
    }, code);
  });

  test("method: refused in linear time", () => {
    check((size) => {
      const request = { ...good, method: filled("POST", size) };
      return () => verifier.verify(proof, request);
    }, "htm_mismatch");
  });

  test("jkt: refused in linear time", () => {
    check((size) => {
      const request = { ...good, jkt: filled("A", size) };
      return () => verifier.verify(proof, request);
    }, "jkt_mismatch");
  });

  test("access token: refused in linear time", () => {
    const withAth = mint({ claims: { ath: "A".repeat(43) } });
    check((size) => {
      const request: ProofRequest = {
        method: "POST",
        url: TOKEN_URL,
        now: NOW,
        accessToken: filled("a", size),
        jkt: "",
      };
      return () => verifier.verify(withAth, request);
    }, "ath_mismatch");
  });
});

const SMALLEST = MEGABYTE / 64;
/** Milliseconds: what the smallest takes is not measured more finely than this; code that is made to be mutated is slow. */
const GRAIN = QUICK ? 10 : 0.1;
/** Milliseconds after which a measurement that is not below what is allowed is not tried again. */
const PATIENCE = 3000;

/**
 * What is `factor` times as long may take so many times as long: 45 for 8, where linear growth is 8 and quadratic is 64;
 * 1024 for 64, where they are 64 and 4096. Linear code is some way above its factor, since what fits no cache and
 * lives to see the garbage collector is dearer by the byte.
 */
const allowed = (factor: number): number => 2 * factor ** 1.5;

/**
 * Each size up to a megabyte is refused, for the reason given, in time that is allowed it beside the smallest. The size
 * between is there so that what is quadratic is found in seconds.
 */
function check(make: Make, code: string): void {
  const smallest = make(SMALLEST);
  expectCode(smallest, code);
  for (const factor of [8, 64]) {
    const larger = make(factor * SMALLEST);
    expectCode(larger, code); // warms up
    expect(ratio(smallest, larger, allowed(factor))).toBeLessThan(allowed(factor));
  }
}

function expectCode(run: () => VerifyResult, code: string): void {
  const result = run();
  expect(result.ok ? "ok" : result.code).toBe(code);
}

/**
 * How many times as long the larger takes: of the shortest of several runs each. Tried until it is
 * below what is allowed, or for long enough.
 */
function ratio(smaller: () => VerifyResult, larger: () => VerifyResult, most: number): number {
  let [less, more] = [Infinity, Infinity];
  const start = performance.now();
  do {
    for (let i = 0; i < 3; i++) less = Math.min(less, time(smaller));
    more = Math.min(more, time(larger));
  } while (more >= most * Math.max(less, GRAIN) && performance.now() - start < PATIENCE);
  return more / Math.max(less, GRAIN);
}

/** In milliseconds of this process, so that waiting for a busy machine does not count. */
function time(run: () => VerifyResult): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
