import type { IncomingMessage, ServerResponse } from "node:http";
import * as dpop from "dpop-core";
import { nodeCrypto } from "dpop-core/node-crypto";
import { binding, unavailable } from "../access-token.js";

const { API = "http://localhost:3000" } = process.env; // the origin that clients call
const replay = dpop.createMemoryReplayStore();
const verifier = dpop.createAsyncVerifier({ replay, backend: nodeCrypto });
export const api = dpop.createAsyncResourceServer({ verifier });

/** Express's own Request has these members. */
type Request = IncomingMessage & { readonly originalUrl: string; access?: dpop.AccessResult };

/** `app.use(protect)`: the handlers behind it find who calls in `req.access`. */
export async function protect(req: Request, res: ServerResponse, next: () => void) {
  const { method = "", originalUrl, headersDistinct } = req;
  const { authorization, dpop: proof } = headersDistinct;
  const request = { method, url: API + originalUrl, authorization, proof, binding };
  const access = await api.authenticate(request).catch(unavailable);
  for (const [name, value] of Object.entries(access.headers)) res.setHeader(name, value);
  if (access.ok) {
    req.access = access;
    next();
  } else {
    res.writeHead(access.status).end();
  }
}
