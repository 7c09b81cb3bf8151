import { createDpopFetch, readChallenge } from "dpop-core";
import type { Session, Tokens } from "./tokens.js";

export type Fetch = typeof globalThis.fetch;

/** fetch for the API, whatever calls it: with the token, and once more with another where it is refused. */
export function createApiFetch(session: Session, tokens: Tokens): Fetch {
  const dpopFetch = createDpopFetch({ session });
  return async (input, init) => {
    for (let attempt = 1; ; attempt++) {
      const accessToken = await tokens.get();
      const request = input instanceof Request ? input.clone() : input; // a body is read once
      const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : {}));
      headers.set("Authorization", `DPoP ${accessToken}`);
      const response = await dpopFetch(request, { ...init, headers });
      const error = readChallenge(response)?.error ?? "invalid_token"; // some servers name none
      if (response.status !== 401 || error !== "invalid_token") return response;
      tokens.drop(accessToken);
      if (attempt === 2 || "getReader" in Object(init?.body)) return response; // a stream is gone
    }
  };
}
