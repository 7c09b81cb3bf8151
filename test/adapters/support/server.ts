// What a server of the suite is: the same routes in every framework, behind the guard of its adapter.
import type { GuardOptions } from "dpop-core/express";
import type { Claims } from "./api.js";

/** Routes that every server has. All but `/open` are protected; those without a note return `{ sub }`. */
export const ROUTES = {
  orders: "/orders", // GET, POST and OPTIONS
  files: "/files", // and every path below it
  write: "/write", // needs the scope "write", with a second guard
  cached: "/cached", // its handler sets Cache-Control and DPoP-Nonce
  redirect: "/redirect", // to /elsewhere, status 302
  throws: "/throws", // its handler throws an error with SECRET_OF_HANDLER
  open: "/open",
} as const;

export const SECRET_OF_HANDLER = "a stack of the handler";

export interface Running {
  /** On 127.0.0.1, in the clear. */
  readonly port: number;
  close(): Promise<void>;
}

export interface TestServer {
  readonly name: string;
  /** The file below servers/ whose lines are marked. */
  readonly file: string;
  start(options: GuardOptions<Claims>): Promise<Running>;
}
