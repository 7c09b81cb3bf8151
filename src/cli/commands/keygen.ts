// dpop-core keygen: a new private key, in a file that only its owner can read.
import { createSigner, generatePrivateJwk } from "dpop-core/node-crypto";
import { defineCommand } from "../base/command.js";
import { EXIT } from "../base/fault.js";
import { STREAM, writeSecret } from "../base/files.js";
import { writeLine } from "../base/io.js";
import { algArgument, ALGS, KEY_FILE, thumbprintOf } from "../base/key.js";
import { paintFor } from "../base/text.js";

export const keygen = defineCommand({
  name: "keygen",
  summary: "Make a private key and write it to a file",
  positionals: "",
  notes: [
    "The file has the mode 600 and holds a JWK. Keep it as secret as the tokens that are bound to it, and as long: without it they are useless.",
  ],
  options: {
    alg: {
      type: "string",
      short: "a",
      value: "ALG",
      help: `One of ${ALGS.join(", ")}. Default ES256`,
    },
    out: {
      type: "string",
      short: "o",
      value: "FILE",
      help: `Where to write it; "-" for standard output. Default ${KEY_FILE}`,
    },
    force: { type: "boolean", short: "f", help: "Replace a file that exists" },
  },
  examples: [
    {
      command: "dpop-core keygen",
      says: `Makes ${KEY_FILE}, where the other commands look for it`,
    },
    {
      command: "dpop-core keygen --alg Ed25519 --out other-key.json",
      says: "An Ed25519 key in another file",
    },
  ],
  async run(io, { options }) {
    const { out = KEY_FILE, force, json } = options;
    const alg = algArgument(options.alg) ?? "ES256";
    const privateJwk = generatePrivateJwk(alg);
    const { publicJwk } = createSigner(privateJwk);
    const jkt = thumbprintOf(publicJwk);
    await writeSecret(
      io,
      { path: out, option: out === KEY_FILE ? KEY_FILE : "--out", force },
      `${JSON.stringify(privateJwk)}\n`,
    );
    if (out === STREAM) return EXIT.ok; // standard output holds the key, and no more
    if (json) {
      writeLine(io.stdout, JSON.stringify({ file: out, alg, jkt, publicJwk }));
      return EXIT.ok;
    }
    const paint = paintFor(io, io.stdout);
    writeLine(io.stdout, `${paint.bold(out)} holds a new ${alg} key that only you can read.`);
    writeLine(io.stdout, `Thumbprint (jkt): ${jkt}`);
    return EXIT.ok;
  },
});
