// Lines: panels side by side, with powers of ten from left to right.
import { dot, label, polyline, segment, svgDocument } from "./svg.js";

export interface Line {
  readonly name: string;
  /** 0 to 4. */
  readonly color: number;
  readonly dashed?: boolean | undefined;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** `up` and `across` say what the axes show. */
export interface LineChart {
  readonly title: string;
  readonly across: string;
  readonly panels: readonly { readonly up: string; readonly lines: readonly Line[] }[];
}

const HEIGHT = 380;
const TOP = 66;
const BOTTOM = 330;
const END = { "text-anchor": "end", class: "faint" };
const MIDDLE = { "text-anchor": "middle", class: "faint" };

export function lineChart({ title, across, panels }: LineChart): string {
  const width = panels.length === 1 ? 760 : 420 * panels.length;
  const each = width / panels.length;
  const marks = panels.flatMap((panel, index) =>
    panelMarks(panel.lines, across, index * each + 60, (index + 1) * each - 30),
  );
  const head = [
    label(16, 28, title, { class: "title" }),
    ...panels.map(({ up }, index) => label(index * each + 16, 50, up, { class: "faint" })),
  ];
  const names = panels.flatMap(({ lines }) => lines);
  const distinct = names.filter(
    ({ name }, index) => names.findIndex((line) => line.name === name) === index,
  );
  const legend = legendMarks(distinct, width);
  return svgDocument(width, HEIGHT + legend.height, title, [...head, ...marks, ...legend.marks]);
}

function panelMarks(lines: readonly Line[], across: string, left: number, right: number) {
  const all = lines.flatMap(({ points }) => points);
  const most = niceTop(Math.max(...all.map(([, y]) => y)));
  const decades = all.map(([x]) => Math.log10(x));
  const [first, last] = [Math.floor(Math.min(...decades)), Math.ceil(Math.max(...decades))];
  const px = (x: number): number =>
    left + ((Math.log10(x) - first) / Math.max(last - first, 1)) * (right - left);
  const py = (y: number): number => BOTTOM - (y / most) * (BOTTOM - TOP);
  const marks: string[] = [];
  for (let step = 0; step <= 5; step++) {
    const value = (most / 5) * step;
    marks.push(
      segment([left, py(value)], [right, py(value)], { class: "grid" }),
      label(left - 8, py(value) + 4, tick(value), END),
    );
  }
  for (let decade = first; decade <= last; decade++) {
    marks.push(label(px(10 ** decade), BOTTOM + 18, tick(10 ** decade), MIDDLE));
  }
  marks.push(label((left + right) / 2, BOTTOM + 38, across, MIDDLE));
  for (const line of lines) {
    const places = line.points.map(([x, y]) => [px(x), py(y)] as const);
    marks.push(polyline(places, styleOf(line)));
    for (const place of places) marks.push(dot(place, { class: `fill${line.color}` }));
  }
  return marks;
}

/** Names under the panels, as many in a row as fit. */
function legendMarks(lines: readonly Line[], width: number) {
  const marks: string[] = [];
  let [x, y] = [16, HEIGHT + 8];
  for (const line of lines) {
    const room = 44 + line.name.length * 7.2;
    if (x + room > width - 8) [x, y] = [16, y + 22];
    marks.push(segment([x, y - 4], [x + 26, y - 4], styleOf(line)), label(x + 32, y, line.name));
    x += room;
  }
  return { marks, height: y - HEIGHT + 16 };
}

function styleOf({ color, dashed = false }: Line) {
  return { class: `line line${color}${dashed ? " dashed" : ""}` };
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 1.5, 2, 2.5, 3, 4, 5, 7.5].find((one) => one * power >= value) ?? 10;
  return factor * power;
}

function tick(value: number): string {
  return value >= 1e6 ? `${value / 1e6}M` : Number(value.toPrecision(3)).toLocaleString("en-US");
}
