// The package dpop, which makes proofs and nothing else, in a client of our servers.
import * as dpop from "dpop";
import { describe, expect, test } from "vitest";
import { testForeignClient } from "./support/foreign-client-tests.js";
import { openDpop } from "./support/foreign-clients.js";
import { outcomes, startOurServers } from "./support/our-servers.js";

testForeignClient(openDpop);

describe("nonces of two servers of ours", () => {
  test("one server of ours does not take a nonce of the other, though they share their secret", async () => {
    const servers = await startOurServers({ nonces: true });
    try {
      const keyPair = await dpop.generateKeyPair("ES256");
      const asked = await fetch(servers.tokenUrl, {
        method: "POST",
        headers: { DPoP: await dpop.generateProof(keyPair, servers.tokenUrl, "POST") },
      });
      const nonce = asked.headers.get("DPoP-Nonce") ?? "";
      const call = async (ofServer: string): Promise<Response> => {
        const proof = await dpop.generateProof(keyPair, servers.apiUrl, "GET", ofServer, "a-token");
        const headers = { DPoP: proof, Authorization: "DPoP a-token" };
        return fetch(servers.apiUrl, { headers });
      };
      const refused = await call(nonce);
      await call(refused.headers.get("DPoP-Nonce") ?? "");
      // With the API's own nonce the proof is looked at further, and the token turns out to be unknown.
      expect(outcomes(servers.seen.api)).toEqual(["nonce_mismatch", "token_inactive"]);
    } finally {
      await servers.close();
    }
  });
});
