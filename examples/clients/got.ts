import got, { type AfterResponseHook, type BeforeRequestHook } from "got";
import type { Session, Tokens } from "./tokens.js";

/** got is not fetch: hooks make the proof of each attempt, and show the session each response. */
export function extendGot(url: string, session: Session, tokens: Tokens) {
  const prove: BeforeRequestHook = async ({ method, url: to, headers }) => {
    const accessToken = await tokens.get();
    headers["authorization"] = `DPoP ${accessToken}`;
    headers["dpop"] = await session.buildProof({ method, url: `${to}`, accessToken });
  };
  const learn: AfterResponseHook = (response, retry) => {
    const { url: to, headers } = response.request.options;
    const accessToken = `${headers["authorization"]}`.slice("DPoP ".length);
    const get = (name: string) => response.headers[name]?.toString();
    const answer = { status: response.statusCode, headers: { get } };
    session.observe({ url: `${to}`, accessToken }, answer);
    if (answer.status !== 401 || response.retryCount > 1) return response;
    if (!session.shouldRetry(`${headers["dpop"]}`, answer, 1)) tokens.drop(accessToken);
    return retry({ preserveHooks: true });
  };
  const hooks = { beforeRequest: [prove], afterResponse: [learn] };
  return got.extend({ prefixUrl: url, followRedirect: false, hooks });
}
