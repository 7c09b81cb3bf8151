// The option `grouping`: signatures of one turn are verified together, and no proof learns of another, waits for a dear one,
// or is judged by another's bytes or error.
import { AsyncLocalStorage } from "node:async_hooks";
import { MessageChannel as NodeChannel, type MessagePort } from "node:worker_threads";
import {
  type AsyncVerifier,
  type AsyncVerifierOptions,
  createAsyncVerifier,
  createMemoryReplayStore,
  noble,
  type SyncAlg,
  verifyProofAsync,
  type VerifyResult,
} from "dpop-core";
import { fast } from "dpop-core/fast";
import { nodeCrypto } from "dpop-core/node-crypto";
import { webcrypto } from "dpop-core/webcrypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { KeyedSignature, SyncKey } from "../src/jose/alg.js";
import { publicJwk } from "./support/keys.js";
import { at, mint, type MintOptions, NOW } from "./support/mint.js";

type Verdicts = readonly boolean[];
type VerifyMany = (items: readonly KeyedSignature[]) => Verdicts;

/** An algorithm of node:crypto that tells what it is asked. `many` judges groups in its place. */
function told(
  log: unknown[],
  many?: (items: readonly KeyedSignature[], honest: VerifyMany) => unknown,
  alg: SyncAlg = nodeCrypto.ES256,
): SyncAlg {
  const alone = new WeakMap<SyncKey, SyncKey>();
  const honest: VerifyMany = (items) =>
    items.map(({ key, signature, data }) => alone.get(key)?.verify(signature, data) === true);
  const made: SyncAlg = {
    ...alg,
    importKey(jwk) {
      const inner = alg.importKey(jwk);
      if (inner === null) return null;
      const key: SyncKey = {
        size: inner.size,
        verify: (signature, data) => (log.push("alone"), inner.verify(signature, data)),
      };
      alone.set(key, inner);
      return key;
    },
    verifyMany(items) {
      log.push(items.length);
      return (many === undefined ? honest(items) : many(items, honest)) as Verdicts; // whatever it is
    },
  };
  return made;
}

const groupedBy = (alg: SyncAlg, options: Partial<AsyncVerifierOptions> = {}): AsyncVerifier =>
  createAsyncVerifier({
    backend: { ...nodeCrypto, algs: [alg] },
    replay: "none",
    grouping: "turn",
    ...options,
  });

/** Makes the keys of these proofs known. */
async function warm(
  verifier: AsyncVerifier,
  ...keys: readonly MintOptions["key"][]
): Promise<void> {
  for (const key of keys) {
    const result = await verifier.verify(mint(key === undefined ? {} : { key }), at(NOW));
    expect(result.ok).toBe(true);
  }
}

/** Has all of them judged at once. */
const together = (
  verifier: AsyncVerifier,
  proofs: readonly string[],
): Promise<readonly VerifyResult[]> =>
  Promise.all(proofs.map((proof) => verifier.verify(proof, at(NOW))));

const codesOf = (results: readonly VerifyResult[]): readonly string[] =>
  results.map((result) => (result.ok ? "ok" : result.code));

const FORGED: MintOptions = { signer: "otherES256" };

