import { createClientSession, createDpopFetch, createSigner, generatePrivateJwk } from "dpop-core";

const { ISSUER = "http://localhost:4000", API = "http://localhost:3000" } = process.env;
const { CLIENT_ID = "a-client", CLIENT_SECRET = "a-secret" } = process.env;

const signer = createSigner(generatePrivateJwk("ES256")); // store the JWK with the tokens
const session = createClientSession({ signer });
const dpopFetch = createDpopFetch({ session }); // fetch, with a new proof in every request

const granted = await dpopFetch(`${ISSUER}/token`, {
  method: "POST",
  headers: { authorization: `Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}` },
  body: new URLSearchParams({ grant_type: "client_credentials", resource: API }),
});
if (!granted.ok) throw new Error(`${granted.status} ${await granted.text()}`);
const body: unknown = await granted.json(); // read expires_in and refresh_token here
const token = session.readTokenResponse(body);
if (!token.ok) throw new Error(token.code); // no token, or one that is not bound to our key

const authorization = `DPoP ${token.accessToken}`;
const answer = await dpopFetch(`${API}/things?page=2`, { headers: { authorization } });
console.log(answer.status, await answer.text());
