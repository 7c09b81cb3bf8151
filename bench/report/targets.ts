// Targets: what dpop-core must reach and wants to reach. `must` is the bound below which the work is
// not done, `stretch` the one that is aimed at. Most are set for Node 20.
import type { Findings } from "../engine/task.js";
import { contestNamed, countOf, shareOver, timesAsFast } from "./findings.js";

type Bounds = readonly [must: number, stretch: number];

interface Measure {
  readonly unit: "times" | "share" | "bytes";
  /** Whether more is better. */
  readonly isFloor: boolean;
  /** NaN where it is not in the findings. */
  of(findings: Findings): number;
}

type Target = readonly [id: string, what: string, measure: Measure, onNode20: Bounds | null];

/** What was measured in one engine, by the name of the target; null where it was not. */
export type Measured = Readonly<Record<string, number | null>>;

export type Judgement = ReturnType<typeof judge>[number];

const ES256 = "ES256 proof";
const API = "API request, ES256 tokens and proofs";
const GROUPS = "ES256 signatures of 32 keys, in groups";
const WASM = "wasm, hot";
const SIXTEEN = "ES256 proof, 16 at once";
const RAW_ES256 = "ES256 signature";
const RAW_ED25519 = "Ed25519 signature";
const MILLION = "1000000 live entries";
const HOT = "fast, hot";
const COLD = "fast, cold";
const NODE = "node:crypto, key kept";
const WEB_CRYPTO = "WebCrypto, key kept";
const OPENSSL = "openssl speed ecdsap256, verify";
/** Before the signature, of a key that is known. */
const REFUSALS = ["another method", "another URL", "too old", "another token"].map(
  (what) => `fast, hot, refused: ${what}`,
);

const TARGETS: readonly Target[] = [
  ["T1", "whole ES256 proof, hot: fast against jose", times(ES256, HOT, "jose"), [3.5, 4.5]],
  ["T1b", "the same on Node 26 and Deno", times(ES256, HOT, "jose"), null],
  [
    "T1c",
    "whole EdDSA proof, hot: fast against jose",
    times("EdDSA proof", HOT, "jose"),
    [2.8, 3.5],
  ],
  ["T2", "whole ES256 proof, cold: fast against jose", times(ES256, COLD, "jose"), [1.2, 1.5]],
  ["T3", "raw ES256, hot: fast against noble", times(RAW_ES256, HOT, "noble"), [38, 43]],
  ["T3", "raw ES256, cold: fast against noble", times(RAW_ES256, COLD, "noble"), [12, 14]],
  [
    "T3b",
    "raw ES256, hot: fast against node:crypto with its key kept",
    times(RAW_ES256, HOT, NODE),
    [1, 1.24],
  ],
  [
    "T3b",
    "raw Ed25519, hot: fast against node:crypto with its key kept",
    times(RAW_ED25519, HOT, NODE),
    [1.4, 1.8],
  ],
  [
    "T5",
    "whole ES256 proof, hot: node-crypto, of the rate of openssl speed",
    rate(ES256, "node-crypto, hot", OPENSSL),
    [0.85, 0.9],
  ],
  // Nothing over WebCrypto can pass WebCrypto itself, which is under 3 times jose here: so the share counts.
  [
    "T6",
    "whole ES256 proof, hot: webcrypto, of the rate of WebCrypto itself, one core",
    rate(ES256, "webcrypto, hot", WEB_CRYPTO),
    [0.9, 0.95],
  ],
  [
    "T6",
    "webcrypto against jose, 16 at once on all cores",
    times(SIXTEEN, "webcrypto, hot", "jose"),
    [4, 5],
  ],
  ["T6", "the same of WebCrypto itself, 16 at once", times(SIXTEEN, WEB_CRYPTO, "jose"), null],
  ["T7", "own work, hot, of one node:crypto check", cost(["own work, hot"], NODE), [0.1, 0.05]],
  ["T7", "own work, cold, of one node:crypto check", cost(["own work, cold"], NODE), [0.33, 0.25]],
  [
    "T8",
    "raw ES256, hot: our noble against plain noble",
    times(RAW_ES256, "noble, hot", "noble"),
    [2.8, 3.5],
  ],
  [
    "T8",
    "tables of one hot P-256 key, our noble",
    bytes(RAW_ES256, "noble, hot", "bytes of tables"),
    [65_536, 65_536],
  ],
  [
    "T9",
    "replay store at 1,000,000 live entries against a swept Map",
    times(MILLION, "dpop-core", "swept Map"),
    [3, 4],
  ],
  ["T9", "its memory for one entry", bytes(MILLION, "dpop-core", "bytes"), [26, 20]],
  ["T10", "raw Ed25519, hot: fast against noble", times(RAW_ED25519, HOT, "noble"), [22, 28]],
  ["T10", "raw Ed25519, cold: fast against noble", times(RAW_ED25519, COLD, "noble"), [8, 9]],
  [
    "T11",
    "the dearest refusal before the signature, of a valid proof (fast, hot)",
    cost(REFUSALS, HOT),
    [0.2, 0.1],
  ],
  ["W1", "whole ES256 proof, hot: wasm against fast", times(ES256, WASM, HOT), [1.7, 2]],
  ["W1b", "the same on Deno", times(ES256, WASM, HOT), null],
  [
    "W2",
    "whole ES256 proof, hot: wasm against node:crypto with its key kept",
    times(ES256, WASM, NODE),
    [1.6, 1.9],
  ],
  [
    "W3",
    "whole ES256 proof, hot: wasm, of the rate of openssl speed",
    rate(ES256, WASM, OPENSSL),
    [1.5, 1.7],
  ],
  ["W4", "whole ES256 proof, hot: wasm against jose", times(ES256, WASM, "jose"), [7, 9]],
  ["W5", "whole EdDSA proof, hot: wasm against fast", times("EdDSA proof", WASM, HOT), [1.7, 2.1]],
  [
    "W6",
    "raw ES256: wasm with its early table against fast with its late one",
    times(RAW_ES256, "wasm, early table", HOT),
    [1.5, 1.75],
  ],
  [
    "W7",
    "raw ES256 in groups of 16: wasm against fast one by one",
    times(GROUPS, "wasm, groups of 16", "fast, groups of 1"),
    [2.5, 3.2],
  ],
  [
    "W8",
    "a server with 64 connections, over no verification: wasm in groups, of fast one by one",
    overNone(64, "wasm, grouped", "fast"),
    [0.45, 0.3],
  ],
  [
    "W9",
    "a server with one connection, over no verification: fast in groups, of fast without",
    overNone(1, "fast, grouped", "fast"),
    [1.2, 1.1],
  ],
  [
    "W10",
    "a server with 64 connections, over no verification: fast in groups, of fast one by one",
    overNone(64, "fast, grouped", "fast"),
    [0.9, 0.8],
  ],
  [
    "W11",
    "whole API request with DPoP, hot (wasm, tokens remembered), of one with Bearer and jose",
    cost(["DPoP, wasm, tokens remembered"], "Bearer, jose", API),
    [0.6, 0.4],
  ],
  [
    "W12",
    "20,000 clients in turns, default memory: the best of ours against jose",
    best(
      "20000 clients, uniform",
      ["fast", "node-crypto", "wasm", "wasm over node-crypto"],
      "jose",
    ),
    [3, 5],
  ],
];

