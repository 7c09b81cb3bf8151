// dpop-core/http: protects an API over node:http and node:http2.
export {
  createGuard,
  type Guard,
  type Handler,
  type HttpRequest,
  type HttpResponse,
} from "./adapters/http.js";
export type {
  Access,
  FailedRequest,
  GuardedApi,
  GuardOptions,
  RouteOptions,
} from "./adapters/guard.js";
