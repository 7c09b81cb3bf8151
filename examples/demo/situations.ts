// What is tried and what must come of it, written down before anything runs. report.ts compares it with what did come.
import type { FailureCode } from "dpop-core";

/** What somebody got for a request. */
export interface Answer {
  /** The HTTP status code. */
  readonly status: number;
  /** The OAuth `error`: of the JSON of an authorization server, or of the WWW-Authenticate of an API. */
  readonly error: string | null;
  /** Why a server of ours refused, which key a granted token is bound to, or what else a row is about. */
  readonly detail: string | null;
}

export interface Situation {
  readonly at: "AS" | "API";
  readonly tried: string;
  readonly must: Answer;
}

/** Writes down what came of a situation. */
export type Tell = (situation: SituationName, answer: Answer) => void;

type Detail =
  FailureCode | "bound to the client's key" | "jws_malformed, token not read" | "a code" | null;

export const CHAPTERS = {
  "oidc-provider, and a client: its first token": {
    noNonce: as("ask for a token; the proof has no nonce yet", 400, "use_dpop_nonce"),
    granted: granted("ask again with the nonce of that answer"),
    grantedAgain: granted("another token, with a fresh proof"),
    // The authorization server refuses what is no proof of ours.
    asReplayed: as("the same proof once more", 400, "invalid_grant"),
    asAltered: as("a fresh proof, its signature altered", 400, "invalid_dpop_proof"),
    asWrongKey: as("a proof that shows one key, signed with another", 400, "invalid_dpop_proof"),
    asMadeUpNonce: as("a proof with a nonce that was made up", 400, "use_dpop_nonce"),
    asNoProof: as("no proof at all", 400, "invalid_grant"),
  },

  "An API on this library: the client uses its token": {
    anonymous: api("knock without a token", 401, null, "credentials_missing"),
    called: api("token and fresh proof", 200),
    calledAgain: api("the same token, another fresh proof", 200),
    garbage: badProof(
      "token and garbage: is the token looked at?",
      "jws_malformed, token not read",
    ),
  },

  "The same API: somebody stole the token, and what went with it": {
    bearer: badToken("stolen token as Bearer", "token_bound_as_bearer"),
    noProof: badProof("stolen token, no proof", "proof_missing"),
    otherKey: badToken("stolen token, proof of the thief's own key", "jkt_mismatch"),
    rewritten: badToken("stolen token, rewritten to the thief's key", "token_inactive"),
    replayed: badProof("stolen token and its used proof", "jti_replayed"),
    otherMethod: badProof("that proof for another method", "htm_mismatch"),
    otherUrl: badProof("that proof for another URL", "htu_mismatch"),
    otherToken: badProof("that proof for another token", "ath_mismatch"),
    noToken: badProof("a proof that was made for no token", "ath_missing"),
    stale: badProof("an unused proof, an hour old", "iat_too_old"),
    future: badProof("a proof dated an hour ahead", "iat_in_future"),
  },

  "The same API: proofs that no client should send": {
    altered: badProof("signature altered", "signature_invalid"),
    rewrittenClaims: badProof("claims altered after signing", "signature_invalid"),
    twoFields: badProof("two DPoP fields", "proof_multiple"),
    twoJoined: badProof("two proofs in one field", "proof_multiple"),
    privateKey: badProof("the private key in jwk", "jwk_private"),
    unsigned: badProof("alg none, no signature", "jws_malformed"),
    algNone: badProof("alg none, a signature beside it", "alg_unsupported"),
  },

  "oidc-provider, and an app without a secret, on this library: a code": {
    parJkt: as("push the request with dpop_jkt, the name of our key", 201),
    code: as("log in, consent", 303, null, "a code"),
    codeNoNonce: as("redeem the code; the proof has no nonce yet", 400, "use_dpop_nonce"),
    codeRedeemed: granted("createDpopFetch does it again, with the nonce"),
    codeCalled: api("call the API with that token", 200),
    codeStolen: as("stolen code, bound by dpop_jkt, the thief's key", 400, "invalid_grant"),
    parProof: as("push the request with a proof of our key instead", 201),
    parCodeStolen: as("stolen code, bound by that proof, the thief's key", 400, "invalid_grant"),
    parCodeNoProof: as("stolen code, bound by such a proof, no proof", 400, "invalid_grant"),
    parCodeRedeemed: granted("a code like that, our key"),
    parDiffer: as("push with our proof and the dpop_jkt of another key", 400, "invalid_request"),
  },

  "oidc-provider, and the same app: its refresh token": {
    refreshStolen: as("stolen refresh token, proof of the thief's own key", 400, "invalid_grant"),
    refreshNoProof: as("stolen refresh token, no proof", 400, "invalid_grant"),
    refreshed: granted("our refresh token, proof of our key"),
    refreshCalled: api("call the API with the new token", 200),
  },

  "Servers on this library, and oauth4webapi: client credentials": {
    oauthNoNonce: wantsNonce("ask for a token; the proof has no nonce yet"),
    oauthGranted: granted("ask again with the nonce of that answer"),
    oauthApiNoNonce: apiWantsNonce("call; the API has nonces of its own"),
    oauthCalled: api("call again with the nonce of that answer", 200),
  },

  "Servers on this library, and openid-client: PAR, code, refresh": {
    openidParNoNonce: wantsNonce("push the request with a proof; no nonce yet"),
    openidPar: as("it does it again, with the nonce", 201),
    openidRedeemed: granted("redeem the code"),
    openidApiNoNonce: apiWantsNonce("call; the API has nonces of its own"),
    openidCalled: api("it calls again, with the nonce", 200),
    // A thief has the refresh token, and still only its owner can use it.
    openidRefreshStolen: as(
      "stolen refresh token, proof of the thief's own key",
      400,
      "invalid_grant",
      "jkt_mismatch",
    ),
    openidRefreshNoProof: as(
      "stolen refresh token, no proof",
      400,
      "invalid_dpop_proof",
      "proof_missing",
    ),
    openidRefreshed: granted("the refresh token, proof of the client's key"),
    openidCalledAgain: api("call with the new token", 200),
  },

  "Servers on this library, and dpop (npm) with fetch": {
    dpopNoNonce: wantsNonce("ask for a token; the proof has no nonce yet"),
    dpopGranted: granted("ask again with the nonce of that answer"),
    dpopAsReplayed: as("the same proof once more", 400, "invalid_dpop_proof", "jti_replayed"),
    dpopApiNoNonce: apiWantsNonce("call; the API has nonces of its own"),
    dpopOtherNonce: apiWantsNonce("a nonce of the authorization server", "nonce_mismatch"),
    dpopCalled: api("a nonce of the API", 200),
    dpopReplayed: badProof("the same proof once more", "jti_replayed"),
  },

  "Servers on this library, and the client too: a stolen code and token": {
    ownCodeStolen: as(
      "stolen code, bound by dpop_jkt, the thief's key",
      400,
      "invalid_grant",
      "jkt_mismatch",
    ),
    ownNoNonce: wantsNonce("redeem the code; the proof has no nonce yet"),
    ownCodeRedeemed: granted("createDpopFetch does it again, with the nonce"),
    ownParDiffer: as(
      "push with our proof and the dpop_jkt of another key",
      400,
      "invalid_request",
      "dpop_jkt_mismatch",
    ),
    ownTokenStolen: badToken("stolen token, proof of the thief's own key", "jkt_mismatch"),
    ownCalled: api("that token, proof of our key", 200),
  },
} satisfies Chapters;

