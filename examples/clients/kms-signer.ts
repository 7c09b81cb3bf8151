import { GetPublicKeyCommand, type KMSClient, SignCommand } from "@aws-sdk/client-kms";
import type { AsyncSigner } from "dpop-core";

/** A key of AWS KMS of the kind ECC_NIST_P256, as the signer of createAsyncClientSession. */
export async function createKmsSigner(kms: KMSClient, KeyId: string): Promise<AsyncSigner> {
  const { PublicKey = [] } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  const spki = Buffer.from(PublicKey); // its last 64 bytes are the point
  const x = spki.subarray(-64, -32).toString("base64url");
  const y = spki.subarray(-32).toString("base64url");
  const how = { KeyId, MessageType: "RAW", SigningAlgorithm: "ECDSA_SHA_256" } as const;
  const sign = async (Message: Uint8Array) => {
    const { Signature = [] } = await kms.send(new SignCommand({ ...how, Message }));
    return joseSignature(Buffer.from(Signature));
  };
  return { alg: "ES256", publicJwk: { kty: "EC", crv: "P-256", x, y }, sign };
}

/** From DER, which has two INTEGERs of 1 to 33 bytes, to the form of JWS: two numbers of 32 bytes. */
function joseSignature(der: Buffer): Uint8Array {
  const end = 4 + (der[3] ?? 0); // of the first
  const padded = [der.subarray(4, end), der.subarray(end + 2)].map((integer) =>
    Buffer.concat([Buffer.alloc(32), integer]).subarray(-32),
  );
  return Buffer.concat(padded);
}
