// Charts: the results that are kept, drawn into ../charts.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Bar, barChart } from "./bar-chart.js";
import { type Line, lineChart } from "./line-chart.js";
import { readResults, type Results, type Table } from "./results.js";

const FOLDER = fileURLToPath(new URL("../charts/", import.meta.url));

/** The engine of the charts that show one. */
const FIRST = "node20";

const COLORS: Readonly<Record<string, number>> = {
  fast: 0,
  node: 1,
  webcrypto: 2,
  noble: 3,
  jose: 4,
};

export function drawCharts(): void {
  const results = readResults();
  const main = results.find(({ id }) => id === FIRST) ?? results[0];
  if (main === undefined) return;
  mkdirSync(FOLDER, { recursive: true });
  write("proofs-es256.svg", proofsChart(results, "ES256"));
  write("proofs-eddsa.svg", proofsChart(results, "EdDSA"));
  write("server.svg", serverChart(results));
  write("keys.svg", keysChart(main));
  write("replay.svg", replayChart(main));
}

function write(name: string, svg: string): void {
  writeFileSync(FOLDER + name, svg);
}

/** Every engine's backends beside jose in the same engine. */
function proofsChart(results: readonly Results[], label: string): string {
  return barChart({
    title: `Verifying a DPoP proof, ${label}: times as fast as jose in the same engine`,
    subtitle:
      "Keys seen before, one core. jose as servers call it, its key imported for each proof (line: 1×).",
    base: 1,
    groups: results.map(({ engine, contests }) => ({
      name: `${engine.name} ${engine.version}`,
      bars: proofBars(contests.find(({ name }) => name === `${label} proof`)),
    })),
  });
}

function proofBars(table: Table | undefined): readonly Bar[] {
  const names = [
    ["fast, hot", "fast"],
    ["node, hot", "node"],
    ["webcrypto, hot", "webcrypto"],
    ["noble, hot", "noble"],
    ["jose, key kept", "jose"],
  ] as const;
  return names.flatMap(([row, backend]) => {
    const found = table?.rows.find(({ name }) => name === row);
    if (found === undefined) return [];
    const name = backend === "jose" ? "jose, key kept" : backend;
    const rate = Math.round(1e6 / found.microseconds / 100) / 10;
    const text = `${found.timesAsFast.toPrecision(2)}× (${rate}k/s)`;
    return [{ name, value: found.timesAsFast, text, color: COLORS[backend] ?? 4 }];
  });
}

function serverChart(results: readonly Results[]): string {
  const groups = results.map(({ engine, contests }) => ({
    name: `${engine.name} ${engine.version}`,
    bars: serverBars(contests.find(({ name }) => name === "requests to a whole server")),
  }));
  return barChart({
    title: "Requests a second to a whole HTTP server, ES256",
    subtitle: "node:http on one core, 100 clients, replays refused; none: without verification.",
    groups,
  });
}

function serverBars(table: Table | undefined): readonly Bar[] {
  return (table?.rows ?? []).map(({ name, microseconds }) => ({
    name,
    value: 1e6 / microseconds,
    text: Math.round(1e6 / microseconds).toLocaleString("en-US"),
    color: COLORS[name] ?? 3,
  }));
}

function keysChart({ engine, keys }: Results): string {
  const names = [...new Set(keys.flatMap(({ table }) => table.rows.map(({ name }) => name)))];
  const lines = (["uniform", "zipf"] as const).flatMap((spread) =>
    names.map((name): Line => {
      const [backend = ""] = name.split(",");
      const color = name === backend ? (COLORS[backend] ?? 4) : 2;
      const points = keys.flatMap(({ keys: count, spread: how, table }) => {
        const row = table.rows.find((one) => one.name === name);
        const belongs = how === spread || count === 1; // one key has no spread
        return row === undefined || !belongs ? [] : [[count, row.microseconds] as const];
      });
      return { name: `${name}, ${spread}`, color, dashed: spread === "zipf", points };
    }),
  );
  // noble would take the height for itself; jose remembers nothing, so that it is all one to it.
  const shown = lines.filter(
    ({ name, points }) => points.length > 0 && !name.startsWith("noble") && name !== "jose, zipf",
  );
  return lineChart({
    title: `One ES256 proof, by the number of keys that take turns (${engine.name} ${engine.version})`,
    across: "distinct hot keys",
    panels: [{ up: "µs", lines: shown }],
  });
}

function replayChart({ engine, replay }: Results): string {
  const names = replay[0]?.table.rows.map(({ name }) => name) ?? [];
  const color = (name: string): number => (name === "dpop-core" ? 0 : 4);
  const cost = names.map((name): Line => {
    const points = replay.flatMap(({ live, table }) => {
      const row = table.rows.find((one) => one.name === name);
      return row === undefined ? [] : [[live, row.microseconds * 1000] as const];
    });
    return { name, color: color(name), points };
  });
  const memory = names.map((name): Line => {
    const points = replay.flatMap(({ live, bytesPerEntry }) => {
      const found = bytesPerEntry.find((one) => one.name === name);
      return found === undefined ? [] : [[live, found.bytes] as const];
    });
    return { name, color: color(name), points };
  });
  return lineChart({
    title: `Replay stores, by their live entries (${engine.name} ${engine.version})`,
    across: "live entries",
    panels: [
      { up: "ns for a new entry, expiry included", lines: cost },
      { up: "bytes of memory for a live entry", lines: memory },
    ],
  });
}
