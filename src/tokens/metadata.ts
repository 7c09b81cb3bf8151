// Where an issuer has its keys (RFC 8414 section 3; OpenID Connect Discovery 1.0 section 4): its identifier
// to the URL of its key set.
import { isDocumentUrl, type DocumentBounds, type GetDocument } from "./document.js";
import type { JsonObject } from "../input/json.js";
import type { PlainHttp } from "../proof/htu.js";

const METADATA: DocumentBounds = { bytes: 65_536, members: 512, values: 4096, outside: 65_536 };

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
