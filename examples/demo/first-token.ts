// The first chapter: a client gets access tokens that are bound to its key. Every proof is made by hand here, so that it
// can be seen how, and misused; code-flow.ts leaves that to createClientSession.
import { createProof, createSigner, generatePrivateJwk, jwkThumbprint } from "dpop-core";
import { decodeJwt } from "jose";
import { answerOf, bindingIn, type BindingOf, jsonOf } from "./answers.js";
import { API_NAME, type AuthorizationServer } from "./authorization-server.js";
import { withAlteredSignature } from "./forgery.js";
import { member, stringMember } from "./loopback.js";
import type { Answer, Tell } from "./situations.js";

// The key pair of our client. The private key never leaves it, and that is the point of DPoP: whatever is sent can be
// overheard, logged or leaked; the key is not sent.
export const privateJwk = generatePrivateJwk("ES256");
export const signer = createSigner(privateJwk);

export interface Tokens {
  readonly accessToken: string;
  readonly otherAccessToken: string;
}

export async function getTokens(
  server: AuthorizationServer,
  tokenEndpoint: string,
  tell: Tell,
): Promise<Tokens> {
  // A proof is a small signed statement, "I, the holder of this key, am sending this request now", in the header field
  // `DPoP`. It names the method and the URL, so it is of no use for any other request.
  const request = { method: "POST", url: tokenEndpoint };
  const ask = (proof: string | null) => askForToken(server, tokenEndpoint, proof);

  // The server wants a nonce of its own making in the proof, so that it can't have been made long ago. We can't know
  // the nonce beforehand: the first answer is an error that carries it (section 8).
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

// --- Requests ---------------------------------------------------------------------------------------------------------

export interface Metadata {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  readonly authorizationEndpoint: string;
  readonly parEndpoint: string;
  /** For createClientSession. */
  readonly algs: unknown;
}

/** Where the authorization server has what, and whether it takes proofs of our kind (section 5.1). */
export async function discover(issuer: string): Promise<Metadata> {
  const metadata = await jsonOf(await fetch(`${issuer}/.well-known/openid-configuration`));
  const endpoint = (name: string): string => {
    const url = stringMember(metadata, name);
    if (url === undefined) throw new Error(`no ${name} in the metadata`);
    return url;
  };
  const algs = member(metadata, "dpop_signing_alg_values_supported");
  if (!Array.isArray(algs) || !algs.includes(signer.alg)) throw new Error("no proofs of our kind");
  return {
    issuer,
    tokenEndpoint: endpoint("token_endpoint"),
    jwksUri: endpoint("jwks_uri"),
    authorizationEndpoint: endpoint("authorization_endpoint"),
    parEndpoint: endpoint("pushed_authorization_request_endpoint"),
    algs,
  };
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
  const answer = await answerOf(response);
  const body = await jsonOf(response);
  const ours = jwkThumbprint(signer.publicJwk);
  return {
    answer: { ...answer, detail: bindingIn(body, ours, bindingOfJwt) },
    nonce: response.headers.get("DPoP-Nonce"),
    accessToken: stringMember(body, "access_token") ?? null,
  };
}

/** A client need not look into its token; we do, to see that the binding is there. */
export const bindingOfJwt: BindingOf = (accessToken) =>
  stringMember(decodeJwt(accessToken)["cnf"], "jkt");
