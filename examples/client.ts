import { createProof, createSigner, generatePrivateJwk } from "dpop-core";

export const signer = createSigner(generatePrivateJwk("ES256")); // tokens get bound to this key

export function call(url: string, accessToken: string): Promise<Response> {
  const proof = createProof(signer, { method: "GET", url, accessToken }); // a new one for every request
  return fetch(url, { headers: { authorization: `DPoP ${accessToken}`, dpop: proof } });
}
