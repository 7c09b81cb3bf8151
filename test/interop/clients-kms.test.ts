// The signer of examples/clients over AWS KMS, which signs in DER.
import { createAsyncClientSession } from "dpop-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createApiFetch } from "../../examples/clients/api-fetch.js";
import { createKmsSigner } from "../../examples/clients/kms-signer.js";
import { createRefresh } from "../../examples/clients/refresh.js";
import { createTokens } from "../../examples/clients/tokens.js";
import { clientIssuers } from "./support/client-issuers.js";
import { type Kms, KEY_ID, startKms } from "./support/kms.js";
import { startThingsApi } from "./support/things-api.js";

describe("a key of AWS KMS", () => {
  let kms: Kms;
  beforeEach(async () => {
    kms = await startKms();
  });
  afterEach(() => kms.close());

  test.each(clientIssuers)("proves requests at %s and at an API", async (_, startIssuer) => {
    const issuer = await startIssuer();
    const api = await startThingsApi(issuer.accessTokens);
    try {
      const signer = await createKmsSigner(kms.client, KEY_ID);
      const session = createAsyncClientSession({ signer });
      const account = await issuer.accountFor(session.jkt);
      const tokens = createTokens(session, createRefresh(session, account));
      const apiFetch = createApiFetch(session, tokens);
      const body = JSON.stringify({ name: "two" });
      const added = await apiFetch(`${api.url}/things`, { method: "POST", body });
      expect([added.status, await added.json()]).toEqual([200, { name: "two" }]);
      expect(api.seen).toEqual(["nonce_missing", "POST"]);
    } finally {
      await Promise.all([api.close(), issuer.close()]);
    }
  });

  /** The lengths of the two numbers of a signature, in bytes. */
  const lengths = (der: Buffer): readonly number[] => {
    const first = der[3] ?? 0;
    return [first, der[4 + first + 1] ?? 0];
  };

  test.each([
    [33, 33],
    [32, 33],
    [33, 32],
    [31, 33],
    [33, 31],
  ])("a signature in DER of %i and %i bytes has the form of JWS", async (r, s) => {
    const { sign } = await createKmsSigner(kms.client, KEY_ID);
    kms.want((der) => String(lengths(der)) === String([r, s]));
    const data = Buffer.from("what is signed");
    const signature = await sign(data);
    expect(lengths(kms.last())).toEqual([r, s]);
    expect(signature).toHaveLength(64);
    expect(kms.isSignature(data, signature)).toBe(true);
  });

  test("a signer that forgets to convert is told that it is DER", async () => {
    const signer = await createKmsSigner(kms.client, KEY_ID);
    const forgetful = {
      ...signer,
      async sign(data: Uint8Array) {
        await signer.sign(data);
        return kms.last();
      },
    };
    const session = createAsyncClientSession({ signer: forgetful });
    const proof = session.buildProof({ method: "GET", url: "https://api.example/things" });
    await expect(proof).rejects.toThrow(
      new TypeError("signer.sign must return 64 bytes, the signature in the form of JWS, not DER"),
    );
  });
});
