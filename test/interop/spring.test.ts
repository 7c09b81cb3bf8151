// Our client at Spring Authorization Server and at a resource server of Spring Security, and Spring's tokens at a
// resource server of ours. What Spring does otherwise than one would think is asserted as it is, with a comment.
import { createHash, randomBytes } from "node:crypto";
import {
  type Binding,
  bindingFromClaims,
  createClientSession,
  createProofAsync,
  createSigner,
  generatePrivateJwk,
  type NewProof,
  type Signer,
} from "dpop-core";
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { objectOf } from "../support/process.js";
import { factsOf } from "./peer.js";
import { type OurApi, startOurApi } from "./support/our-api.js";
import { type Label, ourNoble, type OurSigners, ourSigners } from "./support/our-backends.js";
import {
  type AnySession,
  lastProof,
  recordingClient,
  type RecordingClient,
} from "./support/our-clients.js";
import { member, textMember } from "./support/peers.js";
import { seconds, withSignatureOf } from "./support/proofs.js";

const { origin } = factsOf("origin");

const TOKEN_URL = `${origin}/oauth2/token`;
const API_URL = `${origin}/api/things`;
const REDIRECT_URI = "https://client.example/callback";

/** As its metadata lists them, which is all that it knows. */
const ALGS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

type Key = readonly [label: Label, backend: string, signers: OurSigners];

const allKeys: readonly Key[] = ourSigners.flatMap((signers) =>
  signers.labels
    .filter((label) => ALGS.includes(label))
    .map((label) => [label, signers.name, signers] as const),
);

/** One of each backend, EC and RSA. */
const someKeys = allKeys.filter(([label, name]) =>
  ["ES256 noble", "RS256 node", "ES384 webcrypto"].includes(`${label} ${name}`),
);

/** Somebody with a key, and a client of ours over it. */
interface Person {
  readonly signer: Signer;
  readonly session: AnySession;
  readonly client: RecordingClient;
}

async function person(signers: OurSigners, label: Label): Promise<Person> {
  const holder = await signers.open(label);
  const session = holder.session();
  return { signer: holder.signer, session, client: recordingClient(session) };
}

const es256 = (): Promise<Person> => person(ourNoble, "ES256");

type Form = Readonly<Record<string, string>>;

const basic = (id: string): string => `Basic ${btoa(`${id}:${id}-secret`)}`;

/** What a client sends to the token endpoint; the secret where the client has one. */
function tokenRequest(form: Form, id: string): RequestInit {
  return id === "public"
    ? { method: "POST", body: new URLSearchParams({ ...form, client_id: id }) }
    : { method: "POST", headers: { Authorization: basic(id) }, body: new URLSearchParams(form) };
}

const CLIENT_CREDENTIALS = { grant_type: "client_credentials", scope: "things" };

interface Granted {
  readonly accessToken: string;
  readonly refreshToken: unknown;
}

/** Gets a token that is bound to the person's key, as the session requires. */
async function grant(
  { client, session }: Person,
  form: Form = CLIENT_CREDENTIALS,
  id = "confidential",
): Promise<Granted> {
  const response = await client.fetch(TOKEN_URL, tokenRequest(form, id));
  const body: unknown = await response.json();
  const token = session.readTokenResponse(body);
  if (!token.ok) throw new Error(`${token.code}: ${JSON.stringify(body)}`);
  expect(token.tokenType).toBe("DPoP");
  return { accessToken: token.accessToken, refreshToken: member(body, "refresh_token") };
}

/** The same without a proof. */
async function grantUnbound(form: Form = CLIENT_CREDENTIALS): Promise<unknown> {
  return (await fetch(TOKEN_URL, tokenRequest(form, "confidential"))).json();
}

/** Sends a proof of one's own making to the token endpoint; what became of it. */
async function redeem(proof: string): Promise<unknown> {
  const init = tokenRequest(CLIENT_CREDENTIALS, "confidential");
  const response = await fetch(TOKEN_URL, { ...init, headers: { ...init.headers, DPoP: proof } });
  const body: unknown = await response.json();
  return response.ok ? 200 : [response.status, member(body, "error")];
}

