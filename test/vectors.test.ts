// Our own vectors: the files are what make.ts writes, we give the answers that they ask for, and
// jose and node:crypto, which are not ours, agree.
import { readFile } from "node:fs/promises";
import { FAILURES, jwkThumbprint, noble, type SyncAlg } from "dpop-core";
import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, importJWK } from "jose";
import { describe, expect, test } from "vitest";
import { readPublicJwk } from "../src/jose/jwk.js";
import { theirs } from "./support/ed25519.js";
import { VERIFIER_CODES } from "./support/codes.js";
import { run } from "./support/run.js";
import type { Ed25519Vector } from "./vectors/ed25519.js";
import { fileOf, makeVectors, textOf } from "./vectors/files.js";
import groups from "./vectors/htu.json" with { type: "json" };
import type { ProofVector } from "./vectors/proofs.js";

const made = await makeVectors();
const { "proofs.json": proofs, "ed25519.json": signatures, "thumbprints.json": thumbprints } = made;

describe("the files", () => {
  test.each(Object.entries(made))("%s is what make.ts writes", async (name, vectors) => {
    const text = await readFile(fileOf(name), "utf8");
    expect(text).toBe(await textOf(vectors));
    expect(JSON.parse(text)).toStrictEqual(vectors); // nothing was lost on the way to JSON
  });

  test("no vectors were lost", () => {
    expect(proofs.length).toBeGreaterThanOrEqual(350);
    expect(signatures.length).toBeGreaterThanOrEqual(63);
    expect(thumbprints.length).toBeGreaterThanOrEqual(13);
    expect(groups.length).toBeGreaterThanOrEqual(9);
    expect(groups.flatMap(({ cases }) => cases).length).toBeGreaterThanOrEqual(109);
  });

  test("no two vectors have one name", () => {
    const names = [
      proofs.map(({ section, name }) => `${section}: ${name}`),
      signatures.map(({ name }) => name),
      thumbprints.map(({ name }) => name),
      groups.flatMap(({ rule, cases }) => cases.map(({ name }) => `${rule}: ${name}`)),
    ];
    for (const some of names) expect(new Set(some).size).toBe(some.length);
  });

  test("every failure code of a verifier and every answer occurs", () => {
    const codes = new Set(proofs.map((vector) => vector.expect));
    expect([...codes].toSorted()).toEqual(["ok", ...VERIFIER_CODES].toSorted());
    const answers = new Set(signatures.map((vector) => vector.expect));
    expect([...answers].toSorted()).toEqual(["invalid", "jwk_invalid", "valid"]);
  });
});

describe("proofs.json, through both drivers", () => {
  test.each(proofs)("$section: $name: $expect", async (vector) => {
    const result = await run(vector.proof, vector.request, vector.policy);
    expect(result).toMatchObject(
      vector.expect === "ok"
        ? { ok: true, jkt: vector.jkt }
        : { ok: false, code: vector.expect, message: FAILURES[vector.expect].message },
    );
  });
});

/** Of these there may be no signature that another implementation would look at. */
const BEFORE_THE_SIGNATURE: ReadonlySet<ProofVector["expect"]> = new Set([
  "proof_missing",
  "proof_multiple",
  "jws_malformed",
  "crit_unsupported",
  "alg_unsupported",
  "jwk_private",
  "jwk_invalid",
  "jwk_alg_mismatch",
] as const);

/** By jose, with the key of the header, as a verifier of signatures that knows nothing of DPoP. */
async function verifiedByJose({ proof }: ProofVector): Promise<unknown> {
  const [text = ""] = [proof ?? ""].flat();
  const { alg, jwk } = decodeProtectedHeader(text);
  if (alg === undefined || jwk === undefined) throw new Error("a proof with alg and jwk was due");
  return compactVerify(text, await importJWK(jwk, alg));
}

describe("jose's opinion of the signatures in proofs.json", () => {
  const judged = proofs.filter((vector) => !BEFORE_THE_SIGNATURE.has(vector.expect));
  const bad = judged.filter((vector) => vector.expect === "signature_invalid");
  const good = judged.filter((vector) => vector.expect !== "signature_invalid");

  test.each(good)("$section: $name: good", async (vector) => {
    await expect(verifiedByJose(vector)).resolves.toBeDefined();
  });

  test.each(bad)("$section: $name: bad", async (vector) => {
    const code = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED";
    await expect(verifiedByJose(vector)).rejects.toMatchObject({ code });
  });

  test("there are enough of each", () => {
    expect(good.filter((vector) => vector.expect === "ok").length).toBeGreaterThanOrEqual(69);
    expect(good.length).toBeGreaterThanOrEqual(192);
    expect(bad.length).toBeGreaterThanOrEqual(12);
  });
});

describe("ed25519.json, under both labels, and node:crypto's opinion", () => {
  const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, "hex");

  function answer(alg: SyncAlg, vector: Ed25519Vector): Ed25519Vector["expect"] {
    const jwk = readPublicJwk(vector.jwk, alg);
    const key = typeof jwk === "string" ? null : alg.importKey(jwk);
    if (key === null) return "jwk_invalid";
    const valid = key.verify(bytesOf(vector.signature), bytesOf(vector.message));
    return valid ? "valid" : "invalid";
  }

  test.each(signatures)("$name: $expect", (vector) => {
    expect(answer(noble.EdDSA, vector)).toBe(vector.expect);
    expect(answer(noble.Ed25519, vector)).toBe(vector.expect);
    if (vector.expect === "jwk_invalid" || vector.disputed === true) return; // no witness agrees with all
    const key = Buffer.from(vector.jwk.x, "base64url");
    const valid = theirs(key, bytesOf(vector.signature), bytesOf(vector.message));
    expect(valid).toBe(vector.expect === "valid");
  });
});

describe("thumbprints.json, and jose's opinion", () => {
  test.each(thumbprints)("$name", async ({ jwk, jkt }) => {
    const key = readPublicJwk(jwk);
    if (typeof key === "string") throw new Error(key);
    expect(jwkThumbprint(key)).toBe(jkt);
    expect(await calculateJwkThumbprint(jwk)).toBe(jkt);
  });
});
