// Where an issuer publishes its metadata (RFC 8414 section 3; OpenID Connect Discovery 1.0 section 4): from its
// identifier to URLs.

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
