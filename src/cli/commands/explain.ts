// dpop-core explain: why a proof is refused, rule by rule, or that it is not.
import { describeRule, type Explanation, explainProof, formatExplanation } from "dpop-core/explain";
import { nodeCrypto } from "dpop-core/node-crypto";
import type { CapturedRequest, CapturedResponse } from "../base/captured.js";
import { readCaptured, urlOf, valuesOf } from "../base/captured-request.js";
import { COMMON, defineCommand, type Values } from "../base/command.js";
import { expectNonce, readTime } from "../base/expected.js";
import { EXIT, mistake } from "../base/fault.js";
import { readText, STREAM } from "../base/files.js";
import { type Io, writeLine } from "../base/io.js";
import { algArgument, ALGS, readPublicKey, thumbprintOf } from "../base/key.js";
import { type Reason, reasonOf } from "../base/response.js";
import { hasColor, paintFor } from "../base/text.js";
import { boundKeyOf, claimsOf, readToken, TOKEN_OPTIONS, loadToken } from "../base/token.js";
import { isLoopback, methodArgument } from "../base/url.js";

const OPTIONS = {
  method: {
    type: "string",
    short: "X",
    value: "METHOD",
    help: "The method of the request. Default: that of the captured request, else GET",
  },
  url: {
    type: "string",
    short: "u",
    value: "URL",
    help: "The URL that the client called. Default: that of the captured request",
  },
  ...TOKEN_OPTIONS,
  jkt: {
    type: "string",
    value: "THUMBPRINT",
    help: "The key that the token or the grant is bound to. Default: what the token says, if it is a JWT",
  },
  nonce: {
    type: "string",
    short: "n",
    value: "NONCE",
    help: "The nonce that the server wants. Default: that of DPoP-Nonce in the log",
  },
  now: {
    type: "string",
    value: "TIME",
    help: "The time of the server: seconds since 1970, or a date such as 2026-11-27T10:15:00Z. Default: the Date in the log, else the time of this machine",
  },
  "max-age": { type: "string", value: "SECONDS", help: "How old a proof may be. Default 60" },
  alg: {
    type: "string",
    multiple: true,
    value: "ALG",
    help: "An algorithm that the server takes; may be given several times. Default: those of the challenge in the log, else ES256, EdDSA and Ed25519",
  },
} as const;

type ExplainOptions = Values<typeof OPTIONS & typeof COMMON>;

export const explain = defineCommand({
  name: "explain",
  summary: "Say why a proof is refused, rule by rule",
  positionals: "[FILE]",
  notes: [
    "It reads standard input or a file: a proof, with the request in --method and --url; a raw HTTP request; header fields; a command of curl; or the log of curl -v or of dpop-core fetch --verbose, where it explains the last request that has a proof. Nothing is sent. The exit code is 0 for a proof that is good, 1 for one that is refused.",
    "Whether the proof was used before is not known here.",
  ],
  options: OPTIONS,
  examples: [
    {
      command:
        "dpop-core prove GET https://api.example/things | dpop-core explain --url https://api.example/thing",
      says: "A proof, and the URL that was called",
    },
    {
      command:
        "dpop-core prove GET http://127.0.0.1:4001/things -t token --curl | curl -v --config - 2>&1 | dpop-core explain -t token",
      says: "A request of curl, and what the server answered",
    },
    {
      command: "dpop-core explain request.txt --token-file token --now 2026-11-27T10:15:00Z",
      says: "A raw HTTP request that was captured earlier",
    },
  ],
  async run(io, { options, positionals: [path = STREAM] }) {
    const what = "a proof, a raw HTTP request, or a command or log of curl";
    const text = await readText(io, { path, option: "FILE", what });
    if (text.trim() === "") throw mistake("there is nothing to explain", `Give ${what}`);
    const subject = await readSubject(io, text, options);
    const explanation = explainSubject(subject);
    const remarks = remarksOn(subject, explanation, io.clock());
    if (options.json) writeLine(io.stdout, jsonOf(explanation, remarks));
    else print(io, explanation, remarks);
    return explanation.verdict.ok ? EXIT.ok : EXIT.refused;
  },
});

