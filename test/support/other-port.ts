// Preload: a program that listens at port 3000 listens at OTHER_PORT instead, so that it can run as it is written.
import { Server } from "node:net";

const { listen } = Server.prototype;

function listenElsewhere(this: Server, ...args: unknown[]): unknown {
  if (args[0] === 3000) args[0] = Number(process.env["OTHER_PORT"]);
  return Reflect.apply(listen, this, args);
}

Object.assign(Server.prototype, { listen: listenElsewhere });