async function introspect(token: string): Promise<Readonly<Record<string, unknown>>> {
  const init = tokenRequest({ token }, "api");
  return objectOf(await (await fetch(`${origin}/oauth2/introspect`, init)).json());
}

/** The status, and the scheme and error of the challenge where there is one. */
function summary({ status, headers }: Response): unknown {
  const challenge = headers.get("WWW-Authenticate");
  if (challenge === null) return status;
  return [status, /^\w+/.exec(challenge)?.[0], /error="([^"]*)"/.exec(challenge)?.[1]];
}

/** In one thing not the proof that is wanted. */
const badProofs: readonly (readonly [what: string, differs: () => Partial<NewProof>])[] = [
  ["another method", () => ({ method: "PUT" })],
  ["another URL", () => ({ url: `${origin}/elsewhere` })],
  ["an old proof", () => ({ iat: seconds() - 3600 })],
  ["a proof of the future", () => ({ iat: seconds() + 3600 })],
];

describe("metadata", () => {
  test("lists EC and RSA algorithms: a session with an Ed25519 key is told so at once", async () => {
    const url = `${origin}/.well-known/oauth-authorization-server`;
    const algs = member(await (await fetch(url)).json(), "dpop_signing_alg_values_supported");
    expect(algs).toEqual(ALGS);
    const open = (label: "ES256" | "Ed25519"): unknown =>
      createClientSession({ signer: createSigner(generatePrivateJwk(label)), algs });
    expect(() => open("Ed25519")).toThrow(TypeError);
    expect(open("ES256")).toMatchObject({ alg: "ES256" });
  });
});

describe("client credentials", () => {
  test.each(allKeys)(
    "%s, %s: the token is bound to our key, as the JWT and introspection say",
    async (label, _backend, signers) => {
      const someone = await person(signers, label);
      const { accessToken } = await grant(someone);
      const { jkt } = someone.session;
      expect(decodeJwt(accessToken)).toMatchObject({ iss: origin, cnf: { jkt } });
      // RFC 9068 has at+jwt here; Spring has nothing.
      expect(decodeProtectedHeader(accessToken)).toEqual({ alg: "RS256", kid: "a-key" });
      const introspected = { active: true, token_type: "DPoP", cnf: { jkt } };
      expect(await introspect(accessToken)).toMatchObject(introspected);
    },
  );

  test("an opaque token is bound to our key, as introspection says", async () => {
    const someone = await es256();
    const { accessToken } = await grant(someone, CLIENT_CREDENTIALS, "opaque");
    expect(accessToken).not.toContain(".");
    const introspected = { active: true, token_type: "DPoP", cnf: { jkt: someone.session.jkt } };
    expect(await introspect(accessToken)).toMatchObject(introspected);
  });

  // Spring has no setting for dpop_bound_access_tokens.
  test("without a proof there is a Bearer token, which our session refuses", async () => {
    const { session } = await es256();
    const body = await grantUnbound();
    expect(body).toMatchObject({ token_type: "Bearer" });
    const refused = { ok: false, code: "token_type_not_dpop" };
    expect(session.readTokenResponse(body)).toMatchObject(refused);
  });

  const atToken = { method: "POST", url: TOKEN_URL };
  const REFUSED = [400, "invalid_dpop_proof"];

  describe.each(someKeys)("%s, %s", (label, _backend, signers) => {
    test.each(badProofs)("refused: %s", async (_what, differs) => {
      const { signer } = await signers.open(label);
      expect(await redeem(await createProofAsync(signer, { ...atToken, ...differs() }))).toEqual(
        REFUSED,
      );
      expect(await redeem(await createProofAsync(signer, atToken))).toBe(200);
    });

    test("refused: a proof for the second time, and the signature of another", async () => {
      const { signer } = await signers.open(label);
      const [one, other] = await Promise.all([
        createProofAsync(signer, atToken),
        createProofAsync(signer, atToken),
      ]);
      expect(await redeem(withSignatureOf(other, one))).toEqual(REFUSED);
      expect(await redeem(one)).toBe(200);
      expect(await redeem(one)).toEqual(REFUSED);
    });
  });

  test("refused: an Ed25519 key", async () => {
    const signer = createSigner(generatePrivateJwk("EdDSA"));
    expect(await redeem(await createProofAsync(signer, atToken))).toEqual(REFUSED);
  });

  // Ours refuses it: such a proof was made for a resource.
  test("an ath is no matter", async () => {
    const { signer } = await es256();
    const proof = await createProofAsync(signer, { ...atToken, accessToken: "a-token" });
    expect(await redeem(proof)).toBe(200);
  });
});

