import { randomBytes } from "node:crypto";
import { createAuthorizationServer, createMemoryReplayStore, createVerifier } from "dpop-core";
import { createNonceIssuer, type FieldValue, serverMetadata } from "dpop-core";
import { nodeCrypto as backend } from "dpop-core/node-crypto";
import * as issuer from "../issuer.js"; // what you have already
import { grantOf, push, redeem } from "./grants.js"; // and this too

const { ISSUER } = issuer;
const nonce = createNonceIssuer({ secrets: [randomBytes(32)], audience: ISSUER, backend });
const verifier = createVerifier({ replay: createMemoryReplayStore(), nonce, backend });
const server = createAuthorizationServer({ verifier });
export const metadata = {
  ...issuer.metadata,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
  pushed_authorization_request_endpoint: `${ISSUER}/par`,
  require_pushed_authorization_requests: true,
  response_types_supported: ["code"],
  code_challenge_methods_supported: ["S256"],
  authorization_response_iss_parameter_supported: true,
  ...serverMetadata(server),
};

/** What an endpoint does with the header field DPoP and the body of a request, in any framework. */
export type Endpoint = typeof pushedResponse | typeof tokenResponse;

export async function pushedResponse(proof: FieldValue, form: URLSearchParams) {
  const [method, url, dpopJkt] = ["POST", `${ISSUER}/par`, form.getAll("dpop_jkt")];
  const result = server.checkPushedRequest({ method, url, proof, dpopJkt });
  if (!result.ok) return result; // status, headers and body of the refusal
  const { headers, jkt } = result;
  const uri = jkt === undefined ? null : push(form, jkt); // every code is bound to a key
  if (uri === null) return { status: 400, headers, body: { error: "invalid_request" } };
  return { status: 201, headers, body: { request_uri: uri, expires_in: 60 } };
}

export async function tokenResponse(proof: FieldValue, form: URLSearchParams) {
  const client = { clientType: "public", boundAccessTokens: true } as const;
  const request = { method: "POST", url: `${ISSUER}/token`, proof, grant: () => grantOf(form) };
  const result = server.checkTokenRequest({ ...request, ...client });
  if (!result.ok) return result;
  const refresh_token = redeem(form); // without an await since the check: a code is good once
  const access_token = await issuer.signAccessToken(result.cnf);
  const body = { access_token, token_type: result.tokenType, expires_in: 600, refresh_token };
  return { status: 200, headers: result.headers, body };
}
