import { createFetch } from "ofetch";
import type { Fetch } from "./api-fetch.js";
import type { Thing } from "./things.js";

/** What Nuxt calls $fetch. Its retries get a proof each. */
export function openApi(url: string, apiFetch: Fetch) {
  const api = createFetch({ fetch: apiFetch, defaults: { baseURL: url } });
  return {
    list: () => api<Thing[]>("/things"),
    add: (thing: Thing) => api<Thing>("/things", { method: "POST", body: thing }),
  };
}
