// Small programs for bundlers and for Deno: each makes a proof, verifies it, and a forged one, and prints what came of
// it. "dpop-core" is replaced by what an engine calls it.

export interface Program {
  readonly name: string;
  readonly source: string;
  /** It needs node:crypto. */
  readonly server: boolean;
}

/** What every program prints. */
export const RIGHT_ANSWER: string =
  '{"good":"ok","key":true,"forged":"signature_invalid","elsewhere":"htu_mismatch","again":"jti_replayed"}\n';

/** `session` is a client, `verify` the other side, with a replay store. Both may be asynchronous. */
const STORY = `
const url = "https://api.example/things";
const at = { method: "GET", url };
const proof = await session.buildProof({ method: "GET", url: url + "?page=2" });
const forged = proof.slice(0, -8) + "AAAAAAAA";
const codeOf = (result) => (result.ok ? "ok" : result.code);
const elsewhere = codeOf(await verify(proof, { method: "GET", url: "https://api.example/others" }));
const refused = codeOf(await verify(forged, at));
const accepted = await verify(proof, at);
const again = codeOf(await verify(proof, at));
const key = accepted.ok && accepted.jkt === session.jkt;
console.log(JSON.stringify({ good: codeOf(accepted), key, forged: refused, elsewhere, again }));
`;

const DEFAULT = `
const signer = dpop.createSigner(dpop.generatePrivateJwk("ES256"));
const session = dpop.createClientSession({ signer });
const replay = dpop.createMemoryReplayStore();
const verifier = dpop.createVerifier({ replay });
const verify = (proof, request) => verifier.verify(proof, request);
`;

const WEBCRYPTO = `
const signer = await createSigner(await generateKeyPair("ES256"));
const session = createAsyncClientSession({ signer, backend: webcrypto });
const replay = createMemoryReplayStore({ backend: webcrypto });
const verifier = createAsyncVerifier({ backend: webcrypto, replay });
const verify = (proof, request) => verifier.verify(proof, request);
`;

const NODE = `
const session = createClientSession({ signer: createSigner(generatePrivateJwk("EdDSA")), backend: nodeCrypto });
const replay = createMemoryReplayStore({ backend: nodeCrypto });
const verifier = createVerifier({ backend: nodeCrypto, replay });
const verify = (proof, request) => verifier.verify(proof, request);
`;

export const PROGRAMS: readonly Program[] = [
  {
    name: "the default entry",
    server: false,
    source: `import * as dpop from "dpop-core";${DEFAULT}${STORY}`,
  },
  {
    name: "the client, core and webcrypto",
    server: false,
    source: `import { createAsyncClientSession, createAsyncVerifier, createMemoryReplayStore } from "dpop-core/core";
import { createSigner, generateKeyPair, webcrypto } from "dpop-core/webcrypto";${WEBCRYPTO}${STORY}`,
  },
  {
    name: "core and node-crypto",
    server: true,
    source: `import { createClientSession, createMemoryReplayStore, createVerifier } from "dpop-core/core";
import { createSigner, generatePrivateJwk, nodeCrypto } from "dpop-core/node-crypto";${NODE}${STORY}`,
  },
];

/** The default entry by its CommonJS files. */
export const COMMONJS: Program = {
  name: "the default entry, by require",
  server: false,
  source: `const dpop = require("dpop-core");
(async () => {${DEFAULT}${STORY}})();
`,
};
