// Whole API requests: the access token and the proof are checked, and a replay is looked for. Beside Bearer
// tokens, which need no proof.
import {
  type AccessResult,
  type Backend,
  createAsyncResourceServer,
  createAsyncVerifier,
  createMemoryReplayStore,
  type SyncReplayStore,
} from "dpop-core";
import { createJwtAccessTokens } from "dpop-core/jwt";
import { createLocalJWKSet, errors, jwtVerify } from "jose";
import { demand, type Implementation } from "../engine/contest.js";
import {
  AUDIENCE,
  type BoundRequest,
  ISSUER,
  type Issuer,
  NOW,
  type ProofSet,
} from "./fixtures.js";
import { joseVerify } from "./jose.js";
import { fast, nodeCrypto, wasm } from "./ours.js";
import { hotVerify, type Verify } from "./verifiers.js";

export function apiRequests(set: ProofSet, issuer: Issuer): readonly Implementation[] {
  const bearer = issuer.issue(undefined);
  const asJose = joseTokens(issuer);
  return [
    bearerRequest("Bearer, jose", bearer, asJose),
    bearerRequest("Bearer, node-crypto, tokens remembered", bearer, ourBearer(nodeCrypto, issuer)),
    hotVerify("DPoP, wasm, tokens remembered", set, ourApi(wasm, issuer)),
    hotVerify("DPoP, fast, tokens remembered", set, ourApi(fast, issuer)),
    hotVerify("DPoP, node-crypto, tokens remembered", set, ourApi(nodeCrypto, issuer)),
    hotVerify("DPoP, jose", set, joseApi(asJose)),
  ];
}

type CheckToken = (accessToken: string) => Promise<boolean>;

/** As servers check a Bearer token with jose, its keys in hand. */
function joseTokens({ jwk }: Issuer): CheckToken {
  const keys = createLocalJWKSet({ keys: [{ ...jwk, kid: "1" }] });
  const rules = { issuer: ISSUER, audience: AUDIENCE, typ: "at+jwt", requiredClaims: ["exp"] };
  const options = { ...rules, algorithms: ["ES256"], currentDate: new Date(NOW * 1000) };
  return async (accessToken) => {
    await jwtVerify(accessToken, keys, options);
    return true;
  };
}

function joseApi(checkToken: CheckToken): Verify {
  const verify = joseVerify("ES256");
  return async (proof, request) =>
    (await checkToken(request.accessToken)) && (await verify(proof, request));
}

function serverOf(backend: Backend, { jwk }: Issuer) {
  const clock = (): number => NOW;
  return createAsyncResourceServer({
    verifier: createAsyncVerifier({ backend, replay: withoutReplays(), clock }),
    accessTokens: createJwtAccessTokens({
      backend,
      issuer: ISSUER,
      audience: AUDIENCE,
      jwks: { keys: [{ ...jwk, kid: "1" }] },
      clock,
    }),
    unboundTokens: "accepted",
  });
}

/** Takes each proof for a new one, since a contest has few, and does all the work. */
function withoutReplays(): SyncReplayStore {
  const store = createMemoryReplayStore({ maxEntries: 8_388_608, maxEntriesPerKey: 8_388_608 });
  let turn = 0;
  return {
    add: (key, expiresAt, now, jkt) => store.add(`${turn++}${key.slice(8)}`, expiresAt, now, jkt),
  };
}

function ourApi(backend: Backend, issuer: Issuer): Verify {
  const api = serverOf(backend, issuer);
  return async (proof, { method, url, accessToken, now }: BoundRequest) => {
    const authorization = `DPoP ${accessToken}`;
    return isGranted(await api.authenticate({ method, url, authorization, proof, now }));
  };
}

function ourBearer(backend: Backend, issuer: Issuer): CheckToken {
  const api = serverOf(backend, issuer);
  return async (accessToken) => {
    const authorization = `Bearer ${accessToken}`;
    const line = { method: "GET", url: `${AUDIENCE}/` };
    return isGranted(await api.authenticate({ ...line, authorization, proof: undefined }));
  };
}

const isGranted = ({ ok }: AccessResult): boolean => ok;

function bearerRequest(name: string, token: string, check: CheckToken): Implementation {
  const forged = `${token.slice(0, -8)}AAAAAAAA`;
  const refused = (error: unknown): boolean => {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  };
  return {
    name,
    run: () => check(token),
    async check() {
      demand(await check(token), "a good token is refused");
      demand(!(await check(forged).catch(refused)), "a forged token is accepted");
    },
  };
}
