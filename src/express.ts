// dpop-core/express: protects an API in Express.
export { createGuard, type Guard, type Middleware } from "./adapters/express.js";
export type {
  Access,
  FailedRequest,
  GuardedApi,
  GuardOptions,
  RouteOptions,
} from "./adapters/guard.js";
