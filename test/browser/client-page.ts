// The script of the pages of client.ts: a fetch with proofs, over the page's own.
import {
  createClientSession,
  createDpopFetch,
  createSigner,
  generatePrivateJwk,
  readChallenge,
} from "dpop-core";

/** What came of a call. */
async function call(
  url: string,
  {
    skew = 0,
    asRequest = false,
    ...init
  }: RequestInit & { skew?: number; asRequest?: boolean } = {},
): Promise<unknown> {
  const session = createClientSession({
    signer: createSigner(generatePrivateJwk("ES256")),
    clock: () => Date.now() / 1000 + skew,
    correctClockSkew: true,
  });
  const dpopFetch = createDpopFetch({ session });
  const all = { ...init, headers: { authorization: "DPoP a-token" } };
  const response = await (asRequest ? dpopFetch(new Request(url, all)) : dpopFetch(url, all));
  const message = readChallenge(response)?.message ?? null;
  return { status: response.status, type: response.type, text: await response.text(), message };
}

Object.assign(globalThis, { call });
