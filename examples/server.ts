import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import * as dpop from "dpop-core";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const { ISSUER: issuer = "http://localhost:4000", PORT = "3000" } = process.env;
const origin = `http://localhost:${PORT}`; // what clients call: behind a proxy, the outside
const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
const nonce = dpop.createNonceIssuer({ secrets: [randomBytes(32)], audience: origin });
const verifier = dpop.createAsyncVerifier({ nonce, replay: dpop.createMemoryReplayStore() });
const api = dpop.createAsyncResourceServer({ verifier });

const isNoToken = (e: unknown) => (e instanceof errors.JOSEError ? null : Promise.reject(e));
async function binding(accessToken: string): Promise<dpop.Binding | null> {
  const expected = { issuer, audience: origin, typ: "at+jwt" };
  const token = await jwtVerify(accessToken, keys, expected).catch(isNoToken);
  return token && dpop.bindingFromClaims(token.payload);
}
createServer(async (req, res) => {
  const { method = "", url = "", headersDistinct: fields } = req;
  const credentials = { authorization: fields["authorization"], proof: fields["dpop"] };
  const access = await api.authenticate({ method, url: origin + url, ...credentials, binding });
  res.writeHead(access.ok ? 200 : access.status, access.headers);
  res.end(access.ok ? "hello\n" : "");
}).listen(PORT);
