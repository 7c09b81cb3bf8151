// At the API: the client uses its token, and then a thief does, who has the token and all that was ever sent with it.
import { createProof, createSigner, generatePrivateJwk, jwkThumbprint } from "dpop-core";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { call, callWithFields } from "./answers.js";
import type { Api } from "./api.js";
import { privateJwk, signer, type Tokens } from "./first-token.js";
import { boundTo, segment, withAlteredSignature, withPayload } from "./forgery.js";
import type { Tell } from "./situations.js";

const HOUR = 3600; // seconds

/** What the client sent, for everybody to overhear. */
interface Overheard {
  readonly url: string;
  readonly authorization: string;
  /** For a proof that goes with the token. */
  readonly request: { readonly method: string; readonly url: string; readonly accessToken: string };
  /** A proof that did. */
  readonly used: string;
}

export async function useToken(api: Api, tokens: Tokens, tell: Tell): Promise<void> {
  const { accessToken } = tokens;
  const url = `${api.origin}/messages`;
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

  // Garbage is refused before the API looks at the token, which may cost it a signature or a request.
  const read = api.tokensRead();
  const garbage = await call(url, { authorization, dpop: "garbage" });
  const cost = api.tokensRead() === read ? "token not read" : "token read";
  tell("garbage", { ...garbage, detail: `${garbage.detail}, ${cost}` });

  const overheard = { url, authorization, request, used };
  await stealToken(api.origin, tokens, overheard, tell);
  await sendBadProofs(overheard, tell);
}

async function stealToken(
  origin: string,
  { accessToken, otherAccessToken }: Tokens,
  { url, authorization, request, used }: Overheard,
  tell: Tell,
): Promise<void> {
  // The thief has the token, and the proof that went with it: say, from a log of requests. With Bearer tokens this is
  // the end of the story. Here the token opens nothing without a proof,
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
}

async function sendBadProofs(
  { url, authorization, request }: Overheard,
  tell: Tell,
): Promise<void> {
  const fresh = () => createProof(signer, request);
  tell("altered", await call(url, { authorization, dpop: withAlteredSignature(fresh()) }));
  const claims = { ...decodeJwt(fresh()), jti: "another" }; // so that it looks unused
  const rewrittenClaims = withPayload(fresh(), claims);
  tell("rewrittenClaims", await call(url, { authorization, dpop: rewrittenClaims }));
  // Which of two proofs would count? Neither (section 4.3 item 1). Fields of one name may arrive apart or joined.
  tell("twoFields", await callWithFields(url, { authorization, dpop: [fresh(), fresh()] }));
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
