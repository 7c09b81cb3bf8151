// dpop-core/fetch: protects an API whose handlers take a Request and return a Response.
export { createGuard, type Guard, type Handler, type Wrapped } from "./adapters/fetch.js";
export type {
  Access,
  FailedRequest,
  GuardedApi,
  GuardOptions,
  RouteOptions,
} from "./adapters/guard.js";
