import type { Meter } from "@opentelemetry/api";
import type { ServerEvent } from "dpop-core";

/** For `onEvent`. URLs and keys are left out: a metric must not have a value for each of them. */
export function countTo(meter: Meter) {
  const requests = meter.createCounter("dpop.requests");
  const offsets = meter.createHistogram("dpop.clock_offset", { unit: "s" });
  return ({ outcome, place, code, scheme, alg, clockOffset }: ServerEvent) => {
    requests.add(1, { outcome, place, code, scheme, alg });
    if (clockOffset === undefined) return; // how far the client's clock is from ours
    offsets.record(Math.abs(clockOffset), { ahead: clockOffset > 0 });
  };
}
