// proofs.json: the rows of RFC 9449 section 4.3 as data, with signatures that are the same every
// time.
import { createSigner, type FailureCode, type SyncSigner } from "dpop-core";
import { calculateJwkThumbprint, decodeProtectedHeader } from "jose";
import { examples, ITEMS, type Row, section111 } from "../rfc9449/rows.js";
import { type KeyName, nodeSign, privateJwk, type Sign } from "../support/keys.js";
import { createMint } from "../support/mint.js";
import type { PolicyData } from "../support/policy.js";
import { type RequestData, requestOf } from "../support/run.js";

export interface ProofVector {
  readonly section: string;
  readonly name: string;
  /** The value or values of the header field; null where there is none. */
  readonly proof: string | readonly string[] | null;
  readonly request: RequestVector;
  readonly policy: PolicyData;
  readonly expect: "ok" | FailureCode;
  /** Of an accepted proof: the thumbprint of its key. */
  readonly jkt?: string;
}

type RequestVector = Required<Pick<RequestData, "method" | "url" | "now">> &
  Pick<RequestData, "accessToken" | "jkt" | "clientKeyJkt">;

export function proofVectors(): Promise<readonly ProofVector[]> {
  const sections: readonly (readonly [string, readonly Row[]])[] = [
    ["examples", examples],
    ...ITEMS.map(([item, , rows]) => [`4.3 item ${item}`, rows] as const),
    ["11.1", section111],
  ];
  return Promise.all(
    sections.flatMap(([section, rows]) => rows.map((row) => vectorOf(section, row))),
  );
}

/**
 * RFC 6979 and RFC 8032 through our own signer; PKCS #1 v1.5, which noble has not, is deterministic
 * in itself.
 */
const deterministic: Sign = (name, data) =>
  name === "RS256" ? nodeSign(name, data) : signerOf(name).sign(data);

function signerOf(name: KeyName): SyncSigner {
  const { kty, crv, x = "", y = "", d = "" } = privateJwk(name);
  if (kty === "OKP" && crv === "Ed25519") return createSigner({ kty, crv, x, d });
  if (kty === "EC" && (crv === "P-256" || crv === "P-384" || crv === "P-521"))
    return createSigner({ kty, crv, x, y, d });
  throw new Error(`${name} is no key that noble signs with`);
}

const mint = createMint(deterministic);

async function vectorOf(section: string, row: Row): Promise<ProofVector> {
  const { name, expect, policy = {} } = row;
  const proof = row.proof(mint) ?? null; // JSON has no undefined
  const request = requestVector(row.request);
  const vector = { section, name, proof, request, policy, expect };
  return expect === "ok" ? { ...vector, jkt: await keyOf(proof) } : vector;
}

/** Every default written out: a reader of the file does not know ours. */
function requestVector(data: RequestData | undefined): RequestVector {
  const { method, url, now, accessToken, jkt } = requestOf(data);
  const { clientKeyJkt } = data ?? {};
  return {
    method,
    url,
    now,
    ...(accessToken === undefined ? {} : { accessToken }),
    ...(jkt === undefined ? {} : { jkt }),
    ...(clientKeyJkt === undefined ? {} : { clientKeyJkt }),
  };
}

/** By jose: what is to be expected of us does not come from us. */
async function keyOf(proof: ProofVector["proof"]): Promise<string> {
  const [text = ""] = [proof ?? ""].flat();
  const { jwk } = decodeProtectedHeader(text);
  if (jwk === undefined) throw new Error("a proof that is accepted has a jwk");
  return calculateJwkThumbprint(jwk);
}
