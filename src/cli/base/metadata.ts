// The metadata of an authorization server (RFC 8414, or OpenID Connect Discovery): from an issuer to its token endpoint.
import type { Client } from "./client.js";
import { EXIT, Fault } from "./fault.js";
import { parseObject } from "./json.js";
import { readBody } from "./response.js";
import { urlArgument } from "./url.js";

/** Where to ask for tokens. */
export interface Endpoint {
  readonly url: URL;
  /** The labels that its proofs may have; undefined where it does not say. */
  readonly algs: readonly string[] | undefined;
}

/** Finds the token endpoint of an issuer. */
export async function findEndpoint(issuer: URL, client: Client): Promise<Endpoint> {
  for (const url of metadataUrls(issuer)) {
    const response = await client.sendPlain(url);
    const text = (await readBody(client, response, url)).toString("utf8");
    if (response.status !== 200) continue;
    return readMetadata(parseObject(text), issuer);
  }
  throw new Fault(
    EXIT.refused,
    `${issuer.host} has no metadata of an authorization server`,
    "Is that the issuer? Without --issuer, URL is the token endpoint itself",
  );
}

/** First that of RFC 8414 section 3.1, then that of OpenID Connect, which puts its part at the end. */
function metadataUrls(issuer: URL): readonly URL[] {
  const path = issuer.pathname.replace(/\/$/, "");
  return [
    new URL(`/.well-known/oauth-authorization-server${path}`, issuer.origin),
    new URL(`${path}/.well-known/openid-configuration`, issuer.origin),
  ];
}

function readMetadata(metadata: Readonly<Record<string, unknown>> | null, issuer: URL): Endpoint {
  const {
    issuer: named,
    token_endpoint: endpoint,
    dpop_signing_alg_values_supported: algs,
  } = metadata ?? {};
  // RFC 8414 section 3.3: metadata of another issuer could send the client's secret anywhere.
  if (typeof named !== "string" || !isSameIssuer(named, issuer)) {
    throw new Fault(
      EXIT.refused,
      `the metadata of ${issuer.host} is of another issuer`,
      "Write the issuer as its metadata has it, or give the token endpoint itself without --issuer",
    );
  }
  if (typeof endpoint !== "string") {
    throw new Fault(
      EXIT.refused,
      `the metadata of ${issuer.host} has no token_endpoint`,
      "Ask its operators for the token endpoint",
    );
  }
  return {
    url: urlArgument(endpoint, "token_endpoint of the metadata"),
    algs: isLabels(algs) ? algs : undefined,
  };
}

function isLabels(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string");
}

function isSameIssuer(named: string, issuer: URL): boolean {
  const bare = (text: string): string => text.replace(/\/$/, "");
  return bare(named) === bare(issuer.href);
}
