// Targets: what dpop-core must reach and wants to reach, judged by the findings of one run. `must` is
// the floor below which the work is not done, `stretch` what we are after.
import { contestNamed, type Findings, timesAsFast } from "./findings.js";

interface Bound {
  readonly must: number;
  readonly stretch: number;
}

interface Target {
  readonly id: string;
  readonly what: string;
  readonly unit: "times" | "share" | "bytes";
  /** `most`: less is better. */
  readonly bound: "least" | "most";
  /** By the id of the engine that the target is set for. */
  readonly on: Readonly<Record<string, Bound>>;
  measured(findings: Findings): number | undefined;
}

export interface Judgement {
  readonly id: string;
  readonly what: string;
  readonly unit: Target["unit"];
  readonly measured: number | null;
  /** null where the target is not set for this engine. */
  readonly must: number | null;
  readonly stretch: number | null;
  readonly verdict: "stretch" | "met" | "missed" | "not measured" | "not set here";
}

const NODE_CRYPTO = "node:crypto, key kept";
const WEB_CRYPTO = "WebCrypto, key kept";
const OPENSSL = "openssl speed ecdsap256, verify";
const KIB64 = 65_536;

/** Before the signature, of a key that is known: each has a row in the contest. */
const REFUSALS = ["another method", "another URL", "too old", "another token"];

const TARGETS: readonly Target[] = [
  faster("T1", "whole ES256 proof, hot: fast against jose", "ES256 proof", "fast, hot", "jose", {
    node20: { must: 3.5, stretch: 4.5 },
    node24: { must: 3, stretch: 3.6 },
  }),
  faster("T1b", "the same on Node 26 and Deno", "ES256 proof", "fast, hot", "jose", {
    node26: { must: 2.5, stretch: 3 },
    deno: { must: 6, stretch: 7 },
  }),
  faster("T1c", "whole EdDSA proof, hot: fast against jose", "EdDSA proof", "fast, hot", "jose", {
    node20: { must: 2.8, stretch: 3.5 },
    node24: { must: 2.5, stretch: 3 },
  }),
  faster("T2", "whole ES256 proof, cold: fast against jose", "ES256 proof", "fast, cold", "jose", {
    node20: { must: 1.2, stretch: 1.5 },
    node24: { must: 1, stretch: 1.15 },
  }),
  faster("T3", "raw ES256, hot: fast against noble", "ES256 signature", "fast, hot", "noble", {
    node20: { must: 38, stretch: 43 },
  }),
  faster("T3", "raw ES256, cold: fast against noble", "ES256 signature", "fast, cold", "noble", {
    node20: { must: 12, stretch: 14 },
  }),
  faster(
    "T3b",
    "raw ES256, hot: fast against node:crypto with its key kept",
    "ES256 signature",
    "fast, hot",
    NODE_CRYPTO,
    { node20: { must: 1, stretch: 1.24 } },
  ),
  faster(
    "T3b",
    "raw Ed25519, hot: fast against node:crypto with its key kept",
    "Ed25519 signature",
    "fast, hot",
    NODE_CRYPTO,
    { node20: { must: 1.4, stretch: 1.8 } },
  ),
  {
    ...faster(
      "T5",
      "whole ES256 proof, hot: node, of the rate of openssl speed",
      "ES256 proof",
      "node, hot",
      OPENSSL,
      { node20: { must: 0.85, stretch: 0.9 } },
    ),
    unit: "share",
  },
  {
    // Nothing over WebCrypto can pass WebCrypto alone, which is under 3 times jose here: so the share counts.
    ...faster(
      "T6",
      "whole ES256 proof, hot: webcrypto, of the rate of WebCrypto alone, one core",
      "ES256 proof",
      "webcrypto, hot",
      WEB_CRYPTO,
      { node20: { must: 0.9, stretch: 0.95 } },
    ),
    unit: "share",
  },
  faster(
    "T6",
    "webcrypto against jose, 16 at once on all cores",
    "ES256 proof, 16 at once",
    "webcrypto, hot",
    "jose",
    { node20: { must: 4, stretch: 5 } },
  ),
  faster(
    "T6",
    "the same of WebCrypto alone, 16 at once",
    "ES256 proof, 16 at once",
    WEB_CRYPTO,
    "jose",
    {},
  ),
  share("T7", "own work, hot, of one node:crypto check", "own work, hot", NODE_CRYPTO, 0.1, 0.05),
  share(
    "T7",
    "own work, cold, of one node:crypto check",
    "own work, cold",
    NODE_CRYPTO,
    0.33,
    0.25,
  ),
  faster(
    "T8",
    "raw ES256, hot: our noble against plain noble",
    "ES256 signature",
    "noble, hot",
    "noble",
    {
      node20: { must: 2.8, stretch: 3.5 },
    },
  ),
  {
    id: "T8",
    what: "tables of one hot P-256 key, our noble",
    unit: "bytes",
    bound: "most",
    on: { node20: { must: KIB64, stretch: KIB64 } },
    measured: ({ tables }) =>
      tables.find(({ backend, label }) => backend === "noble" && label === "ES256")?.bytes,
  },
  {
    id: "T9",
    what: "replay store at 1,000,000 live entries against a swept Map",
    unit: "times",
    bound: "least",
    on: { node20: { must: 3, stretch: 4 } },
    measured: (findings) => timesAsFast(millionEntries(findings)?.result, "dpop-core", "swept Map"),
  },
  {
    id: "T9",
    what: "its memory for one entry",
    unit: "bytes",
    bound: "most",
    on: { node20: { must: 26, stretch: 20 } },
    measured: (findings) =>
      millionEntries(findings)?.bytesPerEntry.find(({ name }) => name === "dpop-core")?.bytes,
  },
  faster("T10", "raw Ed25519, hot: fast against noble", "Ed25519 signature", "fast, hot", "noble", {
    node20: { must: 22, stretch: 28 },
  }),
  faster(
    "T10",
    "raw Ed25519, cold: fast against noble",
    "Ed25519 signature",
    "fast, cold",
    "noble",
    {
      node20: { must: 8, stretch: 9 },
    },
  ),
  {
    id: "T11",
    what: "the dearest refusal before the signature, of a valid proof (fast, hot)",
    unit: "share",
    bound: "most",
    on: { node20: { must: 0.2, stretch: 0.1 } },
    measured(findings) {
      const shares = REFUSALS.map((what) =>
        shareOf(findings, `fast, hot, refused: ${what}`, "fast, hot"),
      );
      const measured = shares.filter((one) => one !== undefined);
      return measured.length < REFUSALS.length ? undefined : Math.max(...measured);
    },
  },
];

