// A stand-in for WSO2 Identity Server, which no package registry has. It applies the rules that the documentation and
// the source of its DPoP component state (wso2-extensions/identity-oauth-dpop), lax ones as well: keys are EC or RSA,
// `typ`, method and URL are compared without case, an `iat` may be in the future, and no proof is remembered. Only
// thumbprints are compared more strictly: the original ignores case in them, too.
import { createHash, randomUUID } from "node:crypto";
import {
  calculateJwkThumbprint,
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  importJWK,
} from "jose";
import { answerWith, listen, type Received, type Reply } from "./loopback.js";

export interface StandIn {
  readonly tokenUrl: string;
  readonly apiUrl: string;
  close(): Promise<void>;
}

export async function startWso2StandIn(): Promise<StandIn> {
  const loopback = await listen();
  const bindings = new Map<string, string>(); // access tokens to thumbprints

  answerWith(loopback, async (request) => {
    switch (request.path.toLowerCase()) {
      case "/oauth2/token":
        return tokenReply(request);
      case "/api/things":
        return apiReply(request);
      default:
        return { status: 404 };
    }
  });
  const { origin, close } = loopback;
  return { tokenUrl: `${origin}/oauth2/token`, apiUrl: `${origin}/api/things`, close };

  async function tokenReply(request: Received): Promise<Reply> {
    const jkt = await thumbprint(request);
    if (jkt === null) return refused(400);
    const accessToken = randomUUID();
    bindings.set(accessToken, jkt);
    const body = { access_token: accessToken, token_type: "DPoP", expires_in: 60 };
    return { status: 200, body };
  }

  async function apiReply(request: Received): Promise<Reply> {
    const [scheme, accessToken = ""] = (request.authorization?.[0] ?? "").split(" ");
    const bound = bindings.get(accessToken);
    if (scheme !== "DPoP" || bound === undefined) return { status: 401 };
    const jkt = await thumbprint(request, accessToken);
    if (jkt !== bound) return refused(401);
    return { status: 200, body: { jkt } };
  }
}

function refused(status: number): Reply {
  return { status, body: { error: "invalid_dpop_proof" } };
}

/** That of the key of the request's proof; null where the proof is not taken. */
async function thumbprint(request: Received, accessToken?: string): Promise<string | null> {
  const [proof, ...others] = request.proof ?? [];
  if (proof === undefined || others.length > 0) return null;
  try {
    return areClaimsRight(proof, request, accessToken) ? await keyOf(proof) : null;
  } catch {
    return null; // no JWT, or its signature is wrong
  }
}

const MAX_AGE = 60; // seconds, its default

/** As in the original, before the signature is looked at. */
function areClaimsRight(proof: string, { method, url }: Received, accessToken?: string): boolean {
  const { iat, jti, htm, htu, ath } = decodeJwt(proof);
  const [target] = url.split("?");
  const hash = createHash("sha256");
  return (
    iat !== undefined &&
    Date.now() / 1000 - iat <= MAX_AGE &&
    jti !== undefined &&
    isSame(htm, method) &&
    isSame(htu, target) &&
    (accessToken === undefined || ath === hash.update(accessToken).digest("base64url"))
  );
}

async function keyOf(proof: string): Promise<string | null> {
  const { typ, alg, jwk } = decodeProtectedHeader(proof);
  if (!isSame(typ, "dpop+jwt") || jwk === undefined || "d" in jwk) return null;
  if (jwk.kty !== "EC" && jwk.kty !== "RSA") return null;
  await compactVerify(proof, await importJWK(jwk, alg));
  return calculateJwkThumbprint(jwk);
}

function isSame(value: unknown, other: string | undefined): boolean {
  return typeof value === "string" && value.toLowerCase() === other?.toLowerCase();
}