function jsonOf(explanation: Explanation, remarks: readonly string[]): string {
  const rules = explanation.rules.map((rule) => ({ ...rule, ...describeRule(rule) }));
  return JSON.stringify({ ...explanation, rules, remarks });
}

/** A proof, its request, and what the server wants. */
interface Subject {
  readonly proof: readonly string[];
  readonly method: string;
  readonly url: string;
  /** What nothing told, so that it was taken for granted. */
  readonly guessed: Readonly<Record<"method" | "scheme" | "time", boolean>>;
  readonly authorization: readonly string[];
  readonly accessToken: string | undefined;
  readonly jkt: string | undefined;
  readonly nonce: string | undefined;
  readonly now: number;
  readonly maxAge: number | undefined;
  /** Labels; undefined for the default ones. */
  readonly algs: readonly string[] | undefined;
  readonly response: CapturedResponse | undefined;
}

async function readSubject(io: Io, text: string, options: ExplainOptions): Promise<Subject> {
  const captured = readCaptured(text);
  const request =
    captured.findLast(({ fields }) => valuesOf(fields, "dpop").length > 0) ?? captured.at(-1);
  const fields = request?.fields ?? [];
  const response = request?.response;
  const authorization = valuesOf(fields, "authorization");
  const accessToken = (await loadToken(io, options["token-file"])) ?? tokenIn(authorization);
  if (accessToken === undefined && authorization.some((value) => /^dpop\b/i.test(value))) {
    throw mistake("the token was left out of the log", "Give it by --token-file FILE");
  }
  const algs =
    options.alg.length > 0 ? options.alg.map((alg) => algArgument(alg) ?? "") : algsIn(response);
  return {
    proof: proofIn(text, request),
    method:
      options.method === undefined
        ? (request?.method ?? "GET")
        : methodArgument(options.method, "--method"),
    url: urlFor(options.url, request),
    guessed: {
      method: options.method === undefined && request?.method === undefined,
      scheme: options.url === undefined && !hasScheme(request),
      time: options.now === undefined && dateIn(response) === undefined,
    },
    authorization,
    accessToken,
    jkt: options.jkt ?? (accessToken === undefined ? undefined : boundKeyOf(claimsOf(accessToken))),
    nonce: options.nonce ?? nonceFor(captured, request),
    now: timeArgument(options.now) ?? dateIn(response) ?? io.clock(),
    maxAge: ageArgument(options["max-age"]),
    algs,
    response,
  };
}

/** The values of the field DPoP, or the text itself. */
function proofIn(text: string, request: CapturedRequest | undefined): readonly string[] {
  if (request !== undefined) return valuesOf(request.fields, "dpop");
  return [text.trim()];
}

/** Returns true where a captured request tells the scheme of its URL. */
function hasScheme(request: CapturedRequest | undefined): boolean {
  return request?.scheme !== undefined || /^https?:/i.test(request?.target ?? "");
}

