// Our own vectors: the files are what make.ts writes, every implementation gives the results that they ask for, and
// jose and node:crypto, which are not ours, agree.
import { readFile } from "node:fs/promises";
import { FAILURES, jwkThumbprint } from "dpop-core";
import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, importJWK } from "jose";
import { describe, expect, test } from "vitest";
import { readPublicJwk } from "../src/jose/jwk.js";
import { theirs } from "./support/ed25519.js";
import { VERIFIER_CODES } from "./support/codes.js";
import { IMPLEMENTATIONS } from "./support/implementations.js";
import { run } from "./support/run.js";
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

/** The one proof whose code depends on the implementation. */
const NO_POINT = "an A that is not on the curve: y = 2";

describe.each(IMPLEMENTATIONS)("proofs.json, by $name", (implementation) => {
  test.each(proofs)("$section: $name: $expect", async (vector) => {
    const result = await run(vector.proof, vector.request, vector.policy, implementation);
    const isLate = implementation.native && vector.name.endsWith(NO_POINT);
    const code = isLate ? "signature_invalid" : vector.expect;
    expect(result).toMatchObject(
      code === "ok"
        ? { ok: true, jkt: vector.jkt }
        : { ok: false, code, message: FAILURES[code].message },
    );
  });
});

test("the proof whose code depends on the implementation is there", () => {
  const found = proofs.filter(({ name }) => name.endsWith(NO_POINT));
  expect(found.map((vector) => vector.expect)).toEqual(["jwk_invalid"]);
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

describe("the signatures in proofs.json, by jose", () => {
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

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, "hex");

describe.each(IMPLEMENTATIONS)("ed25519.json, by $name", ({ algOf, native }) => {
  test.each(signatures)("$name: $expect", async (vector) => {
    for (const alg of [algOf("EdDSA"), algOf("Ed25519")]) {
      const jwk = readPublicJwk(vector.jwk, alg);
      const key = typeof jwk === "string" ? null : await alg.importKey(jwk);
      const valid = await key?.verify(bytesOf(vector.signature), bytesOf(vector.message));
      expect(valid === true).toBe(vector.expect === "valid");
      // A platform may import a well-formed key that is no point.
      if (native && typeof jwk !== "string") continue;
      expect(key === null).toBe(vector.expect === "jwk_invalid");
    }
  });
});

describe("ed25519.json, by node:crypto itself", () => {
  // Implementations differ on the others.
  const agreed = signatures.filter(
    ({ expect: due, disputed }) => due !== "jwk_invalid" && !disputed,
  );

  test.each(agreed)("$name: $expect", (vector) => {
    const key = Buffer.from(vector.jwk.x, "base64url");
    const valid = theirs(key, bytesOf(vector.signature), bytesOf(vector.message));
    expect(valid).toBe(vector.expect === "valid");
  });

  test("small-order points are among the vectors, as R and as key", () => {
    expect(signatures.filter(({ disputed }) => disputed).length).toBeGreaterThanOrEqual(8);
    expect(signatures.filter(({ name }) => name.includes("order 8")).length).toBeGreaterThan(10);
  });
});

describe("thumbprints.json, by us and by jose", () => {
  test.each(thumbprints)("$name", async ({ jwk, jkt }) => {
    const key = readPublicJwk(jwk);
    if (typeof key === "string") throw new Error(key);
    expect(jwkThumbprint(key)).toBe(jkt);
    expect(await calculateJwkThumbprint(jwk)).toBe(jkt);
  });
});
