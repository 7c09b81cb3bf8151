// The demo with a verifier that is wrong: `accepts` everything, or `refuses` everything. demo.test.ts starts it as a process.
import { FAILURES, type Verifier } from "dpop-core";
import { exitCode, render } from "../../examples/demo/situations.js";
import { runDemo } from "../../examples/demo/story.js";

const acceptsEverything: Verifier = {
  algs: ["ES256"],
  nonce: undefined,
  verify: (_proof, { method, url, jkt = "" }) => ({
    ok: true,
    jkt,
    jwk: { kty: "OKP", crv: "Ed25519", x: "" },
    alg: "ES256",
    claims: { jti: "", htm: method, htu: url, iat: 0 },
  }),
};

const refusesEverything: Verifier = {
  algs: ["ES256"],
  nonce: undefined,
  verify: () => ({
    ok: false,
    code: "signature_invalid",
    message: FAILURES.signature_invalid.message,
  }),
};

const report = await runDemo(process.argv[2] === "accepts" ? acceptsEverything : refusesEverything);
console.log(render(report));
process.exitCode = exitCode(report);
