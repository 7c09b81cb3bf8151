// Clients that are not of our making, at an authorization server and an API on this library. What they do by themselves,
// a second try with a nonce above all, is seen on the wire.
import { calculateThumbprint, generateKeyPair, generateProof } from "dpop";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { answerOf, createWire, jsonOf, tellInOrder, type Wire } from "./answers.js";
import { post } from "./authorization-code.js";
import { stringMember } from "./loopback.js";
import { bindingAt, type OwnAuthorizationServer } from "./own-authorization-server.js";
import type { Tell } from "./situations.js";
import { APP, SERVICE } from "./own-grants.js";
import { stealRefreshToken } from "./thieves.js";
import { follow } from "./user-agent.js";

/** A service with a secret. oauth4webapi says that a nonce is wanted, and leaves the second try to us. */
export async function useOauth4webapi(
  server: OwnAuthorizationServer,
  apiOrigin: string,
  tell: Tell,
): Promise<void> {
  const insecure = { [oauth.allowInsecureRequests]: true }; // http on loopback
  const resource = await oauth.processResourceDiscoveryResponse(
    new URL(apiOrigin),
    await oauth.resourceDiscoveryRequest(new URL(apiOrigin), insecure),
  );
  const issuer = new URL(resource.authorization_servers?.[0] ?? "");
  const found = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
  const as = await oauth.processDiscoveryResponse(issuer, found);

  const client: oauth.Client = { client_id: SERVICE.id };
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
  const wire = createWire(await DPoP.calculateThumbprint(), bindingAt(server));
  const options = { DPoP, [oauth.customFetch]: fetchOver(wire), ...insecure };
  const auth = oauth.ClientSecretBasic(server.serviceSecret);

  const tokens = await twice(async () => {
    const response = await oauth.clientCredentialsGrantRequest(as, client, auth, {}, options);
    return oauth.processClientCredentialsResponse(as, client, response);
  });
  tellInOrder(tell, wire.heard(), "oauthNoNonce", "oauthGranted");
  if (tokens === null) return;
  const url = new URL(`${apiOrigin}/messages`);
  await twice(() =>
    oauth.protectedResourceRequest(tokens.access_token, "GET", url, undefined, null, options),
  );
  tellInOrder(tell, wire.heard(), "oauthApiNoNonce", "oauthCalled");
}

/** Once more where a nonce is wanted; null for every other refusal, which the wire tells of. */
async function twice<T>(attempt: () => Promise<T>): Promise<T | null> {
  return attempt().catch((error: unknown) =>
    oauth.isDPoPNonceError(error) ? attempt().catch(refused) : refused(error),
  );
}

function refused(error: unknown): null {
  const isRefusal =
    error instanceof oauth.ResponseBodyError ||
    error instanceof oauth.WWWAuthenticateChallengeError;
  if (isRefusal) return null;
  throw error;
}

/** An app without a secret. openid-client makes the second try by itself. */
export async function useOpenidClient(
  server: OwnAuthorizationServer,
  apiOrigin: string,
  tell: Tell,
): Promise<void> {
  const config = await openid.discovery(new URL(server.origin), APP.id, {}, openid.None(), {
    algorithm: "oauth2",
    execute: [openid.allowInsecureRequests],
  });
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair());
  const wire = createWire(await DPoP.calculateThumbprint(), bindingAt(server));
  config[openid.customFetch] = fetchOver(wire);

  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  const request = {
    redirect_uri: APP.redirectUri,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state,
  };
  const pushed = await openid
    .buildAuthorizationUrlWithPAR(config, request, { DPoP })
    .catch(refused);
  tellInOrder(tell, wire.heard(), "openidParNoNonce", "openidPar");
  if (pushed === null) return;
  const checks = { pkceCodeVerifier, expectedState: state };
  const back = await follow(pushed);
  const tokens = await openid.authorizationCodeGrant(config, back, checks, undefined, { DPoP });
  tellInOrder(tell, wire.heard(), "openidRedeemed");

  const url = new URL(`${apiOrigin}/messages`);
  const call = (token: string): Promise<unknown> =>
    openid.fetchProtectedResource(config, token, url, "GET", null, undefined, { DPoP });
  await call(tokens.access_token);
  tellInOrder(tell, wire.heard(), "openidApiNoNonce", "openidCalled");

  const refreshToken = tokens.refresh_token ?? "";
  await stealRefreshToken(server, refreshToken, tell);
  const renewed = await openid.refreshTokenGrant(config, refreshToken, undefined, { DPoP });
  tellInOrder(tell, wire.heard(), "openidRefreshed");
  await call(renewed.access_token);
  tellInOrder(tell, wire.heard(), "openidCalledAgain");
}

/** Their types want a fetch that takes bodies of more kinds; what they send here are forms, or nothing. */
function fetchOver(
  wire: Wire,
): (url: string, options: openid.CustomFetchOptions) => Promise<Response> {
  return async (url, { body, ...init }) => {
    if (body instanceof URLSearchParams) return wire.fetch(url, { ...init, body });
    if (body === undefined || body === null) return wire.fetch(url, init);
    throw new Error("a body that is no form");
  };
}

/** A service that makes its requests with fetch and its proofs with dpop: nonces are left to us altogether. */
export async function useDpop(
  server: OwnAuthorizationServer,
  apiOrigin: string,
  tell: Tell,
): Promise<void> {
  const keys = await generateKeyPair("ES256");
  const wire = createWire(await calculateThumbprint(keys.publicKey), bindingAt(server));
  const credentials = Buffer.from(`${SERVICE.id}:${server.serviceSecret}`).toString("base64");
  const tokenUrl = `${server.origin}/token`;
  const ask = (dpop: string): Promise<Response> =>
    wire.fetch(tokenUrl, {
      ...post({ grant_type: "client_credentials" }),
      headers: { authorization: `Basic ${credentials}`, dpop },
    });
  const first = await ask(await generateProof(keys, tokenUrl, "POST"));
  const nonce = first.headers.get("DPoP-Nonce") ?? undefined;
  const proof = await generateProof(keys, tokenUrl, "POST", nonce);
  const granted = await ask(proof);
  tellInOrder(tell, wire.heard(), "dpopNoNonce", "dpopGranted");
  tell("dpopAsReplayed", await answerOf(await ask(proof)));
  const accessToken = stringMember(await jsonOf(granted), "access_token");
  if (accessToken === undefined) return;

  const url = `${apiOrigin}/messages`;
  const proofWith = (apiNonce?: string): Promise<string> =>
    generateProof(keys, url, "GET", apiNonce, accessToken);
  const call = (dpop: string): Promise<Response> =>
    fetch(url, { headers: { authorization: `DPoP ${accessToken}`, dpop } });
  const challenged = await call(await proofWith());
  tell("dpopApiNoNonce", await answerOf(challenged));
  // Both servers make their nonces with one secret here, and yet those of one are none of the other (section 9).
  tell("dpopOtherNonce", await answerOf(await call(await proofWith(nonce))));
  const used = await proofWith(challenged.headers.get("DPoP-Nonce") ?? undefined);
  tell("dpopCalled", await answerOf(await call(used)));
  tell("dpopReplayed", await answerOf(await call(used)));
}
