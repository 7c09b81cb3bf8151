// dpop-core/koa: protects an API in Koa.
export { createGuard, type DpopState, type Guard, type Middleware } from "./adapters/koa.js";
export type {
  Access,
  FailedRequest,
  GuardedApi,
  GuardOptions,
  RouteOptions,
} from "./adapters/guard.js";
