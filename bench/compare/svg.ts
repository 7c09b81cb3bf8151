// SVG: marks on a plane to a document that is read in light and in dark surroundings alike.

export type Attributes = Readonly<Record<string, string | number>>;

/** 0 to 4: blue, green, orange, purple, grey. */
const LIGHT = ["#0969da", "#1a7f37", "#bc4c00", "#8250df", "#59636e"];
const DARK = ["#4493f8", "#3fb950", "#f0883e", "#ab7df8", "#9198a1"];

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .faint { fill: #59636e; }
  .plane { fill: #ffffff; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .base { stroke: #59636e; stroke-width: 1.5; stroke-dasharray: 4 3; }
  .line { fill: none; stroke-width: 2.5; }
  .dashed { stroke-dasharray: 6 4; }
${colorRules(LIGHT)}
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .faint { fill: #9198a1; }
    .plane { fill: #0d1117; }
    .grid { stroke: #3d444d; }
    .base { stroke: #9198a1; }
${colorRules(DARK)}
  }
`;

/** Classes: fill0 to fill4 for areas, line0 to line4 for lines. */
function colorRules(colors: readonly string[]): string {
  return colors
    .map(
      (color, index) => `  .fill${index} { fill: ${color}; } .line${index} { stroke: ${color}; }`,
    )
    .join("\n");
}

/** `title` is read out where nothing is seen. */
export function svgDocument(
  width: number,
  height: number,
  title: string,
  marks: readonly string[],
): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t">`;
  const plane = rectangle(0, 0, width, height, { class: "plane", rx: 8 });
  const parts = [`<title id="t">${escaped(title)}</title>`, `<style>${STYLE}</style>`, plane];
  return `${[head, ...parts, ...marks].join("\n")}\n</svg>\n`;
}

export function label(x: number, y: number, content: string, more: Attributes = {}): string {
  return `<text${attributes({ x: rounded(x), y: rounded(y), ...more })}>${escaped(content)}</text>`;
}

export function rectangle(
  x: number,
  y: number,
  width: number,
  height: number,
  more: Attributes = {},
): string {
  const box = { x: rounded(x), y: rounded(y), width: rounded(width), height: rounded(height) };
  return `<rect${attributes({ ...box, ...more })}/>`;
}

export function segment(
  from: readonly [number, number],
  to: readonly [number, number],
  more: Attributes,
): string {
  const [x1, y1] = from.map(rounded);
  const [x2, y2] = to.map(rounded);
  return `<line${attributes({ x1: x1 ?? 0, y1: y1 ?? 0, x2: x2 ?? 0, y2: y2 ?? 0, ...more })}/>`;
}

export function polyline(points: readonly (readonly [number, number])[], more: Attributes): string {
  const text = points.map(([x, y]) => `${rounded(x)},${rounded(y)}`).join(" ");
  return `<polyline${attributes({ points: text, ...more })}/>`;
}

export function dot([x, y]: readonly [number, number], more: Attributes): string {
  return `<circle${attributes({ cx: rounded(x), cy: rounded(y), r: 3.5, ...more })}/>`;
}

function attributes(all: Attributes): string {
  return Object.entries(all)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join("");
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
