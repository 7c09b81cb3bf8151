import createClient from "openapi-fetch";
import type { Fetch } from "./api-fetch.js";
import type { paths, Thing } from "./things.js";

/** A client that is typed by the API's description. */
export function openApi(url: string, apiFetch: Fetch) {
  const api = createClient<paths>({ baseUrl: url, fetch: apiFetch });
  return {
    list: async () => (await api.GET("/things")).data,
    add: async (thing: Thing) => (await api.POST("/things", { body: thing })).data,
  };
}
