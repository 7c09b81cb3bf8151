// Proofs that are made here and verified here, by every label that a backend signs with; nonces,
// replay, ath, hashes and randomness.
import {
  accessTokenHash,
  createMemoryReplayStore,
  createNonceIssuer,
  createProof,
  createProofAsync,
  jwkThumbprint,
  type ProofInit,
  noble,
  type NonceIssuer,
  type ProofRequest,
  type VerifyResult,
  verifyProof,
} from "dpop-core";
import { createVerifier as createCoreVerifier } from "dpop-core/core";
import { generatePrivateJwk } from "dpop-core/noble";
import { createRedisReplayStore } from "dpop-core/redis";
import { type Contender, hasRandomSource, type SigningLabel } from "./contenders.js";
import { codeOf, type Parts, verifyAll, verifyOne } from "./drivers.js";
import { type Check, runCase, type Tally, thrownBy } from "./tally.js";
import { hexOfBytes, keyName, keys } from "./vectors.js";

const NOW = 1_562_262_616;
const URL = "https://server.example.com/things";
const ACCESS_TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const ATH = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"; // RFC 9449 section 7.1

/** A jti is never drawn here, so that the suite needs no randomness. */
let made = 0;
function newProof(over: Partial<ProofInit> = {}): ProofInit {
  made++;
  return { method: "POST", url: URL, iat: NOW, jti: `suite-${made}`, ...over };
}

async function prove(
  contender: Contender,
  label: SigningLabel,
  request: ProofInit,
): Promise<string> {
  const { backend } = contender;
  return createProofAsync(await contender.signer(label), request, { backend });
}

export async function creationCases(tally: Tally, contender: Contender): Promise<void> {
  for (const label of contender.labels) {
    await runCase(tally, `${label}: a proof is made and verified`, (check) =>
      created(check, contender, label),
    );
    await runCase(tally, `${label}: a proof that was tampered with is refused`, (check) =>
      tampered(check, contender, label),
    );
    await runCase(tally, `${label}: a proof is for one request`, (check) =>
      misused(check, contender, label),
    );
    await runCase(tally, `${label}: a proof is bound to an access token`, (check) =>
      withToken(check, contender, label),
    );
  }
}

async function created(check: Check, contender: Contender, label: SigningLabel): Promise<void> {
  const { backend } = contender;
  const wanted = newProof({ claims: { note: "é😀" } });
  const proofs = [await prove(contender, label, wanted)];
  const syncSigner = contender.syncSigner(label);
  if (syncSigner !== null) proofs.push(createProof(syncSigner, wanted, { backend }));
  const { publicJwk } = await contender.signer(label);
  const jkt = jwkThumbprint(publicJwk, { backend });
  for (const proof of proofs) {
    const use = { proof, request: { method: "POST", url: URL, now: NOW, jkt } };
    // Three times by one verifier: what it remembers changes no answer.
    const all = await verifyAll(check, contender, [use, use, use], () => ({ labels: [label] }));
    for (const result of all) {
      check("outcome", codeOf(result), "ok");
      if (!result.ok) continue;
      const { jti, htm, htu, iat } = result.claims;
      check("key", [result.alg, result.jkt], [label, jkt]);
      check("claims", [jti, htm, htu, iat], [wanted.jti, "POST", URL, NOW]);
    }
    if (!isNobleLabel(label)) continue;
    // It crosses over: noble is the judge of every backend's signatures.
    const judged = verifyProof(proof, use.request, { algs: [noble[label]], replay: "none" });
    check("noble's answer", codeOf(judged), "ok");
  }
}

function isNobleLabel(
  label: SigningLabel,
): label is "ES256" | "ES384" | "ES512" | "EdDSA" | "Ed25519" {
  return label.startsWith("E");
}

