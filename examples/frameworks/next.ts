// app/orders/[id]/route.ts of Next.js
import { createGuard } from "dpop-core/fetch";
import { api, origin } from "./api.js";

const guard = createGuard({ api, origin, onError: console.error });
type Context = { readonly params: Promise<{ readonly id: string }> };
export const GET = guard({ scope: ["orders"] }, async (_request, { token }, context: Context) => {
  const { id } = await context.params;
  return Response.json({ id, user: token.user });
});
