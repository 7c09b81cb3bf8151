// A certificate for localhost, made at run time and signed by its own key: X.509 in DER, by hand.
import { randomBytes, sign } from "node:crypto";
import { keyPair } from "../../support/key-pair.js";

export interface Certificate {
  /** In PEM. */
  readonly cert: string;
  /** In PEM. */
  readonly key: string;
}

/** For `localhost`, from yesterday until tomorrow. */
export function makeCertificate(): Certificate {
  const { publicKey, privateKey } = keyPair("P-256");
  const algorithm = sequence(oid("2a8648ce3d040302")); // ecdsa-with-SHA256
  const name = sequence(set(sequence(oid("550403"), tlv(0x0c, Buffer.from("localhost")))));
  const day = 86_400_000; // milliseconds
  const validity = sequence(time(Date.now() - day), time(Date.now() + day));
  const names = sequence(tlv(0x82, Buffer.from("localhost")));
  const extensions = tlv(0xa3, sequence(sequence(oid("551d11"), tlv(0x04, names))));
  const signed = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))), // version 3
    tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])), // serial number, positive
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: "spki", format: "der" }),
    extensions,
  );
  const signature = tlv(
    0x03,
    Buffer.concat([Buffer.from([0]), sign("sha256", signed, privateKey)]),
  );
  return {
    cert: pem(sequence(signed, algorithm, signature)),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function tlv(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, ...parts);
const set = (...parts: readonly Buffer[]): Buffer => tlv(0x31, ...parts);
const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, "hex"));

function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replaceAll(/\D/g, "").slice(2, 14);
  return tlv(0x17, Buffer.from(`${digits}Z`));
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").replaceAll(/.{64}/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
