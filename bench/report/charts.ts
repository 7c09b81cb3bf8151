// Charts: the results that are kept, drawn into ../charts.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Bar, barChart } from "./bar-chart.js";
import { type Line, lineChart } from "./line-chart.js";
import { readResults, type Results, type Row, type SeriesResult } from "./results.js";

const FOLDER = fileURLToPath(new URL("../charts/", import.meta.url));

/** The engine of the charts that show one. */
const FIRST = "node20";

const KEYS_SERIES = "proofs, by the keys that take turns";
const REPLAY_SERIES = "a new entry of a replay store, by live entries";

const COLORS: Readonly<Record<string, number>> = {
  fast: 0,
  "node-crypto": 1,
  webcrypto: 2,
  noble: 3,
  jose: 4,
  wasm: 5,
};

export function drawCharts(): void {
  const results = readResults();
  const main = results.find(({ id }) => id === FIRST) ?? results[0];
  if (main === undefined) return;
  write("proofs-es256.svg", proofsChart(results, "ES256"));
  write("proofs-eddsa.svg", proofsChart(results, "EdDSA"));
  write("server.svg", serverChart(results));
  write("api.svg", apiChart(results));
  write("keys.svg", keysChart(main));
  write("replay.svg", replayChart(main));
}

function write(name: string, svg: string): void {
  writeFileSync(FOLDER + name, svg);
}

type Rows = Readonly<Record<string, Row>>;

/** Every engine's backends beside jose in the same engine. */
function proofsChart(results: readonly Results[], label: string): string {
  return barChart({
    title: `Verifying a DPoP proof, ${label}: times as fast as jose in the same engine`,
    subtitle:
      "Keys seen before, one core. jose as servers call it, its key imported for each proof (line: 1×).",
    base: 1,
    groups: results.map(({ engine, contests }) => ({
      name: engine,
      bars: proofBars(contests[`${label} proof`] ?? {}),
    })),
  });
}

function proofBars(rows: Rows): readonly Bar[] {
  const names = [
    "wasm, hot",
    "fast, hot",
    "node-crypto, hot",
    "webcrypto, hot",
    "noble, hot",
    "jose, key kept",
  ];
  return names.flatMap((row) => {
    const [microseconds, timesAsFast] = rows[row] ?? [];
    if (microseconds === undefined || timesAsFast === undefined) return [];
    const [backend = ""] = row.split(",");
    const name = backend === "jose" ? row : backend;
    const rate = Math.round(1e6 / microseconds / 100) / 10;
    const text = `${timesAsFast.toPrecision(2)}× (${rate}k/s)`;
    return [{ name, value: timesAsFast, text, color: COLORS[backend] ?? 4 }];
  });
}

function serverChart(results: readonly Results[]): string {
  const groups = results.flatMap(({ engine, besides = {} }) =>
    ["1", "64"].flatMap((connections) => {
      const rows = Object.entries(besides[`inside a server, connections: ${connections}`] ?? {});
      const bars = rows.map(([name, figures = {}]) => serverBar(name, figures));
      return rows.length === 0 ? [] : [{ name: `${engine}, connections: ${connections}`, bars }];
    }),
  );
  return barChart({
    title: "What a DPoP proof costs inside a server, ES256: microseconds of processor a request",
    subtitle:
      "node:http on one core, 100 clients, replays refused; beyond what a request costs by itself.",
    groups,
  });
}

function serverBar(name: string, figures: Readonly<Record<string, number>>): Bar {
  const { "µs over none": value = NaN, "requests a second": rate = NaN } = figures;
  const text = `${value.toFixed(0)} µs (${(rate / 1000).toFixed(1)}k/s)`;
  const [backend = ""] = name.split(",", 1);
  return { name, value: Math.max(value, 0), text, color: COLORS[backend] ?? 3 };
}

function apiChart(results: readonly Results[]): string {
  const groups = results.flatMap(({ engine, contests }) => {
    const rows = Object.entries(contests["API request, ES256 tokens and proofs"] ?? {});
    if (rows.length === 0) return [];
    const bars = rows.map(([name, [microseconds]]): Bar => {
      const rate = Math.round(1e6 / microseconds / 100) / 10;
      const text = `${microseconds.toPrecision(3)} µs (${rate}k/s)`;
      const backend = Object.keys(COLORS).find((one) => name.includes(one)) ?? "noble";
      return { name, value: microseconds, text, color: COLORS[backend] ?? 3 };
    });
    return [{ name: engine, bars }];
  });
  return barChart({
    title: "One API request: access token and proof checked, replays refused",
    subtitle: "Microseconds of one core, ES256, keys seen before. Less is better.",
    groups,
  });
}

/** One column of a series: the points that `x` finds a place for. */
function pointsOf(
  { columns, ...rows }: SeriesResult,
  name: string,
  x: (point: string) => number | null,
): Line["points"] {
  const column = columns.indexOf(name);
  return Object.entries(rows).flatMap(([point, row]) => {
    const [place, value] = [x(point), row[column]];
    return place === null || typeof value !== "number" ? [] : [[place, value] as const];
  });
}

function keysChart({ engine, series }: Results): string {
  const table = series[KEYS_SERIES] ?? { columns: [] };
  const lines = ["uniform", "zipf"].flatMap((spread) =>
    table.columns.map((name): Line => {
      const [backend = ""] = name.split(",");
      const color = name === backend ? (COLORS[backend] ?? 4) : 2;
      const points = pointsOf(table, name, (point) => {
        const keys = Number.parseInt(point, 10);
        return point.endsWith(spread) || keys === 1 ? keys : null; // one key has no spread
      });
      return { name: `${name}, ${spread}`, color, dashed: spread === "zipf", points };
    }),
  );
  // noble would take the height for itself; jose remembers nothing, so that its spread does not matter.
  const shown = lines.filter(
    ({ name, points }) => points.length > 0 && !name.startsWith("noble") && name !== "jose, zipf",
  );
  return lineChart({
    title: `One ES256 proof, by the number of keys that take turns (${engine})`,
    across: "distinct hot keys",
    panels: [{ up: "µs", lines: shown }],
  });
}

function replayChart({ engine, series }: Results): string {
  const table = series[REPLAY_SERIES] ?? { columns: [] };
  const line = (name: string, column: string, factor: number): Line => ({
    name,
    color: name === "dpop-core" ? 0 : 4,
    points: pointsOf(table, column, (point) => Number.parseInt(point, 10)).map(([x, y]) => [
      x,
      y * factor,
    ]),
  });
  const names = ["swept Map", "dpop-core"];
  const cost = names.map((name) => line(name, name, 1000));
  const memory = names.map((name) => line(name, `${name}: bytes`, 1));
  return lineChart({
    title: `Replay stores, by their live entries (${engine})`,
    across: "live entries",
    panels: [
      { up: "ns for a new entry, expiry included", lines: cost },
      { up: "bytes of memory for a live entry", lines: memory },
    ],
  });
}
