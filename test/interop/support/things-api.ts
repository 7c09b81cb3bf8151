// An API of ours for the examples of libraries: a list of things over REST and GraphQL, behind the guard of
// dpop-core/http, with nonces.
import { randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";
import {
  createAsyncResourceServer,
  createAsyncVerifier,
  createMemoryReplayStore,
  createNonceIssuer,
} from "dpop-core";
import { createGuard } from "dpop-core/http";
import type { AsyncAccessTokens } from "dpop-core/jwt";
import { nodeCrypto } from "dpop-core/node-crypto";
import { buildSchema, graphql } from "graphql";
import type { Thing } from "../../../examples/clients/things.js";
import { listen } from "./loopback.js";
import { textMember } from "./peers.js";

export interface ThingsApi {
  readonly url: string;
  /** What became of each request, in order: a code, or the method of one that was let in. */
  readonly seen: string[];
  readonly things: readonly Thing[];
  /** Takes back every token that was used so far. */
  revoke(): void;
  close(): Promise<void>;
}

const SCHEMA = buildSchema(`
  type Thing { name: String! }
  type Query { things: [Thing!]! }
  type Mutation { add(name: String!): Thing! }
`);

export async function startThingsApi(accessTokens: AsyncAccessTokens): Promise<ThingsApi> {
  const { server, origin, close } = await listen();
  const seen: string[] = [];
  const things: Thing[] = [{ name: "one" }];
  const [used, revoked] = [new Set<string>(), new Set<string>()];
  const nonce = createNonceIssuer({ secrets: [randomBytes(32)], audience: origin });
  const replay = createMemoryReplayStore();
  const api = createAsyncResourceServer({
    verifier: createAsyncVerifier({ backend: nodeCrypto, replay, nonce }),
    accessTokens(accessToken, hash) {
      used.add(accessToken);
      return revoked.has(accessToken) ? Promise.resolve(null) : accessTokens(accessToken, hash);
    },
    onEvent: ({ code, method }) => void seen.push(String(code ?? method)),
  });
  const onError = (error: unknown): void => console.error(error);
  const guard = createGuard({ api, origin, onError });
  const add = (name: string): Thing => {
    things.push({ name });
    return { name };
  };
  const answer = async (method: string, path: string, body: string): Promise<unknown> => {
    if (path === "/things") return method === "GET" ? things : add(nameIn(JSON.parse(body)));
    const { query, variables } = JSON.parse(body); // of a client of ours
    const rootValue = { things: () => things, add: ({ name }: Thing) => add(name) };
    return graphql({ schema: SCHEMA, source: query, variableValues: variables, rootValue });
  };
  server.on(
    "request",
    guard(async (req, res) => {
      const body = await answer(req.method ?? "", req.url ?? "", await text(req));
      res.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    }),
  );
  return {
    url: origin,
    seen,
    things,
    revoke() {
      for (const token of used) revoked.add(token);
    },
    close,
  };
}

const nameIn = (thing: unknown): string => textMember(thing, "name");
