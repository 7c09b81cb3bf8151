// The three roles in one flow: a client session asks an authorization server for a token, with the nonce
// round trip, and uses it at a resource server; then a thief tries.
import {
  type AsyncClientSession,
  type AsyncResourceServer,
  type AsyncAuthorizationServer,
  type Binding,
  bindingFromClaims,
  type ClientSession,
  createAsyncClientSession,
  createAsyncResourceServer,
  createAsyncAuthorizationServer,
  createAsyncVerifier,
  createClientSession,
  createMemoryReplayStore,
  createNonceIssuer,
  createResourceServer,
  createAuthorizationServer,
  createVerifier,
  type NonceIssuer,
  type ResponseLike,
} from "dpop-core";
import type { Implementation, SyncImplementation } from "../../support/implementation.js";
import { anySigner, syncSigner } from "./implementations.js";
import { type Check, runCase, type Tally } from "./tally.js";

/** Not random, so that every run is the same; of a server it must be. */
const SECRET: Uint8Array = Uint8Array.from({ length: 32 }, (_, i) => i);

const NOW = 1_562_262_616;
const TOKEN_URL = "https://server.example.com/token";
const API_URL = "https://api.example.com/things";
const TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

interface Roles {
  readonly session: ClientSession | AsyncClientSession;
  readonly server: AuthorizationServerLike;
  readonly api: AsyncResourceServer | ReturnType<typeof createResourceServer>;
  /** What the API finds out about every token. */
  readonly known: Known;
}

interface Known {
  binding: Binding | null;
}

type AuthorizationServerLike =
  AsyncAuthorizationServer | ReturnType<typeof createAuthorizationServer>;

export async function roleCases(tally: Tally, implementation: Implementation): Promise<void> {
  await runCase(tally, "roles that answer later", async (check) =>
    flow(check, await asyncRoles(implementation)),
  );
  await runCase(tally, "roles that answer later, with Ed25519 where it is there", async (check) =>
    flow(check, await asyncRoles(implementation, "EdDSA")),
  );
  if (!implementation.sync) return;
  await runCase(tally, "roles that answer at once", (check) =>
    flow(check, syncRoles(implementation)),
  );
}

const clock = (): number => NOW;

function issuer({ backend }: Implementation, audience: string): NonceIssuer {
  return createNonceIssuer({ backend, secrets: [SECRET], audience, clock });
}

async function asyncRoles(
  implementation: Implementation,
  wanted: "ES256" | "EdDSA" = "ES256",
): Promise<Roles> {
  const { backend, labels } = implementation;
  const label = labels.includes(wanted) ? wanted : "ES256";
  const signer = await anySigner(implementation, label);
  const verifierFor = (audience: string): ReturnType<typeof createAsyncVerifier> =>
    createAsyncVerifier({
      backend,
      algs: [implementation.algOf(label)],
      nonce: issuer(implementation, audience),
      replay: createMemoryReplayStore({ backend }),
      clock,
    });
  const known: Known = { binding: null };
  return {
    session: createAsyncClientSession({ signer, backend, clock }),
    server: createAsyncAuthorizationServer({ verifier: verifierFor("server") }),
    api: createAsyncResourceServer({
      verifier: verifierFor("api"),
      accessTokens: async () => ({ ...known, claims: {} }),
    }),
    known,
  };
}

function syncRoles(implementation: SyncImplementation): Roles {
  const { backend, algOf } = implementation;
  const signer = syncSigner(implementation, "ES256");
  const verifierFor = (audience: string): ReturnType<typeof createVerifier> =>
    createVerifier({
      backend,
      algs: [algOf("ES256")],
      nonce: issuer(implementation, audience),
      replay: createMemoryReplayStore({ backend }),
      clock,
    });
  const known: Known = { binding: null };
  return {
    session: createClientSession({ signer, backend, clock }),
    server: createAuthorizationServer({ verifier: verifierFor("server") }),
    api: createResourceServer({
      verifier: verifierFor("api"),
      accessTokens: () => ({ ...known, claims: {} }),
    }),
    known,
  };
}

async function flow(check: Check, roles: Roles): Promise<void> {
  await tokenRequests(check, roles);
  const proof = await resourceRequests(check, roles);
  await theft(check, roles, proof);
}

