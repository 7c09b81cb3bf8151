// The header field DPoP (RFC 9449 section 4.3, items 1 and 2): its text to the parts of a proof, as far as
// they can be read.
import { decodeBase64url } from "../bytes/base64url.js";
import { decodeUtf8 } from "../bytes/utf8.js";
import type { FieldValue } from "../input/http.js";
import type { JsonObject } from "../input/json.js";
import { decodeSignature, parseHeader, parsePayload, signingInput } from "../jose/jws.js";
import type { ProofLimits } from "../proof/claims.js";
import { isProofAbsent, splitProof } from "../proof/parse.js";
import type { Cause } from "./cause.js";
import type { RuleName } from "./explanation.js";
import { failed, type Judgement, notReached, passed } from "./judgement.js";

/** What was read of a field. Each part is null where it can't be read. */
export interface Parts {
  readonly text: string;
  readonly header: JsonObject | null;
  readonly payload: JsonObject | null;
  readonly signature: Uint8Array | null;
  /** What the signature covers. */
  readonly signed: Uint8Array | null;
}

/** Judges `single`, `size` and `form`, and reads what can be read: of several fields, the first. */
export function examineField(
  proof: FieldValue,
  limits: ProofLimits,
  rules: Map<RuleName, Judgement>,
): Parts {
  if (isProofAbsent(proof)) {
    rules.set("single", failed("proof_missing", "proof_absent", { expected: 1, found: 0 }));
    for (const name of ["size", "form"] as const) rules.set(name, notReached("single"));
    return { text: "", header: null, payload: null, signature: null, signed: null };
  }
  const fields = [proof].flat();
  const pieces = fields.flatMap((field) => field.split(",")).map((piece) => piece.trim());
  const isOne = splitProof(proof, limits) !== "proof_multiple";
  const text = (isOne ? fields[0] : pieces.find((piece) => piece !== "")) ?? "";
  const several = { expected: 1, found: pieces.length };
  rules.set(
    "single",
    isOne ? passed({ found: 1 }) : failed("proof_multiple", severalCause(fields, pieces), several),
  );
  const sizes = { expected: limits.proof, found: text.length };
  const isLong = splitProof(text, limits) === "proof_too_large";
  rules.set("size", isLong ? failed("proof_too_large", "too_large", sizes) : passed(sizes));
  const parts = partsOf(text);
  if (Object.values(parts).every((part) => part !== null)) {
    rules.set("form", passed());
    return parts;
  }
  const [cause, segment] = formFault(parts);
  const found = segment ?? `${text.split(".").length} segments`;
  rules.set(
    "form",
    failed("jws_malformed", cause, { expected: "header.payload.signature", found }),
  );
  const cleaned = text.replace(SCHEME, "").replace(/[\s"']/g, ""); // the other rules are judged all the same
  return { ...partsOf(cleaned), text };
}

const SCHEME = /^(?:DPoP|Bearer)[\s:]/i;

function severalCause(fields: readonly string[], pieces: readonly string[]): Cause {
  const proofs = pieces.filter((piece) => piece.split(".").length === 3);
  if (fields.length === 1 && proofs.length < 2) return "comma";
  if (pieces.every((piece) => piece === pieces[0])) return "same_proof_twice";
  return fields.length > 1 ? "fields_repeated" : "fields_joined";
}

/** Also of a text that has not three segments. */
function partsOf(text: string): Parts {
  const first = text.indexOf(".");
  const headerEnd = first === -1 ? text.length : first;
  const second = text.indexOf(".", headerEnd + 1);
  const payloadEnd = second === -1 ? text.length : second;
  const segments = { jws: text, headerEnd, payloadEnd };
  const signed = signingInput(segments);
  return {
    text,
    header: signed === null ? null : parseHeader(signed, segments),
    payload: signed === null || first === -1 ? null : parsePayload(signed, segments),
    signature: payloadEnd >= text.length - 1 ? null : decodeSignature(segments),
    signed,
  };
}

/** Returns why a text is no compact JWS, and which segment is at fault where it has three. */
function formFault({ text, header }: Parts): readonly [Cause, segment?: string | undefined] {
  if (/^DPoP:/i.test(text)) return ["field_name"];
  if (/^(?:\[object .*\]|undefined|null)$/.test(text)) return ["not_text"];
  if (SCHEME.test(text)) return ["scheme_prefix"];
  if (text.startsWith('"') || text.startsWith("'")) return ["quoted"];
  if (/\s/.test(text)) return ["whitespace"];
  const segments = text.split(".");
  if (segments.length === 5) return ["encrypted"];
  if (segments.length !== 3 || segments[0] === "" || segments[1] === "") return ["segments"];
  if (segments[2] === "") return ["unsigned"];
  const bytes = segments.map((segment) => decodeBase64url(segment));
  const undecoded = bytes.indexOf(null);
  if (undecoded !== -1) return [encodingFault(segments[undecoded] ?? ""), NAMES[undecoded]];
  const index = header === null ? 0 : 1;
  const json = decodeUtf8(bytes[index] ?? new Uint8Array());
  return [json !== null && isObject(json) ? "strict_json" : "not_json", NAMES[index]];
}

const NAMES = ["header", "payload", "signature"];

function encodingFault(segment: string): Cause {
  if (/[+/]/.test(segment)) return "standard_base64";
  return segment.includes("=") ? "padded" : "not_base64url";
}

/** Returns true for a JSON object, as far as the bounds of engines let that be tried. */
function isObject(json: string): boolean {
  if (json.split(/[[{]/).length > DEEPEST) return json.startsWith("{");
  let value: unknown = null;
  try {
    value = JSON.parse(json);
  } catch {
    // a SyntaxError: JSON.parse throws no other
  }
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** So many levels are no danger to any engine. */
const DEEPEST = 200;