describe("the signatures of one turn", () => {
  test("are verified in one call, each with its own verdict", async () => {
    const log: unknown[] = [];
    const verifier = groupedBy(told(log));
    await warm(verifier, "ES256", "otherES256");
    const results = await together(verifier, [
      mint(),
      mint({ key: "otherES256" }),
      mint(FORGED),
      mint(),
    ]);
    expect(codesOf(results)).toEqual(["ok", "ok", "signature_invalid", "ok"]);
    expect(log).toEqual(["alone", "alone", 4]);
  });

  test("a proof that comes by itself is verified by itself", async () => {
    const log: unknown[] = [];
    const verifier = groupedBy(told(log));
    await warm(verifier, "ES256", "ES256", "ES256");
    expect(log).toEqual(["alone", "alone", "alone"]);
  });

  test("no more than 32 are in a group, and these wait for no turn", async () => {
    const log: unknown[] = [];
    const later: (() => void)[] = [];
    const verifier = groupedBy(told(log), { grouping: (flush) => later.push(flush) });
    await warm(verifier, "ES256");
    const results = Array.from({ length: 67 }, () => verifier.verify(mint(), at(NOW)));
    expect(codesOf(await Promise.all(results.slice(0, 64)))).toEqual(Array(64).fill("ok"));
    expect(log).toEqual(["alone", 32, 32]);
    expect(later).toHaveLength(1); // asked for by the first, and still to come
    later[0]?.();
    expect(codesOf(await Promise.all(results))).toEqual(Array(67).fill("ok"));
    expect(log).toEqual(["alone", 32, 32, 3]);
    const last = verifier.verify(mint(), at(NOW));
    later[1]?.();
    expect(codesOf([await last])).toEqual(["ok"]);
    later[1]?.(); // once more than it should be
    expect(log).toEqual(["alone", 32, 32, 3, "alone"]);
  });

  test("an algorithm without verifyMany verifies one after the other", async () => {
    const log: unknown[] = [];
    const { verifyMany: _, ...alg } = told(log);
    const verifier = groupedBy(alg);
    await warm(verifier, "ES256");
    const results = await together(verifier, [mint(), mint(FORGED), mint()]);
    expect(codesOf(results)).toEqual(["ok", "signature_invalid", "ok"]);
    expect(log).toEqual(["alone", "alone", "alone", "alone"]);
  });

  test("are not grouped unless the option says so", async () => {
    const log: unknown[] = [];
    const verifier = groupedBy(told(log), { grouping: undefined });
    await warm(verifier, "ES256");
    await together(verifier, [mint(), mint()]);
    expect(log).toEqual(["alone", "alone", "alone"]);
  });

  test("are answered in the order in which they came", async () => {
    const verifier = groupedBy(told([]));
    await warm(verifier, "ES256");
    const order: number[] = [];
    await Promise.all(
      [0, 1, 2, 3].map(async (i) => {
        await verifier.verify(mint(), at(NOW));
        order.push(i);
      }),
    );
    expect(order).toEqual([0, 1, 2, 3]);
  });

  test("keys that return promises give the same verdicts", async () => {
    const verifier = createAsyncVerifier({ backend: webcrypto, replay: "none", grouping: "turn" });
    await warm(verifier, "ES256");
    const results = await together(verifier, [mint(), mint(FORGED), mint()]);
    expect(codesOf(results)).toEqual(["ok", "signature_invalid", "ok"]);
  });

  test("verifyProofAsync remembers no key, so it groups nothing", async () => {
    const log: unknown[] = [];
    const options = {
      backend: { ...nodeCrypto, algs: [told(log)] },
      replay: "none",
      grouping: "turn",
    } as const;
    const verify = (): Promise<VerifyResult> => verifyProofAsync(mint(), at(NOW), options);
    expect(codesOf(await Promise.all([verify(), verify()]))).toEqual(["ok", "ok"]);
    expect(log).toEqual(["alone", "alone"]);
  });
});

describe("a proof in a group can't delay another", () => {
  test("one of a key that is not known is verified at once", async () => {
    const verifier = groupedBy(told([]), { grouping: () => undefined }); // the turn never comes
    expect((await verifier.verify(mint(), at(NOW))).ok).toBe(true);
    const stuck = vi.fn();
    void verifier.verify(mint(), at(NOW)).then(stuck);
    const bad = mint({ key: "otherES256", signer: "ES256" });
    expect(codesOf(await together(verifier, [bad]))).toEqual(["signature_invalid"]);
    expect(codesOf(await together(verifier, [mint({ key: "otherES256" })]))).toEqual(["ok"]);
    expect(stuck).not.toHaveBeenCalled();
  });

  test("a dear algorithm has a group of its own, and the answers of the first are out before it begins", async () => {
    const log: unknown[] = [];
    const dear = told(log, undefined, nodeCrypto.ES512);
    const cheap = told(log, undefined, nodeCrypto.ES256);
    const verifier = groupedBy(cheap, { algs: [cheap, dear] });
    await warm(verifier, "ES256", "ES512");
    log.length = 0;
    const verify = async (key: "ES256" | "ES512"): Promise<void> => {
      await verifier.verify(mint({ key }), at(NOW));
      log.push(`${key} answered`);
    };
    await Promise.all([verify("ES256"), verify("ES512"), verify("ES256"), verify("ES512")]);
    expect(log).toEqual([
      2,
      "ES256 answered",
      "ES256 answered",
      2,
      "ES512 answered",
      "ES512 answered",
    ]);
  });
});