/** What stands in the place of a token that is not to be shown, or that a shell would put in. */
const LEFT_OUT = /^(?:\[.*|<.*|\{\{.*|\$.*|\*+|x+|redacted|token)?$|(?:\.\.\.|\u2026)$/i;

/** Returns the token of a request; undefined where it has none, or where the token was left out. */
function tokenIn(authorization: readonly string[]): string | undefined {
  const [, token = ""] = /^(?:dpop|bearer) +(.*)$/i.exec(authorization[0] ?? "") ?? [];
  return LEFT_OUT.test(token) ? undefined : readToken(token, "the request");
}

function urlFor(given: string | undefined, request: CapturedRequest | undefined): string {
  const url = given ?? (request === undefined ? undefined : urlOf(request));
  if (url === undefined) {
    throw mistake(
      "the URL of the request is not known",
      "Give it as --url: the URL that the client called",
    );
  }
  if (/^https?:\/\//i.test(url)) return url;
  throw mistake(
    "--url is no absolute URL",
    "Write it with its scheme, as in https://api.example/things",
  );
}

/** The nonce that the server wanted: of this response if it refuses the nonce, else the last one that it sent before. */
function nonceFor(
  captured: readonly CapturedRequest[],
  request: CapturedRequest | undefined,
): string | undefined {
  if (request === undefined) return undefined;
  const before = captured.slice(0, captured.indexOf(request));
  const [host] = valuesOf(request.fields, "host");
  const own = before.filter(({ fields }) => valuesOf(fields, "host")[0] === host).toReversed();
  for (const one of asksForNonce(request.response) ? [request, ...own] : own) {
    const [nonce] = valuesOf(one.response?.fields ?? [], "dpop-nonce");
    if (nonce !== undefined) return nonce;
  }
  return undefined;
}

/** An API asks by its challenge, an authorization server in its body (RFC 9449 sections 8 and 9). */
function asksForNonce(response: CapturedResponse | undefined): boolean {
  const challenges = valuesOf(response?.fields ?? [], "www-authenticate");
  return response?.error === NONCE_ERROR || challenges.some((value) => value.includes(NONCE_ERROR));
}

const NONCE_ERROR = "use_dpop_nonce";

/** The algorithms that the challenge of a response lists, as far as they are known here. */
function algsIn(response: CapturedResponse | undefined): readonly string[] | undefined {
  for (const challenge of valuesOf(response?.fields ?? [], "www-authenticate")) {
    const [, list = ""] = /\balgs="([^"]*)"/.exec(challenge) ?? [];
    const algs = ALGS.filter((alg) => list.split(" ").includes(alg));
    if (algs.length > 0) return algs;
  }
  return undefined;
}

function dateIn(response: CapturedResponse | undefined): number | undefined {
  const [date = ""] = valuesOf(response?.fields ?? [], "date");
  const time = Date.parse(date);
  return time >= 0 ? time / 1000 : undefined;
}

function timeArgument(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const time = readTime(value);
  if (time === "no zone") {
    throw mistake(
      "--now has no time zone",
      "Write Z behind it for UTC, as in 2026-11-27T10:15:00Z",
    );
  }
  if (time !== null) return time;
  throw mistake(
    "--now is no time",
    "Write seconds since 1970, or a date such as 2026-11-27T10:15:00Z",
  );
}

function ageArgument(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const age = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (age >= 1 && age <= 86_400) return age;
  throw mistake("--max-age must be a whole number of seconds, from 1 to 86400", "Default: 60");
}

function explainSubject(subject: Subject): Explanation {
  const { proof, method, url, accessToken, jkt, nonce, now, maxAge, algs } = subject;
  const line = { method, url, now };
  const request =
    accessToken === undefined
      ? { ...line, jkt }
      : { ...line, accessToken, jkt: jkt ?? ownKeyOf(proof) };
  return explainProof(proof, request, {
    backend: nodeCrypto,
    nonce: nonce === undefined ? undefined : expectNonce(nonce, now),
    maxAge,
    algs: algs === undefined ? undefined : Object.values(nodeCrypto).filter(isOneOf(algs)),
    plainHttp: "anywhere", // nothing is sent; a remark says what is wrong with it
  });
}

type Alg = (typeof nodeCrypto.algs)[number];

function isOneOf(labels: readonly string[]): (value: unknown) => value is Alg {
  return (value): value is Alg =>
    typeof value === "object" &&
    value !== null &&
    "alg" in value &&
    labels.includes(String(value.alg));
}

/** Where nothing says which key a token is bound to, it is taken to be that of the proof, and a remark says so. */
function ownKeyOf([proof = ""]: readonly string[]): string {
  const header = proof.split(".", 1)[0] ?? "";
  const jwk = readPublicKey(jwkIn(header));
  return jwk === null ? "" : thumbprintOf(jwk);
}

function jwkIn(header: string): string {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header, "base64url").toString("utf8"));
    const hasKey = typeof parsed === "object" && parsed !== null && "jwk" in parsed;
    return hasKey ? JSON.stringify(parsed.jwk) : "";
  } catch {
    return "";
  }
}

