// Job: how the cost of one verification grows with the number of keys that take turns. Meant for one core.
import { type Contest, demand, type Implementation } from "../engine/contest.js";
import type { Job } from "../engine/task.js";
import { at, createIssuer, createStranger, type Stranger } from "../implementations/fixtures.js";
import { joseVerify } from "../implementations/jose.js";
import { BACKENDS, ourVerify, ROOM } from "../implementations/ours.js";
import type { Verify } from "../implementations/verifiers.js";
import { DRAWS, uniformDraws, zipfDraws } from "./draws.js";

const KEYS = { quick: [1, 100], full: [1, 10, 100, 1000, 10_000] } as const;

/** noble is slow: to heat more keys than this takes minutes. */
const MOST_NOBLE_KEYS = 100;

export const growth: Job = ({ quick, clock }) => {
  const mode = quick ? "quick" : "full";
  // Warmed up by calls rather than by time: each key has to be hot.
  const timing = quick
    ? { rounds: 3, slice: 4, warmUp: 10, clock }
    : { rounds: 15, slice: 25, warmUp: 100, clock };
  const issuer = createIssuer();
  const clients = (length: number): readonly Stranger[] =>
    Array.from({ length }, () => createStranger("ES256", issuer));
  return KEYS[mode].flatMap((count) =>
    (["uniform", "zipf"] as const).flatMap((spread): readonly Contest[] => {
      if (count === 1 && spread === "zipf") return []; // one key has no spread
      const drawsOf = spread === "uniform" ? uniformDraws : zipfDraws;
      const name = `${count} keys, ${spread}`;
      const series = "proofs, by the keys that take turns";
      const implementations = () => visitors(clients(count), drawsOf(count));
      return [{ group: "growth", name, series, timing, implementations }];
    }),
  );
};

/** `clients` send proofs in the order of `draws`. */
function visitors(clients: readonly Stranger[], draws: Uint32Array): readonly Implementation[] {
  const visitor = (name: string, verify: Verify, proofsToHeat: number): Implementation => ({
    name,
    warmUpCalls: Math.max(64, clients.length * proofsToHeat),
    run(turn) {
      const { proof, client } = at(clients, draws[turn & (DRAWS - 1)] ?? 0);
      return verify(proof, client.request);
    },
    async check() {
      demand(new Set(draws).size > clients.length / 2, "the draws leave out too many clients");
      const { proof, client } = at(clients, 0);
      demand(await verify(proof, client.request), "a good proof is refused");
      const wrong = async () => verify(proof, { ...client.request, method: "GET" });
      demand(!(await wrong().catch(() => false)), "a bad proof is accepted");
    },
  });
  const { fast, "node-crypto": node, noble } = BACKENDS;
  return [
    visitor("jose", joseVerify("ES256"), 0), // it remembers nothing
    visitor("fast", ourVerify(fast), 18), // it makes its last table at the sixteenth proof
    visitor("fast, room for all tables", ourVerify(fast, ROOM), 18),
    visitor("node-crypto", ourVerify(node), 5),
    ...(clients.length > MOST_NOBLE_KEYS ? [] : [visitor("noble", ourVerify(noble), 5)]),
  ];
}
