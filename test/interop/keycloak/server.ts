// A Keycloak of our own: on 127.0.0.1 and a free port, its data in memory, with the realm of realm.json. It writes into a
// folder of its own, so that any number of them run from one distribution.
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  homelessEnvironment,
  later,
  openFolder,
  type Service,
  startService,
  within,
} from "../../support/process.js";
import { freePort, HOST } from "../support/loopback.js";
import { member } from "../support/peers.js";

/** Milliseconds; on a busy machine it takes a minute. */
const START_LIMIT = 240_000;

/** The longest that it may run, in milliseconds. */
const RUN_LIMIT = 3_600_000;

/** For a start that is quick, rather than for speed later. */
const JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:-UseG1GC -XX:+UseSerialGC";

export interface KeycloakServer {
  /** Of the realm. */
  readonly issuer: string;
  /** Resolves when the process and its folder are gone. */
  stop(): Promise<void>;
}

/** Starts a built distribution; resolves when the realm is there. */
export async function startKeycloak(distribution: string): Promise<KeycloakServer> {
  try {
    return await startOnce(distribution);
  } catch (error) {
    // Between our look for a free port and its own, somebody may have taken it.
    if (!String(error).includes("already bound")) throw error;
    return startOnce(distribution);
  }
}

/** Rejects where the port is taken meanwhile. */
async function startOnce(distribution: string): Promise<KeycloakServer> {
  const folder = openFolder();
  let service: Service | undefined;
  const stop = async (): Promise<void> => {
    await service?.stop();
    folder.remove();
  };
  const waiting = new AbortController();
  try {
    const home = join(folder.path, "keycloak");
    // No other server has a realm of this name: where its discovery document is, our Keycloak answers.
    const realm = `dpop-${randomBytes(8).toString("hex")}`;
    layOut(distribution, home, realm);
    const origin = `http://${HOST}:${await freePort()}`;
    service = run(home, folder.path, origin);
    const issuer = `${origin}/realms/${realm}`;
    const ready = isReady(issuer, waiting.signal);
    await within(START_LIMIT, "Keycloak", Promise.race([ready, service.ended]));
    return { issuer, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    waiting.abort();
  }
}

/** A home of Keycloak that shares with the distribution what is only read. */
function layOut(distribution: string, home: string, realm: string): void {
  for (const name of ["bin", "data/import", "providers", "themes", "tmp"])
    mkdirSync(join(home, name), { recursive: true });
  // The script finds its home by its own place, so that it is no link.
  cpSync(join(distribution, "bin", "kc.sh"), join(home, "bin", "kc.sh"));
  cpSync(join(distribution, "conf"), join(home, "conf"), { recursive: true });
  symlinkSync(join(distribution, "lib"), join(home, "lib"));
  const template: unknown = JSON.parse(
    readFileSync(new URL("realm.json", import.meta.url), "utf8"),
  );
  const named = JSON.stringify(Object.assign({}, template, { realm }));
  writeFileSync(join(home, "data", "import", "realm.json"), named);
}

function run(home: string, folder: string, origin: string): Service {
  const { hostname, port } = new URL(origin);
  const options = ["--optimized", "--cache=local", "--import-realm", `--hostname=${origin}`];
  const http = ["--http-enabled=true", `--http-host=${hostname}`, `--http-port=${port}`];
  const env = {
    ...homelessEnvironment(folder),
    JAVA_OPTS_APPEND: `${JAVA_OPTIONS} -Djava.io.tmpdir=${join(home, "tmp")}`,
  };
  const args = [join(home, "bin", "kc.sh"), "start", ...options, ...http];
  return startService("sh", args, { limit: RUN_LIMIT, env });
}

/** Another server on the port may answer anything, but does not know the realm. */
async function isReady(issuer: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if ((await issuerAt(`${issuer}/.well-known/openid-configuration`, signal)) === issuer) return;
    await later(250);
  }
}

async function issuerAt(address: string, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(address, { signal });
    return member(await response.json(), "issuer");
  } catch {
    return undefined; // not yet there, or no JSON
  }
}
