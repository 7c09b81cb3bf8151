// What the engine and its client agree on.

/** What clients call, though nothing listens there: a guard reads no `Host`. */
export const ORIGIN = "https://api.example/v1";

export const NONCE = "the-nonce-of-now";

/** The scope of a token that can't be checked. */
export const UNREACHABLE = "unreachable";
