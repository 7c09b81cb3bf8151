import type { ServerResponse } from "node:http";
import type { AccessResult } from "dpop-core";

/** Sets fields when the response begins, so that they win over those of the handler. */
export function setLast(res: ServerResponse, fields: AccessResult["headers"]) {
  const { writeHead } = res;
  res.writeHead = (...args: unknown[]) => {
    for (const [name, value] of Object.entries(fields)) res.setHeader(name, value);
    return Reflect.apply(writeHead, res, args);
  };
}
