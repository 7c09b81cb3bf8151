// Job: the memory of a verifier's cache. The bytes that it counts for a key and for an access token,
// beside those by which the heap and the process grow. Not timed: one figure of each.
import { type Backend, createAsyncVerifier } from "dpop-core";
import { demand, type Implementation, selfMeasured, selfTimed } from "../engine/contest.js";
import { memoryInUse } from "../engine/memory.js";
import type { Job } from "../engine/task.js";
import {
  createClient,
  createIssuer,
  type Issuer,
  proofOf,
  type SentProof,
  tokenlessProof,
} from "../implementations/fixtures.js";
import { fast, noble, nodeCrypto, ROOM, webcrypto } from "../implementations/ours.js";

/** Sent before anything is counted: what is compiled at the first proofs, and made once for all keys. */
const FIRST = 100;

/** Proofs of one key. fast builds a small table at the second, and the last one at the sixteenth. */
const ROWS: readonly (readonly [name: string, backend: Backend, proofs: number, most: number])[] = [
  ["fast, a key seen once", fast, 1, Infinity],
  ["fast, a key seen twice", fast, 2, Infinity],
  ["fast, a key with its last table", fast, 16, 1000],
  ["noble, a key seen once", noble, 1, 1000],
  ["noble, a key with its table", noble, 3, 1000],
  ["node-crypto, a key seen once", nodeCrypto, 1, Infinity],
  ["webcrypto, a key seen once", webcrypto, 1, Infinity],
];

export const memory: Job = ({ quick }) => {
  const issuer = createIssuer();
  return (quick ? [1000] : [1000, 10_000]).map((count) => ({
    group: "memory",
    name: `cache memory: bytes for one key and for one access token, of ${count}`,
    comparison: "none" as const,
    timing: selfTimed(0),
    implementations: () => memoryRows(count, issuer),
  }));
};

async function memoryRows(count: number, issuer: Issuer): Promise<readonly Implementation[]> {
  const length = count + FIRST;
  const rows: Implementation[] = [];
  const keys = Array.from({ length }, () => tokenlessProof());
  for (const [name, backend, proofs, most] of ROWS) {
    if (count <= most) rows.push(await memoryOf(name, backend, keys, proofs));
  }
  const client = createClient("ES256", issuer);
  const tokens = Array.from({ length }, () => {
    const { accessToken } = createClient("ES256", issuer);
    const request = { ...client.request, accessToken };
    return { proof: proofOf({ ...client, request }), request };
  });
  const name = `an access token of ${client.accessToken.length} characters`;
  rows.push(await memoryOf(name, nodeCrypto, tokens, 1));
  return rows;
}

async function memoryOf(
  name: string,
  backend: Backend,
  sent: readonly SentProof[],
  proofs: number,
): Promise<Implementation> {
  const verifier = createAsyncVerifier({ backend, cache: ROOM, replay: "none" });
  const accepts = async ({ proof, request }: SentProof): Promise<boolean> =>
    (await verifier.verify(proof, request)).ok;
  const send = async (some: readonly SentProof[]): Promise<void> => {
    for (const one of some) {
      for (let i = 0; i < proofs; i++) demand(await accepts(one), `${name}: a proof is refused`);
    }
  };
  const counted = (): number => {
    const { keyBytes, tableBytes, tokenBytes } = verifier.cacheUsage();
    return keyBytes + tableBytes + tokenBytes;
  };
  await send(sent.slice(0, FIRST));
  const before = { ...memoryInUse(), counted: counted() };
  await send(sent.slice(FIRST));
  const after = { ...memoryInUse(), counted: counted() };
  const { keys, tokens } = verifier.cacheUsage();
  demand(Math.max(keys, tokens) === sent.length, `${name}: not all is remembered`);
  const [first, second] = sent;
  demand(first !== undefined && second !== undefined, "there are no proofs");
  const swapped = first.proof.slice(0, -86) + second.proof.slice(-86);
  demand(!(await accepts({ ...first, proof: swapped })), `${name}: another signature is accepted`);
  demand(counted() === after.counted, `${name}: a bad signature is remembered`);
  const growth = (of: "counted" | "heap" | "process"): number =>
    (after[of] - before[of]) / (sent.length - FIRST);
  const bytes = { counted: growth("counted"), heap: growth("heap"), process: growth("process") };
  return selfMeasured(name, () => NaN, { bytes });
}
