import { createGuard } from "dpop-core/fastify";
import fastify from "fastify";
import { api, origin } from "./api.js";

const guard = createGuard({ api, origin, onError: console.error });
export const app = fastify();
app.get("/orders", { onRequest: guard({ scope: ["orders"] }) }, (request) => {
  return { user: guard.accessOf(request).token.user };
});
