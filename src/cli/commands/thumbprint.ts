// dpop-core thumbprint: the thumbprint of a key (RFC 7638), which is jkt in a token and dpop_jkt in a request.
import { defineCommand } from "../base/command.js";
import { EXIT, mistake } from "../base/fault.js";
import { readText, STREAM } from "../base/files.js";
import { writeLine } from "../base/io.js";
import { holdsPrivateKey, readPublicKey, thumbprintOf } from "../base/key.js";

export const thumbprint = defineCommand({
  name: "thumbprint",
  summary: "Print the thumbprint of a key",
  positionals: "[FILE]",
  notes: [
    "It is the value of cnf.jkt in an access token and of dpop_jkt in an authorization request. The key is a JWK or PEM, public or private.",
  ],
  options: {},
  examples: [
    { command: "dpop-core thumbprint dpop-key.json", says: "Of a file" },
    {
      command: "openssl pkey -in key.pem -pubout | dpop-core thumbprint",
      says: "Of standard input",
    },
  ],
  async run(io, { options, positionals: [path = STREAM] }) {
    const what = "a key, as a JWK or in PEM";
    const text = await readText(io, { path, option: "FILE", what }, holdsPrivateKey);
    const jwk = readPublicKey(text);
    if (jwk === null) {
      throw mistake(
        "that is no key that can sign proofs",
        "It takes a JWK or PEM of P-256, P-384, P-521, Ed25519, or RSA with at least 2048 bits",
      );
    }
    const jkt = thumbprintOf(jwk);
    writeLine(io.stdout, options.json ? JSON.stringify({ jkt, publicJwk: jwk }) : jkt);
    return EXIT.ok;
  },
});
