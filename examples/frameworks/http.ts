import { createServer } from "node:http";
import { createGuard } from "dpop-core/http";
import { api, origin } from "./api.js";

const guard = createGuard({ api, origin, onError: console.error });
export const server = createServer(
  guard({ scope: ["orders"] }, (_req, res, { token }) => {
    res.writeHead(200, { "Content-Type": "application/json" });
    res.end(JSON.stringify({ user: token.user }));
  }),
);
