// dpop-core serve: an authorization server and an API on this machine, to try a client against.
import type { ServerEvent } from "dpop-core/core";
import { defineCommand } from "../base/command.js";
import { EXIT, mistake } from "../base/fault.js";
import { type Io, writeLine } from "../base/io.js";
import { paintFor, printable } from "../base/text.js";
import { urlArgument } from "../base/url.js";
import { serveApi } from "../loopback/api.js";
import { serveIssuer } from "../loopback/issuer.js";
import { listen, type Listening } from "../loopback/listen.js";

const PORT = 4000;
const LIFE = 300;
const CLIENT_ID = "demo";
const CLIENT_SECRET = "demo-secret";

export const serve = defineCommand({
  name: "serve",
  summary: "Run an authorization server and an API to try against",
  positionals: "",
  notes: [
    `Both run on this machine only. The client ${CLIENT_ID} has the secret ${CLIENT_SECRET}, or that of the variable DPOP_CLIENT_SECRET, and gets tokens by client credentials. The API takes every method and path, and tells what it saw. Each request is logged in one line, with the reason where it is refused.`,
    "With --issuer there is only an API, for the JWT access tokens of that authorization server.",
  ],
  options: {
    port: {
      type: "string",
      short: "p",
      value: "PORT",
      help: `The port of the authorization server; the API has the next one. 0 takes any free ports. Default ${PORT}`,
    },
    "without-nonces": { type: "boolean", help: "Ask for no nonces" },
    life: { type: "string", value: "SECONDS", help: `How long a token lasts. Default ${LIFE}` },
    issuer: {
      type: "string",
      value: "URL",
      help: "Take the tokens of this issuer, and run no authorization server",
    },
    audience: {
      type: "string",
      value: "NAME",
      help: "With --issuer: what the tokens have in aud. Default: the origin of the API",
    },
  },
  examples: [
    { command: "dpop-core serve", says: "The authorization server at port 4000, the API at 4001" },
    {
      command:
        "dpop-core serve --port 0 --issuer http://127.0.0.1:4000 --audience http://127.0.0.1:4001",
      says: "An API for the tokens of another authorization server",
    },
  ],
  async run(io, { options }) {
    const port = numberArgument(options.port, "--port", PORT, 0, 65_534);
    const life = numberArgument(options.life, "--life", LIFE, 1, 86_400);
    const nonces = !options["without-nonces"];
    const foreign = options.issuer === undefined ? undefined : issuerArgument(options.issuer);
    if (foreign === undefined && options.audience !== undefined) {
      throw mistake(
        "--audience needs --issuer",
        "Without --issuer the tokens are for the API of this command",
      );
    }
    const log = logTo(io);
    const { clock } = io;
    const servers: Listening[] = [];
    try {
      const own = foreign === undefined ? await listen(port) : undefined;
      if (own !== undefined) servers.push(own);
      const api = await listen(port === 0 || own === undefined ? port : port + 1);
      servers.push(api);
      const issuer = foreign ?? own?.origin ?? "";
      const audience = options.audience ?? api.origin;
      const common = { audience, nonces, clock, onEvent: log.event, tell: log.error };
      const clientSecret = io.env["DPOP_CLIENT_SECRET"] || CLIENT_SECRET;
      if (own !== undefined) {
        serveIssuer(own, {
          ...common,
          clientId: CLIENT_ID,
          clientSecret,
          life,
          onRefusal: log.refusal,
        });
      }
      serveApi(api, { ...common, issuer });
      if (options.json) {
        const token = own === undefined ? undefined : `${own.origin}/token`;
        writeLine(
          io.stdout,
          JSON.stringify({ issuer, token_endpoint: token, api: api.origin, audience }),
        );
      } else {
        welcome(io, { own: own?.origin, issuer, api: api.origin });
      }
      await ended(io.signal);
      return EXIT.ok;
    } finally {
      await Promise.all(servers.map((server) => server.close()));
    }
  },
});

/** The issuer as it was written, since tokens have exactly that in `iss`. */
function issuerArgument(value: string): string {
  urlArgument(value, "--issuer");
  return value;
}

function numberArgument(
  value: string | undefined,
  option: string,
  standard: number,
  least: number,
  most: number,
): number {
  if (value === undefined) return standard;
  const number = /^\d{1,6}$/.test(value) ? Number(value) : NaN;
  if (number >= least && number <= most) return number;
  throw mistake(
    `${option} must be a whole number from ${least} to ${most}`,
    `Default: ${standard}`,
  );
}

interface Log {
  event(event: ServerEvent): void;
  refusal(error: string): void;
  error(error: unknown): void;
}

function logTo(io: Io): Log {
  const { red, green, yellow } = paintFor(io, io.stderr);
  const line = (text: string): void => writeLine(io.stderr, `${timeOf(io.clock())} ${text}`);
  return {
    event({ outcome, method, url, code }) {
      const verdict =
        outcome === "granted"
          ? green("granted")
          : (outcome === "error" ? red : yellow)(code ?? outcome);
      line(`${printable(method)} ${printable(url)} ${verdict}`);
    },
    refusal: (error) => line(`token request ${yellow(error)}`),
    error: (error) => line(red(printable(error instanceof Error ? error.message : String(error)))),
  };
}

function timeOf(now: number): string {
  return new Date(now * 1000).toISOString().slice(11, 19);
}

interface Addresses {
  readonly own: string | undefined;
  readonly issuer: string;
  readonly api: string;
}

function welcome(io: Io, { own, issuer, api }: Addresses): void {
  const { bold } = paintFor(io, io.stdout);
  const line = (text = ""): void => writeLine(io.stdout, text);
  if (own === undefined) {
    line(`${bold("API")}                   ${api}/things, for tokens of ${issuer}`);
  } else {
    line(`${bold("Authorization server")}  ${own}`);
    line(`${bold("API")}                   ${api}/things`);
    line();
    line("In another terminal:");
    line("  dpop-core keygen");
    line(
      `  DPOP_CLIENT_SECRET=${CLIENT_SECRET} dpop-core token ${own}/token --client-id ${CLIENT_ID} --out token`,
    );
    line(`  dpop-core fetch ${api}/things --token-file token`);
  }
  line();
  line("Press Ctrl-C to end.");
}

async function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}
