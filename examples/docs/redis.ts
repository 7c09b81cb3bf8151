import { createAsyncVerifier } from "dpop-core";
import { nodeCrypto } from "dpop-core/node-crypto";
import { createRedisReplayStore } from "dpop-core/redis";

/** A client of node-redis. With ioredis, `send` is `(args) => client.call(...args)`. */
interface Client {
  sendCommand(args: string[]): Promise<unknown>;
}

export function verifierOver(client: Client) {
  const replay = createRedisReplayStore({ send: (args) => client.sendCommand(args) });
  return createAsyncVerifier({ replay, backend: nodeCrypto });
}
