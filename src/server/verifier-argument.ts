// The verifier that a caller gives to a role.
import { functionMember, objectArgument } from "../input/argument.js";
import type { AsyncVerifier, Verifier } from "../verify/verifier.js";

/** The part of a verifier that a role uses. A wrapper around a verifier needs no more. */
export type RoleVerifier<V extends Verifier | AsyncVerifier> = Pick<
  V,
  "algs" | "plainHttp" | "verify"
>;

/**
 * Guards a verifier and returns its labels. Throws a TypeError for anything else, and for one of the other kind.
 */
export function readVerifierLabels(
  verifier: RoleVerifier<Verifier | AsyncVerifier>,
  isSync: boolean,
): readonly string[] {
  functionMember(objectArgument(verifier, "verifier"), "verify", "verifier");
  const { algs } = verifier;
  if (Reflect.get(verifier, "isAsync") === isSync) {
    throw new TypeError(
      isSync
        ? "verifier must be one of createVerifier; one of createAsyncVerifier is for the servers with Async in their names"
        : "verifier must be one of createAsyncVerifier here",
    );
  }
  if (!Array.isArray(algs)) throw new TypeError("verifier.algs must be an array of strings");
  return algs;
}
