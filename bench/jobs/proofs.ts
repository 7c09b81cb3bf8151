// Two jobs. pinned: whole proofs, signatures and the making of proofs, one call after another, meant
// for one core. sixteen: whole proofs, 16 under way at once, on all the cores that there are.
import type { Contest, Implementation } from "../engine/contest.js";
import { type Job, timingOf } from "../engine/task.js";
import { apiRequests } from "../implementations/api.js";
import { betterAuthVerify } from "../implementations/better-auth.js";
import { creations } from "../implementations/creation.js";
import {
  createIssuer,
  createProofSet,
  type Issuer,
  type ProofSet,
} from "../implementations/fixtures.js";
import { joseVerify, keptJoseVerify } from "../implementations/jose.js";
import { oauth4webapiVerify } from "../implementations/oauth4webapi.js";
import { opensslSpeed } from "../implementations/openssl.js";
import { ourVerifiers, ownWork, refusals } from "../implementations/ours.js";
import {
  groupedSignatures,
  nodeCryptoSignature,
  rawSignatures,
  webCryptoSignature,
} from "../implementations/signatures.js";
import { hotVerify } from "../implementations/verifiers.js";

const LABELS = ["ES256", "EdDSA"] as const;

const API = "API request, ES256 tokens and proofs";

export const pinned: Job = (task) => {
  const timing = timingOf(task);
  const issuer = createIssuer();
  return LABELS.flatMap((label): readonly Contest[] => {
    const set = createProofSet(label, issuer, 64);
    const openssl = label === "ES256" && !task.quick ? opensslSpeed(task.clock) : [];
    const whole = async () => [
      ...(await others(set, issuer)),
      ...ourVerifiers(set),
      ...ownWork(set),
      nodeCryptoSignature(set),
      await webCryptoSignature(set),
      ...openssl,
      ...refusals(set),
    ];
    const curve = label === "ES256" ? "ES256" : "Ed25519";
    const raw = `${curve} signature`;
    const api: Contest = {
      group: "api",
      name: API,
      timing,
      implementations: () => apiRequests(set, issuer),
    };
    return [
      { group: "verify", name: `${label} proof`, timing, implementations: whole },
      ...(label === "ES256" ? [api] : []),
      { group: "signatures", name: raw, timing, implementations: () => rawSignatures(set) },
      {
        group: "signatures",
        name: `${raw}s of 32 keys, in groups`,
        timing,
        implementations: () => groupedSignatures(set),
      },
      {
        group: "create",
        name: `create ${label}`,
        timing,
        implementations: () => creations(set.client),
      },
    ];
  });
};

export const sixteen: Job = (task) => {
  const issuer = createIssuer();
  return LABELS.map((label): Contest => {
    const set = createProofSet(label, issuer, 64);
    return {
      group: "sixteen",
      name: `${label} proof, 16 at once`,
      timing: { ...timingOf(task), atOnce: 16 },
      implementations: async () => [
        ...(await others(set, issuer)),
        ...ourVerifiers(set),
        await webCryptoSignature(set),
      ],
    };
  });
};

async function others(set: ProofSet, issuer: Issuer): Promise<readonly Implementation[]> {
  const { client } = set;
  const one = { ...set, strangers: [] }; // it knows one key only
  return [
    hotVerify("jose", set, joseVerify(client.label)),
    hotVerify("jose, key kept", one, await keptJoseVerify(client)),
    hotVerify("better-auth", set, betterAuthVerify(client.label, "accepted")),
    hotVerify("oauth4webapi", set, oauth4webapiVerify(issuer, client.label)),
  ];
}
