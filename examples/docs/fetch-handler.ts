import type { AccessResult, AsyncResourceServer, Binding } from "dpop-core";

/** For everything that speaks Request and Response: Hono, Next.js, Workers, Bun, Deno. */
export function protect(
  api: AsyncResourceServer,
  origin: string, // configured, never read from the request
  binding: (accessToken: string) => Promise<Binding | null>,
  handler: (request: Request, access: AccessResult & { ok: true }) => Promise<Response>,
) {
  return async (request: Request): Promise<Response> => {
    const { method, headers } = request;
    const url = origin + new URL(request.url).pathname;
    const authorization = headers.get("authorization");
    const proof = headers.get("dpop");
    const access = await api.authenticate({ method, url, authorization, proof, binding });
    const answer = access.ok ? await handler(request, access) : new Response(null, access);
    const response = new Response(answer.body, answer); // headers of a redirect can't be changed
    for (const [name, value] of Object.entries(access.headers)) response.headers.set(name, value);
    return response;
  };
}
