// What someone captured: a request, and what a server sent back.

/** A header field. The name is in small letters. */
export type Field = readonly [name: string, value: string];

/** A request that someone captured. */
export interface CapturedRequest {
  /** Undefined where the text has header fields only. */
  readonly method: string | undefined;
  /** As it stood in the request line. */
  readonly target: string | undefined;
  /** The scheme, as far as the text tells it. */
  readonly scheme: "http" | "https" | undefined;
  readonly fields: readonly Field[];
  readonly response: CapturedResponse | undefined;
}

/** What a server sent back. */
export interface CapturedResponse {
  readonly status: number;
  readonly fields: readonly Field[];
  /** The code in its body, if the text has one. */
  readonly error: string | undefined;
}
