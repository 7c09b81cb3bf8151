import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import * as dpop from "dpop-core";
import { createRemoteJWKSet, jwtVerify } from "jose";

const { ISSUER: issuer = "http://localhost:4000", PORT = "3000" } = process.env;
const origin = `http://localhost:${PORT}`; // what clients call: behind a proxy, the outside
const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
const nonce = dpop.createNonceIssuer({ secrets: [randomBytes(32)], audience: origin });
const verifier = dpop.createAsyncVerifier({ nonce, replay: dpop.createMemoryReplayStore() });
const api = dpop.createAsyncResourceServer({ verifier });
const badToken = /^ERR_JW[ST]_|MATCHING_KEY|NOT_SUPPORTED/; // not: keys that could not be had
async function binding(accessToken: string): Promise<dpop.Binding | null> {
  const verified = jwtVerify(accessToken, keys, { issuer, audience: origin, typ: "at+jwt" });
  const token = await verified.catch((e) => (badToken.test(e.code) ? null : Promise.reject(e)));
  return token && dpop.bindingFromClaims(token.payload);
}
createServer(async (req, res) => {
  const { method = "", url = "", headersDistinct: fields } = req;
  const credentials = { authorization: fields["authorization"], proof: fields["dpop"] };
  const request = { method, url: origin + url, ...credentials, binding };
  const access = await api.authenticate(request).catch((e) => void console.error(e));
  res.writeHead(access?.ok ? 200 : (access?.status ?? 503), access?.headers);
  res.end(access?.ok ? "hello\n" : "");
}).listen(PORT);
