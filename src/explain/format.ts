// Text for terminals.
import type { Explanation } from "./explanation.js";

/** Options of formatExplanation. */
export interface FormatOptions {
  /** Whether the text has colours (ECMA-48 SGR sequences). Default false. */
  readonly color?: boolean | undefined;
}

/** Formats. Lines of at most 100 columns. */
export function formatExplanation(explanation: Explanation, options: FormatOptions = {}): string {
  throw new Error(`to come ${String([explanation, options].length)}`);
}
