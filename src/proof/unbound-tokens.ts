// Access tokens that are bound to no key (RFC 9449 section 5 for a client, section 7.2 for a
// resource server): one choice for both sides.
import { choiceArgument } from "../input/argument.js";

/**
 * What to do with an access token that is not bound to a key. "refused" is what RFC 9449 requires
 * of a party that relies on the binding. "accepted" takes it as a Bearer token, which anyone who
 * steals it can use; it is for the time in which clients and servers move over. A bound token is
 * never taken as Bearer.
 */
export type UnboundTokens = "refused" | "accepted";

/** Reads the option `unboundTokens`. Default "refused". Throws a TypeError for another value. */
export function readUnboundTokens(value: unknown): UnboundTokens {
  return choiceArgument(value, "unboundTokens", "refused", "accepted");
}
