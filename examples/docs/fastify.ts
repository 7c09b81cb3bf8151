import type { IncomingMessage } from "node:http";
import type { AccessResult } from "dpop-core";
import { binding, unavailable } from "../access-token.js";
import { api } from "./express.js"; // the resource server, as above

const { API = "http://localhost:3000" } = process.env;

/** What is used of Fastify's request and reply. */
interface Request {
  readonly method: string;
  readonly originalUrl: string;
  readonly raw: IncomingMessage & { access?: AccessResult };
}
interface Reply {
  headers(fields: Readonly<Record<string, string>>): Reply;
  code(status: number): Reply;
  send(): Reply;
}

/** `app.addHook("onRequest", onRequest)`: a hook that sends a reply ends the request. */
export async function onRequest({ method, originalUrl, raw }: Request, reply: Reply) {
  const { authorization, dpop: proof } = raw.headersDistinct;
  const request = { method, url: API + originalUrl, authorization, proof, binding };
  const access = await api.authenticate(request).catch(unavailable);
  if (!access.ok) return reply.headers(access.headers).code(access.status).send();
  raw.access = access;
  return undefined;
}

/** `app.addHook("onSend", onSend)`: after the handler, so that these fields win over its own. */
export async function onSend({ raw }: Request, reply: Reply) {
  reply.headers(raw.access?.headers ?? {});
}
