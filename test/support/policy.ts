// A verifier's policy as plain data, so that it can stand in a file, and the options that it means. No platform: the suite of
// test:runtimes uses it too.
import type { NonceCheck, SyncReplayStore, VerifierOptions } from "dpop-core";
import { createMemoryReplayStore } from "dpop-core/core"; // it needs no source of randomness
import type { CurveLabel } from "./implementation.js";
import type { IatWithNonce, NoncePolicy } from "../../src/verify/policy.js";
import type { ProofLimitOptions } from "../../src/proof/claims.js";
import type { PlainHttp } from "../../src/proof/htu.js";

export interface PolicyData {
  readonly algs?: readonly CurveLabel[];
  readonly maxAge?: number | undefined;
  readonly clockTolerance?: number | undefined;
  readonly limits?: ProofLimitOptions;
  readonly nonce?: {
    readonly accept: string;
    readonly status?: "valid" | "renew";
    readonly acceptUntil?: number;
    readonly nextNonce?: string;
  };
  readonly noncePolicy?: NoncePolicy;
  readonly iatWithNonce?: IatWithNonce | undefined;
  readonly permittedAlgs?: readonly string[] | undefined;
  readonly plainHttp?: PlainHttp | undefined;
  /** A store that is empty, that has seen the very proof, or that is full. */
  readonly replay?: "fresh" | "seen" | "full";
}

/** All but the backend and its algorithms. Made anew by every call: two verifiers never share a store. */
export function policyOptions(
  data: PolicyData,
  now: number,
): Omit<VerifierOptions, "backend" | "algs"> {
  const { algs: _, nonce, replay, ...options } = data;
  return {
    ...options,
    nonce: nonce === undefined ? undefined : nonceCheck(nonce),
    replay: replay === undefined ? "none" : replayStore(replay, now),
  };
}

function nonceCheck(data: NonNullable<PolicyData["nonce"]>): NonceCheck {
  const { accept, status = "valid", acceptUntil, nextNonce } = data;
  return {
    check(nonce) {
      if (nonce === undefined) return { status: "missing", nextNonce };
      return nonce === accept
        ? { status, acceptUntil, nextNonce }
        : { status: "invalid", nextNonce };
    },
  };
}

function replayStore(state: "fresh" | "seen" | "full", now: number): SyncReplayStore {
  const store = createMemoryReplayStore({ maxEntries: 1 });
  if (state === "full") store.add("of another proof", now + 1000, now, "of another key");
  return store;
}
