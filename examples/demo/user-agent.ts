// A browser, as small as can be: it goes where it is sent, and keeps cookies.

/** Opens an address and follows the redirects to the first one of another origin, which it gives back unopened. */
export async function follow(start: URL): Promise<URL> {
  const cookies = new Map<string, string>();
  let address = start;
  for (let hop = 0; hop < 20; hop++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(address, { redirect: "manual", headers: { cookie } });
    for (const line of response.headers.getSetCookie()) keepCookie(cookies, line);
    const location = response.headers.get("Location");
    if (location === null) throw new Error(`no redirect but a ${response.status}`);
    address = new URL(location, address);
    if (address.origin !== start.origin) return address;
  }
  throw new Error("redirected without end");
}

/** All cookies go to all pages here: there is one server, and one visit. A cookie is emptied to delete it. */
function keepCookie(cookies: Map<string, string>, line: string): void {
  const [pair = ""] = line.split(";", 1);
  const equals = pair.indexOf("=");
  const name = pair.slice(0, equals);
  const value = pair.slice(equals + 1);
  if (value === "") cookies.delete(name);
  else cookies.set(name, value);
}
