// dpop-core prove: one proof for one request, as a header field or as options for curl.
import { createProof, parseProof } from "dpop-core/core";
import { nodeCrypto } from "dpop-core/node-crypto";
import { defineCommand } from "../base/command.js";
import { EXIT, mistake } from "../base/fault.js";
import { writeLine } from "../base/io.js";
import { KEY_OPTIONS, loadKey } from "../base/key.js";
import { loadToken, TOKEN_OPTIONS, warnOfOtherKey } from "../base/token.js";
import { methodArgument, urlArgument } from "../base/url.js";

export const prove = defineCommand({
  name: "prove",
  summary: "Print a proof for one request",
  positionals: "METHOD URL",
  notes: [
    "It prints the whole header field, name and value; with --json, the proof by itself. A proof is good for one request and about a minute. With an access token it goes to an API, without one to an authorization server.",
    "--curl prints a configuration of curl with the method, the URL, the proof and the access token. Pipe it: curl reads it from standard input, so that the token stands in no argument.",
  ],
  options: {
    ...KEY_OPTIONS,
    ...TOKEN_OPTIONS,
    nonce: {
      type: "string",
      short: "n",
      value: "NONCE",
      help: "What the server sent in DPoP-Nonce",
    },
    curl: { type: "boolean", help: "Print options for curl --config -" },
  },
  examples: [
    {
      command: "dpop-core prove POST https://as.example/token",
      says: "The header field for a token request",
    },
    {
      command: "dpop-core prove GET https://api.example/things --token-file token",
      says: "The header field for an API",
    },
    {
      command:
        "dpop-core prove GET http://127.0.0.1:4001/things --token-file token --nonce eyJ7S_zG.eyJH0-Z --curl | curl --config -",
      says: "Sends the request with curl",
    },
  ],
  async run(io, { options, positionals: [method = "", address = ""] }) {
    if (URL.canParse(method) && !URL.canParse(address)) {
      throw mistake(
        "METHOD comes before URL",
        "Write dpop-core prove GET https://api.example/things",
      );
    }
    const url = urlArgument(address, "URL");
    const htm = methodArgument(method, "METHOD");
    const key = await loadKey(io, options);
    const accessToken = await loadToken(io, options["token-file"]);
    warnOfOtherKey(io, accessToken, key);
    const { nonce } = options;
    if (nonce !== undefined && !/^[\x21\x23-\x5b\x5d-\x7e]{1,1024}$/.test(nonce)) {
      throw mistake("--nonce is no nonce", "Take the value of DPoP-Nonce as the server sent it");
    }
    const request = { method: htm, url: url.href, accessToken, nonce, iat: Math.floor(io.clock()) };
    const proof = createProof(key.signer, request, { backend: nodeCrypto });
    if (options.json) {
      const parsed = parseProof(proof);
      writeLine(
        io.stdout,
        JSON.stringify({ proof, jkt: key.jkt, claims: parsed.ok ? parsed.claims : undefined }),
      );
    } else if (options.curl) {
      for (const line of curlConfig(htm, url, proof, accessToken)) writeLine(io.stdout, line);
    } else {
      writeLine(io.stdout, `DPoP: ${proof}`);
    }
    return EXIT.ok;
  },
});

/** Lines of a curl configuration. None of the values can have a quote or a backslash that is not escaped here. */
function curlConfig(
  method: string,
  url: URL,
  proof: string,
  accessToken: string | undefined,
): readonly string[] {
  const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
  const [target = ""] = url.href.split("#"); // curl would not send it either
  const lines = [
    `url = ${quoted(target)}`,
    "globoff", // or curl would read brackets and braces in the URL
    "path-as-is",
    `header = ${quoted(`DPoP: ${proof}`)}`,
  ];
  if (method === "HEAD") lines.push("head");
  else if (method !== "GET") lines.push(`request = ${quoted(method)}`);
  if (accessToken !== undefined)
    lines.push(`header = ${quoted(`Authorization: DPoP ${accessToken}`)}`);
  return lines;
}
