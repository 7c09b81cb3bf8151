import type { CanActivate, ExecutionContext } from "@nestjs/common";
import { createGuard, type RouteOptions } from "dpop-core/express";
import { api, origin } from "./api.js";

const guard = createGuard({ api, origin, onError: console.error });
export const { accessOf } = guard; // in a controller: accessOf(request).token.user

/** `@UseGuards(dpop({ scope: ["orders"] }))`. A request that is refused has its response already. */
export function dpop(options?: RouteOptions): CanActivate {
  const middleware = guard(options);
  return {
    canActivate(context: ExecutionContext) {
      const http = context.switchToHttp();
      return new Promise<boolean>((resolve, reject) => {
        const next = (error?: unknown) => (error === undefined ? resolve(true) : reject(error));
        middleware(http.getRequest(), http.getResponse(), next);
      });
    },
  };
}
