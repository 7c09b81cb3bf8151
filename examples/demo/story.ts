// The story: a client gets an access token and uses it, then a thief tries. Read from runDemo() downwards.
import {
  createMemoryReplayStore,
  createProof,
  createSigner,
  createVerifier,
  generatePrivateJwk,
  jwkThumbprint,
  type Verifier,
} from "dpop-core";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { startApi } from "./api.js";
import {
  API_NAME,
  type AuthorizationServer,
  startAuthorizationServer,
} from "./authorization-server.js";
import { getWithFields, member, parseJson, stringMember } from "./loopback.js";
import { type Answer, compare, type Report, type SituationName } from "./situations.js";

type Tell = (situation: SituationName, answer: Answer) => void;

const HOUR = 3600; // seconds

/** Plays everything against `verifier`, the one that the API asks, and says what came of it. Leaves nothing running. */
export async function runDemo(verifier: Verifier = demoVerifier()): Promise<Report> {
  const answers = new Map<string, Answer>();
  const tell: Tell = (situation, answer) => {
    if (answers.has(situation)) throw new Error(`${situation} was told twice`);
    answers.set(situation, answer);
  };
  const server = await startAuthorizationServer();
  try {
    const metadata = await discover(server.issuer);
    const api = await startApi({
      issuer: server.issuer,
      jwksUri: metadata.jwksUri,
      audience: API_NAME,
      verifier,
    });
    try {
      const tokens = await getTokens(server, metadata.tokenEndpoint, tell);
      await useToken(api.origin, tokens, tell);
    } finally {
      await api.close();
    }
  } finally {
    await server.close();
  }
  return compare(answers);
}

/** The whole configuration of a server with one process: a proof lives for 60 seconds and is good for one request. */
function demoVerifier(): Verifier {
  return createVerifier({ replay: createMemoryReplayStore() });
}

// --- The client -------------------------------------------------------------------------------------------------------

// The key pair of our client. The private key never leaves it, and that is the point of DPoP: whatever is sent can be
// overheard, logged or leaked; the key is not sent.
const privateJwk = generatePrivateJwk("ES256");
const signer = createSigner(privateJwk);

interface Tokens {
  readonly accessToken: string;
  readonly otherAccessToken: string;
}

async function getTokens(
  server: AuthorizationServer,
  tokenEndpoint: string,
  tell: Tell,
): Promise<Tokens> {
  // A proof is a small signed statement, "I, the holder of this key, am sending this request now", in the header field
  // `DPoP`. It names the method and the URL, so it is of no use for any other request.
  const request = { method: "POST", url: tokenEndpoint };
  const ask = (proof: string | null) => askForToken(server, tokenEndpoint, proof);

  // The server wants a nonce of its own making in the proof, so that nobody can have made it long ago. We can't know it
  // beforehand: the first answer is an error that carries it (section 8).
  const first = await ask(createProof(signer, request));
  tell("noNonce", first.answer);
  const nonce = first.nonce;
  if (nonce === null) throw new Error("the authorization server gave no nonce");

  // A new proof, for every request needs its own, and this time we get a token. In it: `cnf.jkt`, the thumbprint of our
  // key.
  const proof = createProof(signer, { ...request, nonce });
  const second = await ask(proof);
  tell("granted", second.answer);
  const third = await ask(createProof(signer, { ...request, nonce }));
  tell("grantedAgain", third.answer);

  // The server is a real one, and not of our making: it must also refuse what we make badly.
  const fresh = () => createProof(signer, { ...request, nonce });
  tell("asReplayed", (await ask(proof)).answer);
  tell("asAltered", (await ask(withAlteredSignature(fresh()))).answer);
  const somebody = createSigner(generatePrivateJwk("ES256"));
  const mixed = { ...signer, publicJwk: somebody.publicJwk };
  tell("asWrongKey", (await ask(createProof(mixed, { ...request, nonce }))).answer);
  const madeUp = createProof(signer, { ...request, nonce: "made-up" });
  tell("asMadeUpNonce", (await ask(madeUp)).answer);
  tell("asNoProof", (await ask(null)).answer);

  if (second.accessToken === null || third.accessToken === null) throw new Error("no access token");
  return { accessToken: second.accessToken, otherAccessToken: third.accessToken };
}