async function tampered(check: Check, contender: Contender, label: SigningLabel): Promise<void> {
  const proof = await prove(contender, label, newProof());
  const other = await prove(contender, label, newProof());
  const [header = "", payload = "", signature = ""] = proof.split(".");
  const [, otherPayload = "", otherSignature = ""] = other.split(".");
  const first = signature.startsWith("A") ? "B" : "A";
  const bad: readonly (readonly [string, string, string])[] = [
    [
      "a changed signature",
      `${header}.${payload}.${first}${signature.slice(1)}`,
      "signature_invalid",
    ],
    ["another proof's signature", `${header}.${payload}.${otherSignature}`, "signature_invalid"],
    ["another proof's payload", `${header}.${otherPayload}.${signature}`, "signature_invalid"],
    ["a short signature", `${header}.${payload}.${signature.slice(4)}`, "signature_invalid"],
    ["no signature", `${header}.${payload}.`, "jws_malformed"],
    ["two parts", `${header}.${payload}`, "jws_malformed"],
    ["four parts", `${proof}.${signature}`, "jws_malformed"],
    ["padding", `${proof}=`, "jws_malformed"],
  ];
  for (const [what, text, code] of bad) {
    const use = { proof: text, request: { method: "POST", url: URL, now: NOW } };
    const result = await verifyOne(check, contender, use, () => ({ labels: [label] }));
    check(what, codeOf(result), code);
  }
}

async function misused(check: Check, contender: Contender, label: SigningLabel): Promise<void> {
  const proof = await prove(contender, label, newProof());
  const request = { method: "POST", url: URL, now: NOW };
  const other = ATH; // has the form of a thumbprint
  const uses: readonly (readonly [string, string | readonly string[] | undefined, ProofRequest])[] =
    [
      ["ok", proof, { ...request, url: `${URL}?a=b#c` }],
      ["ok", [proof], { ...request, now: NOW + 60 }],
      ["proof_missing", undefined, request],
      ["proof_multiple", [proof, proof], request],
      ["proof_multiple", `${proof}, ${proof}`, request],
      ["htm_mismatch", proof, { ...request, method: "GET" }],
      ["htu_mismatch", proof, { ...request, url: `${URL}/` }],
      ["iat_too_old", proof, { ...request, now: NOW + 1_000 }],
      ["iat_in_future", proof, { ...request, now: NOW - 1_000 }],
      ["jkt_mismatch", proof, { ...request, jkt: other }],
      ["ath_missing", proof, { ...request, accessToken: ACCESS_TOKEN, jkt: other }],
    ];
  for (const [code, text, asked] of uses) {
    const use = { proof: text, request: asked };
    const result = await verifyOne(check, contender, use, () => ({ labels: [label] }));
    check("outcome", codeOf(result), code);
  }
  const wrong = contender.labels.filter((one) => one !== label).slice(0, 1);
  const refused = await verifyOne(check, contender, { proof, request }, () => ({ labels: wrong }));
  check("under another label", codeOf(refused), "alg_unsupported");
}

async function withToken(check: Check, contender: Contender, label: SigningLabel): Promise<void> {
  const proof = await prove(contender, label, newProof({ accessToken: ACCESS_TOKEN }));
  const { publicJwk } = await contender.signer(label);
  const { backend } = contender;
  const jkt = jwkThumbprint(publicJwk, { backend });
  const request = { method: "POST", url: URL, now: NOW };
  const uses: readonly (readonly [string, ProofRequest])[] = [
    ["ok", { ...request, accessToken: ACCESS_TOKEN, jkt }],
    ["ath_mismatch", { ...request, accessToken: `${ACCESS_TOKEN}x`, jkt }],
    ["jkt_mismatch", { ...request, accessToken: ACCESS_TOKEN, jkt: ATH }],
    ["ath_unexpected", request],
  ];
  for (const [code, asked] of uses) {
    const use = { proof, request: asked };
    const result = await verifyOne(check, contender, use, () => ({ labels: [label] }));
    check("outcome", codeOf(result), code);
    if (result.ok) check("ath", result.claims.ath, ATH);
  }
}

