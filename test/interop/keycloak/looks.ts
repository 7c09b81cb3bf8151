// Two ways for an API of ours to look at an access token of Keycloak: as a JWT, or by asking Keycloak about it.
import { bindingFromClaims } from "dpop-core";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import type { Look } from "../support/our-api.js";
import { member } from "../support/peers.js";
import { API, post, type Realm } from "./realm.js";

/** Checks a token as RFC 9068 has it. */
export function byJwt({ issuer, jwksUri }: Realm): Look {
  const keys = createRemoteJWKSet(new URL(jwksUri));
  return async (accessToken) => {
    try {
      const options = { issuer, audience: API, typ: "at+jwt" };
      return bindingFromClaims((await jwtVerify(accessToken, keys, options)).payload);
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  };
}

/** Asks as a client of Keycloak, with its id and secret. */
export function byIntrospection({ introspectionUrl }: Realm, client = "api:api-secret"): Look {
  return async (token) => {
    const response = await fetch(introspectionUrl, post({ token }, client));
    if (!response.ok) throw new Error(`introspection answers ${response.status}`);
    const told: unknown = await response.json();
    if (member(told, "active") === undefined) throw new Error("that is no introspection");
    return bindingFromClaims(Object.assign({}, told));
  };
}
