// A browser, as small as can be, for Keycloak: it keeps cookies, follows redirects, and fills in the login form once.

export interface Browser {
  /** How often it was asked to log in. */
  readonly logins: () => number;
  /** Opens an address and goes on till it is sent to the redirect URI; gives that address unopened. */
  open(address: URL): Promise<URL>;
}

export function createBrowser(username: string, password: string, redirectUri: string): Browser {
  const cookies = new Map<string, string>();
  let logins = 0;

  async function visit(address: URL, form?: URLSearchParams): Promise<Response> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const post = form === undefined ? {} : { method: "POST", body: form };
    const response = await fetch(address, { ...post, redirect: "manual", headers: { cookie } });
    for (const line of response.headers.getSetCookie()) keepCookie(cookies, line);
    return response;
  }

  return {
    logins: () => logins,
    async open(start) {
      let address = start;
      let response = await visit(address);
      for (let hop = 0; hop < 10; hop++) {
        const location = response.headers.get("Location");
        if (location === null) {
          address = loginAction(await response.text(), response.status);
          logins++;
          response = await visit(address, new URLSearchParams({ username, password }));
          continue;
        }
        address = new URL(location, address);
        if (address.href.startsWith(redirectUri)) return address;
        response = await visit(address);
      }
      throw new Error("redirected without end");
    },
  };
}

/** Where the login form goes to. */
function loginAction(page: string, status: number): URL {
  const form = /<form[^>]*id="kc-form-login"[^>]*>/.exec(page)?.[0];
  const action = /action="([^"]+)"/.exec(form ?? "")?.[1];
  if (action === undefined) throw new Error(`no login form, but a ${status}: ${textOf(page)}`);
  return new URL(action.replaceAll("&amp;", "&"));
}

/** What a page says, in short. */
function textOf(page: string): string {
  const text = page.replaceAll(/<(script|style)[^]*?<\/\1>/g, "").replaceAll(/<[^>]*>/g, " ");
  return text.replaceAll(/\s+/g, " ").trim().slice(0, 300);
}

/** All cookies go to all pages: there is one server. A cookie is emptied to delete it. */
function keepCookie(cookies: Map<string, string>, line: string): void {
  const [pair = ""] = line.split(";", 1);
  const equals = pair.indexOf("=");
  const name = pair.slice(0, equals);
  const value = pair.slice(equals + 1);
  if (value === "") cookies.delete(name);
  else cookies.set(name, value);
}