async function useToken(origin: string, tokens: Tokens, tell: Tell): Promise<void> {
  const { accessToken, otherAccessToken } = tokens;
  const url = `${origin}/messages`;
  const authorization = `DPoP ${accessToken}`;
  tell("anonymous", await call(url, {}));

  // At an API the proof also names the token it goes with, by its hash: the claim `ath`.
  const request = { method: "GET", url, accessToken };
  const used = createProof(signer, request);
  tell("called", await call(url, { authorization, dpop: used }));
  // The next request, the next proof. A query is no part of what is proved.
  const next = `${url}?page=2`;
  const nextProof = createProof(signer, { ...request, url: next });
  tell("calledAgain", await call(next, { authorization, dpop: nextProof }));

  // --- The thief ------------------------------------------------------------------------------------------------------

  // The thief has the token, and the proof that went with it: say, from a log of requests. With Bearer tokens this is the
  // end of the story. Here the token alone opens nothing,
  tell("bearer", await call(url, { authorization: `Bearer ${accessToken}` }));
  tell("noProof", await call(url, { authorization }));
  // and to make a proof takes the key that the token is bound to.
  const thief = createSigner(generatePrivateJwk("ES256"));
  const thiefProof = createProof(thief, request);
  tell("otherKey", await call(url, { authorization, dpop: thiefProof }));
  // The thief can't bind the token to another key either: the authorization server signed it.
  const rewritten = boundTo(accessToken, jwkThumbprint(thief.publicJwk));
  const rewrittenProof = createProof(thief, { ...request, accessToken: rewritten });
  tell("rewritten", await call(url, { authorization: `DPoP ${rewritten}`, dpop: rewrittenProof }));

  // The used proof is true, but it was used, and says one thing only: that method, that URL, that token.
  tell("replayed", await call(url, { authorization, dpop: used }));
  tell("otherMethod", await call(url, { authorization, dpop: used }, "DELETE"));
  tell("otherUrl", await call(`${origin}/payments`, { authorization, dpop: used }));
  tell("otherToken", await call(url, { authorization: `DPoP ${otherAccessToken}`, dpop: used }));

  // Suppose the thief can make our client sign, but can't take the key along. Proofs that were not made for this token
  // are worth nothing, and a stock of them goes bad: too old is too old, and dated ahead is not accepted (section 11.2).
  const noToken = createProof(signer, { method: "GET", url });
  tell("noToken", await call(url, { authorization, dpop: noToken }));
  const now = Math.floor(Date.now() / 1000);
  const stale = createProof(signer, { ...request, iat: now - HOUR });
  tell("stale", await call(url, { authorization, dpop: stale }));
  const future = createProof(signer, { ...request, iat: now + HOUR });
  tell("future", await call(url, { authorization, dpop: future }));

  // --- Proofs that nobody should send ---------------------------------------------------------------------------------

  const fresh = () => createProof(signer, request);
  tell("altered", await call(url, { authorization, dpop: withAlteredSignature(fresh()) }));
  const claims = { ...decodeJwt(fresh()), jti: "another" }; // so that it looks unused
  const rewrittenClaims = withPayload(fresh(), claims);
  tell("rewrittenClaims", await call(url, { authorization, dpop: rewrittenClaims }));
  // Which of two proofs would count? Neither (section 4.3 item 1). Fields of one name may arrive apart or joined.
  const two = await getWithFields(url, { authorization, dpop: [fresh(), fresh()] });
  tell("twoFields", apiAnswer(two.status, two.challenge, two.body));
  tell("twoJoined", await call(url, { authorization, dpop: `${fresh()}, ${fresh()}` }));
  // createProof makes neither of these, so they are put together by hand. Who shows a private key has no key any more,
  const leaking = { ...decodeProtectedHeader(fresh()), jwk: privateJwk };
  const signingInput = `${segment(leaking)}.${segment(decodeJwt(fresh()))}`;
  const signature = Buffer.from(signer.sign(Buffer.from(signingInput))).toString("base64url");
  tell("privateKey", await call(url, { authorization, dpop: `${signingInput}.${signature}` }));
  // and who asks not to be checked proves nothing.
  const none = { ...decodeProtectedHeader(fresh()), alg: "none" };
  const unsigned = `${segment(none)}.${segment(decodeJwt(fresh()))}.`;
  tell("unsigned", await call(url, { authorization, dpop: unsigned }));
  tell("algNone", await call(url, { authorization, dpop: unsigned + signature }));
}

