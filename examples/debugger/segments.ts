// The segments of a JWT, to be shown: nothing in them is verified, and nothing throws.
import { jwkThumbprint, type PublicJwk } from "dpop-core/core";
import { webcrypto } from "dpop-core/webcrypto";

export type Json = Readonly<Record<string, unknown>>;

/** Returns the header of a JWT; null where it can't be read. */
export function headerIn(jwt: string): Json | null {
  return objectIn(jwt.split(".", 1)[0] ?? "");
}

/** Returns the claims of a JWT; null where they can't be read. */
export function claimsIn(jwt: string): Json | null {
  return objectIn(jwt.split(".", 2)[1] ?? "");
}

function objectIn(segment: string): Json | null {
  try {
    const standard = segment.replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(standard), (char) => char.charCodeAt(0));
    return asObject(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}

function asObject(value: unknown): Json | null {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? Object.fromEntries(Object.entries(value)) : null;
}

/** Returns a member that is an object; an empty one for anything else. */
export function jsonIn(object: Json | null, name: string): Json {
  return asObject(object?.[name]) ?? {};
}

/** Returns a member that is text; "" for anything else. */
export function textIn(object: Json | null, name: string): string {
  const value = object?.[name];
  return typeof value === "string" ? value : "";
}

/** Returns a member that is a number; undefined for anything else. */
export function numberIn(object: Json | null, name: string): number | undefined {
  const value = object?.[name];
  return typeof value === "number" ? value : undefined;
}

/** Returns the thumbprint of a key; "" where it is no public key: the explanation says why. */
export function thumbprintOf(jwk: object): string {
  try {
    return jwkThumbprint(jwk as PublicJwk, { backend: webcrypto }); // throws for anything else
  } catch {
    return "";
  }
}

const PRIVATE = new Set(["d", "p", "q", "dp", "dq", "qi", "oth", "k"]);

/** Returns an object as JSON in lines, without the private members of its key. */
export function shownJson(object: Json | null): string {
  if (object === null) return "can't be read";
  const { jwk } = object;
  const shown =
    asObject(jwk) === null ? object : { ...object, jwk: withoutPrivate(jsonIn(object, "jwk")) };
  return JSON.stringify(shown, null, 2);
}

function withoutPrivate(jwk: Json): Json {
  return Object.fromEntries(
    Object.entries(jwk).map(([name, value]) => [name, PRIVATE.has(name) ? "(private)" : value]),
  );
}
