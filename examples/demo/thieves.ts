// Thieves at an authorization server and an API on this library. They have keys of their own, and a client that gets
// them past every nonce; what stops them is that what they stole is bound to another key.
import { answerOf, jsonOf, tellInOrder } from "./answers.js";
import { type CodeClient, getCode, post, push } from "./authorization-code.js";
import { bindingAt, type OwnAuthorizationServer } from "./own-authorization-server.js";
import { APP } from "./own-grants.js";
import { callWith, createParty, type Party } from "./party.js";
import type { Tell } from "./situations.js";

export async function stealCodeAndToken(
  server: OwnAuthorizationServer,
  apiOrigin: string,
  tell: Tell,
): Promise<void> {
  const client: CodeClient = {
    clientId: APP.id,
    redirectUri: APP.redirectUri,
    parEndpoint: `${server.origin}/par`,
    authorizationEndpoint: `${server.origin}/authorize`,
  };
  const redeem = (send: typeof fetch, grant: Readonly<Record<string, string>>): Promise<Response> =>
    send(`${server.origin}/token`, post({ ...grant, client_id: APP.id }));
  const us = ownParty(server);
  const thief = ownParty(server);

  const { grant } = await getCode(client, fetch, us.session.jkt);
  tell("ownCodeStolen", await answerOf(await redeem(thief.dpopFetch, grant)));
  const response = await redeem(us.dpopFetch, grant);
  tellInOrder(tell, us.wire.heard(), "ownNoNonce", "ownCodeRedeemed");
  tell("ownParDiffer", (await push(client, us.dpopFetch, thief.session.jkt)).answer);

  const tokens = us.session.readTokenResponse(await jsonOf(response));
  if (!tokens.ok) throw new Error(tokens.code);
  const url = `${apiOrigin}/messages`;
  tell("ownTokenStolen", await answerOf(await callWith(thief, url, tokens.accessToken)));
  tell("ownCalled", await answerOf(await callWith(us, url, tokens.accessToken)));
}

/** The refresh token of an app without a secret, such as gives no other protection. */
export async function stealRefreshToken(
  server: OwnAuthorizationServer,
  refreshToken: string,
  tell: Tell,
): Promise<void> {
  const url = `${server.origin}/token`;
  const grant = { grant_type: "refresh_token", refresh_token: refreshToken, client_id: APP.id };
  const thief = ownParty(server);
  tell("openidRefreshStolen", await answerOf(await thief.dpopFetch(url, post(grant))));
  tell("openidRefreshNoProof", await answerOf(await fetch(url, post(grant))));
}

function ownParty(server: OwnAuthorizationServer): Party {
  return createParty(undefined, bindingAt(server));
}
