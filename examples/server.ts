import { createServer } from "node:http";
import { createAsyncResourceServer, createAsyncVerifier, createMemoryReplayStore } from "dpop-core";
import { nodeCrypto } from "dpop-core/node-crypto";
import { binding, unavailable } from "./access-token.js"; // your check of the access token

const { PORT = "3000", API = `http://localhost:${PORT}` } = process.env; // clients call API
const verifier = createAsyncVerifier({ replay: createMemoryReplayStore(), backend: nodeCrypto });
const api = createAsyncResourceServer({ verifier });
createServer(async (req, res) => {
  const { authorization, dpop: proof } = req.headersDistinct;
  const request = { method: req.method ?? "", url: API + req.url, authorization, proof, binding };
  const access = await api.authenticate(request).catch(unavailable);
  res.writeHead(access.ok ? 200 : access.status, access.headers).end(access.ok ? "hello\n" : "");
}).listen(PORT);
