import { createGuard } from "dpop-core/koa";
import Koa from "koa";
import { api, origin } from "./api.js";

const guard = createGuard({ api, origin, onError: console.error });
export const app = new Koa();
app.use(guard({ scope: ["orders"] }));
app.use((ctx) => {
  ctx.body = { user: guard.accessOf(ctx).token.user };
});
