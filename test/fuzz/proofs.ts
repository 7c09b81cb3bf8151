// Damaged proofs past verifiers: with caches and without, cold and warm, of every implementation, the
// result is the same to the last member, an explanation says the same, and nothing is ever thrown. What was damaged and not signed
// anew is never accepted.
import { isDeepStrictEqual } from "node:util";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import {
  accessTokenHash,
  createVerifier,
  jwkThumbprint,
  type ProofRequest,
  type SyncSigner,
  type Verifier,
  type VerifyResult,
} from "dpop-core/core";
import { explainProof } from "dpop-core/explain";
import { fast as fastBackend } from "dpop-core/fast";
import { nobleBackend } from "dpop-core/noble";
import { disagreements } from "../support/explained.js";
import type { SyncImplementation } from "../support/implementation.js";
import { NOW, TOKEN_URL } from "../support/mint.js";
import { base64url, flippedBit, shuffled, times } from "./case.js";
import { createDice, type Dice } from "./dice.js";
import type { Implementations } from "./key-states.js";
import { type Part, PROOFS, type Round } from "./part.js";
import { added, type Mismatch, NOTHING, type Outcome, tallyOf } from "./tally.js";

/** Whether a proof of a class may be valid. */
type Fate = "accepted" | "refused" | "either";

const CLASSES = {
  valid: "accepted",
  "bit of the text": "refused",
  "character of the text": "refused",
  "characters added": "refused",
  "characters removed": "refused",
  "cut short": "refused",
  "spliced from two proofs": "refused",
  "segments of several proofs": "refused",
  "bit of a segment": "refused",
  "bit of the signature": "refused",
  "last character of a segment": "refused", // another text of the same bytes
  "header changed": "refused",
  "claims changed": "refused",
  "header changed, signed anew": "either",
  "claims changed, signed anew": "either",
  "JSON written otherwise, signed anew": "either",
  "key of another, signed anew": "either",
} as const satisfies Record<string, Fate>;

type ClassName = keyof typeof CLASSES;

const EACH = 20;
const NAMES = Object.keys(CLASSES) as readonly ClassName[]; // of an object literal that is never added to
const NO_CACHE = { maxKeys: 0, maxKeyBytes: 0, maxTableBytes: 0, maxTokens: 0, maxTokenBytes: 0 };
/** So little that there is always something to let go of. */
const TIGHT_CACHE = { maxKeys: 2, maxTableBytes: 24_000, maxTokens: 1 };
/** Of how many proofs one also goes past the dear ones: all of noble. */
const NOBLE_EVERY = 8;

/** A valid proof, and what it was made of. */
interface Base {
  readonly text: string;
  readonly header: Json;
  readonly claims: Json;
  readonly signer: SyncSigner;
  readonly jkt: string;
  readonly request: ProofRequest;
}

type Json = Readonly<Record<string, unknown>>;

export interface DamagedProof {
  readonly name: ClassName;
  readonly text: string;
  readonly request: ProofRequest;
}

// Valid proofs: two keys of each algorithm, each proof without and with an access token.

function makeBases(dice: Dice): readonly Base[] {
  const randomBytes = (length: number): Uint8Array => dice.bytes(length);
  const backend = nobleBackend({ p256, p384, p521, ed25519, sha256, sha384, sha512, randomBytes });
  return (["ES256", "ES256", "EdDSA", "Ed25519"] as const).flatMap((alg) => {
    const signer = backend.createSigner(backend.generatePrivateJwk(alg));
    const token = base64url(dice.bytes(24));
    const ath = accessTokenHash(token, { backend });
    const plain = { method: "POST", url: TOKEN_URL, now: NOW };
    const jkt = jwkThumbprint(signer.publicJwk, { backend });
    return [
      baseOf(signer, jkt, {}, plain, dice),
      baseOf(signer, jkt, { ath }, { ...plain, accessToken: token, jkt }, dice),
    ];
  });
}

