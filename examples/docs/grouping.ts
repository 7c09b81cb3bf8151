import { createAsyncVerifier, createMemoryReplayStore } from "dpop-core";
import { fast } from "dpop-core/fast";

const replay = createMemoryReplayStore();
/** For createAsyncResourceServer or createAsyncAuthorizationServer. */
export const verifier = createAsyncVerifier({ backend: fast, replay, grouping: "turn" });
