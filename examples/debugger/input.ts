// What was pasted and what the fields say, to a proof and the request that it came with.
import type { AsyncProofRequest, NonceCheck } from "dpop-core/core";
import { readCaptured, urlOf, valuesOf } from "../../src/cli/base/captured-request.js";
import { expectNonce, readTime } from "../../src/cli/base/expected.js";
import { claimsIn, headerIn, jsonIn, textIn, thumbprintOf } from "./segments.js";

/** The fields of the form, by their ids. */
export type Field = "pasted" | "method" | "url" | "token" | "jkt" | "nonce" | "now";
export type Fields = Readonly<Record<Field, string>>;

/** A proof, and what a server compares it with. */
export interface Subject {
  /** The values of the field DPoP. */
  readonly proof: readonly string[];
  readonly request: AsyncProofRequest;
  /** Undefined where no nonce is asked for. */
  readonly nonce: NonceCheck | undefined;
  /** What was taken for granted. */
  readonly notes: readonly string[];
}

/** Returns what is to be explained; null where nothing was pasted. `now` is in seconds since the epoch. */
export function subjectOf(fields: Fields, now: number): Subject | null {
  if (fields.pasted.trim() === "") return null;
  const notes: string[] = [];
  const captured = readCaptured(fields.pasted);
  const sent =
    captured.findLast((one) => valuesOf(one.fields, "dpop").length > 0) ?? captured.at(-1);
  const proof = sent === undefined ? [fields.pasted.trim()] : valuesOf(sent.fields, "dpop");
  const claims = claimsIn(proof[0] ?? "");
  const method = fields.method || sent?.method || textIn(claims, "htm") || "GET";
  const url = fields.url || (sent && urlOf(sent)) || textIn(claims, "htu") || "https://localhost/";
  if (!fields.method && !sent?.method)
    notes.push(`No method was given: it is taken to be ${method}.`);
  if (!fields.url && !(sent && urlOf(sent))) {
    notes.push("No URL was given: that of the proof is taken, so item 9 says nothing.");
  }
  const token = fields.token || tokenOf(sent && valuesOf(sent.fields, "authorization"));
  const time = timeOf(fields.now, now, notes);
  return {
    proof,
    request: {
      method,
      url,
      now: time,
      ...keysOf(fields, token, proof, notes),
    },
    nonce: fields.nonce === "" ? undefined : expectNonce(fields.nonce, time),
    notes,
  };
}

/** The access token of the field Authorization; "" for anything else. */
function tokenOf(authorization: readonly string[] = []): string {
  const [, token = ""] = /^(?:DPoP|Bearer) +(\S+)$/i.exec(authorization[0] ?? "") ?? [];
  return token;
}

/** The key that a token is bound to: that of the form, that which a JWT names, or else the proof's own. */
function keysOf(
  { jkt }: Fields,
  accessToken: string,
  [proof = ""]: readonly string[],
  notes: string[],
): { readonly accessToken: string; readonly jkt: string } | { readonly jkt?: string } {
  if (accessToken === "") return jkt === "" ? {} : { jkt };
  const bound = jkt || textIn(jsonIn(claimsIn(accessToken), "cnf"), "jkt");
  if (bound !== "") return { accessToken, jkt: bound };
  notes.push(
    "The token does not say which key it is bound to: it is taken to be that of the proof.",
  );
  return { accessToken, jkt: thumbprintOf(jsonIn(headerIn(proof), "jwk")) };
}

function timeOf(text: string, now: number, notes: string[]): number {
  if (text === "") return now;
  const time = readTime(text);
  if (typeof time === "number") return Math.floor(time);
  notes.push(
    "The time of the request is no number and no date with a time zone, such as Z: now is taken.",
  );
  return now;
}
