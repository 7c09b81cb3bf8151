// Where an issuer has its keys (RFC 8414 section 3; OpenID Connect Discovery 1.0 section 4): its identifier
// to the URL of its key set.
import { isDocumentUrl, type DocumentBounds, type GetDocument } from "./document.js";
import type { JsonObject } from "../input/json.js";
import type { PlainHttp } from "../proof/htu.js";

const METADATA: DocumentBounds = { bytes: 65_536, members: 512, values: 4096, outside: 65_536 };

/** Returns the URLs of the metadata of an issuer, in the order in which they are tried. */
export function metadataUrls(issuer: string): readonly string[] {
  const pathStart = issuer.indexOf("/", issuer.indexOf("://") + 3);
  const origin = pathStart === -1 ? issuer : issuer.slice(0, pathStart);
  const path = issuer.slice(origin.length).replace(/\/$/, ""); // section 3.1 has the last slash removed
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
}

/**
 * Returns the `jwks_uri` of an issuer. Throws an Error where none of the URLs has its metadata: what is not
 * exactly of this issuer could be an attacker's (RFC 8414 section 3.3).
 */
export async function findJwksUri(
  get: GetDocument,
  issuer: string,
  urls: readonly string[],
  plainHttp: PlainHttp,
): Promise<string> {
  const faults: Error[] = [];
  for (const url of urls) {
    try {
      return readMetadata(await get("the issuer's metadata", url, METADATA), issuer, plainHttp);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      faults.push(error);
    }
  }
  const message = faults.map((fault) => fault.message).join("; ");
  throw Object.assign(new Error(message), { cause: faults[0] });
}

function readMetadata(metadata: JsonObject, issuer: string, plainHttp: PlainHttp): string {
  if (metadata["issuer"] !== issuer) {
    throw new Error("the issuer's metadata names another issuer than the option");
  }
  const uri = metadata["jwks_uri"];
  if (isDocumentUrl(uri, plainHttp)) return uri;
  throw new Error("the issuer's metadata has no https URL as jwks_uri");
}
