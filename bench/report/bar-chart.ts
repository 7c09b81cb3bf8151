// Bars: groups of values, each group under its name.
import { label, rectangle, segment, svgDocument } from "./svg.js";

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** What stands beside the bar. */
  readonly text: string;
  /** 0 to 4. */
  readonly color: number;
}

export interface BarChart {
  readonly title: string;
  readonly subtitle: string;
  /** Where a line is drawn from top to bottom, if anywhere. */
  readonly base?: number | undefined;
  readonly groups: readonly { readonly name: string; readonly bars: readonly Bar[] }[];
}

const WIDTH = 760;
/** The least room for names, and the room for each of their letters. */
const LEAST_LEFT = 110;
const LETTER = 7;
const RIGHT = 110;
const TOP = 64;
const BAR = 17;
const STEP = 21;
const GROUP_HEAD = 26;

export function barChart({ title, subtitle, base, groups }: BarChart): string {
  const most = Math.max(base ?? 0, ...groups.flatMap(({ bars }) => bars.map((bar) => bar.value)));
  const names = groups.flatMap(({ bars }) => bars.map(({ name }) => name.length));
  const left = Math.max(LEAST_LEFT, LETTER * Math.max(...names, 0) + 16);
  const x = (value: number): number => left + (value / most) * (WIDTH - left - RIGHT);
  const marks = [
    label(16, 28, title, { class: "title" }),
    label(16, 48, subtitle, { class: "faint" }),
  ];
  let y = TOP;
  for (const { name, bars } of groups) {
    marks.push(label(16, y + 17, name, { "font-weight": 600 }));
    y += GROUP_HEAD;
    for (const bar of bars) {
      const end = x(bar.value);
      const middle = y + BAR - 4;
      marks.push(
        label(left - 8, middle, bar.name, { "text-anchor": "end" }),
        rectangle([left, y], [Math.max(end - left, 1), BAR], { class: `fill${bar.color}`, rx: 2 }),
        label(end + 6, middle, bar.text),
      );
      y += STEP;
    }
    y += 8;
  }
  if (base !== undefined) marks.push(segment([x(base), TOP], [x(base), y], { class: "base" }));
  return svgDocument(WIDTH, y + 8, title, marks);
}
