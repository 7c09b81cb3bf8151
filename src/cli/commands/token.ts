// dpop-core token: an access token that is bound to the key, from the token endpoint of an authorization server.
import { defineCommand, type Values } from "../base/command.js";
import { type Client, openClient, TIMEOUT_OPTION } from "../base/client.js";
import { EXIT, Fault, mistake } from "../base/fault.js";
import { isSamePath, readSecret, STREAM, writeSecret } from "../base/files.js";
import { type Io, writeLine } from "../base/io.js";
import { parseObject } from "../base/json.js";
import { type Key, KEY_FILE, KEY_OPTIONS, loadKey } from "../base/key.js";
import { readBody } from "../base/response.js";
import { paintFor, printable, spanInWords } from "../base/text.js";
import { urlArgument } from "../base/url.js";
import { type Endpoint, findEndpoint } from "../base/metadata.js";

const OPTIONS = {
  ...KEY_OPTIONS,
  issuer: { type: "boolean", help: "URL is the issuer: its metadata has the token endpoint" },
  grant: {
    type: "string",
    short: "g",
    value: "TYPE",
    help: "client_credentials, refresh_token, authorization_code or any other grant_type. Default client_credentials",
  },
  "client-id": {
    type: "string",
    value: "ID",
    help: "The name of the client. Default: the variable DPOP_CLIENT_ID",
  },
  "client-secret-file": {
    type: "string",
    value: "FILE",
    help: 'The secret of the client; "-" for standard input. Default: the variable DPOP_CLIENT_SECRET; without both the client is public',
  },
  "client-auth": {
    type: "string",
    value: "METHOD",
    help: "Where the secret goes: basic, in a header field, or post, in the body. Default basic",
  },
  scope: {
    type: "string",
    short: "s",
    value: "SCOPE",
    help: "The scope, names with spaces between them",
  },
  resource: {
    type: "string",
    multiple: true,
    value: "URI",
    help: "The API that the token is for (RFC 8707)",
  },
  param: {
    type: "string",
    short: "p",
    multiple: true,
    value: "NAME=VALUE",
    help: "Another parameter, such as audience=NAME or redirect_uri=URL",
  },
  "param-file": {
    type: "string",
    multiple: true,
    value: "NAME=FILE",
    help: "A parameter that is a secret, such as refresh_token, code or code_verifier. A file of JSON gives its member of that name",
  },
  out: {
    type: "string",
    short: "o",
    value: "FILE",
    help: 'Where to write the token, with the mode 600. Default "-", standard output',
  },
  force: { type: "boolean", short: "f", help: "Replace a file that exists" },
  ...TIMEOUT_OPTION,
} as const;

type TokenOptions = Values<
  typeof OPTIONS & { readonly json: { readonly type: "boolean"; readonly help: string } }
>;

export const token = defineCommand({
  name: "token",
  summary: "Get an access token that is bound to the key",
  positionals: "URL",
  notes: [
    "URL is the token endpoint, or with --issuer the issuer. The token goes to standard output or to a file; with --json the whole response does, refresh token included.",
  ],
  options: OPTIONS,
  examples: [
    {
      command:
        "DPOP_CLIENT_SECRET=demo-secret dpop-core token http://127.0.0.1:4000/token --client-id demo --out token",
      says: "Client credentials, at the server of dpop-core serve",
    },
    {
      command:
        "dpop-core token --issuer http://127.0.0.1:4000 --client-id demo --client-secret-file client-secret --json --out response.json",
      says: "The whole response, from the issuer",
    },
    {
      command:
        "dpop-core token http://127.0.0.1:4000/token --grant refresh_token --param-file refresh_token=response.json --client-id demo --client-secret-file client-secret --out token --force",
      says: "A new token for a refresh token",
    },
  ],
  async run(io, { options, positionals: [address = ""] }) {
    const url = urlArgument(address, "URL");
    const body = await readForm(io, options);
    const headers = await authenticate(io, options, body);
    const key = await loadKey(io, options);
    const { out = STREAM } = options;
    if (out !== STREAM && isSamePath(io, out, options.key ?? KEY_FILE)) {
      throw mistake(
        "--out names the file of the key",
        "Without the key the token is useless: name another file",
      );
    }
    const endpoint = await endpointOf(io, url, key, options);
    const client = openClient(io, key, { timeout: options.timeout, algs: endpoint.algs });
    const response = await client.send(endpoint.url, {
      method: "POST",
      headers,
      body: body.toString(),
    });
    const text = (await readBody(client, response, endpoint.url)).toString("utf8");
    const { status } = response;
    const granted = readGranted(client, {
      status,
      text,
      url: endpoint.url,
      sent: { headers, body },
    });
    const content = options.json ? JSON.stringify(granted.response) : granted.accessToken;
    await writeSecret(io, { path: out, option: "--out", force: options.force }, `${content}\n`);
    if (out !== STREAM) tellOfToken(io, out, granted, options.json);
    return EXIT.ok;
  },
});

