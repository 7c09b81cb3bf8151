// A stand-in for AWS KMS with one key of the kind ECC_NIST_P256, for the SDK of AWS: it signs as KMS does, in DER.
import { createVerify, sign } from "node:crypto";
import { text } from "node:stream/consumers";
import { KMSClient } from "@aws-sdk/client-kms";
import { keyPair } from "../../support/key-pair.js";
import { listen } from "./loopback.js";
import { textMember } from "./peers.js";

export const KEY_ID = "alias/dpop";

export interface Kms {
  readonly client: KMSClient;
  /** Signs until a signature has this form. */
  want(form: (der: Buffer) => boolean): void;
  /** The last signature, as it was sent. */
  last(): Buffer;
  /** Whether a signature in the form of JWS is of this key. */
  isSignature(data: Uint8Array, signature: Uint8Array): boolean;
  close(): Promise<void>;
}

export async function startKms(): Promise<Kms> {
  const { server, origin, close } = await listen();
  const { privateKey, publicKey } = keyPair("P-256");
  let form: (der: Buffer) => boolean = () => true;
  let last: Buffer = Buffer.of();
  const signed = (message: Buffer): Buffer => {
    do last = sign("sha256", message, privateKey);
    while (!form(last));
    return last;
  };
  const answer = (operation: string, input: unknown): object | null => {
    if (textMember(input, "KeyId") !== KEY_ID) return null;
    if (operation === "TrentService.GetPublicKey") {
      const spki = publicKey.export({ format: "der", type: "spki" });
      return { KeyId: KEY_ID, PublicKey: spki.toString("base64"), KeySpec: "ECC_NIST_P256" };
    }
    const isAsked =
      operation === "TrentService.Sign" &&
      textMember(input, "MessageType") === "RAW" &&
      textMember(input, "SigningAlgorithm") === "ECDSA_SHA_256";
    if (!isAsked) return null;
    const message = Buffer.from(textMember(input, "Message"), "base64");
    return { KeyId: KEY_ID, Signature: signed(message).toString("base64") };
  };
  server.on("request", async (req, res) => {
    const found = answer(String(req.headers["x-amz-target"]), JSON.parse(await text(req)));
    res.writeHead(found === null ? 400 : 200, { "Content-Type": "application/x-amz-json-1.1" });
    res.end(JSON.stringify(found ?? { __type: "ValidationException" }));
  });
  const credentials = { accessKeyId: "one", secretAccessKey: "two" };
  const client = new KMSClient({ region: "eu-west-1", endpoint: origin, credentials });
  return {
    client,
    want(wanted) {
      form = wanted;
    },
    last: () => last,
    isSignature: (data, signature) =>
      createVerify("sha256")
        .update(data)
        .verify({ key: publicKey, dsaEncoding: "ieee-p1363" }, signature),
    async close() {
      client.destroy();
      await close();
    },
  };
}
