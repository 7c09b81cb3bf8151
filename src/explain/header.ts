// The header of a proof (RFC 9449 section 4.3, items 2 and 4 to 7).
import type { JsonObject, JsonValue } from "../input/json.js";
import { type Alg, algShape } from "../jose/alg.js";
import { type PublicJwk, readPublicJwk } from "../jose/jwk.js";
import { type ProofLimits, TYP } from "../proof/claims.js";
import { checkHeader } from "../proof/parse.js";
import type { ReplayStore } from "../replay/replay.js";
import type { Policy } from "../verify/policy.js";
import { acceptedAlg } from "../verify/prepare.js";
import type { Cause } from "./cause.js";
import type { Echo } from "./echo.js";
import type { Fact, RuleName } from "./explanation.js";
import { failed, type Judgement, notReached, passed } from "./judgement.js";

/** What the header gives to later rules. */
export interface HeaderParts {
  readonly alg: Alg | undefined;
  readonly jwk: PublicJwk | undefined;
}

/** Judges `crit`, `typ`, `alg`, `jwk` and `public`. */
export function examineHeader(
  header: JsonObject,
  policy: Policy<Alg, ReplayStore>,
  echo: Echo,
  rules: Map<RuleName, Judgement>,
): HeaderParts {
  rules.set("typ", judgeTyp(header, echo));
  rules.set("crit", judgeCrit(header));
  const alg = acceptedAlg(header["alg"], policy);
  const expected = [...policy.algs.keys()];
  const found = factOf(header["alg"], echo);
  rules.set(
    "alg",
    alg === undefined
      ? failed("alg_unsupported", algCause(header["alg"], policy), { expected, found })
      : passed({ expected, found }),
  );
  return { alg, jwk: examineJwk(header["jwk"], alg, policy, echo, rules) };
}

function judgeTyp(header: JsonObject, echo: Echo): Judgement {
  const { typ } = header;
  const facts = { expected: TYP, found: factOf(typ, echo) };
  const code = checkHeader(typ === undefined ? {} : { typ });
  return code === null ? passed(facts) : failed(code, typCause(header), facts);
}

function typCause({ typ, jwk }: JsonObject): Cause {
  const text = typeof typ === "string" ? typ.toLowerCase() : "";
  if (text === TYP || text === `application/${TYP}`) return "typ_form";
  if (jwk === undefined || text.includes("at+jwt")) return "typ_access_token";
  return typ === undefined ? "typ_absent" : "typ_other";
}

function judgeCrit(header: JsonObject): Judgement {
  const code = checkHeader({ ...header, typ: TYP });
  const found = ["crit", "b64"].filter((name) => header[name] !== undefined);
  return code === null ? passed() : failed(code, "extension", { expected: [], found });
}

function algCause(label: JsonValue | undefined, { algs }: Policy<Alg, ReplayStore>): Cause {
  if (label === undefined) return "alg_absent";
  if (typeof label !== "string") return "alg_unknown";
  const upper = label.toUpperCase();
  if (upper === "NONE") return "alg_none";
  if (/^HS\d/.test(upper)) return "alg_mac";
  if ([...algs.keys()].some((one) => one.toUpperCase() === upper)) return "alg_case";
  const shape = algShape(label);
  if (shape === undefined) return "alg_unknown";
  const isListed = shape.crv === "Ed25519" && (algs.has("EdDSA") || algs.has("Ed25519"));
  return isListed ? "alg_label" : "alg_unlisted";
}

/** Private members are judged by one rule, and then left out, so that the rest is judged as well. */
function examineJwk(
  value: JsonValue | undefined,
  alg: Alg | undefined,
  { limits }: Policy<Alg, ReplayStore>,
  echo: Echo,
  rules: Map<RuleName, Judgement>,
): PublicJwk | undefined {
  const members = membersOf(value);
  if (members === null) {
    rules.set("jwk", failed("jwk_invalid", value === undefined ? "jwk_absent" : "jwk_form"));
    rules.set("public", notReached("jwk"));
    return undefined;
  }
  const secret = Object.keys(members).filter(
    (name) => readPublicJwk({ [name]: 0 }) === "jwk_private",
  );
  rules.set(
    "public",
    secret.length > 0
      ? failed("jwk_private", "private_key", { expected: [], found: secret })
      : passed(),
  );
  const rest = without(members, secret);
  const jwk = readPublicJwk(rest, alg, limits.modulusLength);
  const expected: Fact =
    alg === undefined
      ? "a public key"
      : { kty: alg.kty, ...(alg.crv === undefined ? {} : { crv: alg.crv }) };
  if (typeof jwk !== "string") {
    rules.set("jwk", passed({ expected, found: kindOf(jwk, echo) }));
    return jwk;
  }
  rules.set(
    "jwk",
    failed(jwk, jwkCause(rest, jwk, alg, limits), { expected, found: kindOf(rest, echo) }),
  );
  return undefined;
}

function membersOf(value: JsonValue | undefined): JsonObject | null {
  // An array is no JsonObject, but the compiler can't tell a readonly one.
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : null;
}

function without(members: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));
}

/** Kind and curve are words of a standard, if they are right; any other text stays out. */
function kindOf(members: JsonObject | PublicJwk, echo: Echo): Fact {
  const { kty, crv } = members as JsonObject; // every JWK is one
  const word = (value: JsonValue | undefined): Fact =>
    typeof value === "string" && value.length <= 16 ? echo(value) : null;
  return crv === undefined ? { kty: word(kty) } : { kty: word(kty), crv: word(crv) };
}

const USE = ["use", "key_ops", "alg"];
/** Characters of a coordinate in base64url. */
const COORDINATE: ReadonlyMap<JsonValue | undefined, number> = /* @__PURE__ */ new Map([
  ["P-256", 43],
  ["P-384", 64],
  ["P-521", 88],
]);

function jwkCause(
  members: JsonObject,
  code: string,
  alg: Alg | undefined,
  { modulusLength }: ProofLimits,
): Cause {
  if (typeof readPublicJwk(without(members, USE), alg, modulusLength) !== "string")
    return "jwk_use";
  if (code === "jwk_alg_mismatch") return "jwk_alg";
  const { kty, crv, x, y, n, e } = members;
  const values = [x, y, n, e];
  const isOther = values.some((one) => typeof one === "string" && /[=+/]/.test(one));
  if (isOther) return "jwk_padded";
  if (kty === "RSA") return typeof n === "string" && typeof e === "string" ? "jwk_rsa" : "jwk_form";
  const length = COORDINATE.get(crv);
  const isText = typeof x === "string" && typeof y === "string";
  return length !== undefined && isText && (x.length !== length || y.length !== length)
    ? "jwk_length"
    : "jwk_form";
}

/** Returns a value of the proof as it may be shown: text and numbers, the kind of anything else. */
export function factOf(value: JsonValue | undefined, echo: Echo): Fact {
  if (typeof value === "string") return echo(value);
  if (value === undefined) return null;
  if (typeof value === "number" && !Number.isFinite(value)) return String(value); // no JSON
  if (typeof value !== "object" || value === null) return value;
  return Array.isArray(value) ? "an array" : "an object";
}