function baseOf(
  signer: SyncSigner,
  jkt: string,
  more: Json,
  request: ProofRequest,
  dice: Dice,
): Base {
  const header = { typ: "dpop+jwt", alg: signer.alg, jwk: signer.publicJwk };
  const claims = { jti: base64url(dice.bytes(12)), htm: "POST", htu: TOKEN_URL, iat: NOW, ...more };
  const text = signed(JSON.stringify(header), JSON.stringify(claims), signer);
  return { text, header, claims, signer, jkt, request };
}

function signed(header: string, claims: string, signer: SyncSigner): string {
  const input = `${base64url(Buffer.from(header))}.${base64url(Buffer.from(claims))}`;
  return `${input}.${base64url(signer.sign(Buffer.from(input)))}`;
}

// The damage.

/** So many proofs of each class, always the same for a seed. */
export function damagedProofs(seed: string, each: number): readonly DamagedProof[] {
  const dice = createDice(seed);
  const bases = makeBases(dice);
  return NAMES.flatMap((name) => times(each, () => damaged(name, bases, dice)));
}

const UNITS = [..."ABCYZabcyz01289-_.=+/ ,\t\u0000\u00e9\ud800\u20ac"];

function damaged(name: ClassName, bases: readonly Base[], dice: Dice): DamagedProof {
  const base = dice.pick(bases);
  const other = dice.pick(bases.filter(({ signer }) => signer !== base.signer));
  const text = damagedText(name, base, other, dice);
  const isWhole = name !== "valid" && bases.some((one) => one.text === text);
  if (isWhole) return damaged(name, bases, dice);
  const isBoundToOther = name !== "valid" && dice.below(4) === 0;
  const request = isBoundToOther ? { ...base.request, jkt: other.jkt } : base.request;
  return { name, text, request };
}

function damagedText(name: ClassName, base: Base, other: Base, dice: Dice): string {
  const { text, header, claims, signer } = base;
  const at = dice.below(text.length);
  switch (name) {
    case "valid":
      return text;
    case "bit of the text":
      return Buffer.from(flippedBit(Buffer.from(text), 0, text.length, dice)).toString("latin1");
    case "character of the text":
      return text.slice(0, at) + dice.pick(UNITS) + text.slice(at + 1);
    case "characters added":
      return text.slice(0, at) + insertion(text, dice) + text.slice(at);
    case "characters removed":
      return text.slice(0, at) + text.slice(at + 1 + dice.below(20));
    case "cut short":
      return text.slice(0, at);
    case "spliced from two proofs":
      return (
        text.slice(0, at) +
        other.text.slice(dice.below(4) === 0 ? dice.below(other.text.length) : at)
      );
    case "segments of several proofs":
      return segmentsOf(base, other, dice);
    case "bit of a segment":
      return withBit(text, dice.below(3), dice);
    case "bit of the signature":
      return withBit(text, 2, dice);
    case "last character of a segment":
      return withLast(text, dice);
    case "header changed":
      return resegmented(text, 0, JSON.stringify(changed(header, other.header, dice)));
    case "claims changed":
      return resegmented(text, 1, JSON.stringify(changed(claims, other.claims, dice)));
    case "header changed, signed anew":
      return signed(
        JSON.stringify(changed(header, other.header, dice)),
        JSON.stringify(claims),
        signer,
      );
    case "claims changed, signed anew":
      return signed(
        JSON.stringify(header),
        JSON.stringify(changed(claims, other.claims, dice)),
        signer,
      );
    case "JSON written otherwise, signed anew":
      return signed(rewritten(header, dice), rewritten(claims, dice), signer);
    case "key of another, signed anew":
      return signed(
        JSON.stringify({ ...header, jwk: other.header["jwk"] }),
        JSON.stringify(claims),
        signer,
      );
  }
}

function insertion(text: string, dice: Dice): string {
  if (dice.below(3) > 0) return dice.pick(UNITS);
  const from = dice.below(text.length);
  return text.slice(from, from + 1 + dice.below(60));
}

function segmentsOf(base: Base, other: Base, dice: Dice): string {
  const ours = base.text.split(".");
  const theirs = other.text.split(".");
  const mixed = ours.map((segment, i) => (dice.below(2) === 0 ? segment : (theirs[i] ?? "")));
  const whole = [mixed, [...mixed, "e30"], mixed.slice(0, 2), mixed.toReversed(), ["", ...mixed]];
  return dice.pick(whole).join(".");
}

