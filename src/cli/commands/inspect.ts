// dpop-core inspect: what stands in a proof or in an access token, without judging it.
import { accessTokenHash, parseProof } from "dpop-core/core";
import { nodeCrypto } from "dpop-core/node-crypto";
import { defineCommand } from "../base/command.js";
import { EXIT, mistake } from "../base/fault.js";
import { readText, STREAM } from "../base/files.js";
import { type Io, writeLine } from "../base/io.js";
import { parseObject } from "../base/json.js";
import { readPublicKey, thumbprintOf } from "../base/key.js";
import { boundKeyOf } from "../base/token.js";
import { paintFor, printable, printableJson, timeInWords } from "../base/text.js";

type Members = Readonly<Record<string, unknown>>;

/** What a proof or a token says. */
interface Inspection {
  readonly kind: "proof" | "token" | "jwt" | "opaque token";
  readonly header?: Members;
  readonly claims?: Members;
  /** Of the key in a proof, or of the key that a token is bound to. */
  readonly jkt?: string | undefined;
  /** What a proof for this token has in `ath`. */
  readonly ath?: string;
  /** Claim → its time in words. */
  readonly times: Readonly<Record<string, string>>;
  /** What is unusual. */
  readonly remarks: readonly string[];
}

export const inspect = defineCommand({
  name: "inspect",
  summary: "Show what a proof or an access token holds",
  positionals: "[FILE]",
  notes: [
    "It reads standard input or a file: a proof, a token, a header field with one of them, or a token response as JSON. Nothing is checked and nothing is sent; dpop-core explain checks a proof against its request.",
  ],
  options: {},
  examples: [
    { command: "dpop-core prove GET https://api.example/ | dpop-core inspect", says: "A proof" },
    { command: "dpop-core inspect token", says: "An access token of a file" },
  ],
  async run(io, { options, positionals: [path = STREAM] }) {
    const what = "a proof or an access token";
    const text = await readText(io, { path, option: "FILE", what });
    const inspection = inspectText(text, io.clock());
    if (options.json) writeLine(io.stdout, JSON.stringify(inspection));
    else print(io, inspection);
    return EXIT.ok;
  },
});

function inspectText(text: string, now: number): Inspection {
  const subject = subjectOf(text);
  const ath = hashOf(subject);
  if (ath === null) {
    throw mistake(
      "that is neither a proof nor an access token",
      "It takes one of them, on one line",
    );
  }
  const [head, payload, ...rest] = subject.split(".");
  const header = decoded(head);
  const claims = decoded(payload);
  if (header === null || claims === null || rest.length !== 1) {
    const remarks = ["It is no JWT: only its authorization server knows what it stands for."];
    return { kind: "opaque token", ath, times: {}, remarks };
  }
  const times = timesOf(claims, now);
  if (header["typ"] === "dpop+jwt" || "jwk" in header) {
    const parsed = parseProof(subject);
    const jwk = readPublicKey(JSON.stringify(header["jwk"] ?? null));
    const jkt = jwk === null ? undefined : thumbprintOf(jwk);
    const remarks = parsed.ok ? [] : [`No server takes it: ${parsed.message}.`];
    return { kind: "proof", header, claims, jkt, times, remarks };
  }
  const jkt = boundKeyOf(claims);
  const remarks = jkt === undefined ? ["It is bound to no DPoP key: it has no cnf.jkt."] : [];
  return { kind: jkt === undefined ? "jwt" : "token", header, claims, jkt, ath, times, remarks };
}

/** Takes away what stands round a proof or a token: the name of a header field, a scheme, a token response. */
function subjectOf(text: string): string {
  const response = parseObject(text);
  const token = response === null ? text.trim() : response["access_token"];
  if (typeof token !== "string") {
    throw mistake(
      "that is JSON without an access_token",
      "dpop-core thumbprint takes a key; inspect takes a proof, a token or a token response",
    );
  }
  return token.replace(/^(?:dpop|authorization) *: */i, "").replace(/^(?:dpop|bearer) +/i, "");
}

function hashOf(subject: string): string | null {
  return /^[\x21-\x7e]+$/.test(subject) ? accessTokenHash(subject, { backend: nodeCrypto }) : null;
}

function decoded(segment: string | undefined): Members | null {
  if (segment === undefined || !/^[\w-]+$/.test(segment)) return null;
  return parseObject(Buffer.from(segment, "base64url").toString("utf8"));
}

function timesOf(claims: Members, now: number): Readonly<Record<string, string>> {
  const times = ["iat", "nbf", "exp", "auth_time"].flatMap((name) => {
    const time = claims[name];
    return typeof time === "number" ? [[name, timeInWords(time, now)] as const] : [];
  });
  return Object.fromEntries(times);
}

const TITLES: Readonly<Record<Inspection["kind"], string>> = {
  proof: "A DPoP proof",
  token: "An access token that is bound to a key",
  jwt: "A JWT",
  "opaque token": "An opaque access token",
};

function print(io: Io, { kind, header, claims, jkt, ath, times, remarks }: Inspection): void {
  const { bold, yellow } = paintFor(io, io.stdout);
  const line = (text = ""): void => writeLine(io.stdout, text);
  line(bold(TITLES[kind]));
  for (const [title, part] of [
    ["Header", header],
    ["Claims", claims],
  ] as const) {
    if (part !== undefined) line(`\n${bold(title)}\n${printableJson(part)}`);
  }
  line();
  for (const [name, time] of Object.entries(times)) line(`${bold(name.padEnd(9))} ${time}`);
  if (jkt !== undefined) line(`${bold("jkt".padEnd(9))} ${printable(jkt)}`);
  if (ath !== undefined) line(`${bold("ath".padEnd(9))} ${ath}  (what a proof for this token has)`);
  for (const remark of remarks) line(yellow(remark));
  if (kind === "proof")
    line("Nothing was checked: dpop-core explain checks a proof against its request.");
}