describe("a proof in a group can't spoil another", () => {
  const BROKEN = new Error("the backend is broken");

  /** Breaks for the signature of one key, in a group and by itself. */
  function brokenFor(log: unknown[], x: string): SyncAlg {
    const inner = told(log, (items, honest) => {
      if (items.some(({ key }) => broken.has(key))) throw BROKEN;
      return honest(items);
    });
    const broken = new WeakSet<SyncKey>();
    return {
      ...inner,
      importKey(jwk) {
        const key = inner.importKey(jwk);
        if (key === null || !("x" in jwk) || jwk.x !== x) return key;
        let isNew = true;
        const own: SyncKey = {
          size: key.size,
          verify(signature, data) {
            if (!isNew) throw BROKEN;
            isNew = false;
            return key.verify(signature, data);
          },
        };
        broken.add(own);
        return own;
      },
    };
  }

  test.each(["with", "without"])(
    "what one key throws rejects only its own proof, %s verifyMany",
    async (many) => {
      const { verifyMany, ...rest } = brokenFor([], String(publicJwk("otherES256").x));
      const verifier = groupedBy(
        many === "with" && verifyMany !== undefined ? { ...rest, verifyMany } : rest,
      );
      await warm(verifier, "ES256", "otherES256");
      const proofs = [mint(), mint({ key: "otherES256" }), mint(FORGED), mint()];
      const results = await Promise.allSettled(
        proofs.map((proof) => verifier.verify(proof, at(NOW))),
      );
      expect(results.map(({ status }) => status)).toEqual([
        "fulfilled",
        "rejected",
        "fulfilled",
        "fulfilled",
      ]);
      expect(results[1]).toMatchObject({ reason: BROKEN });
      expect(results[2]).toMatchObject({ value: { code: "signature_invalid" } });
    },
  );

  const WRONG: readonly (readonly [string, (honest: Verdicts) => unknown])[] = [
    ["too few", (honest) => honest.slice(1)],
    ["too many", (honest) => [...honest, true]],
    ["null", () => null],
    ["false", () => false],
    ["a promise of true", () => Promise.resolve(true)],
    ["none", () => []],
    ["true", () => true],
    ["a promise of them", (honest) => Promise.resolve(honest)],
    ["a promise that rejects", () => Promise.reject(new Error("late"))],
    ["an object", (honest) => ({ ...honest, length: honest.length })],
  ];
  test.each(WRONG)("verdicts that are %s: no proof is accepted", async (_, answer) => {
    const verifier = groupedBy(told([], (items, honest) => answer(honest(items))));
    await warm(verifier, "ES256");
    const results = await Promise.allSettled(
      [mint(), mint()].map((proof) => verifier.verify(proof, at(NOW))),
    );
    for (const result of results) {
      expect(result).toMatchObject({ status: "rejected", reason: { name: "TypeError" } });
    }
  });

  test.each([[1], ["true"], [undefined], [null], [{}], [[true]]])(
    "a verdict that is %s rejects the one that it is for",
    async (verdict) => {
      const verifier = groupedBy(told([], () => [true, verdict, false]));
      await warm(verifier, "ES256");
      const [first, second, third] = await Promise.allSettled(
        [mint(), mint(), mint()].map((proof) => verifier.verify(proof, at(NOW))),
      );
      expect(first).toMatchObject({ value: { ok: true } });
      expect(second).toMatchObject({ status: "rejected", reason: { name: "TypeError" } });
      expect(third).toMatchObject({ value: { code: "signature_invalid" } });
    },
  );

  test("its bytes are not given to another until the whole group is answered", async () => {
    const seen: string[] = [];
    const verifier = groupedBy(
      told([], (items, honest) => {
        for (const { data } of items) seen.push(Buffer.from(data).toString("latin1"));
        return honest(items);
      }),
    );
    await warm(verifier, "ES256");
    const proofs = Array.from({ length: 24 }, (_, i) => mint({ claims: { jti: `a${i % 10}` } })); // all of one length
    const strangers = proofs.map(() => mint({ key: "otherES256", claims: { jti: "a0" } }));
    // Proofs that are answered at once give arrays back while the others wait for their group.
    const all = proofs.flatMap((proof, i) => [proof, strangers[i] ?? ""]);
    const results = await together(verifier, all);
    expect(codesOf(results)).toEqual(Array(48).fill("ok"));
    expect(seen).toEqual(proofs.map((proof) => proof.slice(0, proof.lastIndexOf("."))));
  });

  test("what waits in one is judged with the table that the key has then, or none", async () => {
    const cache = { maxKeys: 2, maxKeyBytes: 20_000, maxTableBytes: 40_000 };
    const verifier = groupedBy(fast.ES256, { backend: fast, cache });
    for (let i = 0; i < 40; i++) await warm(verifier, "ES256");
    const proofs = Array.from({ length: 40 }, (_, i) =>
      mint(i % 3 === 0 ? { key: "otherES256" } : i % 3 === 1 ? FORGED : {}),
    );
    const expected = proofs.map((_, i) => (i % 3 === 1 ? "signature_invalid" : "ok"));
    for (let round = 0; round < 5; round++) {
      expect(codesOf(await together(verifier, proofs))).toEqual(expected);
    }
  });

  test("each goes on in the context of its own request", async () => {
    const requests = new AsyncLocalStorage<number>();
    const verifier = groupedBy(told([]));
    await warm(verifier, "ES256");
    const seen = await Promise.all(
      [1, 2, 3].map((id) =>
        requests.run(id, async () => {
          await verifier.verify(mint(), at(NOW));
          return requests.getStore();
        }),
      ),
    );
    expect(seen).toEqual([1, 2, 3]);
  });
});

