// dpop-core/fastify: protects an API in Fastify.
export { createGuard, type Guard, type Hook, type Plugin } from "./adapters/fastify.js";
export type {
  Access,
  FailedRequest,
  GuardedApi,
  GuardOptions,
  RouteOptions,
} from "./adapters/guard.js";
