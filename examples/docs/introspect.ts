import { createIntrospection } from "dpop-core/jwt";
import { nodeCrypto } from "dpop-core/node-crypto";

/** The check of opaque tokens, for the option `accessTokens`. */
export function createCheck(endpoint: string, clientId: string, secret: string) {
  const [name, password] = [clientId, secret].map(encodeURIComponent);
  const authorization = `Basic ${btoa(`${name}:${password}`)}`;
  return createIntrospection({
    backend: nodeCrypto,
    endpoint,
    authenticate: () => ({ authorization }),
    memory: { maxTokenAge: 10 }, // a revoked token is taken for 10 seconds at most
  });
}
