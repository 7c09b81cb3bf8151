import type { ClientSession } from "dpop-core";

/** What createDpopFetch does, for a client of HTTP that is not fetch. */
export async function call(session: ClientSession, url: string, accessToken: string) {
  const request = { method: "GET", url, accessToken };
  for (let attempt = 1; ; attempt++) {
    const dpop = session.buildProof(request);
    const headers = { authorization: `DPoP ${accessToken}`, dpop };
    const response = await fetch(url, { headers, redirect: "manual" });
    session.observe(request, response);
    if (!session.shouldRetry(dpop, response, attempt)) return response;
  }
}