function faster(
  id: string,
  what: string,
  contest: string,
  name: string,
  base: string,
  on: Target["on"],
): Target {
  return {
    id,
    what,
    unit: "times",
    bound: "least",
    on,
    measured: (findings) => timesAsFast(contestNamed(findings, contest), name, base),
  };
}

function share(
  id: string,
  what: string,
  name: string,
  base: string,
  must: number,
  stretch: number,
): Target {
  const measured = (findings: Findings): number | undefined => shareOf(findings, name, base);
  return { id, what, unit: "share", bound: "most", on: { node20: { must, stretch } }, measured };
}

function shareOf(findings: Findings, name: string, base: string): number | undefined {
  const times = timesAsFast(contestNamed(findings, "ES256 proof"), name, base);
  return times === undefined ? undefined : 1 / times;
}

function millionEntries({ replay }: Findings): Findings["replay"][number] | undefined {
  return replay.find(({ live }) => live === 1_000_000);
}

export function judge(findings: Findings, engineId: string): readonly Judgement[] {
  return TARGETS.map(({ id, what, unit, bound, on, measured }) => {
    const found = measured(findings);
    const set = on[engineId];
    return {
      id,
      what,
      unit,
      measured: found ?? null,
      must: set?.must ?? null,
      stretch: set?.stretch ?? null,
      verdict: set === undefined ? "not set here" : verdictOf(found, set, bound),
    };
  });
}

function verdictOf(
  found: number | undefined,
  { must, stretch }: Bound,
  bound: Target["bound"],
): Judgement["verdict"] {
  if (found === undefined || Number.isNaN(found)) return "not measured";
  const sign = bound === "least" ? 1 : -1;
  if (sign * found < sign * must) return "missed";
  return sign * found < sign * stretch ? "met" : "stretch";
}

/** Where the work is not done: a floor that is missed, or that could not be measured. */
export function isShort({ verdict }: Judgement): boolean {
  return verdict === "missed" || verdict === "not measured";
}
