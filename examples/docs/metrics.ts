import { metrics } from "@opentelemetry/api";
import type { ServerEvent } from "dpop-core";

const meter = metrics.getMeter("my-api");
const requests = meter.createCounter("dpop.requests");
const offsets = meter.createHistogram("dpop.clock_offset", { unit: "s" });

/** For `onEvent`. URLs and keys are left out: a metric must not have a value for each of them. */
export function count({ url: _, jkt: __, clockOffset, ...attributes }: ServerEvent) {
  requests.add(1, attributes);
  if (clockOffset !== undefined) offsets.record(clockOffset);
}
