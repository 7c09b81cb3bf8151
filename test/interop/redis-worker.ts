// One instance of a server, as a process of its own: `redis-worker.ts CLIENT PORT`, driven over IPC. It verifies the proofs
// that it is sent, and before its store sends a command it says "ready" and waits for "go". So the command of one instance
// never leaves before the other one stands at the same point.
import { once } from "node:events";
import { createAsyncVerifier, type ProofRequest } from "dpop-core";
import { createRedisReplayStore } from "dpop-core/redis";
import { CLIENTS, connectRedis } from "./support/redis-server.js";

/** What comes in. */
export type ToWorker = { readonly proof: string; readonly request: ProofRequest } | "go";

/** What goes out; `outcome` is "ok", the code of a failure, or the name of an error. */
export type FromWorker = "connected" | "ready" | { readonly outcome: string };

const say = (message: FromWorker): void => {
  process.send?.(message);
};

const [, , name, port] = process.argv;
const known = CLIENTS.find((client) => client === name);
if (known === undefined) throw new TypeError("the first argument names a client");
const { send } = await connectRedis(known, Number(port));

const replay = createRedisReplayStore({
  async send(args) {
    const go = once(process, "message");
    say("ready");
    await go;
    return send(args);
  },
});
const verifier = createAsyncVerifier({ replay });

process.on("message", (message: ToWorker) => {
  if (message === "go") return;
  verifier.verify(message.proof, message.request).then(
    (result) => say({ outcome: result.ok ? "ok" : result.code }),
    (error: unknown) => say({ outcome: String(error) }),
  );
});
process.once("disconnect", () => process.exit());
say("connected");
