// Tokens in the shape that Keycloak 26.7.3 gives them, over HTTP. Beside `jkt` their `cnf` holds `kc-jkt-type`, a
// member that is not registered: RFC 7800 section 3.1 has it ignored. Only the owner of the key gets in.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  bindingFromClaims,
  type ClientSession,
  createAsyncResourceServer,
  createAsyncAuthorizationServer,
  createAsyncVerifier,
  createClientSession,
  createMemoryReplayStore,
  createSigner,
  generatePrivateJwk,
} from "dpop-core";
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const REALM = "https://keycloak.example/realms/dpop";

const newSession = (): ClientSession =>
  createClientSession({ signer: createSigner(generatePrivateJwk("ES256")) });
const [owner, thief] = [newSession(), newSession()];
const cnf = { jkt: owner.jkt, "kc-jkt-type": "DPoP" };

const claims = {
  jti: "onrtro:8d2f7a5c-2f0e-4a8c-9c2e-6d3a",
  iss: REALM,
  aud: ["http://127.0.0.1/api", "api"],
  sub: "6a0c1f0e-5a53-4c0a-8a44-0d1f",
  typ: "DPoP",
  azp: "confidential",
  scope: "openid profile email",
  cnf,
};

/** As RFC 7662 has it, with what Keycloak adds. */
const introspection = {
  ...claims,
  client_id: "confidential",
  username: "alice",
  token_type: "DPoP",
  active: true,
};

const realmKeys = await generateKeyPair("ES256", { extractable: true });
const realmKey = await importJWK(await exportJWK(realmKeys.publicKey), "ES256");

function signed(payload: object): Promise<string> {
  const jwt = new SignJWT({ ...payload }).setIssuedAt().setExpirationTime("5m");
  return jwt.setProtectedHeader({ alg: "ES256", typ: "JWT", kid: "1" }).sign(realmKeys.privateKey);
}

async function payloadOf(token: string): Promise<object | null> {
  const verified = await jwtVerify(token, realmKey, { issuer: REALM }).catch(() => null);
  return verified && verified.payload;
}

const verifier = createAsyncVerifier({ replay: createMemoryReplayStore() });
const apiOf = (claimsOf: (token: string) => Promise<object | null>) =>
  createAsyncResourceServer({
    verifier,
    accessTokens: async (token) => {
      const found = await claimsOf(token);
      return found === null ? null : { binding: bindingFromClaims({ ...found }), claims: found };
    },
    unboundTokens: "accepted",
  });
/** The first reads the claims of the token itself, the second asks about it. */
const apis = {
  "/jwt": apiOf(payloadOf),
  "/introspected": apiOf(async (token) => (token === "opaque" ? introspection : { active: false })),
};
const endpoint = createAsyncAuthorizationServer({ verifier });

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { method = "", url = "", headersDistinct } = req;
  const line = { method, url: origin + url, proof: headersDistinct["dpop"] };
  const { authorization } = headersDistinct;
  const result =
    url === "/token"
      ? await endpoint.checkTokenRequest({
          ...line,
          clientType: "public",
          boundAccessTokens: false,
          grant: async () => {
            const payload = await payloadOf(String(req.headers["x-refresh-token"]));
            const binding = payload && bindingFromClaims({ ...payload });
            if (binding === null || !("jkt" in binding)) return null;
            return { type: "refresh_token", jkt: binding.jkt };
          },
        })
      : await apis[url === "/jwt" ? url : "/introspected"].authenticate({ ...line, authorization });
  const code = result.ok ? "ok" : result.failure.code;
  res.writeHead(result.ok ? 200 : result.status, { "x-code": code }).end();
}

let server: Server;
let origin = "";

beforeAll(async () => {
  server = createServer((req, res) => {
    answer(req, res).catch((error: unknown) => res.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
});

async function get(path: string, headers: Record<string, string>): Promise<string> {
  const method = path === "/token" ? "POST" : "GET";
  const response = await fetch(origin + path, { method, headers });
  return `${response.status} ${response.headers.get("x-code")}`;
}

const withProof = (
  session: ClientSession,
  path: string,
  token: string,
): Record<string, string> => ({
  Authorization: `DPoP ${token}`,
  DPoP: session.buildProof({ method: "GET", url: origin + path, accessToken: token }),
});

const ISSUED: readonly (readonly [string, string, () => Promise<string>])[] = [
  ["a JWT", "/jwt", () => signed(claims)],
  ["introspection", "/introspected", async () => "opaque"],
];

describe.each(ISSUED)("an access token of Keycloak 26.7.3, by %s", (_, path, issue) => {
  test("gets only its owner in", async () => {
    const token = await issue();
    const good = withProof(owner, path, token);
    expect(await get(path, good)).toBe("200 ok");
    expect(await get(path, good)).toBe("401 jti_replayed");
    expect(await get(path, withProof(thief, path, token))).toBe("401 jkt_mismatch");
    expect(await get(path, { Authorization: `Bearer ${token}` })).toBe("401 token_bound_as_bearer");
    expect(await get(path, { Authorization: `DPoP ${token}` })).toBe("401 proof_missing");
    expect(await get(path, withProof(owner, path, "other"))).toBe("401 token_inactive");
  });
});

test("a refresh token of Keycloak 26.7.3 is used only by its owner", async () => {
  const refreshToken = await signed({ ...claims, typ: "Refresh" });
  const use = (session: ClientSession | null, token = refreshToken): Promise<string> => {
    const proof = session?.buildProof({ method: "POST", url: `${origin}/token` });
    return get("/token", {
      "X-Refresh-Token": token,
      ...(proof === undefined ? {} : { DPoP: proof }),
    });
  };
  expect(await use(owner)).toBe("200 ok");
  expect(await use(thief)).toBe("400 jkt_mismatch");
  expect(await use(null)).toBe("400 proof_missing");
  expect(await use(owner, "other")).toBe("400 grant_invalid");
});
