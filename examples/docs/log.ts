import type { ServerEvent } from "dpop-core";
import { pino } from "pino";

const log = pino();
const LEVELS = { granted: "debug", refused: "warn", error: "error" } as const;

/** For `onEvent`: `clockOffset` and `code` say why, `jkt` says whose key it was. */
export function write(event: ServerEvent) {
  log[LEVELS[event.outcome]](event, `dpop ${event.outcome}`);
}
