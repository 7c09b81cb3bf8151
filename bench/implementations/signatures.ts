// Raw signatures: each implementation gets the bytes of a signing input and of a signature, and a
// key that it has imported (hot), or a JWK to import each time (cold).
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { createRequire } from "node:module";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import type { PublicJwk } from "dpop-core";
import sodium from "libsodium-wrappers";
import { demand, type Implementation } from "../engine/contest.js";
import { at, type Client, type ProofSet, type SignedBytes, signedBytes } from "./fixtures.js";
import { algOf, type BackendName, importedKey, NAMES } from "./ours.js";
import type { KeyedSignature } from "../../src/jose/alg.js";

type Check = (signed: SignedBytes) => boolean | Promise<boolean>;

export async function rawSignatures(set: ProofSet): Promise<readonly Implementation[]> {
  return [
    { ...hot("noble", set, nobleCheck(set.client)), litters: true },
    ...NAMES.flatMap((name) => ourSignatures(name, set)),
    earlySignature(set),
    nodeCryptoSignature(set),
    cold("node:crypto, createPublicKey each time", set, nodeCheck),
    ...(await webCryptoSignatures(set)),
    ...(set.client.label === "EdDSA"
      ? [hot("libsodium in WebAssembly", set, await sodiumCheck(set))]
      : []),
    ...rustSignatures(set),
  ];
}

/** Those that `grouping` is of use with, and how many signatures are verified together. */
const GROUPED: readonly BackendName[] = ["fast", "wasm"];
const GROUP_SIZES = [1, 4, 16, 32] as const;

/** As a group has it: each signature is of another key. The time is that of one signature. */
export function groupedSignatures(set: ProofSet): readonly Implementation[] {
  return GROUPED.flatMap((name) => GROUP_SIZES.map((size) => groupsOf(name, set, size)));
}