// --- Requests ---------------------------------------------------------------------------------------------------------

interface Metadata {
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
}

/** Where the authorization server has what, and whether it takes proofs of our kind (section 5.1). */
async function discover(issuer: string): Promise<Metadata> {
  const response = await fetch(`${issuer}/.well-known/openid-configuration`);
  const metadata = parseJson(await response.text());
  const tokenEndpoint = stringMember(metadata, "token_endpoint");
  const jwksUri = stringMember(metadata, "jwks_uri");
  const algs = member(metadata, "dpop_signing_alg_values_supported");
  if (tokenEndpoint === undefined || jwksUri === undefined) throw new Error("no usable metadata");
  if (!Array.isArray(algs) || !algs.includes(signer.alg)) throw new Error("no proofs of our kind");
  return { tokenEndpoint, jwksUri };
}

interface TokenAnswer {
  readonly answer: Answer;
  /** What the next proof for this server must carry. */
  readonly nonce: string | null;
  readonly accessToken: string | null;
}

/** The client credentials grant (RFC 6749 section 4.4); all that DPoP adds is one header field. */
async function askForToken(
  { clientId, clientSecret }: AuthorizationServer,
  tokenEndpoint: string,
  proof: string | null,
): Promise<TokenAnswer> {
  const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString("base64");
  const authorization = `Basic ${credentials}`;
  const response = await fetch(tokenEndpoint, {
    method: "POST",
    headers: proof === null ? { authorization } : { authorization, dpop: proof },
    body: new URLSearchParams({ grant_type: "client_credentials", resource: API_NAME }),
  });
  const body = parseJson(await response.text());
  const accessToken = stringMember(body, "access_token") ?? null;
  const error = stringMember(body, "error") ?? null;
  const detail = accessToken === null ? null : binding(body, accessToken);
  return {
    answer: { status: response.status, error, detail },
    nonce: response.headers.get("DPoP-Nonce"),
    accessToken,
  };
}

/** A client need not look into its token; we do, to see that the binding is there. `token_type` ignores case. */
function binding(body: unknown, accessToken: string): string {
  const jkt = stringMember(decodeJwt(accessToken)["cnf"], "jkt");
  const type = stringMember(body, "token_type")?.toLowerCase();
  if (type !== "dpop" || jkt === undefined) return "not bound";
  return jkt === jwkThumbprint(signer.publicJwk) ? "bound to our key" : "bound to another key";
}

async function call(
  url: string,
  headers: Readonly<Record<string, string>>,
  method = "GET",
): Promise<Answer> {
  const response = await fetch(url, { method, headers });
  const challenge = response.headers.get("WWW-Authenticate") ?? "";
  return apiAnswer(response.status, challenge, parseJson(await response.text()));
}

/** A 401 without a DPoP challenge would leave a client helpless; it shows as the error it is (section 7.1). */
function apiAnswer(status: number, challenge: string, body: unknown): Answer {
  const isDpop = challenge.startsWith("DPoP ") && / algs="[^"]+"/.test(challenge);
  const error = /^DPoP error="([^"]*)"/.exec(challenge)?.[1] ?? null;
  return {
    status,
    error: status === 401 && !isDpop ? "no challenge" : error,
    detail: stringMember(body, "code") ?? null,
  };
}

// --- Forgery ----------------------------------------------------------------------------------------------------------

/** The same JWS with one bit of its signature turned over. */
function withAlteredSignature(jws: string): string {
  const end = jws.lastIndexOf(".") + 1;
  const signature = Buffer.from(jws.slice(end), "base64url");
  signature.writeUInt8(signature.readUInt8(0) ^ 1, 0);
  return jws.slice(0, end) + signature.toString("base64url");
}

/** The same JWS, header and signature included, about something else. */
function withPayload(jws: string, payload: object): string {
  const [header = "", , signature = ""] = jws.split(".");
  return `${header}.${segment(payload)}.${signature}`;
}

/** The same access token, except that it says to be bound to another key. */
function boundTo(accessToken: string, jkt: string): string {
  return withPayload(accessToken, { ...decodeJwt(accessToken), cnf: { jkt } });
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
