// The options of a session, guarded once.
import {
  functionMember,
  membersArgument,
  objectArgument,
  optionalString,
  stringArgument,
} from "../input/argument.js";
import type { FetchLike } from "../client/fetch.js";
import type { SigningLabel } from "../jose/alg.js";
import { isHttpUrl, normalizeHtu, originOf, type PlainHttp, readPlainHttp } from "../proof/htu.js";
import { type AuthorizationServerMetadata, readMetadata } from "./authorization-server.js";
import type { BrowserSessionEvent } from "./event.js";

/** Options of openBrowserSession. */
export interface BrowserSessionOptions {
  /**
   * The name of the session in this origin: of its database, locks and channel. Another account is another name. All
   * tabs and workers that use a name must have the same options.
   */
  readonly name: string;
  /** The issuer identifier, whose metadata is fetched when it is needed first, or the metadata. */
  readonly authorizationServer: string | AuthorizationServerMetadata;
  /** The `client_id` of a public client. */
  readonly clientId: string;
  /** Where the authorization server returns to: a page that calls `finishLogin`. */
  readonly redirectUri: string;
  /** The origins that tokens are sent to, such as `https://api.example`. A call of another is a TypeError. */
  readonly apis: readonly string[];
  /** Is told what the app must know: above all that the user has to log in. What it throws is ignored. */
  readonly onEvent: (event: BrowserSessionEvent) => void;
  /** The `scope` to ask for. Default: what the server gives. */
  readonly scope?: string | undefined;
  /** The resource that the tokens are for (RFC 8707). Default: what the server gives. */
  readonly resource?: string | undefined;
  /** The algorithm of the key. Default ES256, which every browser has. */
  readonly alg?: SigningLabel | undefined;
  /**
   * Whether proofs follow the clock of the server that they are for, since many devices have a wrong one. A server of another
   * origin must expose `Date`, as `accessControlExposeHeaders` does. Default true.
   */
  readonly correctClockSkew?: boolean | undefined;
  /** The hosts that may be called by plain http. Default "loopback". */
  readonly plainHttp?: PlainHttp | undefined;
  /** Sends the requests. Default: the platform's fetch at the time of each call. */
  readonly fetch?: FetchLike | undefined;
}

const OPTIONS = [
  "name",
  "authorizationServer",
  "clientId",
  "redirectUri",
  "apis",
  "onEvent",
  "scope",
  "resource",
  "alg",
  "correctClockSkew",
  "plainHttp",
  "fetch",
];

/** The options as they are used. */
export interface Settings {
  readonly name: string;
  readonly issuer: string;
  /** undefined: to be fetched. */
  readonly metadata: AuthorizationServerMetadata | undefined;
  readonly clientId: string;
  readonly redirectUri: string;
  /** Origins in their normal form. */
  readonly apis: ReadonlySet<string>;
  readonly onEvent: (event: BrowserSessionEvent) => void;
  readonly scope: string | undefined;
  readonly resource: string | undefined;
  readonly alg: SigningLabel;
  readonly correctClockSkew: boolean;
  readonly plainHttp: PlainHttp;
  readonly fetch: FetchLike | undefined;
}

/** Reads the options. Throws a TypeError that names the option. */
export function readOptions(options: BrowserSessionOptions): Settings {
  const given = membersArgument(options, "options", OPTIONS);
  const plainHttp = readPlainHttp(given.plainHttp);
  const { authorizationServer, alg = "ES256", onEvent, correctClockSkew = true, fetch } = given;
  const isIssuer = typeof authorizationServer === "string";
  const metadata = isIssuer
    ? undefined
    : readMetadata(objectArgument(authorizationServer, "authorizationServer"), plainHttp);
  const issuer = isIssuer ? authorizationServer : (metadata?.issuer ?? "");
  if (normalizeHtu(issuer) === null || !isHttpUrl(issuer, plainHttp)) {
    throw new TypeError("authorizationServer must be an https URL or the server's metadata");
  }
  functionMember({ onEvent }, "onEvent", "options");
  return {
    name: stringArgument(given.name, "name"),
    issuer,
    metadata,
    clientId: stringArgument(given.clientId, "clientId"),
    redirectUri: stringArgument(given.redirectUri, "redirectUri"),
    apis: readApis(given.apis),
    onEvent,
    scope: optionalString(given.scope, "scope"),
    resource: optionalString(given.resource, "resource"),
    alg,
    correctClockSkew,
    plainHttp,
    fetch,
  };
}

/** An origin and no more: a path would promise a limit that is not kept. */
function readApis(value: unknown): ReadonlySet<string> {
  const origins = (Array.isArray(value) ? value : []).map((api: unknown) => {
    const htu = typeof api === "string" ? normalizeHtu(api) : null;
    return htu === `${originOf(htu ?? "")}/` ? originOf(htu) : null;
  });
  if (origins.length === 0 || origins.includes(null)) {
    throw new TypeError("apis must be a list of origins, such as https://api.example");
  }
  return new Set(origins as string[]); // without null, as was just checked
}
