import { createGuard } from "dpop-core/express";
import express from "express";
import { api, origin } from "./api.js";

const guard = createGuard({ api, origin, onError: console.error });
export const app = express();
app.get("/orders", guard({ scope: ["orders"] }), (req, res) => {
  res.json({ user: guard.accessOf(req).token.user });
});
