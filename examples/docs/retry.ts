import { createDpopFetch, type ClientSession } from "dpop-core";

/** Each attempt calls dpopFetch, so that each has a proof of its own. */
export async function fetchWithRetries(session: ClientSession, url: string, attempts = 3) {
  const dpopFetch = createDpopFetch({ session });
  for (let attempt = 1; ; attempt++) {
    const response = await dpopFetch(url);
    if (response.status !== 503 || attempt === attempts) return response;
  }
}