/** These count only where Keycloak takes part. It says `invalid_request` where section 5 has `invalid_dpop_proof`. */
export const KEYCLOAK_CHAPTERS = {
  "Keycloak, and a client on this library": {
    kcGranted: granted("ask for a token, with a proof"),
    kcReplayed: as("the same proof once more", 400, "invalid_request"),
    kcNoProof: as("no proof at all", 400, "invalid_request"),
    kcCodeStolen: as("stolen code, bound by dpop_jkt, the thief's key", 400, "invalid_request"),
    kcCodeRedeemed: granted("log in; a code like that, our key"),
    kcRefreshStolen: as("stolen refresh token, proof of the thief's own key", 400, "invalid_grant"),
    kcRefreshed: granted("our refresh token, proof of our key"),
  },

  "Keycloak's token, at its userinfo and at an API on this library": {
    kcUserinfo: as("ask userinfo with that token", 200),
    kcUserinfoStolen: as("stolen token, proof of the thief's own key", 401, "invalid_token"),
    kcCalled: api("call the API with that token", 200),
    kcTokenStolen: badToken("stolen token, proof of the thief's own key", "jkt_mismatch"),
    kcBearer: badToken("stolen token as Bearer", "token_bound_as_bearer"),
  },
} satisfies Chapters;

export type Chapters = Readonly<Record<string, Readonly<Record<string, Situation>>>>;

type NamesIn<Chapter> = Chapter extends unknown ? keyof Chapter : never;

export type SituationName =
  | NamesIn<(typeof CHAPTERS)[keyof typeof CHAPTERS]>
  | NamesIn<(typeof KEYCLOAK_CHAPTERS)[keyof typeof KEYCLOAK_CHAPTERS]>;

function as(
  tried: string,
  status: number,
  error: string | null = null,
  detail: Detail = null,
): Situation {
  return { at: "AS", tried, must: { status, error, detail } };
}

function granted(tried: string): Situation {
  return as(tried, 200, null, "bound to the client's key");
}

function wantsNonce(tried: string): Situation {
  return as(tried, 400, "use_dpop_nonce", "nonce_missing");
}

function api(
  tried: string,
  status: number,
  error: string | null = null,
  detail: Detail = null,
): Situation {
  return { at: "API", tried, must: { status, error, detail } };
}

function badProof(tried: string, detail: Detail): Situation {
  return api(tried, 401, "invalid_dpop_proof", detail);
}

function badToken(tried: string, detail: Detail): Situation {
  return api(tried, 401, "invalid_token", detail);
}

function apiWantsNonce(tried: string, detail: Detail = "nonce_missing"): Situation {
  return api(tried, 401, "use_dpop_nonce", detail);
}