/** The cookie of a user who is logged in at the authorization server. */
async function login(password: string): Promise<string> {
  const body = new URLSearchParams({ username: "alice", password });
  const init = { method: "POST", body, redirect: "manual" } as const;
  const { headers } = await fetch(`${origin}/login`, init);
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(";", 1)[0])
    .join("; ");
}

/** A code, and what it is redeemed with. The request is pushed where somebody is to do so. */
async function authorize(id: string, parameters: Form = {}, pusher?: Person): Promise<Form> {
  const code_verifier = randomBytes(32).toString("base64url");
  const query = {
    response_type: "code",
    client_id: id,
    redirect_uri: REDIRECT_URI,
    scope: "things",
    code_challenge: createHash("sha256").update(code_verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...parameters,
  };
  const url = new URL(`${origin}/oauth2/authorize`);
  const sent = pusher === undefined ? query : await push(pusher, query, id);
  url.search = new URLSearchParams(sent).toString();
  const headers = { Cookie: await login("wonderland") };
  const response = await fetch(url, { headers, redirect: "manual" });
  const location = new URL(response.headers.get("Location") ?? "");
  const code = location.searchParams.get("code");
  if (code === null) throw new Error(`no code in ${location.href}`);
  return { grant_type: "authorization_code", redirect_uri: REDIRECT_URI, code, code_verifier };
}

async function push({ client }: Person, query: Form, id: string): Promise<Form> {
  const response = await client.fetch(`${origin}/oauth2/par`, tokenRequest(query, id));
  expect(response.status).toBe(201);
  return { client_id: id, request_uri: textMember(await response.json(), "request_uri") };
}

describe("authorization code", () => {
  test.each(someKeys)(
    "%s, %s: the token is bound to our key, and is the user's at its resource server",
    async (label, _backend, signers) => {
      const someone = await person(signers, label);
      const { accessToken } = await grant(someone, await authorize("confidential"));
      expect(decodeJwt(accessToken)).toMatchObject({ cnf: { jkt: someone.session.jkt } });
      const headers = { Authorization: `DPoP ${accessToken}` };
      const response = await someone.client.fetch(API_URL, { headers });
      expect(await response.json()).toEqual({ subject: "alice" });
    },
  );

  test("refused: a code for the second time, and one with another verifier", async () => {
    const someone = await es256();
    const form = await authorize("confidential");
    const send = async (more: Form): Promise<unknown> => {
      const init = tokenRequest({ ...form, ...more }, "confidential");
      const response = await someone.client.fetch(TOKEN_URL, init);
      return member(await response.json(), "error");
    };
    const code_verifier = randomBytes(32).toString("base64url");
    expect(await send({ code_verifier })).toBe("invalid_grant");
    expect(await send({})).toBeUndefined();
    expect(await send({})).toBe("invalid_grant");
  });

  // RFC 9449 section 10: the server must refuse a proof with another key than that of dpop_jkt, or of the pushed request.
  test.each([["in the request"], ["and the proof, in a pushed request"]])(
    "dpop_jkt is ignored, %s: whoever has the code redeems it with a key of his own",
    async (where) => {
      const [owner, thief] = await Promise.all([es256(), es256()]);
      const pusher = where === "in the request" ? undefined : owner;
      const form = await authorize("confidential", { dpop_jkt: owner.session.jkt }, pusher);
      const { accessToken } = await grant(thief, form);
      expect(decodeJwt(accessToken)).toMatchObject({ cnf: { jkt: thief.session.jkt } });
    },
  );

  // So nothing can be said of a refresh token that is bound to a key.
  test("a public client gets a bound token, and no refresh token", async () => {
    const someone = await es256();
    const { accessToken, refreshToken } = await grant(someone, await authorize("public"), "public");
    expect(decodeJwt(accessToken)).toMatchObject({ cnf: { jkt: someone.session.jkt } });
    expect(refreshToken).toBeUndefined();
  });
});

describe("refresh token", () => {
  /** The form that uses the refresh token of a confidential client. */
  async function refreshing(someone: Person): Promise<Form> {
    const { refreshToken } = await grant(someone, await authorize("confidential"));
    if (typeof refreshToken !== "string") throw new Error("there should be a refresh token");
    return { grant_type: "refresh_token", refresh_token: refreshToken };
  }

  test.each(someKeys)(
    "%s, %s: a new token, bound to the same key",
    async (label, _backend, signers) => {
      const someone = await person(signers, label);
      const { accessToken } = await grant(someone, await refreshing(someone));
      expect(decodeJwt(accessToken)).toMatchObject({ cnf: { jkt: someone.session.jkt } });
    },
  );

  // As RFC 9449 section 5 has it: that of a confidential client is bound to the client, by its secret.
  test("it is not bound: another key gets a token of its own, no key a Bearer token", async () => {
    const [someone, other] = await Promise.all([es256(), es256()]);
    const form = await refreshing(someone);
    const { accessToken } = await grant(other, form);
    expect(decodeJwt(accessToken)).toMatchObject({ cnf: { jkt: other.session.jkt } });
    const body = await grantUnbound(form);
    expect(body).toMatchObject({ token_type: "Bearer" });
    expect(someone.session.readTokenResponse(body)).toMatchObject({ code: "token_type_not_dpop" });
  });

  test("refused: another client, and a proof that was used", async () => {
    const someone = await es256();
    const form = await refreshing(someone);
    const used = lastProof(someone.client);
    const send = async (proof: string, id: string): Promise<unknown> => {
      const init = tokenRequest(form, id);
      const headers = { ...init.headers, DPoP: proof };
      return member(await (await fetch(TOKEN_URL, { ...init, headers })).json(), "error");
    };
    const fresh = (): Promise<string> =>
      createProofAsync(someone.signer, { method: "POST", url: TOKEN_URL });
    expect(await send(used, "confidential")).toBe("invalid_dpop_proof");
    expect(await send(await fresh(), "opaque")).toBe("invalid_grant");
    expect(await send(await fresh(), "confidential")).toBeUndefined();
  });
});

describe("our client at its resource server", () => {
  const INVALID = [401, "DPoP", "invalid_dpop_proof"];

  /** Sends a proof and a token as they are. */
  async function call(proof: string, accessToken: string): Promise<unknown> {
    const headers = { DPoP: proof, Authorization: `DPoP ${accessToken}` };
    return summary(await fetch(API_URL, { headers }));
  }

  test.each(allKeys)(
    "%s, %s: the owner is let in, with every request",
    async (label, _backend, signers) => {
      const someone = await person(signers, label);
      const { accessToken } = await grant(someone);
      const headers = { Authorization: `DPoP ${accessToken}` };
      for (const [method, query] of [
        ["GET", ""],
        ["GET", "?page=2"],
        ["POST", ""],
      ] as const) {
        const response = await someone.client.fetch(API_URL + query, { method, headers });
        expect(summary(response), method).toBe(200);
        expect(await response.json()).toEqual({ subject: "confidential" });
      }
    },
  );

  describe.each(someKeys)("%s, %s", (label, _backend, signers) => {
    let owner: Person;
    let accessToken: string;
    beforeAll(async () => {
      owner = await person(signers, label);
      ({ accessToken } = await grant(owner));
    });
    const proof = ({ signer }: Person, differs: Partial<NewProof> = {}): Promise<string> =>
      createProofAsync(signer, { method: "GET", url: API_URL, accessToken, ...differs });

    test.each([
      ...badProofs,
      ["another access token", () => ({ accessToken: "of-another" })],
      ["no access token in the proof", () => ({ accessToken: undefined })],
    ] satisfies typeof badProofs)("refused: %s", async (_what, differs) => {
      expect(await call(await proof(owner, differs()), accessToken)).toEqual(INVALID);
      expect(await call(await proof(owner), accessToken)).toBe(200);
    });

    test("refused: a proof for the second time, and the signature of another", async () => {
      const [one, other] = await Promise.all([proof(owner), proof(owner)]);
      expect(await call(withSignatureOf(other, one), accessToken)).toEqual(INVALID);
      expect(await call(one, accessToken)).toBe(200);
      expect(await call(one, accessToken)).toEqual(INVALID);
    });

    // RFC 9449 section 7.1 has invalid_token for it.
    test("refused: the thief, who has the token and a key of his own", async () => {
      const thief = await person(signers, label);
      const headers = { Authorization: `DPoP ${accessToken}` };
      expect(summary(await thief.client.fetch(API_URL, { headers }))).toEqual(INVALID);
      expect(summary(await owner.client.fetch(API_URL, { headers }))).toBe(200);
    });

    test("refused: the token without a proof, as Bearer and as DPoP", async () => {
      const send = async (scheme: string): Promise<unknown> => {
        const headers = { Authorization: `${scheme} ${accessToken}` };
        return summary(await fetch(API_URL, { headers }));
      };
      expect(await send("Bearer")).toEqual([401, "Bearer", "invalid_token"]);
      // Ours says invalid_dpop_proof.
      expect(await send("DPoP")).toEqual([401, "DPoP", "invalid_request"]);
    });

    // Whoever has no token reads of Bearer alone.
    test("refused: no token at all", async () => {
      expect(summary(await fetch(API_URL))).toEqual([401, "Bearer", undefined]);
    });
  });

  // Spring has no setting that would take bound tokens alone.
  test("a token that is not bound is taken as Bearer, and refused as DPoP", async () => {
    const { signer } = await es256();
    const accessToken = textMember(await grantUnbound(), "access_token");
    const headers = { Authorization: `Bearer ${accessToken}` };
    expect(summary(await fetch(API_URL, { headers }))).toBe(200);
    const proof = await createProofAsync(signer, { method: "GET", url: API_URL, accessToken });
    expect(await call(proof, accessToken)).toEqual(INVALID);
  });

  // Its protection against CSRF makes an exception for Bearer tokens, and none for DPoP.
  test("by default every method but GET, HEAD and OPTIONS is forbidden with DPoP", async () => {
    const someone = await es256();
    const [{ accessToken }, unbound] = await Promise.all([grant(someone), grantUnbound()]);
    const url = `${origin}/default/things`;
    const send = async (method: string): Promise<unknown> => {
      const headers = { Authorization: `DPoP ${accessToken}` };
      return summary(await someone.client.fetch(url, { method, headers }));
    };
    const methods = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
    const statuses = await Promise.all(methods.map(send));
    expect(statuses).toEqual([200, 200, 200, 403, 403, 403, 403]);
    const headers = { Authorization: `Bearer ${textMember(unbound, "access_token")}` };
    expect(summary(await fetch(url, { method: "POST", headers }))).toBe(200);
  });

  // It remembers 1000 proofs, of all clients together, at the token endpoint and here.
  test("a proof is taken again after 1000 others", async () => {
    const someone = await es256();
    const { accessToken } = await grant(someone);
    const prove = (differs: Partial<NewProof> = {}): Promise<string> =>
      createProofAsync(someone.signer, { method: "GET", url: API_URL, accessToken, ...differs });
    const first = await prove({ iat: seconds() + 50 }); // good for 110 seconds
    const others = async (count: number): Promise<unknown> => {
      const sent = Array.from({ length: count }, async () => call(await prove(), accessToken));
      return new Set(await Promise.all(sent));
    };
    expect(await call(first, accessToken)).toBe(200);
    for (let i = 0; i < 24; i++) expect(await others(40)).toEqual(new Set([200]));
    expect(await call(first, accessToken)).toEqual(INVALID);
    expect(await others(40)).toEqual(new Set([200]));
    expect(await call(first, accessToken)).toBe(200);
  });
});

describe("its tokens at our resource server", () => {
  const algs = someKeys.map(([label, , signers]) => signers.alg(label));
  const keys = createRemoteJWKSet(new URL(`${origin}/oauth2/jwks`));

  /** The audience of Spring's tokens is the client, and there is no typ. */
  async function byKeys(accessToken: string): Promise<Binding | null> {
    const rules = { issuer: origin, audience: "confidential" };
    const verified = jwtVerify(accessToken, keys, rules).catch((error: unknown) => {
      if (error instanceof errors.JWSSignatureVerificationFailed) return null;
      throw error;
    });
    const token = await verified;
    return token === null ? null : bindingFromClaims(token.payload);
  }

  const byIntrospection = async (accessToken: string): Promise<Binding | null> =>
    bindingFromClaims(await introspect(accessToken));

  const ways = [
    ["as JWT, by its key set", { look: byKeys, id: "confidential" }],
    ["as JWT, by introspection", { look: byIntrospection, id: "confidential" }],
    ["opaque, by introspection", { look: byIntrospection, id: "opaque" }],
  ] as const;

  describe.each(ways)("%s", (_way, { look, id }) => {
    let api: OurApi;
    beforeEach(async () => {
      api = await startOurApi({ algs, look });
    });
    afterEach(() => api.close());

    async function call({ client }: Person, accessToken: string): Promise<number> {
      const headers = { Authorization: `DPoP ${accessToken}` };
      return (await client.fetch(api.url, { headers })).status;
    }

    test.each(someKeys)("%s, %s: the owner is let in", async (label, _backend, signers) => {
      const someone = await person(signers, label);
      const { accessToken } = await grant(someone, CLIENT_CREDENTIALS, id);
      expect(await call(someone, accessToken)).toBe(200);
      expect(await call(someone, accessToken)).toBe(200);
      const { jkt } = someone.session;
      expect(api.outcomes).toEqual([jkt, jkt]);
    });

    test("refused: a thief, the token as Bearer, a proof for the second time", async () => {
      const [owner, thief] = await Promise.all([es256(), es256()]);
      const { accessToken } = await grant(owner, CLIENT_CREDENTIALS, id);
      expect(await call(thief, accessToken)).toBe(401);
      const Authorization = `Bearer ${accessToken}`;
      expect((await fetch(api.url, { headers: { Authorization } })).status).toBe(401);
      expect(await call(owner, accessToken)).toBe(200);
      const headers = { Authorization: `DPoP ${accessToken}`, DPoP: lastProof(owner.client) };
      expect((await fetch(api.url, { headers })).status).toBe(401);
      expect(api.outcomes).toEqual([
        "jkt_mismatch",
        "scheme_unsupported",
        owner.session.jkt,
        "jti_replayed",
      ]);
    });

    test("refused: a token that is not bound, and one that is none", async () => {
      const someone = await es256();
      const unbound = await fetch(TOKEN_URL, tokenRequest(CLIENT_CREDENTIALS, id));
      expect(await call(someone, textMember(await unbound.json(), "access_token"))).toBe(401);
      const [one, other] = await Promise.all([
        grant(someone, CLIENT_CREDENTIALS, id),
        grant(someone, CLIENT_CREDENTIALS, id),
      ]);
      const none =
        id === "opaque"
          ? `${one.accessToken}x`
          : withSignatureOf(other.accessToken, one.accessToken);
      expect(await call(someone, none)).toBe(401);
      expect(api.outcomes).toEqual(["token_unbound", "token_inactive"]);
    });
  });

  describe("by introspection", () => {
    test("refused: a token that was revoked, and a refresh token, which Spring calls active", async () => {
      const api = await startOurApi({ algs, look: byIntrospection });
      try {
        const someone = await es256();
        const { accessToken, refreshToken } = await grant(someone, await authorize("confidential"));
        const call = async (token: unknown): Promise<void> => {
          const headers = { Authorization: `DPoP ${String(token)}` };
          await someone.client.fetch(api.url, { headers });
        };
        await call(accessToken);
        await call(refreshToken);
        await fetch(
          `${origin}/oauth2/revoke`,
          tokenRequest({ token: accessToken }, "confidential"),
        );
        await call(accessToken);
        expect(api.outcomes).toEqual([someone.session.jkt, "token_unbound", "token_inactive"]);
      } finally {
        await api.close();
      }
    });
  });
});
