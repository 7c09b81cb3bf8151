import axios from "axios";
import type { Fetch } from "./api-fetch.js";
import type { Thing } from "./things.js";

/** axios over fetch. Over XMLHttpRequest or node:http it has no place for a proof of each request. */
export function openApi(url: string, apiFetch: Fetch) {
  const api = axios.create({ baseURL: url, adapter: "fetch", env: { fetch: apiFetch } });
  return {
    list: async () => (await api.get<Thing[]>("/things")).data,
    add: async (thing: Thing) => (await api.post<Thing>("/things", thing)).data,
  };
}
