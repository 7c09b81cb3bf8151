// Token responses (RFC 6749 section 5.1, RFC 9449 section 5): from parsed JSON to an access token that is
// bound to our key, or to a refusal.
import { isAccessToken } from "../proof/ath.js";
import { textOf } from "./refusal.js";
import type { UnboundTokens } from "../proof/unbound-tokens.js";

/**
 * `token_refused`: the server gave no token, and says why in `error`. `token_response_invalid`: not a token response.
 * `token_type_not_dpop`: the token is not bound to a key.
 */
export type TokenResponseCode = "token_refused" | "token_response_invalid" | "token_type_not_dpop";

/** A token response as the client may use it, or why it is refused. */
export type TokenResponse =
  | {
      readonly ok: true;
      readonly accessToken: string;
      /** The scheme to send it with. */
      readonly tokenType: "DPoP" | "Bearer";
    }
  | {
      readonly ok: false;
      readonly code: TokenResponseCode;
      /** It has no word of the server in it. */
      readonly message: string;
      /** The server's code, such as `invalid_grant` (RFC 6749 section 5.2); null where it gave none. */
      readonly error: string | null;
      /** For developers and logs, not for end users: at most 1024 characters, no controls. */
      readonly errorDescription: string | null;
    };

/** Reads the parsed JSON of a token response. Never throws for what a server sent. */
export function readTokenResponse(body: unknown, unboundTokens: UnboundTokens): TokenResponse {
  if (typeof body !== "object" || body === null) return refusal("token_response_invalid");
  // An object, as was just checked.
  const members = body as Readonly<Record<string, unknown>>;
  const { access_token: accessToken, token_type: tokenType } = members;
  if (!isAccessToken(accessToken) || typeof tokenType !== "string" || tokenType === "") {
    const error = textOf(members["error"]);
    if (error === null) return refusal("token_response_invalid");
    return refusal("token_refused", error, textOf(members["error_description"]));
  }
  const type = tokenType.toLowerCase(); // RFC 6749 section 5.1: case-insensitive
  if (type === "dpop") return { ok: true, accessToken, tokenType: "DPoP" };
  if (type === "bearer" && unboundTokens === "accepted") {
    return { ok: true, accessToken, tokenType: "Bearer" };
  }
  return refusal("token_type_not_dpop");
}

function refusal(
  code: TokenResponseCode,
  error: string | null = null,
  errorDescription: string | null = null,
): TokenResponse {
  return { ok: false, code, message: messageOf(code), error, errorDescription };
}

function messageOf(code: TokenResponseCode): string {
  switch (code) {
    case "token_refused":
      return "The authorization server refused the request for a token";
    case "token_response_invalid":
      return "The token response has no usable access_token and token_type";
    case "token_type_not_dpop":
      return "The access token is not bound to the DPoP key";
  }
}
