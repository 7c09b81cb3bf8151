// What a stranger can make a server pay: no header field of the size that servers take costs much more than a
// valid proof of a known key, which costs one signature (node:crypto). The bars leave room for a busy machine; what they
// stop costs several times as much.
import { createVerifier, type ProofRequest } from "dpop-core";
import { nodeCrypto } from "dpop-core/node-crypto";
import { describe, expect, test } from "vitest";
import { parseCredentials } from "../src/server/credentials.js";
import { at, mint, NOW } from "./support/mint.js";

const verifier = createVerifier({ backend: nodeCrypto, replay: "none" });
const request: ProofRequest = at(NOW);
const valid = mint();

/** As much JSON as a segment has room for in a proof of 8192 characters. */
const ROOM = 5800;

const repeated = (piece: string, size: number): string =>
  piece.repeat(Math.floor(size / piece.length));

function named(size: number, one: (index: number) => string): string {
  const all: string[] = [];
  for (let length = 0; length < size; length += 1 + (all.at(-1)?.length ?? 0))
    all.push(one(all.length));
  return all.slice(0, -1).join(",");
}

const DEAR: readonly (readonly [string, string])[] = [
  ["members", `{${named(ROOM, (i) => `"n${i}":0`)}}`],
  ["members whose names are integers", `{${named(ROOM, (i) => `"${i * 65_536}":0`)}}`],
  ["empty objects", `{"a":[${repeated("{},", ROOM - 20)}{}]}`],
  ["objects with a name of their own", `{"a":[${named(ROOM - 20, (i) => `{"n${i}":0}`)}]}`],
  ["objects in objects", `{"a":[${repeated('{"b":{"c":{}}},', ROOM - 20)}{}]}`],
  ["arrays in arrays", `{"a":[${repeated(`${"[".repeat(14)}${"]".repeat(14)},`, ROOM - 20)}[]]}`],
  ["fractions", `{"a":[${repeated("1e-5,", ROOM - 20)}0]}`],
  [
    "numbers that are dear to round",
    `{"a":[${repeated("2.4703282292062327208299439e-324,", ROOM - 20)}0]}`,
  ],
];

describe.each(["header", "payload"] as const)("as the %s of a proof of 8 KiB", (part) => {
  test.each(DEAR)("%s", (_, json) => {
    const proof = mint(part === "header" ? { rawHeader: json } : { rawPayload: json });
    expect(proof.length).toBeLessThanOrEqual(8192);
    expect(verifier.verify(proof, request)).toMatchObject({ code: "jws_malformed" });
    expect(share(() => verifier.verify(proof, request), 2)).toBeLessThan(2);
  });
});

describe("as the htu of a proof", () => {
  const SIZE = 4000;
  test.each([
    ["a host of escapes", `https://${repeated("%c3", SIZE)}/`],
    ["a host of signs", `https://${repeated("!;=", SIZE)}/`],
    ["a path of escapes", `https://as.example/${repeated("%c3", SIZE)}`],
    ["a path of escaped letters", `https://as.example/${repeated("%41", SIZE)}`],
    ["dot segments", `https://as.example/${repeated("a/../", SIZE)}`],
  ])("%s", (_, htu) => {
    const proof = mint({ claims: { htu } });
    expect(verifier.verify(proof, request)).toMatchObject({ code: "htu_mismatch" });
    expect(share(() => verifier.verify(proof, request), 2)).toBeLessThan(2);
  });
});

describe("as the URL of a request of 16 KB, which its sender chooses too", () => {
  test.each([
    ["dot segments", `https://as.example/${repeated("a/../", 16_000)}`],
    ["escapes", `https://as.example/${repeated("%c3", 16_000)}`],
    ["dot segments that are just short enough", `https://as.example/${repeated("a/../", 4000)}`],
  ])("%s", (_, url) => {
    const other = { ...request, url };
    expect(verifier.verify(valid, other)).toMatchObject({ code: "htu_mismatch" });
    expect(share(() => verifier.verify(valid, other), 2)).toBeLessThan(2);
  });

  test("its query may be as long as it likes", () => {
    const url = `${request.url}?${repeated("a=b&", 16_000)}`;
    expect(verifier.verify(valid, { ...request, url })).toMatchObject({ ok: true });
  });
});

describe("as the Authorization header field of 16 KB", () => {
  const SIZE = 16_000;
  test.each([
    ["commas", repeated(",", SIZE), "credentials_malformed"],
    ["joined credentials of others", `Basic a${repeated(", b c", SIZE)}`, "scheme_unsupported"],
    ["parameters of others", `Digest a${repeated(",a", SIZE)}`, "scheme_unsupported"],
    ["what begins like our schemes", `Basic a${repeated(",bearex ", SIZE)}`, "scheme_unsupported"],
    ["our schemes without a token", `Basic a${repeated(",dpop  ", SIZE)}`, "scheme_unsupported"],
    ["one long scheme", repeated("-", SIZE), "scheme_unsupported"],
  ])("%s", (_, authorization, code) => {
    expect(parseCredentials(authorization)).toMatchObject({ code });
    expect(share(() => parseCredentials(authorization), 2)).toBeLessThan(2);
  });
});

/** Milliseconds after which a measurement that is not below what is allowed is not tried again. */
const PATIENCE = 5000;

/**
 * What one call costs, as a share of a valid proof: of the shortest of many short batches of each, by turns. Tried until
 * it is below what is allowed, or for long enough.
 */
function share(call: () => unknown, most: number): number {
  const check = (): unknown => verifier.verify(valid, request);
  expect(check()).toMatchObject({ ok: true });
  let [less, more] = [Infinity, Infinity];
  const start = performance.now();
  do {
    for (let i = 0; i < 20; i++) {
      less = Math.min(less, time(check));
      more = Math.min(more, time(call));
    }
  } while (more >= most * less && performance.now() - start < PATIENCE);
  return more / less;
}

function time(call: () => unknown): number {
  const start = performance.now();
  for (let i = 0; i < 10; i++) call();
  return performance.now() - start;
}
