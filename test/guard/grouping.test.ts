// Groups in servers: the roles and the adapters take a verifier with the option `grouping` as they take any other.
import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import {
  createAsyncAuthorizationServer,
  createAsyncResourceServer,
  createAsyncVerifier,
  createMemoryReplayStore,
  createProof,
  jwkThumbprint,
  type SyncAlg,
  type SyncSigner,
} from "dpop-core";
import { createGuard as createFetchGuard } from "dpop-core/fetch";
import { createGuard } from "dpop-core/http";
import { createSigner, generatePrivateJwk, nodeCrypto } from "dpop-core/node-crypto";
import { expect, test } from "vitest";

const CLIENTS = 24;
const URL_OF_API = "https://api.example/orders";

const signers = Array.from({ length: CLIENTS }, (): SyncSigner =>
  createSigner(generatePrivateJwk("ES256")),
);
const tokenOf = (i: number): string => `token-${i}`;
const jkts = new Map(signers.map(({ publicJwk }, i) => [tokenOf(i), jwkThumbprint(publicJwk)]));

/** ES256 of node:crypto, with a note of the size of every group. */
function notedAlg(sizes: number[]): SyncAlg {
  return {
    ...nodeCrypto.ES256,
    verifyMany(items) {
      sizes.push(items.length);
      return items.map(({ key, signature, data }) => key.verify(signature, data));
    },
  };
}

const verifierOf = (sizes: number[]): ReturnType<typeof createAsyncVerifier> =>
  createAsyncVerifier({
    backend: { ...nodeCrypto, algs: [notedAlg(sizes)] },
    replay: createMemoryReplayStore(),
    grouping: "turn",
  });

const apiOver = (
  sizes: number[],
): ReturnType<typeof createAsyncResourceServer<{ readonly user: string }>> =>
  createAsyncResourceServer({
    verifier: verifierOf(sizes),
    accessTokens: async (accessToken) => {
      const jkt = jkts.get(accessToken);
      return jkt === undefined ? null : { binding: { jkt }, claims: { user: accessToken } };
    },
  });

const proofFor = (i: number, by = i): string => {
  const signer = signers[by];
  if (signer === undefined) throw new Error("no such client");
  return createProof(signer, { method: "GET", url: URL_OF_API, accessToken: tokenOf(i) });
};

const fail = (error: unknown): never => {
  throw error;
};

const headersOf = (i: number, dpop: string): Record<string, string> => ({
  authorization: `DPoP ${tokenOf(i)}`,
  dpop,
});

test("over node:http, proofs of many connections are verified in groups, and each client gets its own answer", async () => {
  const sizes: number[] = [];
  const guard = createGuard({
    api: apiOver(sizes),
    origin: "https://api.example",
    onError: fail,
  });
  const server = http.createServer(
    guard((_, res, access) => {
      (res as http.ServerResponse).end(JSON.stringify(access.token));
    }),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  const get = async (i: number, dpop: string): Promise<readonly [number, unknown]> => {
    const path = "/orders";
    const request = http.request({ port, path, agent, headers: headersOf(i, dpop) }).end();
    const [res] = (await once(request, "response")) as [http.IncomingMessage];
    const body = await text(res);
    return [res.statusCode ?? 0, body === "" ? null : JSON.parse(body)];
  };
  const everyone = (proof: (i: number) => string): Promise<(readonly [number, unknown])[]> =>
    Promise.all(signers.map((_, i) => get(i, proof(i))));
  try {
    const good = signers.map((_, i) => [200, { user: tokenOf(i) }]);
    expect(await everyone((i) => proofFor(i))).toEqual(good); // makes the keys known
    expect(sizes).toEqual([]);
    for (let round = 0; round < 5; round++) {
      expect(await everyone((i) => proofFor(i))).toEqual(good);
    }
    expect(Math.max(...sizes)).toBeGreaterThan(1);
    // Every third sends the proof of another client; every fourth one that was seen.
    const seen = signers.map((_, i) => proofFor(i));
    expect(await everyone((i) => seen[i] ?? "")).toEqual(good);
    const mixed = await everyone((i) =>
      i % 3 === 0 ? proofFor(i, (i + 1) % CLIENTS) : i % 4 === 0 ? (seen[i] ?? "") : proofFor(i),
    );
    expect(mixed.map(([status]) => status)).toEqual(
      signers.map((_, i) => (i % 3 === 0 || i % 4 === 0 ? 401 : 200)),
    );
  } finally {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  }
});

test("over Request and Response", async () => {
  const sizes: number[] = [];
  const guard = createFetchGuard({
    api: apiOver(sizes),
    origin: "https://api.example",
    onError: fail,
  });
  const handler = guard((_, access) => Response.json(access.token));
  const everyone = (): Promise<Response[]> =>
    Promise.all(
      signers.map((_, i) =>
        handler(new Request(URL_OF_API, { headers: headersOf(i, proofFor(i)) })),
      ),
    );
  await everyone();
  const answers = await everyone();
  expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual(
    signers.map((_, i) => ({ user: tokenOf(i) })),
  );
  expect(sizes).toEqual([CLIENTS]);
});

test("at a token endpoint", async () => {
  const sizes: number[] = [];
  const server = createAsyncAuthorizationServer({ verifier: verifierOf(sizes) });
  const url = "https://server.example.com/token";
  const everyone = (): Promise<unknown[]> =>
    Promise.all(
      signers.map((signer, i) =>
        server.checkTokenRequest({
          method: "POST",
          url,
          proof: createProof(signer, { method: "POST", url }),
          clientType: "public",
          boundAccessTokens: true,
          grant: () => ({ type: "refresh_token", jkt: jkts.get(tokenOf(i)) }),
        }),
      ),
    );
  await everyone();
  expect(await everyone()).toMatchObject(
    signers.map((_, i) => ({ ok: true, jkt: jkts.get(tokenOf(i)) })),
  );
  expect(sizes).toEqual([CLIENTS]);
});
