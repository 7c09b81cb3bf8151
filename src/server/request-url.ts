// The URL of a request (RFC 9110 section 7.1): from the origin that clients call and the request target
// that arrived to the URL that a client signed.
import { stringArgument } from "../input/argument.js";
import { isHttpUrl, normalizeHtu } from "../proof/htu.js";

/**
 * Composes the URL that a client called, for `url` of a request to a server of this package.
 *
 * Every form of a request target is read (RFC 9112 section 3.2): `/path?query`; an absolute URL, whose
 * origin is ignored, since anyone can write one; `*`, which stands for the server itself. Any other text
 * gives a URL that is no proof's, so that the request is refused as `url_invalid`.
 *
 * @param origin what clients call: scheme and host, the port if it is not the usual one, and the path
 *   prefix if a proxy strips one, such as `https://api.example/v1`. Configure it; never read it from
 *   the request.
 * @param target the request target as it arrived: `req.url` of Node, before a framework cut or decoded it.
 * @returns an absolute URL.
 * @throws a TypeError for an origin that is not http or https, that ends with a slash, or that holds
 *   credentials, a query or a fragment.
 * @example
 * ```ts
 * import { requestUrl } from "dpop-core";
 *
 * console.log(requestUrl("https://api.example", "/orders?page=2")); // "https://api.example/orders?page=2"
 * ```
 * @see RFC 9110 section 7.1; RFC 9449 section 4.3 item 9
 */
export function requestUrl(origin: string, target: string): string {
  return joinTarget(originArgument(origin), stringArgument(target, "target"));
}

/** Does the same with an origin that was checked before. */
export function joinTarget(origin: string, target: string): string {
  if (target.startsWith("/")) return origin + target;
  if (target === "*") return origin;
  const absolute = /^https?:\/\/[^/?#]+([^#]*)/i.exec(target);
  if (absolute === null) return NO_URL;
  const [, rest = ""] = absolute;
  return origin + (rest.startsWith("/") ? rest : `/${rest}`);
}

/** A URL without a host: `url_invalid`. */
const NO_URL = "https:///";

/** Checks the origin that the programmer configured. */
export function originArgument(value: unknown): string {
  const origin = stringArgument(value, "origin");
  if (!isHttpUrl(origin, "anywhere") || !ORIGIN.test(origin) || normalizeHtu(origin) === null) {
    throw new TypeError(
      "origin must be an http or https URL without credentials, query, fragment and a slash at its end, " +
        "such as https://api.example",
    );
  }
  return origin;
}

const ORIGIN = /^[^:]+:\/\/[^/?#@]+(\/[^/?#]+)*$/;
