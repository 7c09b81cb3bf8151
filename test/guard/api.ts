// A resource server whose results a test writes down, and what it was asked.
import type { AccessRefusal, AccessResult, BearerAccess, ResourceRequest } from "dpop-core";
import { createResourceServer, createVerifier } from "dpop-core";
import type { FailedRequest, GuardOptions } from "dpop-core/express";

export interface Claims {
  readonly sub: string;
}

export const NONCE_DUE = { "DPoP-Nonce": "the-nonce", "Cache-Control": "no-store" };

export const GRANTED: BearerAccess<Claims> = {
  ok: true,
  scheme: "Bearer",
  accessToken: "a-token",
  token: { sub: "someone" },
  scopes: ["read"],
  headers: NONCE_DUE,
};

const real = createResourceServer<Claims>({
  verifier: createVerifier({ replay: "none" }),
  accessTokens: () => null,
});

/** A real refusal: 401, without credentials in the request. */
export const REFUSED: AccessRefusal = refusal();

function refusal(): AccessRefusal {
  const nothing = { method: "GET", url: "https://api.example/", authorization: null, proof: null };
  const result = real.authenticate(nothing);
  if (result.ok) throw new Error("nothing must be refused");
  return result;
}

export interface Fixture {
  readonly options: GuardOptions<Claims>;
  /** What the resource server was asked, in order. */
  readonly asked: readonly ResourceRequest[];
  /** What `onError` was told, in order. */
  readonly told: readonly (readonly [unknown, FailedRequest])[];
}

/** Options of createGuard over a resource server that has this result, or throws this error. */
export function fixture(
  result: AccessResult<Claims> | Error = GRANTED,
  over: Partial<GuardOptions<Claims>> = {},
): Fixture {
  const asked: ResourceRequest[] = [];
  const told: (readonly [unknown, FailedRequest])[] = [];
  const api = {
    insufficientScope: real.insufficientScope,
    authenticate(request: ResourceRequest): AccessResult<Claims> {
      asked.push(request);
      if (result instanceof Error) throw result;
      return result;
    },
  };
  const onError = (error: unknown, request: FailedRequest): void => {
    told.push([error, request]);
  };
  return { options: { api, origin: "https://api.example/v1", onError, ...over }, asked, told };
}
