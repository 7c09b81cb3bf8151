// The example of React Native in Hermes, at an issuer and an API that want nonces.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Folder, openFolder } from "../support/process.js";
import { openPhone } from "./react-native/hermes.js";
import { clientIssuers } from "./support/client-issuers.js";
import { member, textMember } from "./support/peers.js";
import { startThingsApi } from "./support/things-api.js";

let folder: Folder;
beforeAll(() => {
  folder = openFolder();
});
afterAll(() => folder.remove());

test.each(clientIssuers)(
  "a phone keeps its key, gets a token at %s, and adds to a list",
  { timeout: 120_000 },
  async (_, startIssuer) => {
    const issuer = await startIssuer();
    const api = await startThingsApi(issuer.accessTokens);
    try {
      const phone = await openPhone(folder.path, true);
      const made = await phone.run({ account: null, url: api.url, stored: {} });
      const first = member(made, "done");
      const jkt = textMember(first, "jkt");
      const account = await issuer.accountFor(jkt);
      const ended = await phone.run({ account, url: api.url, stored: member(first, "stored") });
      const listed = [{ name: "one" }, { name: "two" }];
      expect(ended).toEqual({ done: { jkt, added: { name: "two" }, listed } });
      expect(api.seen).toEqual(["nonce_missing", "POST", "GET"]);
    } finally {
      await Promise.all([api.close(), issuer.close()]);
    }
  },
);

test("without a source of random bytes no key is made, and the error names both ways out", async () => {
  const phone = await openPhone(folder.path, false);
  const ended = await phone.run({ account: null, url: "", stored: {} });
  expect(textMember(ended, "failed")).toContain(
    "this platform has no crypto.getRandomValues: pass randomBytes to nobleBackend",
  );
});
