// DPoP, shown at work: a client, an authorization server, an API, and a thief. Run it with `npm run demo`.
//
// An OAuth access token is usually a bearer token: like a banknote, it is good in every hand. Who finds it in a log, in
// a crash dump or on a broken proxy has what its owner had. DPoP, "demonstrating proof of possession" (RFC 9449), makes
// it like a cheque instead, good only with the signature of the one it was made out to:
//
//   1. The client has a key pair. With each request it sends a proof, in the header field `DPoP`: a JWT that it signs
//      with its private key, which carries the public key and says for what it is meant.
//          header   typ  "dpop+jwt"      claims   htm, htu  the method and the URL of this request
//                   alg  "ES256"                  iat       when it was made
//                   jwk  the public key           jti       an id of its own, so that it counts once
//                                                 nonce     what the server asked for, where it did
//                                                 ath       the hash of the access token, where one is sent
//   2. The authorization server checks the proof and puts the thumbprint of its key, `cnf.jkt`, into the token that it
//      grants. From now on the token is bound to that key.
//   3. The API gets the token and a new proof. It checks the token as ever, then asks of the proof: is it signed, by the
//      very key that the token is bound to, for this method, this URL and this token, just now, and for the first time?
//
// First the authorization server is a real one, oidc-provider, and the API and the clients are on this library. Then the
// servers are on this library, and the clients are others: oauth4webapi, openid-client and dpop. Everything is on
// loopback, with keys that live as long as the run. Whether an answer is right is not for the run to say:
// demo/situations.ts has it written down. Read on in
//
//   demo/situations.ts            what is tried, and what must come of it
//   demo/story.ts                 the chapters, and what runs in them
//   demo/first-token.ts           a client gets a token: how proofs are made
//   demo/token-use.ts             it uses the token, and a thief tries to: how they are misused
//   demo/api.ts                   the API: how proofs are verified
//   demo/authorization-server.ts  how DPoP is turned on at oidc-provider
//   demo/code-flow.ts             an app without a secret: code and refresh token, with the client of this library
//   demo/own-authorization-server.ts, demo/own-api.ts   both servers on this library, with nonces
//   demo/foreign-clients.ts       clients of others at these
//   demo/thieves.ts               and thieves
//   demo/keycloak.ts              Keycloak, where it is asked for: npm run demo -- keycloak
import { parseArgs } from "node:util";
import { lookForKeycloak } from "./demo/keycloak.js";
import { exitCode, render } from "./demo/report.js";
import { runDemo } from "./demo/story.js";

const { positionals } = parseArgs({ allowPositionals: true });
if (positionals.some((name) => name !== "keycloak"))
  throw new RangeError("unknown argument; the only one is keycloak");
const isAsked = positionals.length > 0;
const { distribution, note } = await lookForKeycloak(isAsked);
console.log(`${note}\n`);
const report = await runDemo(undefined, distribution);
console.log(render(report));
const isLeftOut = isAsked && distribution === undefined;
process.exitCode = isLeftOut ? 1 : exitCode(report); // so that a script can tell, too
