// The demo with verifiers that are wrong: they accept everything, or refuse everything. demo.test.ts starts it as a
// process.
import { FAILURES, type VerifyResult } from "dpop-core";
import { exitCode, render } from "../../examples/demo/report.js";
import { runDemo, type VerifierMakers } from "../../examples/demo/story.js";

/** Of every proof it says the same. No nonce is ever wanted, no token looked up, nothing remembered. */
function makersOf(result: VerifyResult): VerifierMakers {
  const usage = { keys: 0, keyBytes: 0, tables: 0, tableBytes: 0, tokens: 0, tokenBytes: 0 };
  const state = { algs: ["ES256"], nonce: undefined, cacheUsage: () => usage };
  return {
    createVerifier: () => ({ ...state, verify: () => result }),
    createAsyncVerifier: () => ({ ...state, verify: async () => result }),
  };
}

const accepted: VerifyResult = {
  ok: true,
  jkt: "",
  jwk: { kty: "OKP", crv: "Ed25519", x: "" },
  alg: "ES256",
  claims: { jti: "", htm: "", htu: "", iat: 0 },
};

const refused: VerifyResult = {
  ok: false,
  code: "signature_invalid",
  message: FAILURES.signature_invalid.message,
};

const report = await runDemo(makersOf(process.argv[2] === "accepts" ? accepted : refused));
console.log(render(report));
process.exitCode = exitCode(report);
