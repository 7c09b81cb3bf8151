// Verification (RFC 9449 section 4.3): whole proofs, good and bad, over every backend, beside what other servers use. What one
// of them is made of: parts.bench.ts.
import {
  createAsyncVerifier,
  createVerifier,
  type FailureCode,
  noble,
  type ProofRequest,
  type VerifyResult,
} from "dpop-core";
import { fast } from "dpop-core/fast";
import { nodeCrypto } from "dpop-core/node-crypto";
import { webcrypto } from "dpop-core/webcrypto";
import { asyncCase, type BenchCase, type BenchGroup, demand } from "./case.js";
import type { Fixtures, KeyFixture } from "./fixtures.js";
import type { CacheUsage, CacheOptions } from "../src/verify/cache.js";

/** Another implementation of proof verification. */
export interface ProofPeer {
  readonly name: string;
  /** Answers the thumbprint of the key; rejects where the proof is refused. */
  verifierOf(key: KeyFixture): Promise<(proof: string, request: ProofRequest) => Promise<string>>;
}

/** Another implementation of the signature check alone. */
export interface SignaturePeer {
  readonly name: string;
  verifierOf(key: KeyFixture): (signature: Uint8Array, data: Uint8Array) => boolean;
}

/** What we are compared with; none on an engine that has none of them. */
export interface Peers {
  readonly proofs: readonly ProofPeer[];
  readonly signature?: SignaturePeer | undefined;
}

/** A verifier over one backend, whether it answers at once or later. */
interface AnyVerifier {
  verify(proof: string, request: ProofRequest): VerifyResult | Promise<VerifyResult>;
  cacheUsage(): CacheUsage;
}

interface Contestant {
  readonly name: string;
  readonly async: boolean;
  verifier(cache: CacheOptions | undefined): AnyVerifier;
}

const CONTESTANTS: readonly Contestant[] = [
  ...Object.entries({ fast, node: nodeCrypto, noble }).map(([name, backend]) => ({
    name,
    async: false,
    verifier: (cache: CacheOptions | undefined) =>
      createVerifier({ backend, cache, replay: "none" }),
  })),
  {
    name: "webcrypto",
    async: true,
    verifier: (cache) => createAsyncVerifier({ backend: webcrypto, cache, replay: "none" }),
  },
];

/** hot: the client was seen often enough that its key and its tables are final. cold: nothing is remembered. */
export type State = "hot" | "cold";

/** Caches that keep nothing. */
export const NO_CACHE: CacheOptions = { maxKeys: 0, maxTokens: 0 };

/** Of one key until its tables are final; fast makes its last one at the 16th, that of the generator at the 32nd. */
export const PROOFS_TO_HEAT = 64;

const VALID = "valid, hot";

export function verifyGroups(
  { es256, ed25519 }: Fixtures,
  { proofs }: Peers,
): readonly BenchGroup[] {
  return [es256, ed25519].flatMap((key) => groupsOf(key, proofs));
}

function groupsOf(key: KeyFixture, peers: readonly ProofPeer[]): readonly BenchGroup[] {
  const whole: BenchGroup = {
    name: `verify: ${key.label} proof of ${key.proof.length} characters with an access token`,
    comparison: against(peers[0]?.name, "speed"),
    cases: async () => [
      ...(await allCases(CONTESTANTS, (one) => validCases(one, key))),
      ...(await Promise.all(peers.map((peer) => peerCase(peer, key)))),
    ],
  };
  const refused = CONTESTANTS.map((contestant) => ({
    name: `verify: what a refusal costs, ${key.label}, ${contestant.name}`,
    comparison: against(VALID, "share"),
    cases: () => refusals(contestant, key),
  }));
  return [whole, ...refused];
}

/** What a group compares with; nothing where that is not there. */
export function against(name: string | undefined, as: "speed" | "share"): BenchGroup["comparison"] {
  return name === undefined ? undefined : { with: name, as };
}

async function allCases<T>(
  of: readonly T[],
  cases: (one: T) => Promise<readonly BenchCase[]>,
): Promise<readonly BenchCase[]> {
  return (await Promise.all(of.map((one) => cases(one)))).flat();
}

/** Each wrong in one thing; every contestant refuses them all before it is timed. */
function badProofs(key: KeyFixture): readonly (readonly [string, ProofRequest, FailureCode])[] {
  const { proof, forged, requests } = key;
  return [
    [proof, requests.otherMethod, "htm_mismatch"],
    [proof, requests.otherUrl, "htu_mismatch"],
    [proof, requests.otherToken, "ath_mismatch"],
    [proof, requests.late, "iat_too_old"],
    [forged, requests.right, "signature_invalid"],
    [`${proof}=`, requests.right, "jws_malformed"],
  ];
}

