// Keycloak, where somebody asks for it and it is there: a client and an API on this library at an authorization server
// that many use. It is the one of the tests, test/interop/keycloak, which also say what must be set in a realm.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createMemoryReplayStore } from "dpop-core";
import {
  builtCopyOf,
  cachedDistribution,
  checkJava,
  KEYCLOAK_VERSIONS,
} from "../../test/interop/keycloak/distribution.js";
import {
  API,
  codeGrant,
  codeRequest,
  CONFIDENTIAL,
  discover,
  type Form,
  newBrowser,
  post,
  type Realm,
  withParameters,
} from "../../test/interop/keycloak/realm.js";
import { startKeycloak } from "../../test/interop/keycloak/server.js";
import { Missing } from "../../test/interop/peer.js";
import { answerOf, bindingIn, call, jsonOf } from "./answers.js";
import { startApi } from "./api.js";
import { bindingOfJwt } from "./first-token.js";
import { stringMember } from "./loopback.js";
import { callWith, createParty, type Party } from "./party.js";
import type { Answer, Tell } from "./situations.js";
import type { VerifierMakers } from "./story.js";

interface Found {
  /** The folder of a distribution that can be started; undefined where Keycloak takes no part. */
  readonly distribution?: string | undefined;
  /** What becomes of it, in a line. */
  readonly note: string;
}

/** Downloads nothing: it takes the distribution that KEYCLOAK_HOME names, or what the tests have left. */
export async function lookForKeycloak(isAsked: boolean): Promise<Found> {
  const home = process.env["KEYCLOAK_HOME"] ?? "";
  const cached = KEYCLOAK_VERSIONS.map(cachedDistribution).find((folder) => folder !== null);
  const isHere = home === "" ? cached !== undefined : existsSync(join(home, "bin", "kc.sh"));
  const [newest] = KEYCLOAK_VERSIONS;
  if (!isHere && home !== "") return leftOut("KEYCLOAK_HOME has no bin/kc.sh");
  if (!isHere) return leftOut(`npm run test:interop -- keycloak-${newest} gets it`);
  if (!isAsked) return leftOut("npm run demo -- keycloak takes a minute more");
  try {
    await checkJava();
  } catch (error) {
    if (error instanceof Missing) return leftOut(error.message);
    throw error;
  }
  const distribution = home === "" ? cached : await builtCopyOf(home);
  return { distribution, note: "Keycloak takes part, which takes a minute." };
}

const leftOut = (why: string): Found => ({ note: `Keycloak is left out: ${why}` });

interface Scene {
  readonly realm: Realm;
  readonly us: Party;
  readonly thief: Party;
  readonly tell: Tell;
}

export async function playAtKeycloak(
  distribution: string,
  makers: VerifierMakers,
  tell: Tell,
): Promise<void> {
  const server = await startKeycloak(distribution);
  try {
    const realm = await discover(server.issuer);
    const us = createParty(realm.algs, bindingOfJwt);
    const thief = createParty(realm.algs, bindingOfJwt);
    const scene = { realm, us, thief, tell };
    await askForToken(scene);
    await useToken(scene, makers, await getTokens(scene));
  } finally {
    await server.stop();
  }
}

async function askForToken({ realm, us, tell }: Scene): Promise<void> {
  const { headers, ...request } = post({ grant_type: "client_credentials" }, CONFIDENTIAL);
  const proof = us.session.buildProof({ method: "POST", url: realm.tokenUrl });
  const ask = async (more: Form): Promise<Response> =>
    fetch(realm.tokenUrl, { ...request, headers: { ...headers, ...more } });
  tell("kcGranted", await grantedOf(await ask({ DPoP: proof }), us));
  tell("kcReplayed", await answerOf(await ask({ DPoP: proof })));
  tell("kcNoProof", await answerOf(await ask({})));
}

/** A code by the login form, then the refresh token, as an app without a secret; gives the access token. */
async function getTokens({ realm, us, thief, tell }: Scene): Promise<string> {
  const browser = newBrowser();
  const getCode = async (): Promise<Form> => {
    const { parameters, codeVerifier } = codeRequest("public", { dpop_jkt: us.session.jkt });
    const back = await browser.open(withParameters(realm.authorizationUrl, parameters));
    return codeGrant(back, codeVerifier);
  };
  const redeem = ({ dpopFetch }: Party, grant: Form): Promise<Response> =>
    dpopFetch(realm.tokenUrl, post(grant));

  tell("kcCodeStolen", await answerOf(await redeem(thief, await getCode())));
  const response = await redeem(us, await getCode());
  tell("kcCodeRedeemed", await grantedOf(response.clone(), us));
  const refreshToken = stringMember(await jsonOf(response), "refresh_token") ?? "";
  const grant = {
    grant_type: "refresh_token",
    client_id: "public",
    refresh_token: refreshToken,
  };
  tell("kcRefreshStolen", await answerOf(await redeem(thief, grant)));
  const refreshed = await redeem(us, grant);
  tell("kcRefreshed", await grantedOf(refreshed.clone(), us));
  const tokens = us.session.readTokenResponse(await jsonOf(refreshed));
  if (!tokens.ok) throw new Error(tokens.code);
  return tokens.accessToken;
}

async function useToken(
  { realm, us, thief, tell }: Scene,
  makers: VerifierMakers,
  accessToken: string,
): Promise<void> {
  tell("kcUserinfo", await answerOf(await callWith(us, realm.userinfoUrl, accessToken)));
  tell("kcUserinfoStolen", await answerOf(await callWith(thief, realm.userinfoUrl, accessToken)));
  const verifier = makers.createAsyncVerifier({ replay: createMemoryReplayStore() });
  const api = await startApi({ ...realm, audience: API, verifier });
  try {
    const url = `${api.origin}/messages`;
    tell("kcCalled", await answerOf(await callWith(us, url, accessToken)));
    tell("kcTokenStolen", await answerOf(await callWith(thief, url, accessToken)));
    tell("kcBearer", await call(url, { authorization: `Bearer ${accessToken}` }));
  } finally {
    await api.close();
  }
}

async function grantedOf(response: Response, { session }: Party): Promise<Answer> {
  const answer = await answerOf(response);
  return { ...answer, detail: bindingIn(await jsonOf(response), session.jkt, bindingOfJwt) };
}
