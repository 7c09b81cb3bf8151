import type { AsyncResourceServer, Binding } from "dpop-core";

/** For everything that speaks Request and Response: Hono, Workers, Deno, Bun, Next.js. */
export function protect(
  api: AsyncResourceServer,
  origin: string, // configured, never read from the request
  binding: (accessToken: string) => Promise<Binding | null>,
  handler: (request: Request) => Promise<Response>,
) {
  return async (request: Request): Promise<Response> => {
    const { method, headers } = request;
    const url = origin + new URL(request.url).pathname;
    const authorization = headers.get("authorization");
    const proof = headers.get("dpop");
    const access = await api.authenticate({ method, url, authorization, proof, binding });
    const response = access.ok ? await handler(request) : new Response(null, access);
    for (const [name, value] of Object.entries(access.headers)) response.headers.set(name, value);
    return response;
  };
}
