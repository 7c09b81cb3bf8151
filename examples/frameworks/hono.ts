import { createGuard } from "dpop-core/hono";
import { Hono } from "hono";
import { api, origin } from "./api.js";

const guard = createGuard({ api, origin, onError: console.error });
export const app = new Hono();
app.get("/orders", guard({ scope: ["orders"] }), (c) => {
  return c.json({ user: guard.accessOf(c).token.user });
});
