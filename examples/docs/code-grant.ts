import { createAuthorizationServer, type FieldValue, type Verifier } from "dpop-core";

interface Code {
  readonly jkt: string | undefined; // of the authorization request
  readonly subject: string;
}

/** Redeems a code that a public client sends to the token endpoint. */
export function createCodeEndpoint(verifier: Verifier, url: string, codes: Map<string, Code>) {
  const server = createAuthorizationServer({ verifier });
  return (proof: FieldValue, code: string) => {
    const result = server.checkTokenRequest({
      method: "POST",
      url,
      proof,
      clientType: "public",
      boundAccessTokens: true,
      grant() {
        const found = codes.get(code); // its client, redirect URI and PKCE are yours to check
        return found === undefined ? null : { type: "authorization_code", jkt: found.jkt };
      },
    });
    if (!result.ok) return result; // the code is still there for the next attempt
    const subject = codes.get(code)?.subject;
    codes.delete(code); // used up only now
    return { ...result, subject }; // store result.refreshJkt with the refresh token
  };
}
