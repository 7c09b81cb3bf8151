// An app that has no secret, a page in a browser say, and acts for a user: authorization code with PKCE and PAR, and
// then a refresh token, at oidc-provider with the client of this library.
import { answerOf, jsonOf, tellInOrder } from "./answers.js";
import { type CodeClient, getCode, post, push } from "./authorization-code.js";
import { API_NAME, API_SCOPE, type App } from "./authorization-server.js";
import { bindingOfJwt, type Metadata } from "./first-token.js";
import { stringMember } from "./loopback.js";
import { callWith, createParty, type Party } from "./party.js";
import type { Tell } from "./situations.js";

interface Scene {
  readonly client: CodeClient;
  readonly us: Party;
  readonly thief: Party;
  /** A token request through `send`, which is fetch or one that adds proofs. */
  redeem(send: typeof fetch, grant: Readonly<Record<string, string>>): Promise<Response>;
  readonly apiUrl: string;
  readonly tell: Tell;
}

export async function useCodes(
  app: App,
  metadata: Metadata,
  apiOrigin: string,
  tell: Tell,
): Promise<void> {
  const { clientId } = app;
  const scene: Scene = {
    client: { ...app, ...metadata, wish: { scope: API_SCOPE, resource: API_NAME } },
    us: createParty(metadata.algs, bindingOfJwt),
    thief: createParty(metadata.algs, bindingOfJwt),
    redeem: (send, grant) =>
      send(metadata.tokenEndpoint, post({ ...grant, client_id: clientId, resource: API_NAME })),
    apiUrl: `${apiOrigin}/messages`,
    tell,
  };
  const refreshToken = await getTokens(scene);
  await stealCodes(scene);
  await useRefreshToken(scene, refreshToken);
}

/** Gives the refresh token. */
async function getTokens({ client, us, redeem, apiUrl, tell }: Scene): Promise<string> {
  // The request for a code names our key, by its thumbprint: the code is good with proofs of that key only (section 10).
  const { pushed, redirected, grant } = await getCode(client, fetch, us.session.jkt);
  tell("parJkt", pushed);
  tell("code", redirected);
  const response = await redeem(us.dpopFetch, grant);
  tellInOrder(tell, us.wire.heard(), "codeNoNonce", "codeRedeemed");
  const body = await jsonOf(response);
  // A token that is not bound to a key is refused here: who could turn off the binding would do so (section 5).
  const tokens = us.session.readTokenResponse(body);
  if (!tokens.ok) throw new Error(tokens.code);
  tell("codeCalled", await answerOf(await callWith(us, apiUrl, tokens.accessToken)));
  return stringMember(body, "refresh_token") ?? "";
}

async function stealCodes({ client, us, thief, redeem, tell }: Scene): Promise<void> {
  // The thief has the code, and the code verifier too. So PKCE is no help any more, but the key is.
  const stolen = await getCode(client, fetch, us.session.jkt);
  tell("codeStolen", await answerOf(await redeem(thief.dpopFetch, stolen.grant)));
  // A proof with the pushed request does what dpop_jkt does (section 10.1).
  const byProof = await getCode(client, us.dpopFetch);
  tell("parProof", byProof.pushed);
  tell("parCodeStolen", await answerOf(await redeem(thief.dpopFetch, byProof.grant)));
  const another = await getCode(client, us.dpopFetch);
  tell("parCodeNoProof", await answerOf(await redeem(fetch, another.grant)));
  const ours = await getCode(client, us.dpopFetch);
  us.wire.heard();
  await redeem(us.dpopFetch, ours.grant);
  tellInOrder(tell, us.wire.heard(), "parCodeRedeemed");
  tell("parDiffer", (await push(client, us.dpopFetch, thief.session.jkt)).answer);
}

async function useRefreshToken(scene: Scene, refreshToken: string): Promise<void> {
  const { us, thief, redeem, apiUrl, tell } = scene;
  // There is no secret that would protect the refresh token of such an app, so it is bound to its key too (section 5).
  const grant = { grant_type: "refresh_token", refresh_token: refreshToken };
  tell("refreshStolen", await answerOf(await redeem(thief.dpopFetch, grant)));
  tell("refreshNoProof", await answerOf(await redeem(fetch, grant)));
  us.wire.heard();
  const response = await redeem(us.dpopFetch, grant);
  tellInOrder(tell, us.wire.heard(), "refreshed");
  const tokens = us.session.readTokenResponse(await jsonOf(response));
  if (!tokens.ok) throw new Error(tokens.code);
  tell("refreshCalled", await answerOf(await callWith(us, apiUrl, tokens.accessToken)));
}