async function endpointOf(io: Io, url: URL, key: Key, options: TokenOptions): Promise<Endpoint> {
  if (!options.issuer) return { url, algs: undefined };
  const { timeout } = options;
  return findEndpoint(url, openClient(io, key, { timeout }));
}

/** Parameters that must not be arguments. */
const SECRETS = new Set([
  "access_token",
  "actor_token",
  "assertion",
  "client_assertion",
  "client_secret",
  "code",
  "code_verifier",
  "device_code",
  "password",
  "refresh_token",
  "subject_token",
]);

async function readForm(io: Io, options: TokenOptions): Promise<URLSearchParams> {
  const form = new URLSearchParams({ grant_type: options.grant ?? "client_credentials" });
  if (options.scope !== undefined) form.set("scope", options.scope);
  for (const resource of options.resource) form.append("resource", resource);
  for (const param of options.param) {
    const [name, value] = splitParam(param, "--param");
    if (SECRETS.has(name)) {
      throw mistake(
        `--param ${name} would show a secret to other users of the machine`,
        `Put it into a file: --param-file ${name}=FILE`,
      );
    }
    form.append(name, value);
  }
  for (const param of options["param-file"]) {
    const [name, path] = splitParam(param, "--param-file");
    const text = await readSecret(io, {
      path,
      option: "--param-file",
      what: "the value of the parameter",
    });
    const member = parseObject(text)?.[name];
    form.append(name, typeof member === "string" ? member : text.trim());
  }
  return form;
}

function splitParam(param: string, option: string): readonly [name: string, value: string] {
  const [, name, value] = /^(\w{1,64})=([^]*)$/.exec(param) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw mistake(`${option} needs a name, "=" and a value`, `Write ${option} audience=…`);
}

/** Authenticates the client (RFC 6749 section 2.3.1): adds to the form, and returns the header fields. */
async function authenticate(
  io: Io,
  options: TokenOptions,
  form: URLSearchParams,
): Promise<Headers> {
  const headers = new Headers({
    "content-type": "application/x-www-form-urlencoded",
    accept: "application/json",
    "user-agent": "dpop-core",
  });
  const method = options["client-auth"] ?? "basic";
  if (method !== "basic" && method !== "post") {
    throw mistake("--client-auth must be basic or post", "Default: basic");
  }
  const id = options["client-id"] ?? io.env["DPOP_CLIENT_ID"];
  const secret = await readClientSecret(io, options["client-secret-file"]);
  if (id === undefined) {
    if (secret === undefined) return headers;
    throw mistake("there is a client secret, and no name of the client", "Give it as --client-id");
  }
  if (secret === undefined || method === "post") {
    form.set("client_id", id);
    if (secret !== undefined) form.set("client_secret", secret);
  } else {
    const pair = [id, secret].map(formEncoded).join(":");
    headers.set("authorization", `Basic ${Buffer.from(pair).toString("base64")}`);
  }
  return headers;
}

