// The API, OAuth's "resource server": lets in who holds the key that the token is bound to (RFC 9449 section 7).
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from "jose";
import { type AsyncVerifier, bindingFromClaims, createAsyncResourceServer } from "dpop-core";
import { answerWith, listen, type Reply, type Running } from "./loopback.js";

export interface ApiOptions {
  /** Who signs the access tokens. */
  readonly issuer: string;
  readonly jwksUri: string;
  /** The `aud` that a token must have: this API and no other. */
  readonly audience: string;
  readonly verifier: AsyncVerifier;
}

export interface Api extends Running {
  /** How many access tokens were looked at. */
  tokensRead(): number;
}

export async function startApi(options: ApiOptions): Promise<Api> {
  const { server, origin, close } = await listen();
  const issuerKeys = createRemoteJWKSet(new URL(options.jwksUri));
  // This API moves over from bearer tokens, and still takes those that are bound to nothing. One that is bound it takes
  // with a proof only: who takes it as Bearer throws the binding away (section 7.2).
  const { verifier } = options;
  const resourceServer = createAsyncResourceServer({
    verifier,
    unboundTokens: "accepted",
    accessTokens: async (accessToken) => {
      const claims = await readAccessToken(accessToken);
      return claims === null ? null : { binding: bindingFromClaims(claims), claims }; // `cnf.jkt` (section 6.1)
    },
  });
  let tokensRead = 0;

  server.on(
    "request",
    answerWith(async (req): Promise<Reply> => {
      const access = await resourceServer.authenticate({
        method: req.method ?? "",
        url: `${origin}${req.url ?? ""}`, // our own, configured origin: what a client puts into `Host` proves nothing
        authorization: req.headersDistinct["authorization"], // Distinct, because a field may come twice
        proof: req.headersDistinct["dpop"],
      });
      if (access.ok) {
        return { status: 200, headers: access.headers, body: { hello: access.token.sub ?? "" } };
      }
      // The code goes into the body so that the demo can print it; OAuth itself sends only `error`.
      return { ...access, body: { code: access.failure.code } };
    }),
  );
  return { origin, close, tokensRead: () => tokensRead };

  /** DPoP says nothing of the token itself: signature, issuer, audience and expiry are checked as ever. */
  async function readAccessToken(accessToken: string): Promise<JWTPayload | null> {
    tokensRead++;
    try {
      const { issuer, audience } = options;
      const expected = { issuer, audience, typ: "at+jwt", algorithms: ["ES256"] };
      return (await jwtVerify(accessToken, issuerKeys, expected)).payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }
}