function groupsOf(name: BackendName, set: ProofSet, size: number): Implementation {
  const alg = algOf(name, set.client.label);
  const items = set.strangers.slice(0, 32).map(({ client, proof }): KeyedSignature => {
    const { signature, data } = signedBytes(proof);
    return { key: importedKey(alg, client), signature, data };
  });
  const verdictsOn = (group: readonly KeyedSignature[]): readonly boolean[] =>
    group.length > 1 && alg.verifyMany !== undefined
      ? alg.verifyMany(group)
      : group.map(({ key, signature, data }) => key.verify(signature, data));
  const groups = Array.from({ length: items.length / size }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
  return {
    name: `${name}, groups of ${size}`,
    check() {
      for (let round = 0; round < 64; round++) {
        const bad = round % (2 * size); // in every place, and in none
        for (const group of groups) {
          const verdicts = verdictsOn(
            group.map(({ key, signature, data }, i) =>
              i === bad ? { key, signature, data: data.subarray(1) } : { key, signature, data },
            ),
          );
          const isRight = verdicts.every((valid, i) => valid === (i !== bad));
          demand(isRight && verdicts.length === size, "a wrong verdict in a group");
        }
      }
    },
    run: (turn) => turn % size !== 0 || verdictsOn(at(groups, turn / size)).every(Boolean),
  };
}

async function sodiumCheck({ client }: ProofSet): Promise<Check> {
  await sodium.ready;
  const key = encodedPoint(client.jwk);
  return ({ signature, data }) => sodium.crypto_sign_verify_detached(signature, data, key);
}

/** What its platform's package exports. It throws for a JWT that it refuses. */
interface Rust {
  verifySync(jwt: string, pem: string, validation: object): unknown;
}

/** Takes a whole JWT, and its key as PEM each time: it has no other way. Nothing where the platform has no package. */
function rustSignatures({
  client,
  proofs,
  forged,
  strangers,
}: ProofSet): readonly Implementation[] {
  const rust = loadRust();
  if (rust === null) return [];
  const key = createPublicKey({ key: { ...client.jwk }, format: "jwk" });
  const pem = key.export({ format: "pem", type: "spki" }).toString();
  const validation = { algorithms: [client.label], requiredSpecClaims: [], validateExp: false };
  const accepts = (proof: string): boolean => {
    try {
      rust.verifySync(proof, pem, validation);
      return true;
    } catch {
      return false;
    }
  };
  return [
    {
      name: "Rust through napi, a whole JWT",
      check() {
        for (const proof of proofs) demand(accepts(proof), "good, but refused");
        const others = strangers.map(({ proof }) => proof);
        for (const proof of [...forged, ...others]) demand(!accepts(proof), "bad, but accepted");
      },
      run: (turn) => accepts(at(proofs, turn)),
    },
  ];
}

function loadRust(): Rust | null {
  const require = createRequire(new URL("../native/", import.meta.url)); // from where bench is built to
  for (const libc of ["gnu", "musl"]) {
    try {
      const loaded: unknown = require(`@node-rs/jsonwebtoken-linux-x64-${libc}`);
      if (isRust(loaded)) return loaded;
    } catch {
      // It is for another platform, or the engine has no Node-API.
    }
  }
  return null;
}

function isRust(value: unknown): value is Rust {
  return typeof value === "object" && value !== null && "verifySync" in value;
}

function ourSignatures(name: BackendName, set: ProofSet): readonly Implementation[] {
  const alg = algOf(name, set.client.label);
  const check = (client: Client): Check => {
    const key = importedKey(alg, client);
    return ({ signature, data }) => key.verify(signature, data);
  };
  const size = tableSize(name, set);
  const bytes = size > 0 ? { "bytes of tables": size } : undefined;
  return [
    { ...hot(`${name}, hot`, set, check(set.client)), litters: name === "noble", bytes },
    ...(name === "fast" ? [cold(`${name}, cold`, set, check)] : []),
  ];
}

/**
 * wasm with a key that keeps its first table: what a key of many clients has. The second is dropped whenever the key gets
 * it. That it has been dropped so often makes it rare: one in 3072 signatures, whose table and time are in what is timed.
 */
function earlySignature(set: ProofSet): Implementation {
  const key = importedKey(algOf("wasm", set.client.label), set.client);
  const signed = set.proofs.map(signedBytes);
  let turn = 0;
  const growFrom = (size: number): void => {
    for (const end = turn + 4000; (key.tableSize ?? 0) <= size; turn++) {
      const { signature, data } = at(signed, turn);
      demand(key.verify(signature, data) && turn < end, "a key with no further table");
    }
  };
  growFrom(0);
  const early = key.tableSize ?? 0;
  for (let drops = 0; drops < 6; drops++) {
    growFrom(early);
    key.dropTables?.();
  }
  return hot("wasm, early table", set, ({ signature, data }) => {
    const valid = key.verify(signature, data);
    if ((key.tableSize ?? 0) > early) key.dropTables?.();
    return valid;
  });
}

/** The bytes of tables that a key holds once it is hot. */
function tableSize(name: BackendName, { client, proofs }: ProofSet): number {
  const key = importedKey(algOf(name, client.label), client);
  for (const proof of [...proofs, ...proofs]) {
    const { signature, data } = signedBytes(proof);
    demand(key.verify(signature, data), "a good signature is refused");
  }
  return key.tableSize ?? 0;
}

/** node:crypto with a key that was imported once: what T3b and T7 compare with. */
export function nodeCryptoSignature(set: ProofSet): Implementation {
  return hot("node:crypto, key kept", set, nodeCheck(set.client));
}

function nodeCheck({ label, jwk }: Client): Check {
  const key: KeyObject = createPublicKey({ key: { ...jwk }, format: "jwk" });
  return label === "ES256"
    ? ({ signature, data }) => verify("sha256", data, key, derOf(signature))
    : ({ signature, data }) => verify(null, data, key, signature); // it hashes by itself
}

const ders = new WeakMap<Uint8Array, Uint8Array>();

/**
 * A signature R||S in DER, the form that node:crypto is fastest with on every engine. It is
 * converted once: a call that is timed only looks it up, in some 20 ns.
 */
function derOf(signature: Uint8Array): Uint8Array {
  const known = ders.get(signature);
  if (known !== undefined) return known;
  const der = p256.Signature.fromBytes(signature).toBytes("der");
  ders.set(signature, der);
  return der;
}

/** With the settings of RFC 7515: a high s is as good as a low one. */
function nobleCheck({ label, jwk }: Client): Check {
  const key = encodedPoint(jwk);
  return label === "ES256"
    ? ({ signature, data }) => p256.verify(signature, data, key, { lowS: false })
    : ({ signature, data }) => ed25519.verify(signature, data, key, { zip215: false });
}

function encodedPoint(jwk: PublicJwk): Uint8Array<ArrayBuffer> {
  demand(jwk.kty !== "RSA", "not a key of a curve");
  const x = Buffer.from(jwk.x, "base64url");
  return jwk.kty === "OKP"
    ? new Uint8Array(x)
    : Uint8Array.of(4, ...x, ...Buffer.from(jwk.y, "base64url"));
}

async function webCryptoSignatures(set: ProofSet): Promise<readonly Implementation[]> {
  const oneByOne = await webCryptoSignature(set);
  return [
    oneByOne,
    { ...oneByOne, name: "WebCrypto, key kept, 16 at once", atOnce: 16 },
    cold("WebCrypto, importKey each time", set, (other) => {
      const check = webCryptoCheck(other);
      return async (signed) => (await check)(signed);
    }),
  ];
}

/** crypto.subtle with a key that was imported once: no verifier over it can be faster (T6). */
export async function webCryptoSignature(set: ProofSet): Promise<Implementation> {
  return hot("WebCrypto, key kept", set, await webCryptoCheck(set.client));
}

async function webCryptoCheck({ label, jwk }: Client): Promise<Check> {
  const { subtle } = globalThis.crypto;
  const params =
    label === "ES256"
      ? { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
      : { name: "Ed25519" };
  const key = await subtle.importKey("raw", encodedPoint(jwk), params, false, ["verify"]);
  return ({ signature, data }) =>
    subtle.verify(params, key, new Uint8Array(signature), new Uint8Array(data));
}

function hot(name: string, set: ProofSet, check: Check): Implementation {
  const signed = set.proofs.map(signedBytes);
  return { name, check: () => checkAll(set, check), run: (turn) => check(at(signed, turn)) };
}

function cold(name: string, set: ProofSet, checkOf: (client: Client) => Check): Implementation {
  const strangers = set.strangers.map(({ client, proof }) => ({ client, ...signedBytes(proof) }));
  return {
    name,
    check: () => checkAll(set, checkOf(set.client)),
    run: (turn) => checkOf(at(strangers, turn).client)(at(strangers, turn)),
  };
}

/** Right answers for the proofs of one client, for forged and changed signatures, and for another key's. */
async function checkAll({ proofs, forged, strangers }: ProofSet, check: Check): Promise<void> {
  for (const proof of proofs) demand(await check(signedBytes(proof)), "good, but refused");
  for (const proof of forged) {
    demand(!(await check(signedBytes(proof))), "a signature of other data is accepted");
  }
  const { data, signature } = signedBytes(proofs[0] ?? "");
  for (const byte of [0, 31, 33, 63]) {
    const changed = signature.slice();
    changed[byte] = (changed[byte] ?? 0) ^ 1;
    demand(!(await check({ data, signature: changed })), "a changed signature is accepted");
  }
  const stranger = signedBytes(strangers[0]?.proof ?? "");
  demand(!(await check(stranger)), "a signature of another key is accepted");
}
