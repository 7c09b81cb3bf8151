// Look-ups that a role hands to its verifier (RFC 9449 section 4.3 item 12b): what a token or a grant is
// bound to.

/** A look-up that knows whether it was made. */
export interface LookUp<T> {
  readonly jkt: () => T;
  wasAsked(): boolean;
}

/** A verifier that accepts a proof without the look-up never compared the keys: the roles refuse that. */
export function lookUp<T>(look: () => T): LookUp<T> {
  let wasAsked = false;
  return {
    jkt(): T {
      wasAsked = true;
      return look();
    },
    wasAsked: () => wasAsked,
  };
}
