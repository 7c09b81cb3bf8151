// SVG: marks on a plane to a document that is read in light and in dark surroundings alike.

export type Attributes = Readonly<Record<string, string | number>>;

/** 0 to 5: blue, green, orange, purple, grey, teal. */
const LIGHT = ["#0969da", "#1a7f37", "#bc4c00", "#8250df", "#59636e", "#1b7c83"];
const DARK = ["#4493f8", "#3fb950", "#f0883e", "#ab7df8", "#9198a1", "#39c5cf"];

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

/** Classes: fill0 to fill5 for areas, line0 to line5 for lines. */
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
  const plane = rectangle([0, 0], [width, height], { class: "plane", rx: 8 });
  const parts = [`<title id="t">${escaped(title)}</title>`, `<style>${STYLE}</style>`, plane];
  return `${[head, ...parts, ...marks].join("\n")}\n</svg>\n`;
}

type Point = readonly [x: number, y: number];

export function label(x: number, y: number, content: string, more: Attributes = {}): string {
  return `<text${attributes({ x, y, ...more })}>${escaped(content)}</text>`;
}

export function rectangle(
  [x, y]: Point,
  [width, height]: readonly [width: number, height: number],
  more: Attributes,
): string {
  return `<rect${attributes({ x, y, width, height, ...more })}/>`;
}

export function segment([x1, y1]: Point, [x2, y2]: Point, more: Attributes): string {
  return `<line${attributes({ x1, y1, x2, y2, ...more })}/>`;
}

export function polyline(places: readonly Point[], more: Attributes): string {
  const points = places.map((place) => place.map(rounded).join(",")).join(" ");
  return `<polyline${attributes({ points, ...more })}/>`;
}

export function dot([cx, cy]: Point, more: Attributes): string {
  return `<circle${attributes({ cx, cy, r: 3.5, ...more })}/>`;
}

function attributes(all: Attributes): string {
  const texts = Object.entries(all).map(([name, value]) => {
    const text = typeof value === "number" ? String(rounded(value)) : escaped(value);
    return ` ${name}="${text}"`;
  });
  return texts.join("");
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
