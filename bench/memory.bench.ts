// The memory of a verifier's cache: the bytes that it counts for a key and for an access token, beside those that the process
// really takes. No timing: one figure of each.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  type Backend,
  createAsyncVerifier,
  createProof,
  noble,
  type ProofRequest,
  type SyncSigner,
} from "dpop-core";
import { fast } from "dpop-core/fast";
import { createSigner, generatePrivateJwk, nodeCrypto } from "dpop-core/node-crypto";
import { webcrypto } from "dpop-core/webcrypto";
import { demand } from "./case.js";
import { type Fixtures, type KeyFixture, NOW } from "./fixtures.js";
import type { CacheOptions } from "../src/verify/cache.js";

/** What one key or token takes, in bytes. */
export interface MemoryResult {
  readonly name: string;
  readonly count: number;
  readonly counted: number;
  /** As the heap and its array buffers grew; null where the engine lets nobody collect its garbage. */
  readonly heap: number | null;
  /** As the process grew: keys of a platform are outside the heap. A page more or less makes it rough for few. */
  readonly process: number | null;
}

export const MEMORY_NAME = "cache memory: bytes for one key and for one access token";

/** Room for everything: what the bounds do is a matter of test/cache.test.ts. */
const UNBOUNDED: CacheOptions = {
  maxKeys: 100_000,
  maxKeyBytes: 2 ** 40,
  maxTableBytes: 2 ** 40,
  maxTokens: 100_000,
  maxTokenBytes: 2 ** 40,
};

/** Of each row: what is compiled at the first proofs, and made once for all keys. */
const FIRST = 100;

/** Proofs of one key. fast builds a small table at the second, and the last one at the sixteenth. */
const ROWS: readonly (readonly [name: string, backend: Backend, proofs: number, most: number])[] = [
  ["fast, a key seen once", fast, 1, Infinity],
  ["fast, a key seen twice", fast, 2, Infinity],
  ["fast, a key with its last table", fast, 16, 1000],
  ["noble, a key seen once", noble, 1, 1000],
  ["noble, a key with its table", noble, 3, 1000],
  ["node, a key seen once", nodeCrypto, 1, Infinity],
  ["webcrypto, a key seen once", webcrypto, 1, Infinity],
];

interface Sent {
  readonly proof: string;
  readonly request: ProofRequest;
}

/** Rows of `counts` keys, and of as many tokens. Throws where a proof is refused or something is not remembered. */
export async function measureMemory(
  { es256 }: Fixtures,
  counts: readonly number[],
): Promise<readonly MemoryResult[]> {
  const most = Math.max(...counts) + FIRST;
  const results: MemoryResult[] = [];
  const keys = Array.from({ length: most }, () => ownKeyProof(es256));
  for (const [name, backend, proofs, limit] of ROWS) {
    for (const count of counts.filter((one) => one <= limit)) {
      results.push(await memoryOf(name, backend, keys.slice(0, count + FIRST), proofs));
    }
  }
  const signer = createSigner(es256.privateJwk, { alg: es256.label });
  const tokens = Array.from({ length: most }, (_, i) => ownTokenProof(es256, signer, i));
  for (const count of counts) {
    const name = `an access token of ${es256.requests.right.accessToken?.length} characters`;
    results.push(await memoryOf(name, nodeCrypto, tokens.slice(0, count + FIRST), 1));
  }
  return results;
}

/** A proof for the token endpoint by a key that nothing else uses. */
function ownKeyProof({ label, requests }: KeyFixture): Sent {
  const signer = createSigner(generatePrivateJwk(label));
  const { method, url } = requests.right;
  const proof = createProof(signer, { method, url, iat: NOW }, { backend: nodeCrypto });
  return { proof, request: { method, url, now: NOW } };
}

/** A proof by the one key with an access token that nothing else uses. */
function ownTokenProof({ jkt, requests }: KeyFixture, signer: SyncSigner, index: number): Sent {
  const { method, url, accessToken: token = "", now } = requests.right;
  const accessToken = `${index}.`.padEnd(token.length, token);
  const proof = createProof(
    signer,
    { method, url, accessToken, iat: NOW },
    { backend: nodeCrypto },
  );
  return { proof, request: { method, url, accessToken, jkt, now } };
}

async function memoryOf(
  name: string,
  backend: Backend,
  sent: readonly Sent[],
  proofs: number,
): Promise<MemoryResult> {
  const verifier = createAsyncVerifier({ backend, cache: UNBOUNDED, replay: "none" });
  const send = async (some: readonly Sent[]): Promise<void> => {
    for (const { proof, request } of some) {
      for (let i = 0; i < proofs; i++) {
        const result = await verifier.verify(proof, request);
        demand(result.ok, `${name}: a good proof is refused`);
      }
    }
  };
  const counted = (): number => {
    const { keyBytes, tableBytes, tokenBytes } = verifier.cacheUsage();
    return keyBytes + tableBytes + tokenBytes;
  };
  const entries = (): number => {
    const { keys, tokens } = verifier.cacheUsage();
    return Math.max(keys, tokens);
  };
  await send(sent.slice(0, FIRST));
  const before = { held: held(), counted: counted() };
  await send(sent.slice(FIRST));
  const after = { held: held(), counted: counted() };
  demand(entries() === sent.length, `${name}: not all is remembered`);
  // What is refused at its signature leaves everything as it is.
  const [first, second] = sent;
  const swapped = `${first?.proof.slice(0, -86)}${second?.proof.slice(-86)}`;
  demand(
    first !== undefined && !(await verifier.verify(swapped, first.request)).ok,
    `${name}: another signature is accepted`,
  );
  demand(counted() === after.counted, `${name}: a bad signature is remembered`);
  const count = sent.length - FIRST;
  return {
    name,
    count,
    counted: (after.counted - before.counted) / count,
    heap: growth(before.held?.heap, after.held?.heap, count),
    process: growth(before.held?.process, after.held?.process, count),
  };
}

function growth(
  before: number | undefined,
  after: number | undefined,
  count: number,
): number | null {
  return before === undefined || after === undefined ? null : (after - before) / count;
}

/** What is held once the garbage is gone. */
function held(): { readonly heap: number; readonly process: number } | null {
  if (collect === null) return null;
  collect();
  collect();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed + arrayBuffers, process: rss };
}

const collect: (() => void) | null = collector();

/** null on an engine that has no such switch. */
function collector(): (() => void) | null {
  try {
    setFlagsFromString("--expose-gc");
    const found: unknown = runInNewContext("gc");
    return typeof found === "function" ? () => void found() : null;
  } catch {
    return null;
  }
}
