import { createAsyncVerifier } from "dpop-core";
import { createRedisReplayStore } from "dpop-core/redis";

/** What is needed of a client of node-redis; with ioredis, `send` is `(args) => client.call(...args)`. */
interface Client {
  sendCommand(args: string[]): Promise<unknown>;
}

export function verifierOver(client: Client) {
  const replay = createRedisReplayStore({ send: (args) => client.sendCommand(args) });
  return createAsyncVerifier({ replay });
}
