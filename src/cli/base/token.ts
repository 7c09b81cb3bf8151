// The access token of a command: of a file, standard input or the environment; by itself, or in a token response.
import { mistake } from "./fault.js";
import { readSecret } from "./files.js";
import { type Io, writeLine } from "./io.js";
import { parseObject } from "./json.js";
import { type Key } from "./key.js";
import { paintFor } from "./text.js";

/** The option that says which token. */
export const TOKEN_OPTIONS = {
  "token-file": {
    type: "string",
    short: "t",
    value: "FILE",
    help: 'The access token, or a token response as JSON; "-" for standard input. Default: the variable DPOP_TOKEN, which holds the token itself',
  },
} as const;

/** The length of a header field that servers take, in characters. */
const LONGEST = 65_536;

/** Returns the access token that the option or the environment names; undefined without both. */
export async function loadToken(io: Io, path: string | undefined): Promise<string | undefined> {
  if (path !== undefined) {
    const source = { path, option: "--token-file", what: "an access token" };
    return readToken(await readSecret(io, source), "the file of --token-file");
  }
  const inVariable = io.env["DPOP_TOKEN"];
  if (inVariable === undefined || inVariable === "") return undefined;
  return readToken(inVariable, "the variable DPOP_TOKEN");
}

/** Returns the access token of a text: the token itself, or a token response. `origin` says where it comes from. */
export function readToken(text: string, origin: string): string {
  const response = parseObject(text);
  if (response !== null && String(response["token_type"] ?? "dpop").toLowerCase() !== "dpop") {
    throw mistake(
      `${origin} has a token of another type than DPoP`,
      "It is bound to no key: dpop-core token gets one that is",
    );
  }
  const token = response === null ? text.trim() : response["access_token"];
  if (typeof token !== "string") {
    throw mistake(
      `${origin} is JSON without an access_token`,
      "Take a token response, or only the token",
    );
  }
  if (/^(?:dpop|bearer) /i.test(token)) {
    throw mistake(`${origin} has a scheme before the token`, "Leave only the token in it");
  }
  if (!/^[\x21-\x7e]+$/.test(token) || token.length > LONGEST) {
    throw mistake(
      `${origin} holds no access token`,
      "A token is one line of printable ASCII without spaces",
    );
  }
  return token;
}

/** Returns the claims of a token that is a JWT, unchecked; null for every other. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> | null {
  const [, payload, ...rest] = token.split(".");
  if (payload === undefined || rest.length !== 1) return null;
  return parseObject(Buffer.from(payload, "base64url").toString("utf8"));
}

/** Returns the thumbprint of the key that a JWT says it is bound to; undefined where it says nothing. */
export function boundKeyOf(claims: Readonly<Record<string, unknown>> | null): string | undefined {
  const { cnf } = claims ?? {};
  if (typeof cnf !== "object" || cnf === null || !("jkt" in cnf)) return undefined;
  return typeof cnf.jkt === "string" ? cnf.jkt : undefined;
}

/** Warns where a token says that it is bound to another key: every server would refuse the two together. */
export function warnOfOtherKey(io: Io, token: string | undefined, key: Key): void {
  const jkt = token === undefined ? undefined : boundKeyOf(claimsOf(token));
  if (jkt === undefined || jkt === key.jkt) return;
  const warning = `warning: the token is bound to another key than ${key.origin}: get a token with this key, or name the key of the token by --key`;
  writeLine(io.stderr, paintFor(io, io.stderr).yellow(warning));
}