async function refusesAll(verifier: AnyVerifier, key: KeyFixture): Promise<boolean> {
  for (const [proof, request, code] of badProofs(key)) {
    const result = await verifier.verify(proof, request);
    if (result.ok || result.code !== code) return false;
  }
  return true;
}

async function accepts(verifier: AnyVerifier, key: KeyFixture): Promise<boolean> {
  const result = await verifier.verify(key.proof, key.requests.right);
  return result.ok && result.jkt === key.jkt;
}

/** A verifier in a state; throws where it does not get there. */
async function verifierIn(
  state: State,
  contestant: Contestant,
  key: KeyFixture,
): Promise<AnyVerifier> {
  const verifier = contestant.verifier(state === "hot" ? undefined : NO_CACHE);
  for (let i = 0; i < PROOFS_TO_HEAT; i++) {
    demand(await accepts(verifier, key), `${contestant.name}: refuses a good proof`);
  }
  demand(await isIn(state, verifier, key), `${contestant.name}: is not ${state}`);
  return verifier;
}

/** Whether it remembers the one key and token, and more proofs make no more of them; or nothing at all. */
async function isIn(state: State, verifier: AnyVerifier, key: KeyFixture): Promise<boolean> {
  const { keys, tokens, tableBytes } = verifier.cacheUsage();
  if (!(await accepts(verifier, key)) || verifier.cacheUsage().tableBytes !== tableBytes)
    return false;
  return state === "hot" ? keys === 1 && tokens === 1 : keys === 0 && tokens === 0;
}

async function validCases(contestant: Contestant, key: KeyFixture): Promise<readonly BenchCase[]> {
  const states: readonly State[] = ["hot", "cold"];
  return Promise.all(
    states.map((state) => validCase(`${contestant.name}, ${state}`, state, contestant, key)),
  );
}

async function validCase(
  name: string,
  state: State,
  contestant: Contestant,
  key: KeyFixture,
): Promise<BenchCase> {
  const verifier = await verifierIn(state, contestant, key);
  return verifyCase(name, contestant, verifier, key.proof, key.requests.right, {
    right: (result) => result.ok && result.jkt === key.jkt,
    counterpart: async () =>
      (await refusesAll(verifier, key)) && (await isIn(state, verifier, key)),
  });
}

interface Judge {
  right(result: VerifyResult): boolean;
  counterpart(): Promise<boolean>;
}

/** Judged like any asynchronous case, but timed as it is: a backend that answers at once has nothing to wait for. */
function verifyCase(
  name: string,
  { async }: Contestant,
  verifier: AnyVerifier,
  proof: string,
  request: ProofRequest,
  judge: Judge,
): BenchCase {
  const judged = asyncCase(name, async () => verifier.verify(proof, request), judge);
  return { ...judged, async, run: () => verifier.verify(proof, request) };
}

async function refusals(contestant: Contestant, key: KeyFixture): Promise<readonly BenchCase[]> {
  const { proof, forged, requests } = key;
  const refused = (
    what: string,
    state: State,
    ...wrong: readonly [string, ProofRequest, FailureCode]
  ): Promise<BenchCase> => refusalCase(`refused ${what}, ${state}`, state, contestant, key, wrong);
  const bothStates = (["hot", "cold"] as const).flatMap((state) => [
    refused("before the signature: htm", state, proof, requests.otherMethod, "htm_mismatch"),
    refused("before the signature: ath", state, proof, requests.otherToken, "ath_mismatch"),
    refused("at the signature", state, forged, requests.right, "signature_invalid"),
  ]);
  return Promise.all([validCase(VALID, "hot", contestant, key), ...bothStates]);
}

async function refusalCase(
  name: string,
  state: State,
  contestant: Contestant,
  key: KeyFixture,
  [proof, request, code]: readonly [string, ProofRequest, FailureCode],
): Promise<BenchCase> {
  const verifier = await verifierIn(state, contestant, key);
  return verifyCase(name, contestant, verifier, proof, request, {
    right: (result) => !result.ok && result.code === code,
    counterpart: () => isIn(state, verifier, key), // which accepts a good proof
  });
}

async function peerCase(peer: ProofPeer, key: KeyFixture): Promise<BenchCase> {
  const verify = await peer.verifierOf(key);
  return asyncCase(peer.name, () => verify(key.proof, key.requests.right), {
    right: (jkt) => jkt === key.jkt,
    counterpart: async () => {
      const verdicts = badProofs(key).map(([proof, request]) => verify(proof, request));
      return (await Promise.allSettled(verdicts)).every(({ status }) => status === "rejected");
    },
  });
}
