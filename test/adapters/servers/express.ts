// Express 5 and 4, over HTTP and as a serverless function.
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import { createGuard } from "dpop-core/express"; // glue
import type { GuardOptions } from "dpop-core/express";
import express5 from "express";
import type { Claims } from "../support/api.js";
import { SECRET_OF_HANDLER, type TestServer } from "../support/server.js";
import { close, listen } from "../support/wire.js";

export function expressApp(options: GuardOptions<Claims>, express: typeof express5 = express5) {
  const app = express();
  app.set("env", "test"); // or Express logs errors
  app.get("/open", (_req, res) => void res.json({ open: true }));
  const guard = createGuard(options); // glue
  app.use(guard()); // glue
  const answer: express5.Handler = (req, res) =>
    void res.json({ sub: guard.accessOf(req).token.sub });
  app.get("/orders", answer);
  app.post("/orders", answer);
  app.options("/orders", answer);
  app.get("/write", guard({ scope: ["write"] }), answer);
  const files = express.Router();
  files.use(answer);
  app.use("/files", files);
  app.get("/cached", (req, res) => {
    res.set({ "Cache-Control": "public, max-age=60", "DPoP-Nonce": "forged" });
    answer(req, res, () => undefined);
  });
  app.get("/redirect", (_req, res) => res.redirect("/elsewhere"));
  app.get("/throws", () => {
    throw new Error(SECRET_OF_HANDLER);
  });
  return app;
}

export async function serve(server: Server) {
  return { port: await listen(server), close: () => close(server) };
}

export const express: TestServer = {
  name: "express 5",
  file: "express.ts",
  start: (options) => serve(createServer(expressApp(options))),
};

/** Under another name in package.json, for which there are no types. */
function express4(): typeof express5 {
  return createRequire(import.meta.url)("express4") as typeof express5; // what is used of it is the same
}

export const expressBefore: TestServer = {
  name: "express 4",
  file: "express.ts",
  start: (options) => serve(createServer(expressApp(options, express4()))),
};
