// dpop-core/hono: protects an API in Hono.
export { createGuard, type DpopVariables, type Guard, type Middleware } from "./adapters/hono.js";
export type {
  Access,
  FailedRequest,
  GuardedApi,
  GuardOptions,
  RouteOptions,
} from "./adapters/guard.js";
