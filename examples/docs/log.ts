import type { ServerEvent } from "dpop-core";
import type { Logger } from "pino";

const LEVELS = { granted: "debug", refused: "warn", error: "error" } as const;

/** For `onEvent`: `code` and `clockOffset` say why, `jkt` says whose key it was. */
export function logTo(log: Logger) {
  return (event: ServerEvent) => log[LEVELS[event.outcome]](event, `dpop ${event.outcome}`);
}
