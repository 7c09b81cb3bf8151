// The header field DPoP (RFC 9449 section 4.3, items 1 and 2): its text to the parts of a proof, as far as
// they can be read.
import { decodeBase64url } from "../bytes/base64url.js";
import { decodeUtf8 } from "../bytes/utf8.js";
import type { FieldValue } from "../input/http.js";
import type { JsonObject } from "../input/json.js";
import {
  decodeSignature,
  type JwsSegments,
  parseHeader,
  parsePayload,
  signingInput,
  splitJws,
} from "../jose/jws.js";
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
  const code = splitProof(proof, limits);
  const fields = proof === null || proof === undefined ? [] : [proof].flat();
  if (isProofAbsent(proof)) {
    rules.set("single", failed("proof_missing", "proof_absent", { expected: 1, found: 0 }));
    for (const name of ["size", "form"] as const) rules.set(name, notReached("single"));
    return { text: "", header: null, payload: null, signature: null, signed: null };
  }
  const pieces = fields.flatMap((field) => field.split(",")).map((piece) => piece.trim());
  const text =
    code === "proof_multiple" ? (pieces.find((piece) => piece !== "") ?? "") : (fields[0] ?? "");
  rules.set("single", code === "proof_multiple" ? several(fields, pieces) : passed({ found: 1 }));
  const sizes = { expected: limits.proof, found: text.length };
  const isLong = splitProof(text, limits) === "proof_too_large";
  rules.set("size", isLong ? failed("proof_too_large", "too_large", sizes) : passed(sizes));
  const parts = partsOf(text);
  const segments = splitJws(text);
  if (segments !== null && Object.values(parts).every((part) => part !== null)) {
    rules.set("form", passed());
    return parts;
  }
  const [cause, segment] = formFault(text, segments, parts);
  const found = segment ?? `${text.split(".").length} segments`;
  rules.set(
    "form",
    failed("jws_malformed", cause, { expected: "header.payload.signature", found }),
  );
  const cleaned = text.replace(SCHEME, "").replace(/[\s"']/g, ""); // the other rules are judged all the same
  return cleaned === text ? parts : { ...partsOf(cleaned), text };
}

const SCHEME = /^(?:DPoP|Bearer)[\s:]/i;

function several(fields: readonly string[], pieces: readonly string[]): Judgement {
  const same = pieces.length > 1 && pieces.every((piece) => piece === pieces[0]);
  const cause = fields.length > 1 ? "fields_repeated" : "fields_joined";
  const facts = { expected: 1, found: pieces.length };
  return failed("proof_multiple", same ? "same_proof_twice" : cause, facts);
}

/** Also of a text that has not three segments. */
function partsOf(text: string): Parts {
  const first = text.indexOf(".");
  const headerEnd = first === -1 ? text.length : first;
  const second = text.indexOf(".", headerEnd + 1);
  const payloadEnd = second === -1 ? text.length : second;
  const segments = splitJws(text) ?? { jws: text, headerEnd, payloadEnd };
  const signed = signingInput(segments);
  return {
    text,
    header: signed === null ? null : parseHeader(signed, segments),
    payload: signed === null || payloadEnd <= headerEnd + 1 ? null : parsePayload(signed, segments),
    signature: payloadEnd >= text.length - 1 ? null : decodeSignature(segments),
    signed,
  };
}

/** Returns why a text is no compact JWS, and which segment is at fault where it is one. */
function formFault(
  text: string,
  segments: JwsSegments | null,
  { header, payload, signature }: Parts,
): readonly [Cause, string?] {
  if (/^DPoP:/i.test(text)) return ["field_name"];
  if (SCHEME.test(text)) return ["scheme_prefix"];
  if (text.startsWith('"') || text.startsWith("'")) return ["quoted"];
  if (/\s/.test(text)) return ["whitespace"];
  const all = text.split(".");
  if (all.length === 5) return ["encrypted"];
  if (all.length === 3 && all[2] === "" && all[1] !== "") return ["unsigned"];
  if (segments === null) return ["segments"];
  const index = [header, payload, signature].indexOf(null);
  const segment = all[index] ?? "";
  return [segmentFault(segment, index < 2), NAMES[index] ?? ""];
}

const NAMES = ["header", "payload", "signature"];

function segmentFault(segment: string, isJson: boolean): Cause {
  if (/[+/]/.test(segment)) return "standard_base64";
  if (segment.includes("=")) return "padded";
  const bytes = decodeBase64url(segment);
  if (bytes === null || !isJson) return "not_base64url";
  const json = decodeUtf8(bytes);
  return json !== null && isObject(json) ? "strict_json" : "not_json";
}

/** Returns true for a JSON object, as far as the bounds of engines let that be tried. */
function isObject(json: string): boolean {
  if (json.split(/[[{]/).length > DEEPEST) return json.startsWith("{");
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false; // JSON.parse throws only a SyntaxError
  }
}

/** So many levels are no danger to any engine. */
const DEEPEST = 200;
