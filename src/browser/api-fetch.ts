// fetch for the APIs (RFC 9449 section 7): with the token of the session, which is refreshed where an API refuses it.
import { readCall } from "../client/call.js";
import type { ResponseLike } from "../client/challenge.js";
import { discardBody } from "../client/error-body.js";
import { type BodyMember, repeatableBody } from "../client/repeatable-body.js";
import { readRefusal } from "../client/refusal.js";
import { readOrigin } from "../client/server-memory.js";
import type { Base } from "./base.js";
import type { Refresher } from "./refresh.js";
import type { Tokens } from "./tokens.js";

/** Any call of fetch. */
export type ApiFetch = (input: unknown, init?: unknown) => Promise<ResponseLike>;

/** Makes the fetch of a session. */
export function createApiFetch(base: Base, refresher: Refresher): ApiFetch {
  const { apis } = base.settings;
  /** Origin → the access token that it refused although it was new: another would fare no better. */
  const hopeless = new Map<string, string>();

  return async (input, init) => {
    const call = readCall(input, init, "refused");
    const origin = readOrigin(call.target.url);
    if (!apis.has(origin)) throw new TypeError("input must be a URL of an origin in apis");
    if (call.headers.some(([name]) => name.toLowerCase() === "authorization")) {
      throw new TypeError("headers.authorization is not for the caller to set");
    }
    const send = async (tokens: Tokens, body: BodyMember): Promise<ResponseLike> => {
      const authorization = ["Authorization", `DPoP ${tokens.accessToken}`];
      const client = await base.client();
      const headers = [...call.headers, authorization];
      return client.send(input, { ...call.init, ...body, headers });
    };
    const tokens = await refresher.good();
    const { accessToken } = tokens;
    const body = repeatableBody(call.init, call.request, BODIES);
    const response = await send(tokens, await body.first());
    if (!refusesToken(response) || hopeless.get(origin) === accessToken) return response;
    let others: Tokens;
    try {
      others = await refresher.otherThan(accessToken);
    } catch {
      return response; // it says it all, and the app was told if the user has to log in
    }
    const again = await body.again();
    if (again === null) return response;
    discardBody(response).catch(() => undefined);
    const second = await send(others, await again());
    if (refusesToken(second)) hopeless.set(origin, others.accessToken);
    return second;
  };
}

/** Which bodies are sent again with another token: up to a mebibyte of that of a Request. */
const BODIES = { clientAssertions: "once", maxBufferedBody: 1_048_576 } as const;

/** True for a 401 that is about the token, or may be: its challenge gives no error, or CORS hides it. */
function refusesToken(response: ResponseLike): boolean {
  if (response.status !== 401) return false;
  const error = readRefusal(response)?.error ?? null;
  return error === null || error === "invalid_token";
}