async function readClientSecret(io: Io, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return io.env["DPOP_CLIENT_SECRET"] || undefined;
  const source = { path, option: "--client-secret-file", what: "the secret of the client" };
  const secret = (await readSecret(io, source)).trim();
  if (secret !== "") return secret;
  throw mistake(
    "the file of --client-secret-file is empty",
    "It should hold the secret of the client",
  );
}

/** Encodes as application/x-www-form-urlencoded does, as RFC 6749 section 2.3.1 wants it. */
function formEncoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

interface Granted {
  readonly accessToken: string;
  /** All of it. */
  readonly response: Readonly<Record<string, unknown>>;
}

interface TokenAnswer {
  readonly status: number;
  readonly text: string;
  readonly url: URL;
  /** What the request had. */
  readonly sent: { readonly headers: Headers; readonly body: URLSearchParams };
}

function readGranted({ session }: Client, answer: TokenAnswer): Granted {
  const { status, text, url, sent } = answer;
  const response = parseObject(text);
  const read = session.readTokenResponse(response);
  if (read.ok && response !== null && status < 300)
    return { accessToken: read.accessToken, response };
  if (read.ok || read.code === "token_response_invalid" || status === 404 || status === 405) {
    throw new Fault(
      EXIT.refused,
      `${url.host} gave no token response, and the status ${status}`,
      "Is that the token endpoint? With --issuer, URL is the issuer, and its metadata has the endpoint",
    );
  }
  if (read.code === "token_type_not_dpop") {
    throw new Fault(
      EXIT.refused,
      `${url.host} gave a token that is bound to no key`,
      "Either it does not know DPoP, or the client has to be registered for it (dpop_bound_access_tokens)",
    );
  }
  const error = printable(read.error ?? "");
  const said = read.errorDescription === null ? "" : `: ${printable(read.errorDescription)}`;
  throw new Fault(
    EXIT.refused,
    `${url.host} refused the request, ${error}${said}`,
    adviceFor(error, sent),
  );
}

function adviceFor(error: string, { headers, body }: TokenAnswer["sent"]): string {
  switch (error) {
    case "invalid_client":
      if (
        headers.has("authorization") ||
        body.has("client_secret") ||
        body.has("client_assertion")
      ) {
        return "Check --client-id, the secret, and whether the client sends it as --client-auth basic or post";
      }
      return body.has("client_id")
        ? "No secret went with the request: --client-secret-file FILE, or the variable DPOP_CLIENT_SECRET"
        : "No client was named: --client-id ID, and its secret by --client-secret-file FILE or DPOP_CLIENT_SECRET";
    case "invalid_grant":
      return "A code is good once and for a short time; a refresh token only with the key that it is bound to";
    case "unauthorized_client":
    case "unsupported_grant_type":
      return "Is the client registered for that --grant?";
    case "invalid_scope":
      return "Is the client registered for that --scope?";
    case "invalid_target":
      return "Does the server know that API? --resource or --param audience=… names it";
    case "invalid_dpop_proof":
      return "Is the clock of this machine right, and does the server take proofs of that algorithm? dpop-core keygen --alg makes another key";
    case "use_dpop_nonce":
      return "The nonce of its response was refused too: is more than one server behind that URL?";
    default:
      return "The authorization server's own documentation says what it needs: --param adds a parameter";
  }
}

function tellOfToken(io: Io, path: string, { response }: Granted, json: boolean): void {
  const { expires_in: life, scope } = response;
  if (json) {
    writeLine(io.stdout, JSON.stringify({ file: path, expires_in: life, scope }));
    return;
  }
  const paint = paintFor(io, io.stdout);
  const until = typeof life === "number" && life >= 0 ? ` It lasts ${spanInWords(life)}.` : "";
  writeLine(
    io.stdout,
    `${paint.bold(path)} holds an access token that is bound to your key.${until}`,
  );
}