/** By the id of the target, for engines other than Node 20. */
const ELSEWHERE: Readonly<Record<string, Readonly<Record<string, Bounds>>>> = {
  T1: { node24: [3, 3.6] },
  T1b: { node26: [2.5, 3], deno: [6, 7] },
  T1c: { node24: [2.5, 3] },
  T2: { node24: [1, 1.15] },
  W1: { node24: [1.7, 2], node26: [1.7, 2], bun: [1.7, 2] },
  W1b: { deno: [1.6, 1.8] },
  W2: { node24: [1.6, 1.9] },
  W4: { node24: [5.5, 7] },
  W12: { node24: [2, 3] },
};

function times(contest: string, name: string, base: string): Measure {
  const of = (found: Findings) => timesAsFast(contestNamed(found, contest), name, base);
  return { unit: "times", isFloor: true, of };
}

/** Of those that are there. */
function best(contest: string, names: readonly string[], base: string): Measure {
  const of = (found: Findings) => {
    const all = names.map((name) => timesAsFast(contestNamed(found, contest), name, base));
    return Math.max(...all.filter((one) => !Number.isNaN(one)));
  };
  return {
    unit: "times",
    isFloor: true,
    of: (found) => (Number.isFinite(of(found)) ? of(found) : NaN),
  };
}

function rate(contest: string, name: string, base: string): Measure {
  return { ...times(contest, name, base), unit: "share" };
}

/** The share of the base that the dearest of these takes. */
function cost(names: readonly string[], base: string, contest: string = ES256): Measure {
  const of = (found: Findings) =>
    Math.max(...names.map((name) => 1 / timesAsFast(contestNamed(found, contest), name, base)));
  return { unit: "share", isFloor: false, of };
}

/** Of processor time inside a server. */
function overNone(connections: number, name: string, base: string): Measure {
  const contest = `inside a server, connections: ${connections}`;
  const of = (found: Findings) => shareOver(contestNamed(found, contest), name, base, "none");
  return { unit: "share", isFloor: false, of };
}

function bytes(contest: string, name: string, what: string): Measure {
  const of = (found: Findings) => countOf(contestNamed(found, contest), name, what);
  return { unit: "bytes", isFloor: false, of };
}

export function measuredTargets(findings: Findings): Measured {
  const figures = TARGETS.map(([id, what, measure]) => {
    const measured = measure.of(findings);
    return [`${id} ${what}`, Number.isNaN(measured) ? null : measured] as const;
  });
  return Object.fromEntries(figures);
}

/** Bounds are null where the target is not set for this engine. */
export function judge(all: Measured, engine: string) {
  return TARGETS.map(([id, what, { unit, isFloor }, onNode20]) => {
    const measured = all[`${id} ${what}`] ?? null;
    const bounds = engine === "node20" ? onNode20 : (ELSEWHERE[id]?.[engine] ?? null);
    const [must = null, stretch = null] = bounds ?? [];
    const verdict = verdictOf(bounds, measured, isFloor);
    return { id, what, unit, measured, must, stretch, verdict };
  });
}

function verdictOf(bounds: Bounds | null, measured: number | null, isFloor: boolean) {
  if (bounds === null) return "not set here";
  if (measured === null) return "not measured";
  const reaches = (bound: number): boolean => (isFloor ? measured >= bound : measured <= bound);
  const [must, stretch] = bounds;
  if (!reaches(must)) return "missed";
  return reaches(stretch) ? "stretch" : "met";
}

/** Where the work is not done: a bound that is missed, or that could not be measured. */
export function isShort({ verdict }: Judgement): boolean {
  return verdict === "missed" || verdict === "not measured";
}