function withBit(text: string, segment: number, dice: Dice): string {
  const segments = text.split(".");
  const bytes = Buffer.from(segments[segment] ?? "", "base64url");
  segments[segment] = base64url(flippedBit(bytes, 0, bytes.length, dice));
  return segments.join(".");
}

/** One bit of the last character: of no byte, where the bytes don't fill it. */
function withLast(text: string, dice: Dice): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const segments = text.split(".");
  const which = dice.below(3);
  const segment = segments[which] ?? "";
  const last = alphabet.indexOf(segment.slice(-1)) ^ (1 << dice.below(6));
  segments[which] = segment.slice(0, -1) + (alphabet[last] ?? "");
  return segments.join(".");
}

function resegmented(text: string, which: 0 | 1, json: string): string {
  const segments = text.split(".");
  segments[which] = base64url(Buffer.from(json));
  return segments.join(".");
}

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e300,
  NOW,
  NOW + 1000,
  NOW - 1000,
  "",
  "a",
  "none",
  "ES256",
  "EdDSA",
  "Ed25519",
  "RS256",
  "GET",
  "post",
  `${TOKEN_URL}?a#b`,
  "HTTPS://SERVER.example.com:443/token",
  "\u0000",
  "\ud800",
  "A".repeat(43),
  "A".repeat(2000),
  [],
  ["verify"],
  ["verify", "verify"],
  {},
  { a: { b: [1, { c: null }] } },
  { toString: 1, valueOf: 1 }, // no text at all
];
const MEMBERS: readonly string[] = [
  "typ alg jwk crit kid b64 jku x5c jti htm htu iat exp nbf",
  "ath nonce kty crv x y d use key_ops k n e __proto__ toString",
].flatMap((names) => names.split(" "));

/** One member removed, replaced, added or taken from another; of the object, or of one within it. */
function changed(json: Json, other: Json, dice: Dice): Json {
  const inner = json["jwk"];
  if (isObject(inner) && dice.below(2) === 0) {
    const theirs = other["jwk"];
    return { ...json, jwk: changed(inner, isObject(theirs) ? theirs : {}, dice) };
  }
  const own = dice.pick(Object.keys(json));
  switch (dice.below(4)) {
    case 0:
      return Object.fromEntries(Object.entries(json).filter(([name]) => name !== own));
    case 1:
      return withMember(json, own, dice.pick(VALUES));
    case 2:
      return withMember(json, dice.pick(MEMBERS), dice.pick(VALUES));
    default:
      return withMember(json, own, other[own] ?? null);
  }
}

/** Also of a name that an assignment would not make a member of. */
const withMember = (json: Json, name: string, value: unknown): Json =>
  Object.fromEntries([...Object.entries(json).filter(([one]) => one !== name), [name, value]]);

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The same values by another text, or nearly: order, spaces, escapes, a member twice. */
function rewritten(json: Json, dice: Dice): string {
  const text = JSON.stringify(json);
  switch (dice.below(6)) {
    case 0:
      return JSON.stringify(Object.fromEntries(shuffled(Object.entries(json), dice)));
    case 1:
      return JSON.stringify(json, null, dice.pick([" ", "\t", "\n"]));
    case 2:
      return ` ${text}\n`;
    case 3:
      return text.replace(/[a-z]/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);
    case 4:
      return text.replace("{", () => `{${JSON.stringify(dice.pick(Object.keys(json)))}:1,`);
    default:
      return text;
  }
}

// The verifiers.

interface NamedVerifier {
  readonly by: string;
  readonly verifier: Verifier;
}

/** Those that a round keeps; each has seen every valid proof often enough to have all its tables. */
function keptVerifiers(
  { fast, noble, node }: Implementations,
  bases: readonly Base[],
): { readonly always: readonly NamedVerifier[]; readonly sometimes: readonly NamedVerifier[] } {
  return {
    always: [
      uncached(fast),
      warmed(fast, "warm", undefined, bases, 20),
      warmed(fast, "tight", TIGHT_CACHE, bases, 2),
      uncached(node),
      warmed(node, "warm", undefined, bases, 1),
    ],
    sometimes: [uncached(noble), warmed(noble, "warm", undefined, bases, 4)],
  };
}