/** What decided, and was only taken for granted. */
function remarksOnGuesses(
  { guessed, algs, response }: Subject,
  { verdict, rules, urls }: Explanation,
): readonly string[] {
  if (verdict.ok) return [];
  const { rule } = verdict;
  const cause = rules.find(({ name }) => name === rule)?.cause;
  const remarks = [
    guessed.method && rule === "htm" && "The method was taken to be GET: --method tells it.",
    guessed.scheme &&
      rule === "htu" &&
      urls?.difference?.part === "scheme" &&
      "Nothing told whether the request went by http or https: --url tells it.",
    guessed.time &&
      (rule === "iat" || rule === "lifetime") &&
      "The time of the request was taken to be now: --now tells when it was.",
    algs === undefined &&
      (cause === "alg_unlisted" || cause === "alg_label") &&
      "Which algorithms the server takes is not known: --alg tells it.",
    response !== undefined &&
      response.status < 300 &&
      `The server answered ${response.status}: it took the request.`,
  ];
  return remarks.filter((remark) => remark !== false);
}

/** What the rules of a proof don't say: of the token, of the response, and of what is not known. */
function remarksOn(subject: Subject, explanation: Explanation, now: number): readonly string[] {
  const { authorization, accessToken, jkt, nonce, url, response, proof } = subject;
  const { verdict } = explanation;
  const remarks = [...remarksOnGuesses(subject, explanation)];
  if (authorization.length > 1)
    remarks.push("The request has several Authorization fields: a server refuses it.");
  if (authorization.some((value) => /^bearer\b/i.test(value))) {
    remarks.push(
      "The token went with the scheme Bearer: one that is bound to a key needs the scheme DPoP.",
    );
  }
  if (accessToken === undefined && authorization.length === 0 && hasAth(proof)) {
    remarks.push(
      "The proof is for an access token. If one went with the request, give it by --token-file.",
    );
  }
  if (accessToken !== undefined && jkt === undefined) {
    remarks.push(
      "The token does not say which key it is bound to, so that was not checked: --jkt tells it.",
    );
  }
  if (nonce === undefined)
    remarks.push("Nonces were not checked: --nonce tells what the server wants.");
  if (/^http:/i.test(url) && URL.canParse(url) && !isLoopback(new URL(url).hostname)) {
    remarks.push("The request went over plain http, where strangers can read it.");
  }
  if (verdict.ok && response !== undefined && response.status >= 400) {
    const { status, error } = response;
    const headers = headersOf(response);
    const text = JSON.stringify({ error });
    const reason = reasonOf({ status, headers, text, accessToken, jkt: jkt ?? "", now });
    const why =
      reason === null ? "" : ` ${reason.message}${quoted(reason.said)}. ${nextOf(reason, status)}.`;
    remarks.unshift(`The proof is good by these rules, and the server answered ${status}.${why}`);
  }
  return remarks;
}

/** The words of a server, which knows more than the rules: whether the proof came before, and its own URL. */
function quoted(said: string | null): string {
  return said === null ? "" : `: "${said}"`;
}

function nextOf({ error, next }: Reason, status: number): string {
  if (error === "invalid_dpop_proof")
    return "It knows what is not known here: whether the proof was used before, its own URL, its nonces";
  return status === 400 ? "See what the body of its answer says" : next;
}

function headersOf({ fields }: CapturedResponse): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) {
    try {
      headers.append(name, value);
    } catch {
      // A field that no server can have sent.
    }
  }
  return headers;
}

function hasAth([proof = ""]: readonly string[]): boolean {
  return typeof claimsOf(proof)?.["ath"] === "string";
}

function print(io: Io, explanation: Explanation, remarks: readonly string[]): void {
  writeLine(
    io.stdout,
    formatExplanation(explanation, { color: hasColor(io, io.stdout) }).trimEnd(),
  );
  const { yellow } = paintFor(io, io.stdout);
  if (remarks.length > 0) writeLine(io.stdout);
  for (const remark of remarks) writeLine(io.stdout, yellow(remark));
}
