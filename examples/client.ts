import { createClientSession, createDpopFetch, createSigner, generatePrivateJwk } from "dpop-core";

const { ISSUER = "http://localhost:4000", API = "http://localhost:3000" } = process.env;
const privateJwk = generatePrivateJwk("ES256"); // store it with the tokens that are bound to it
const session = createClientSession({ signer: createSigner(privateJwk) });
const dpopFetch = createDpopFetch({ session }); // fetch, with a new proof in every request
const headers = { authorization: `Basic ${btoa("a-client:a-secret")}` };
const body = new URLSearchParams({ grant_type: "client_credentials", resource: API });
const granted = await dpopFetch(`${ISSUER}/token`, { method: "POST", headers, body });
const token = session.readTokenResponse(await granted.json());
if (!token.ok) throw new Error(token.code); // no token, or one that is not bound to the key
const authorization = `DPoP ${token.accessToken}`;
const response = await dpopFetch(`${API}/things?page=2`, { headers: { authorization } });
console.log(response.status, await response.text());
