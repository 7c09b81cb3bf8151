import type { IncomingMessage, ServerResponse } from "node:http";
import { type AsyncResourceServer, requestUrl } from "dpop-core";

const { API = "http://localhost:3000" } = process.env; // the origin that clients call

/** Returns the claims of the token of a request that may go on; a refusal is sent, and null returned. */
export async function protect<C extends object>(
  api: AsyncResourceServer<C>,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<C | null> {
  const { authorization, dpop: proof } = req.headersDistinct; // req.headers drops a second field
  const url = requestUrl(API, req.url ?? "");
  const access = await api.authenticate({ method: req.method ?? "", url, authorization, proof });
  for (const [name, value] of Object.entries(access.headers)) res.setHeader(name, value);
  if (access.ok) return access.token;
  res.writeHead(access.status).end();
  return null;
}
