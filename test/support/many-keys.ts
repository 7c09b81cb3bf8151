// A program for standstill.test.ts: 30,000 keys and signers of KeyObjects, made as a user would make them.
// Prints how many there were.
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createSigner, generatePrivateJwk } from "dpop-core/node-crypto";

const ROUNDS = 10_000;

function keyObject(round: number): KeyObject {
  const pair =
    round % 2 === 0
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("ed25519");
  return pair.privateKey;
}

let made = 0;
for (let round = 0; round < ROUNDS; round++) {
  const jwks = [generatePrivateJwk("ES256"), generatePrivateJwk("EdDSA")];
  const signer = createSigner(keyObject(round));
  made += jwks.length + Object.keys({ [signer.alg]: signer }).length;
}
console.log(made);