async function tokenRequests(check: Check, { session, server }: Roles): Promise<void> {
  const request = { method: "POST", url: TOKEN_URL };
  const grant = { type: "client_credentials" } as const;
  const client = { clientType: "public", boundAccessTokens: true, grant } as const;

  const without = await server.checkTokenRequest({ ...request, ...client, proof: undefined });
  check("without a proof", without.ok ? "ok" : without.failure.code, "proof_missing");

  const proof = await session.buildProof(request);
  const first = await server.checkTokenRequest({ ...request, ...client, proof });
  check("without a nonce", first.ok ? 200 : [first.status, first.body.error], [
    400,
    "use_dpop_nonce",
  ]);
  if (first.ok) return;
  const response = responseOf(400, first.headers, first.body);
  session.observe(request, response);
  check(
    "retry",
    [session.shouldRetry(proof, response, 1), session.shouldRetry(proof, response, 3)],
    [true, false],
  );

  const second = await server.checkTokenRequest({
    ...request,
    ...client,
    proof: await session.buildProof(request),
    grant: { type: "authorization_code", jkt: session.jkt },
  });
  check("with the nonce", second.ok, true);
  if (!second.ok) return;
  const { jkt } = session;
  check("what to bind", [second.tokenType, second.cnf, second.refreshJkt], ["DPoP", { jkt }, jkt]);
  const read = session.readTokenResponse({ access_token: TOKEN, token_type: second.tokenType });
  check("the client's token", read.ok && read.accessToken, TOKEN);
  const bearer = session.readTokenResponse({ access_token: TOKEN, token_type: "Bearer" });
  check("a bearer token is refused", bearer.ok, false);
}

/** Returns the proof that was let in. */
async function resourceRequests(check: Check, { session, api, known }: Roles): Promise<string> {
  const request = { method: "GET", url: API_URL, accessToken: TOKEN };
  known.binding = bindingFromClaims({ cnf: { jkt: session.jkt } });
  const authorization = `DPoP ${TOKEN}`;
  const ask = async (proof: string) =>
    api.authenticate({ method: "GET", url: API_URL, authorization, proof });

  const refused = await session.buildProof(request);
  const first = await ask(refused);
  check("without a nonce", first.ok ? 200 : first.status, 401);
  const response = responseOf(401, first.headers);
  session.observe(request, response);
  check("retry", session.shouldRetry(refused, response, 1), true);

  const proof = await session.buildProof(request);
  const second = await ask(proof);
  check("let in", second.ok && [second.scheme, second.jkt], ["DPoP", session.jkt]);
  const third = await ask(proof);
  check("once", third.ok ? "ok" : third.failure.code, "jti_replayed");
  return proof;
}

async function theft(check: Check, { session, api, known }: Roles, proof: string): Promise<void> {
  const request = { method: "GET", url: API_URL, proof };
  const binding = { jkt: session.jkt };
  const codes: string[] = [];
  for (const [authorization, bound] of [
    [`Bearer ${TOKEN}`, binding],
    [`DPoP ${TOKEN}x`, binding],
    [`DPoP ${TOKEN}`, { jkt: "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo" }],
    [`DPoP ${TOKEN}`, null],
    [`DPoP ${TOKEN}, DPoP ${TOKEN}`, binding],
    [undefined, binding],
  ] as const) {
    known.binding = bound;
    const access = await api.authenticate({ ...request, authorization });
    codes.push(access.ok ? "ok" : `${access.status} ${access.failure.code}`);
  }
  check("codes", codes, [
    "401 scheme_unsupported",
    "401 ath_mismatch",
    "401 jkt_mismatch",
    "401 token_inactive",
    "400 credentials_multiple",
    "401 credentials_missing",
  ]);
}

function responseOf(
  status: number,
  fields: Readonly<Record<string, string>>,
  errorBody?: unknown,
): ResponseLike {
  const all = new Map<string, string>();
  for (const name of Object.keys(fields)) all.set(name.toLowerCase(), fields[name] ?? "");
  return { status, headers: { get: (name) => all.get(name.toLowerCase()) ?? null }, errorBody };
}