const uncached = ({ name, backend }: SyncImplementation): NamedVerifier => ({
  by: `${name}, no cache`,
  verifier: createVerifier({ backend, cache: NO_CACHE, replay: "none" }),
});

function warmed(
  { name, backend }: SyncImplementation,
  state: string,
  cache: Partial<typeof NO_CACHE> | undefined,
  bases: readonly Base[],
  often: number,
): NamedVerifier {
  const verifier = createVerifier({ backend, cache, replay: "none" });
  const named = { by: `${name}, ${state}`, verifier };
  // A wrong answer here is one in the class valid too, where it is told of.
  for (let i = 0; i < often; i++) {
    for (const { text, request } of bases) asked(named, { name: "valid", text, request });
  }
  return named;
}

function asked({ by, verifier }: NamedVerifier, proof: DamagedProof): Asked {
  try {
    const result = verifier.verify(proof.text, proof.request);
    return { by, answer: result.ok ? "accepted" : result.code, result };
  } catch (error) {
    return { by, answer: `threw ${String(error)}`, result: undefined };
  }
}

interface Asked extends Outcome {
  readonly result: VerifyResult | undefined;
}

function isRight(proof: DamagedProof, outcomes: readonly Asked[]): boolean {
  const { name } = proof;
  const [first] = outcomes;
  if (first === undefined || first.result === undefined) return false;
  if (!isExplained(proof, first.result)) return false;
  const fate: Fate = CLASSES[name];
  if (fate !== "either" && first.result.ok !== (fate === "accepted")) return false;
  return outcomes.every(
    ({ by, result }) =>
      isDeepStrictEqual(result, first.result) || (by.startsWith("node") && isLate(first, result)),
  );
}

/** An explanation says the same, of the fast backend, which is asked first. */
function isExplained({ text, request }: DamagedProof, result: VerifyResult): boolean {
  return disagreements(explainProof(text, request, { backend: fastBackend }), result).length === 0;
}

/** OpenSSL looks at a point of Ed25519 no sooner than when it verifies. */
const isLate = (first: Asked, result: VerifyResult | undefined): boolean =>
  first.answer === "jwk_invalid" && result?.ok === false && result.code === "signature_invalid";

function rounds(implementations: Implementations): Round {
  return (seed, round) => {
    const dice = createDice(`${seed} ${PROOFS} ${round}`);
    const bases = makeBases(dice);
    const { always, sometimes } = keptVerifiers(implementations, bases);
    const all = shuffled(
      NAMES.flatMap((name) => times(EACH, () => damaged(name, bases, dice))),
      dice,
    );
    const tallies = all.map((proof, index) => {
      const { backend } = implementations.fast;
      const cold = { by: "fast, cold", verifier: createVerifier({ backend, replay: "none" }) };
      const verifiers = [...always, cold, ...(index % NOBLE_EVERY === 0 ? sometimes : [])];
      const outcomes = verifiers.map((verifier) => asked(verifier, proof));
      const where = { part: PROOFS, name: proof.name, seed, round, index };
      const mismatch = isRight(proof, outcomes)
        ? undefined
        : { ...where, ...described(proof, outcomes) };
      return tallyOf(proof.name, outcomes, mismatch);
    });
    return tallies.reduce(added, NOTHING);
  };
}

function described(
  { text, request }: DamagedProof,
  outcomes: readonly Asked[],
): Pick<Mismatch, "answers" | "input"> {
  return {
    answers: outcomes.map(({ by, answer, result }) => `${by}: ${answer} ${JSON.stringify(result)}`),
    input: { proof: JSON.stringify(text), request: JSON.stringify(request) },
  };
}

export const proofs: Part = {
  name: PROOFS,
  classes: NAMES,
  perRound: NAMES.length * EACH,
  perClass: EACH,
  start: rounds,
};
