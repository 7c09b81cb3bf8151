import ky from "ky";
import type { Fetch } from "./api-fetch.js";
import type { Thing } from "./things.js";

/** ky calls fetch for each of its retries, so that each has a proof of its own. */
export function openApi(url: string, apiFetch: Fetch) {
  const api = ky.create({ prefix: url, fetch: apiFetch });
  return {
    list: () => api.get("things").json<Thing[]>(),
    add: (thing: Thing) => api.post("things", { json: thing }).json<Thing>(),
  };
}
