import { createProof, createSigner, generatePrivateJwk } from "dpop-core";
import { explainProof, formatExplanation } from "dpop-core/explain";
import { nodeCrypto } from "dpop-core/node-crypto";

const signer = createSigner(generatePrivateJwk("ES256"));
const proof = createProof(signer, { method: "GET", url: "https://api.example/v1/things" });
// What the server behind a proxy saw: the proxy took the prefix away.
const request = { method: "GET", url: "https://api.example/things" };
export const explanation = explainProof(proof, request, { backend: nodeCrypto });
export const text = formatExplanation(explanation, { color: process.stdout.isTTY });
