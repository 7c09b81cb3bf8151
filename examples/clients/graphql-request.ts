import { GraphQLClient } from "graphql-request";
import type { Fetch } from "./api-fetch.js";
import type { Thing } from "./things.js";

const LIST = "{ things { name } }";
const ADD = "mutation ($name: String!) { added: add(name: $name) { name } }";

/** Every query is a POST. */
export function openApi(url: string, apiFetch: Fetch) {
  const api = new GraphQLClient(`${url}/graphql`, { fetch: apiFetch });
  return {
    list: async () => (await api.request<{ things: Thing[] }>(LIST)).things,
    add: async ({ name }: Thing) => (await api.request<{ added: Thing }>(ADD, { name })).added,
  };
}
