// What is tried and what must come of it, written down before anything runs; and the comparison with what did come.
import type { FailureCode } from "dpop-core";

/** What somebody got for a request. */
export interface Answer {
  /** The HTTP status code. */
  readonly status: number;
  /** The OAuth `error`: of the token response, or of the WWW-Authenticate of the API. */
  readonly error: string | null;
  /** Of the API: why the proof was refused. Of the authorization server: which key the granted token is bound to. */
  readonly detail: string | null;
}

interface Situation {
  readonly at: "AS" | "API";
  readonly tried: string;
  readonly must: Answer;
}

const SITUATIONS = {
  // A client gets a token.
  noNonce: as("ask for a token; the proof has no nonce yet", 400, "use_dpop_nonce"),
  granted: as("ask again with the nonce of that answer", 200, null, "bound to our key"),
  grantedAgain: as("another token, with a fresh proof", 200, null, "bound to our key"),
  // The authorization server refuses what is no proof of ours.
  asReplayed: as("the same proof once more", 400, "invalid_grant"),
  asAltered: as("a fresh proof, its signature altered", 400, "invalid_dpop_proof"),
  asWrongKey: as("a proof that shows one key, signed with another", 400, "invalid_dpop_proof"),
  asMadeUpNonce: as("a proof with a nonce that was made up", 400, "use_dpop_nonce"),
  asNoProof: as("no proof at all", 400, "invalid_grant"),
  // The client uses its token.
  anonymous: api("knock without a token", 401, null),
  called: api("token and fresh proof", 200, null),
  calledAgain: api("the same token, another fresh proof", 200, null),
  // Somebody stole the token, and what went with it.
  bearer: api("stolen token as Bearer", 401, "invalid_token"),
  noProof: api("stolen token, no proof", 401, "invalid_dpop_proof", "proof_missing"),
  otherKey: api("stolen token, proof of the thief's own key", 401, "invalid_token", "jkt_mismatch"),
  rewritten: api("stolen token, rewritten to the thief's key", 401, "invalid_token"),
  replayed: api("stolen token and its used proof", 401, "invalid_dpop_proof", "jti_replayed"),
  otherMethod: api("that proof for another method", 401, "invalid_dpop_proof", "htm_mismatch"),
  otherUrl: api("that proof for another URL", 401, "invalid_dpop_proof", "htu_mismatch"),
  otherToken: api("that proof for another token", 401, "invalid_dpop_proof", "ath_mismatch"),
  noToken: api("a proof that was made for no token", 401, "invalid_dpop_proof", "ath_missing"),
  stale: api("an unused proof, an hour old", 401, "invalid_dpop_proof", "iat_too_old"),
  future: api("a proof dated an hour ahead", 401, "invalid_dpop_proof", "iat_in_future"),
  // Proofs that nobody should send.
  altered: api("signature altered", 401, "invalid_dpop_proof", "signature_invalid"),
  rewrittenClaims: api(
    "claims altered after signing",
    401,
    "invalid_dpop_proof",
    "signature_invalid",
  ),
  twoFields: api("two DPoP fields", 401, "invalid_dpop_proof", "proof_multiple"),
  twoJoined: api("two proofs in one field", 401, "invalid_dpop_proof", "proof_multiple"),
  privateKey: api("the private key in jwk", 401, "invalid_dpop_proof", "jwk_private"),
  unsigned: api("alg none, no signature", 401, "invalid_dpop_proof", "jws_malformed"),
  algNone: api("alg none, a signature beside it", 401, "invalid_dpop_proof", "alg_unsupported"),
} satisfies Readonly<Record<string, Situation>>;

export type SituationName = keyof typeof SITUATIONS;

export interface Row extends Situation {
  readonly name: string;
  /** Undefined where the run never got there. */
  readonly got: Answer | undefined;
  readonly behaved: boolean;
}

export interface Report {
  readonly rows: readonly Row[];
  /** How many rows answered as they must. */
  readonly behaved: number;
  readonly total: number;
}

/** Every situation counts: one that was never tried did not behave. */
export function compare(answers: ReadonlyMap<string, Answer>): Report {
  const rows = Object.entries(SITUATIONS).map(([name, { at, tried, must }]): Row => {
    const got = answers.get(name);
    return { name, at, tried, must, got, behaved: got !== undefined && same(got, must) };
  });
  const behaved = rows.filter((row) => row.behaved).length;
  return { rows, behaved, total: rows.length };
}

export function exitCode({ behaved, total }: Report): 0 | 1 {
  return total > 0 && behaved === total ? 0 : 1;
}

export function render({ rows, behaved, total }: Report): string {
  const lines = [["at", "what was tried", "answer", "failure code, key", "as it must?"]];
  for (const { at, tried, must, got, behaved: yes } of rows) {
    const verdict = yes ? "yes" : `NO, must be ${words(must)} ${must.detail ?? ""}`;
    lines.push([at, tried, got === undefined ? "none" : words(got), got?.detail ?? "-", verdict]);
  }
  const widths = [3, 47, 22, 17, 0]; // characters
  const table = lines.map((cells) => cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" "));
  return [...table.map((line) => line.trimEnd()), "", `demo: ${behaved}/${total}`].join("\n");
}

function words({ status, error }: Answer): string {
  return error === null ? `${status}` : `${status} ${error}`;
}

function same(a: Answer, b: Answer): boolean {
  return a.status === b.status && a.error === b.error && a.detail === b.detail;
}

function as(
  tried: string,
  status: number,
  error: string | null,
  detail: "bound to our key" | null = null,
): Situation {
  return { at: "AS", tried, must: { status, error, detail } };
}

function api(
  tried: string,
  status: number,
  error: string | null,
  detail: FailureCode | null = null,
): Situation {
  return { at: "API", tried, must: { status, error, detail } };
}
