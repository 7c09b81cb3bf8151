// Badges of the README: a label and what a command found, as SVG. Drawn here and not by a service, so
// that they say what this tree says.

/** About the width of a letter of Verdana at 11 pixels. */
const LETTER = 6.8;
const PADDING = 10;

/** `color` is of the right part. */
export function badge(label: string, value: string, color = "#2a7f3f"): string {
  const [left, right] = [widthOf(label), widthOf(value)];
  const width = left + right;
  const text = (of: string, middle: number): string =>
    `<text x="${middle}" y="14" text-anchor="middle">${escape(of)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${escape(`${label}: ${value}`)}">
  <clipPath id="r"><rect width="${width}" height="20" rx="3"/></clipPath>
  <g clip-path="url(#r)">
    <rect width="${left}" height="20" fill="#444"/>
    <rect x="${left}" width="${right}" height="20" fill="${color}"/>
  </g>
  <g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
    ${text(label, left / 2)}
    ${text(value, left + right / 2)}
  </g>
</svg>
`;
}

function widthOf(text: string): number {
  return Math.round(text.length * LETTER) + PADDING;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
