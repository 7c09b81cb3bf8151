// URLs and methods of the command line: refused before anything is sent, and never repeated in a message.
import { normalizeHtu } from "dpop-core/core";
import { mistake } from "./fault.js";

/** Guards a URL that a request goes to: absolute, https, or http on this machine. `name` is what the help calls it. */
export function urlArgument(value: string, name: string): URL {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw mistake(
      `${name} is no absolute URL`,
      "Write it with its scheme, as in https://api.example/things",
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw mistake(
      `${name} has a user name or a password in it`,
      "Take them out: other users of the machine see arguments",
    );
  }
  if (/^https?:$/.test(url.protocol) && normalizeHtu(url.href) === null) {
    throw mistake(`${name} has characters that no URI has`, "Percent-encode them: | is %7C");
  }
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname)))
    return url;
  throw mistake(
    `${name} must be https, or http on this machine`,
    "Over plain http, strangers on the way could read the token",
  );
}

/** Returns true for a host that is this machine beyond doubt. `host` is without a port. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Guards an HTTP method. */
export function methodArgument(value: string, name: string): string {
  if (!/^[!#$%&'*+.^_`|~\dA-Za-z-]{1,64}$/.test(value)) {
    throw mistake(`${name} is no HTTP method`, "Write one such as GET or POST");
  }
  const standard = value.toUpperCase();
  if (value !== standard && /^(?:DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT)$/.test(standard)) {
    throw mistake(
      `${name} has small letters, which makes it another method`,
      `Write it as ${standard}`,
    );
  }
  return value;
}