export async function otherCases(tally: Tally, contender: Contender): Promise<void> {
  const run = (name: string, body: (check: Check, contender: Contender) => void | Promise<void>) =>
    runCase(tally, name, (check) => body(check, contender));
  await run("hashes are those of FIPS 180-4", hashes);
  await run("random bytes differ", randomness);
  await run("nonces are issued, accepted, renewed and refused", nonces);
  await run("a proof is used once", replay);
  await run("a full store refuses", fullStore);
  if (contender.name !== "noble") return;
  // Of no backend, or of noble alone.
  await run("mistaken arguments are named by a TypeError", mistakes);
  await run("a new key needs a source of randomness", newKeys);
  await run("the entry for Redis", redis);
}

function hashes(check: Check, { backend }: Contender): void {
  const hash = (text: string): string => {
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return hexOfBytes(backend.sha256(bytes));
  };
  check("of nothing", hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  check("of abc", hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  check(
    "of two blocks",
    hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
  check("ath", accessTokenHash(ACCESS_TOKEN, { backend }), ATH);
}

function randomness(check: Check, { backend }: Contender): void {
  const [one, two] = [backend.randomBytes(32), backend.randomBytes(32)];
  check("lengths", [one.length, two.length, backend.randomBytes(0).length], [32, 32, 0]);
  check("differ", hexOfBytes(one) === hexOfBytes(two), false);
}

const AUDIENCE = "https://server.example.com";
/** By node:crypto: the nonce of the secret 0, 1, ... 31 for AUDIENCE at NOW. */
const NONCE = "OinLq_UXAABdHjxmxv1lfyil2XkCRDdyq2h1M3QI";

function issuerOf({ backend }: Contender, audience: string = AUDIENCE): NonceIssuer {
  const secret = new Uint8Array(32);
  for (let i = 0; i < secret.length; i++) secret[i] = i;
  return createNonceIssuer({ backend, secrets: [secret], audience, clock: () => NOW });
}

async function nonces(check: Check, contender: Contender): Promise<void> {
  const nonce = issuerOf(contender);
  check("issued", nonce.issue(), NONCE);
  const ask = async (given: string | undefined, later: number): Promise<VerifyResult> => {
    // The nonce tells the time, so iat may say anything.
    const proof = await prove(contender, "ES256", newProof({ nonce: given, iat: NOW - 5_000 }));
    const request = { method: "POST", url: URL, now: NOW + later };
    return verifyOne(check, contender, { proof, request }, () => ({ nonce }));
  };
  const missing = await ask(undefined, 0);
  check("none", codeOf(missing), "nonce_missing");
  check("what to use instead", missing.ok ? "" : missing.nextNonce, NONCE);
  const valid = await ask(NONCE, 0);
  check("ours", codeOf(valid), "ok");
  check("ours, now", valid.ok && valid.nonce?.status, "valid");
  const old = await ask(NONCE, 100);
  check("ours, after its step", old.ok && old.nonce?.status, "renew");
  check("with the next one", old.ok && old.nonce?.nextNonce, nonce.issue(NOW + 100));
  check("ours, after its life", codeOf(await ask(NONCE, 1_000)), "nonce_mismatch");
  const api = issuerOf(contender, "https://api.example.com");
  check("another server's", codeOf(await ask(api.issue(NOW), 0)), "nonce_mismatch");
  check("changed", codeOf(await ask(`${NONCE.slice(0, -1)}J`, 0)), "nonce_mismatch");
}

async function replay(check: Check, contender: Contender): Promise<void> {
  const wanted = newProof();
  const first = await prove(contender, "ES256", wanted);
  const twin = await prove(contender, "ES256", wanted);
  const second = await prove(contender, "ES256", newProof());
  const later = await prove(contender, "ES256", newProof({ jti: wanted.jti, iat: NOW + 10_000 }));
  const request = { method: "POST", url: URL, now: NOW };
  const results = await verifyAll(
    check,
    contender,
    [
      { proof: first, request },
      { proof: first, request },
      { proof: first, request: { ...request, now: NOW + 60 } },
      { proof: twin, request },
      { proof: second, request },
      // A proof that is refused uses up nothing.
      { proof: later, request: { ...request, now: NOW + 10_000, method: "GET" } },
      { proof: later, request: { ...request, now: NOW + 10_000 } },
    ],
    () => ({ replay: createMemoryReplayStore({ backend: contender.backend }) }),
  );
  check("outcomes", results.map(codeOf), [
    "ok",
    "jti_replayed",
    "jti_replayed",
    "jti_replayed",
    "ok",
    "htm_mismatch",
    "ok",
  ]);
}

async function fullStore(check: Check, contender: Contender): Promise<void> {
  const proofs = [
    await prove(contender, "ES256", newProof()),
    await prove(contender, "ES256", newProof()),
    await prove(contender, "ES256", newProof()),
  ];
  const uses = proofs.map((proof) => ({ proof, request: { method: "POST", url: URL, now: NOW } }));
  const parts = (): Parts => ({
    replay: createMemoryReplayStore({
      maxEntries: 2,
      maxEntriesPerKey: 2,
      backend: contender.backend,
    }),
  });
  const results = await verifyAll(check, contender, uses, parts);
  check("outcomes", results.map(codeOf), ["ok", "ok", "replay_store_full"]);
}

function mistakes(check: Check, { backend }: Contender): void {
  const misspelt = { backend, maxage: 10 };
  check(
    "an unknown option",
    thrownBy(() => createMisspelt(misspelt)),
    "TypeError",
  );
  const noSecret = { backend, secrets: [], audience: AUDIENCE };
  check("no secret", thrownBy(() => createNonceIssuer(noSecret)) === "nothing", false);
  const signer = { alg: "ES256", publicJwk: keys.ES256, sign: () => new Uint8Array(64) };
  const relative = newProof({ url: "/things" });
  check(
    "a relative URL",
    thrownBy(() => createProof(signer, relative, { backend })),
    "TypeError",
  );
}

/** Also shows that the entry without a backend is there. */
function createMisspelt(options: { readonly backend: Contender["backend"] }): unknown {
  return createCoreVerifier({ ...options, backend: noble, replay: "none" });
}

/** With one: new keys of every label differ, and sign. Without: an Error, never a weak key. */
async function newKeys(check: Check, { backend }: Contender): Promise<void> {
  for (const label of ["ES256", "ES384", "ES512", "EdDSA", "Ed25519"] as const) {
    if (!hasRandomSource()) {
      check(label, [thrownBy(() => generatePrivateJwk(label)), "none"], ["Error", "none"]);
      continue;
    }
    const key = generatePrivateJwk(label);
    check(label, [key.alg, key.d === keys[keyName(label)].d ? "old" : "new"], [label, "new"]);
  }
  const signer = noble.createSigner(keys.ES256);
  const draw = (): string => {
    const proof = createProof(signer, { method: "POST", url: URL, iat: NOW }, { backend });
    const result = verifyProof(proof, { method: "POST", url: URL, now: NOW }, { replay: "none" });
    return result.ok ? result.claims.jti : result.code;
  };
  const [one, two] = [draw(), draw()];
  check("a drawn jti", [one.length, two.length, one === two], [22, 22, false]);
}

async function redis(check: Check): Promise<void> {
  const held = new Set<string>();
  const store = createRedisReplayStore({
    async send([command, key, ...rest]) {
      if (command !== "SET" || rest[1] !== "NX" || held.has(key)) return null;
      held.add(key);
      return "OK";
    },
  });
  const answers = [
    await store.add(ATH, NOW + 60, NOW, ATH),
    await store.add(ATH, NOW + 60, NOW, ATH),
  ];
  check("answers", answers, ["new", "seen"]);
}