describe("the wait for a group", () => {
  test("counts: a proof that grew too old meanwhile is refused", async () => {
    let time = NOW;
    let seconds = 0;
    const verifier = groupedBy(told([]), {
      clock: () => time,
      replay: createMemoryReplayStore(),
      grouping(flush) {
        setImmediate(() => {
          time += seconds;
          flush();
        });
      },
    });
    const verify = (jti: string): Promise<VerifyResult> => {
      const { now: _, ...request } = at(NOW);
      return verifier.verify(mint({ claims: { iat: time - 50, jti } }), request);
    };
    expect(codesOf([await verify("a"), await verify("b")])).toEqual(["ok", "ok"]);
    seconds = 10;
    expect(codesOf([await verify("c")])).toEqual(["ok"]);
    seconds = 10.5;
    expect(await verify("d")).toMatchObject({ code: "iat_too_old", clockOffset: -60.5 });
  });

  test("a schedule that throws rejects the proofs that it was for, and no later ones", async () => {
    const broken = new Error("no more turns");
    let isBroken = true;
    const verifier = groupedBy(told([]), {
      grouping(flush) {
        if (isBroken) throw broken;
        setImmediate(flush);
      },
    });
    await warm(verifier, "ES256"); // needs no turn
    await expect(verifier.verify(mint(), at(NOW))).rejects.toBe(broken);
    isBroken = false;
    expect(codesOf(await together(verifier, [mint(), mint()]))).toEqual(["ok", "ok"]);
  });

  test.each<[string, (flush: () => void) => void]>([
    ["at once", (flush) => flush()],
    ["twice", (flush) => (setImmediate(flush), setImmediate(flush))],
    ["in a promise", (flush) => void Promise.resolve().then(flush)],
    ["late", (flush) => void setTimeout(flush, 5)],
    [
      "in time, and once more when others wait",
      (flush) => (setImmediate(flush), void setTimeout(flush, 1)),
    ],
  ])("a schedule that flushes %s gives the same verdicts", async (_, grouping) => {
    const verifier = groupedBy(told([]), { grouping });
    await warm(verifier, "ES256");
    for (let round = 0; round < 5; round++) {
      const results = await together(verifier, [mint(), mint(FORGED), mint()]);
      expect(codesOf(results)).toEqual(["ok", "signature_invalid", "ok"]);
    }
  });
});

describe("the turn of a platform", () => {
  afterEach(() => void vi.unstubAllGlobals());

  async function groupsOf(): Promise<readonly unknown[]> {
    const log: unknown[] = [];
    const first = told(log);
    const second = told(log, undefined, nodeCrypto.Ed25519);
    const verifier = groupedBy(first, { algs: [first, second] });
    await warm(verifier, "ES256", "Ed25519");
    log.length = 0;
    const results = await together(verifier, [
      mint(),
      mint({ key: "Ed25519" }),
      mint(),
      mint(FORGED),
    ]);
    expect(codesOf(results)).toEqual(["ok", "ok", "ok", "signature_invalid"]);
    return log;
  }

  test("is that of setImmediate, where there is one", async () => {
    const asked = vi.fn(setImmediate);
    vi.stubGlobal("setImmediate", asked);
    vi.stubGlobal("MessageChannel", undefined);
    expect(await groupsOf()).toEqual([3, "alone"]);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test("else that of a MessageChannel", async () => {
    vi.stubGlobal("setImmediate", undefined);
    const asked = vi.fn();
    const ports: MessagePort[] = [];
    class Counted {
      readonly #channel = new NodeChannel();
      readonly port1 = this.#channel.port1;
      constructor() {
        ports.push(this.port1);
      }
      readonly port2 = {
        postMessage: (message: null) => {
          asked();
          this.#channel.port2.postMessage(message);
        },
      };
    }
    vi.stubGlobal("MessageChannel", Counted);
    expect(await groupsOf()).toEqual([3, "alone"]);
    expect(asked).toHaveBeenCalledTimes(2);
    for (const port of ports) port.close(); // an open one keeps the process
  });

  test("else that of a promise", async () => {
    vi.stubGlobal("setImmediate", undefined);
    vi.stubGlobal("MessageChannel", undefined);
    expect(await groupsOf()).toEqual([3, "alone"]);
  });
});

test("noble, fast and node:crypto answer the same in groups", async () => {
  const proofs = Array.from({ length: 33 }, (_, i) =>
    i % 4 === 3 ? mint(FORGED) : mint({ key: i % 2 === 0 ? "ES256" : "otherES256" }),
  );
  for (const backend of [noble, fast, nodeCrypto]) {
    const verifier = createAsyncVerifier({ backend, replay: "none", grouping: "turn" });
    await warm(verifier, "ES256", "otherES256");
    expect(codesOf(await together(verifier, proofs))).toEqual(
      proofs.map((_, i) => (i % 4 === 3 ? "signature_invalid" : "ok")),
    );
  }
});
