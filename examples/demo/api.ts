// The API, OAuth's "resource server": lets in who holds the key that the token is bound to (RFC 9449 section 7).
import type { IncomingMessage } from "node:http";
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from "jose";
import { FAILURES, type FailureCode, type Verifier } from "dpop-core";
import { listen, stringMember } from "./loopback.js";

export interface Api {
  readonly origin: string;
  close(): Promise<void>;
}

export interface ApiOptions {
  /** Who signs the access tokens. */
  readonly issuer: string;
  readonly jwksUri: string;
  /** The `aud` that a token must have: this API and no other. */
  readonly audience: string;
  readonly verifier: Verifier;
}

interface Reply {
  readonly status: number;
  readonly challenge?: string;
  readonly body: { readonly hello?: string; readonly code?: FailureCode };
}

export async function startApi(options: ApiOptions): Promise<Api> {
  const { server, origin, close } = await listen();
  const issuerKeys = createRemoteJWKSet(new URL(options.jwksUri));

  server.on("request", async (req, res) => {
    try {
      const reply = await answer(req);
      if (reply.challenge !== undefined) res.setHeader("WWW-Authenticate", reply.challenge);
      res.writeHead(reply.status, { "Content-Type": "application/json" });
      res.end(JSON.stringify(reply.body));
    } catch (error) {
      console.error(error); // ours to repair: nothing that a client sends gets here
      res.writeHead(500).end();
    }
  });
  return { origin, close };

  async function answer(req: IncomingMessage): Promise<Reply> {
    // Guard 1: an access token, sent as what it is. `Bearer` means "whoever holds this"; a bound token says the
    // opposite, and who takes it as Bearer throws the binding away (section 7.2). headersDistinct, because a field may
    // come twice.
    const [authorization, ...others] = req.headersDistinct["authorization"] ?? [];
    if (authorization === undefined) return { status: 401, challenge: challenge(), body: {} };
    const space = authorization.indexOf(" ");
    const isDpop = authorization.slice(0, space).toLowerCase() === "dpop";
    if (!isDpop || others.length > 0) return refuse({ status: 401, error: "invalid_token" });
    const accessToken = authorization.slice(space + 1);

    // Guard 2: the token itself. DPoP says nothing of it: signature, issuer, audience and expiry are checked as ever.
    const claims = await readAccessToken(accessToken);
    const jkt = stringMember(claims?.["cnf"], "jkt"); // the key it is bound to (section 6.1)
    if (claims === null || jkt === undefined)
      return refuse({ status: 401, error: "invalid_token" });

    // Guard 3: the proof. The origin is our own, configured one: what a client puts into `Host` proves nothing.
    const result = options.verifier.verify(req.headersDistinct["dpop"], {
      method: req.method ?? "",
      url: `${origin}${req.url ?? ""}`,
      accessToken,
      jkt,
    });
    if (!result.ok) return refuse(FAILURES[result.code].resource, result.code);
    return { status: 200, body: { hello: claims.sub ?? "" } };
  }

  async function readAccessToken(accessToken: string): Promise<JWTPayload | null> {
    try {
      const { issuer, audience } = options;
      const expected = { issuer, audience, typ: "at+jwt", algorithms: ["ES256"] };
      return (await jwtVerify(accessToken, issuerKeys, expected)).payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }

  /** The code goes into the body so that the demo can print it; the wire of OAuth knows `error` alone. */
  function refuse(
    { status, error }: { readonly status: number; readonly error: string | null },
    code?: FailureCode,
  ): Reply {
    const body = code === undefined ? {} : { code };
    return status === 401 ? { status, challenge: challenge(error), body } : { status, body };
  }

  /** Section 7.1: which scheme, what was wrong, and what the proof may be signed with. */
  function challenge(error: string | null = null): string {
    const algs = `algs="${options.verifier.algs.join(" ")}"`;
    return error === null ? `DPoP ${algs}` : `DPoP error="${error}", ${algs}`;
  }
}
