// What a thief can do to a JWT without its key.
import { decodeJwt } from "jose";

/** The same JWS with one bit of its signature turned over. */
export function withAlteredSignature(jws: string): string {
  const end = jws.lastIndexOf(".") + 1;
  const signature = Buffer.from(jws.slice(end), "base64url");
  signature.writeUInt8(signature.readUInt8(0) ^ 1, 0);
  return jws.slice(0, end) + signature.toString("base64url");
}

/** The same JWS, header and signature included, about something else. */
export function withPayload(jws: string, payload: object): string {
  const [header = "", , signature = ""] = jws.split(".");
  return `${header}.${segment(payload)}.${signature}`;
}

/** The same access token, except that it says to be bound to another key. */
export function boundTo(accessToken: string, jkt: string): string {
  return withPayload(accessToken, { ...decodeJwt(accessToken), cnf: { jkt } });
}

export function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
