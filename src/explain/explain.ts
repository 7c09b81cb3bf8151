// The explanation of a verdict (RFC 9449 section 4.3): a proof, the request that it came with and the options of
// a verifier enter; how the proof stands to every rule leaves.
//
// The verdict is the verifier's own, which is asked last. The rules are judged by the functions that it judges
// them with, each for itself: what a failed rule would have given to a later one is replaced, or the later one is
// not reached. So an explanation can't say of a proof what a verifier does not.
//
// As a verification, an explanation is prepared once and driven twice; the drivers differ by `await`.
import { plainArgument } from "../input/argument.js";
import type { FieldValue } from "../input/http.js";
import { failure } from "../proof/failure.js";
import type { SyncReplayStore } from "../replay/replay.js";
import { NO_CACHE } from "../verify/cache.js";
import { drive, driveAsync, verifyWith } from "../verify/drive.js";
import { readPolicy, readSyncPolicy } from "../verify/policy.js";
import type { AsyncProofRequest, ProofRequest } from "../verify/request.js";
import { explanationOf } from "./answer.js";
import {
  type Examination,
  examine,
  type Found,
  isValid,
  judgeKeys,
  judgeReplay,
  judgeSignature,
  lookupOf,
  replayKeyOf,
  type Trial,
  trialsOf,
} from "./examine.js";
import type { Explanation } from "./explanation.js";
import { type AsyncExplainOptions, type ExplainOptions, readReader } from "./options.js";

/**
 * Explains why a verifier accepts or refuses a proof. It judges every rule, also after the first that failed, and
 * says of each what was expected, what was found and the likely cause. It records nothing.
 *
 * It is for people who look for a fault, not for the path of requests: it costs several times as much as a
 * verification, and asks a look-up (`jkt` as a function) and the nonce check also where the proof is bad.
 *
 * @param proof the value, or the list of values, of the header field `DPoP`.
 * @param request what the server saw, as for verifyProof. A URL for which a verifier throws a TypeError, plain
 *   http or no URL at all, is explained as `url_invalid`.
 * @param options as for createVerifier, but for `replay`, which is only read and may be left out.
 * @returns the explanation, as plain JSON without secrets. Its verdict is that of a verifier.
 * @throws a TypeError or RangeError for a mistaken argument. What a backend, a nonce check, a store or a look-up
 *   throws propagates.
 * @example
 * ```ts
 * import { explainProof, formatExplanation } from "dpop-core/explain";
 * import { nodeCrypto } from "dpop-core/node-crypto";
 *
 * const request = { method: "POST", url: "https://server.example.com/token" };
 * const explanation = explainProof("no proof", request, { backend: nodeCrypto });
 * console.log(formatExplanation(explanation)); // Refused: the proof is not of three segments ...
 * ```
 * @see RFC 9449 section 4.3
 */
export function explainProof(
  proof: FieldValue,
  request: ProofRequest,
  options: ExplainOptions,
): Explanation {
  plainArgument(options, "options"); // or the spread would drop what is inherited
  const reader = readReader(options.replay);
  const policy = readSyncPolicy({ ...options, replay: "none" });
  const examined = examine(proof, request, policy);
  const lookUp = lookupOf(examined);
  const bound = lookUp === null ? null : { jkt: lookUp() };
  judgeKeys(examined, bound);
  const { alg, jwk } = examined;
  const key = alg && jwk && policy.algs.get(alg.alg)?.importKey(jwk);
  const trials = key ? trialsOf(examined) : [];
  judgeSignature(
    examined,
    key,
    trials.find((trial) => key && isValid(verifyWith(key, trial))),
  );
  const entry = replayKeyOf(examined);
  const used =
    reader === null || entry === null ? undefined : reader.has(entry, examined.facts.now);
  judgeReplay(examined, reader !== null, used);
  if (examined.urlFault !== null) return explanationOf(examined, bound, failure("url_invalid"));
  const replay = readOnly(used === true);
  const again = askedRequest(examined, bound);
  return explanationOf(examined, bound, drive(proof, again, { ...policy, replay }, NO_CACHE));
}

/**
 * Explains with parts that may return promises: a backend, a replay store, a look-up.
 *
 * @param proof the value, or the list of values, of the header field `DPoP`.
 * @param request what the server saw, as for verifyProofAsync.
 * @param options as for createAsyncVerifier, but for `replay`, which is only read and may be left out.
 * @returns the explanation, as explainProof returns it.
 * @throws rejects with what explainProof throws.
 * @example
 * ```ts
 * import { explainProofAsync } from "dpop-core/explain";
 * import { webcrypto } from "dpop-core/webcrypto";
 *
 * const request = { method: "POST", url: "https://server.example.com/token" };
 * const { verdict } = await explainProofAsync("no proof", request, { backend: webcrypto });
 * console.log(verdict.ok ? "good" : verdict.code); // "jws_malformed"
 * ```
 * @see RFC 9449 section 4.3
 */
export async function explainProofAsync(
  proof: FieldValue,
  request: AsyncProofRequest,
  options: AsyncExplainOptions,
): Promise<Explanation> {
  plainArgument(options, "options"); // or the spread would drop what is inherited
  const reader = readReader(options.replay);
  const policy = readPolicy({ ...options, replay: "none" });
  const examined = examine(proof, request, policy);
  const lookUp = lookupOf(examined);
  const bound = lookUp === null ? null : { jkt: await lookUp() };
  judgeKeys(examined, bound);
  const { alg, jwk } = examined;
  const key = alg && jwk && (await alg.importKey(jwk));
  let verified: Trial | undefined;
  for (const trial of key ? trialsOf(examined) : []) {
    if (verified === undefined && key && isValid(await verifyWith(key, trial))) verified = trial;
  }
  judgeSignature(examined, key, verified);
  const entry = replayKeyOf(examined);
  const used =
    reader === null || entry === null ? undefined : await reader.has(entry, examined.facts.now);
  judgeReplay(examined, reader !== null, used);
  if (examined.urlFault !== null) return explanationOf(examined, bound, failure("url_invalid"));
  const replay = readOnly(used === true);
  const again = askedRequest(examined, bound);
  const result = await driveAsync(proof, again, { ...policy, replay }, NO_CACHE, null);
  return explanationOf(examined, bound, result);
}

/** A store that knows one thing, whether this proof was used, and records nothing. */
function readOnly(isUsed: boolean): SyncReplayStore {
  return { add: () => (isUsed ? "seen" : "new") };
}

/** The request as it was read, so that clock and look-up are not asked twice. */
function askedRequest({ facts }: Examination, bound: Found | null): ProofRequest {
  const jkt = bound === null ? facts.jkt : () => bound.jkt;
  return { ...facts, jkt } as ProofRequest; // the facts were read from such a request
}
