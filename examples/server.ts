import { createMemoryReplayStore, createVerifier, FAILURES } from "dpop-core";

const verifier = createVerifier({ replay: createMemoryReplayStore() }); // made once, used often
const algs = verifier.algs.join(" ");

/** `jkt` is `cnf.jkt` of the access token, of which you checked the signature and the claims before. */
export function answer(
  proof: string[] | undefined,
  method: string,
  url: string,
  accessToken: string,
  jkt: string,
) {
  const result = verifier.verify(proof, { method, url, accessToken, jkt });
  if (result.ok) return { status: 200, claims: result.claims };
  const { status, error } = FAILURES[result.code].resource; // what RFC 9449 has you answer
  return {
    status,
    challenge: error === null ? undefined : `DPoP error="${error}", algs="${algs}"`,
  };
}
