// Job: many clients in turns, each with a key and an access token of its own, at the default bounds of the
// memory: what one ES256 proof costs, and how much the process grows for each client. Meant for one core.
import { accelerate } from "dpop-core/wasm";
import { type Contest, demand, type Implementation } from "../engine/contest.js";
import { memoryInUse } from "../engine/memory.js";
import type { Job } from "../engine/task.js";
import {
  at,
  createIssuer,
  createStranger,
  type BoundRequest,
} from "../implementations/fixtures.js";
import { joseVerify } from "../implementations/jose.js";
import { asyncVerify, BACKENDS, ourVerify } from "../implementations/ours.js";
import type { Verify } from "../implementations/verifiers.js";
import { DRAWS, uniformDraws, zipfDraws } from "./draws.js";

const COUNTS = { quick: [1000], full: [1000, 20_000, 100_000] } as const;

/** noble is slow: with more clients than this it would take minutes until each has come a few times. */
const MOST_OF_NOBLE = 1000;

/** Proofs of each client before anything is timed, and the most of all: a client here comes seldom. */
const SEEN = 3;
const MOST_SEEN = 120_000;

/** What a server gets. Nothing else of a client is kept here, so that the memory is the verifier's. */
interface Sent {
  readonly proof: string;
  readonly request: BoundRequest;
}

export const clients: Job = ({ quick, clock }) => {
  const timing = quick
    ? { rounds: 3, slice: 4, warmUp: 10, clock }
    : { rounds: 25, slice: 40, warmUp: 50, clock };
  return COUNTS[quick ? "quick" : "full"].flatMap((count) =>
    (["uniform", "zipf"] as const).map((spread): Contest => {
      const drawsOf = spread === "uniform" ? uniformDraws : zipfDraws;
      const implementations = () => rows(sentBy(count), drawsOf(count));
      return { group: "clients", name: `${count} clients, ${spread}`, timing, implementations };
    }),
  );
};

function sentBy(count: number): readonly Sent[] {
  // Only the hash of a token counts here; to sign so many would take longer than all that is timed.
  const issuer = {
    ...createIssuer(),
    issue: (jkt: string | undefined) => `${jkt}`.padEnd(485, "t"),
  };
  return Array.from({ length: count }, () => {
    const { proof, client } = createStranger("ES256", issuer);
    return { proof, request: client.request };
  });
}

function rows(sent: readonly Sent[], draws: Uint32Array): readonly Implementation[] {
  const { wasm, fast, "node-crypto": node, noble } = BACKENDS;
  const ours = [
    row("wasm", ourVerify(wasm), sent, draws),
    row("wasm over node-crypto", ourVerify(accelerate(node)), sent, draws),
    row("fast", ourVerify(fast), sent, draws),
    row("node-crypto", ourVerify(node), sent, draws),
    row("webcrypto", asyncVerify(), sent, draws),
  ];
  const last = { ...row("noble", ourVerify(noble), sent, draws), litters: true };
  const all = sent.length > MOST_OF_NOBLE ? ours : [...ours, last];
  return [row("jose", joseVerify("ES256"), sent, draws, 0), ...all]; // it remembers nothing
}

function row(
  name: string,
  verify: Verify,
  sent: readonly Sent[],
  draws: Uint32Array,
  seen = Math.min(SEEN * sent.length, MOST_SEEN),
): Implementation {
  const bytes: Record<string, number> = {};
  const next = (turn: number): Sent => at(sent, draws[turn & (DRAWS - 1)] ?? 0);
  return {
    name,
    bytes,
    run(turn) {
      const { proof, request } = next(turn);
      return verify(proof, request);
    },
    async check() {
      const first = at(sent, 0);
      demand(await verify(first.proof, first.request), "a good proof is refused");
      const wrong = async () => verify(first.proof, { ...first.request, method: "GET" });
      demand(!(await wrong().catch(() => false)), "a bad proof is accepted");
      const before = memoryInUse();
      for (let i = 0; i < seen; i++) {
        const { proof, request } = next(i);
        demand(await verify(proof, request), "a good proof is refused");
      }
      const after = memoryInUse();
      bytes["heap"] = (after.heap - before.heap) / sent.length;
      bytes["process"] = (after.process - before.process) / sent.length;
    },
  };
}
