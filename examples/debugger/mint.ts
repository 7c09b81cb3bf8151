// Proofs that are right but for one thing, made with a key of the page.
import { thumbprintOf } from "./segments.js";

export type KeyAlg = "ES256" | "Ed25519";

/** A key that the page made. */
export interface PageKey {
  readonly alg: KeyAlg;
  readonly privateKey: CryptoKey;
  readonly privateJwk: JsonWebKey;
  readonly publicJwk: JsonWebKey;
  readonly jkt: string;
}

/** What a proof is made for. */
export interface Target {
  readonly method: string;
  readonly url: string;
  /** "" for none. */
  readonly token: string;
  readonly nonce: string;
  /** Seconds since the epoch. */
  readonly now: number;
}

const PARAMETERS = {
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  Ed25519: { name: "Ed25519" },
} as const;

/** Makes a key. It can be exported, since one of the bad proofs holds it. */
export async function makeKey(alg: KeyAlg): Promise<PageKey> {
  const made = await crypto.subtle.generateKey(PARAMETERS[alg], true, ["sign", "verify"]);
  const { privateKey, publicKey } = made as CryptoKeyPair; // both algorithms have pairs
  const privateJwk = withoutUse(await crypto.subtle.exportKey("jwk", privateKey));
  const publicJwk = withoutUse(await crypto.subtle.exportKey("jwk", publicKey));
  return { alg, privateKey, privateJwk, publicJwk, jkt: thumbprintOf(publicJwk) };
}

/** What WebCrypto adds to the members of a key would forbid some servers to use it. */
function withoutUse({
  key_ops: _operations,
  ext: _extractable,
  alg: _alg,
  ...jwk
}: JsonWebKey): JsonWebKey {
  return jwk;
}

interface Draft {
  readonly key: PageKey;
  readonly target: Target;
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
}

/** What is wrong with a proof of this kind. */
interface Kind {
  readonly title: string;
  /** Changes header and claims before they are signed. */
  readonly change?: (draft: Draft) => unknown;
  /** What is signed in place of the first two segments. */
  readonly signs?: (input: string) => string;
  /** Changes the signature. */
  readonly seal?: (signature: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  /** Changes the value of the field. */
  readonly send?: (proof: string) => string;
}

const withUrl =
  (change: (url: URL) => unknown) =>
  ({ claims, target }: Draft): void => {
    const url = new URL(String(claims["htu"]), "https://localhost");
    change(url);
    claims["htu"] = url.href.split(/[?#]/, 1)[0] ?? target.url;
  };

const withAth = (tokenOf: (token: string) => string, encode = base64url) => {
  return async ({ claims, target }: Draft): Promise<void> => {
    claims["ath"] = encode(await sha256(tokenOf(target.token || "a-token")));
  };
};

const setHeader = (name: string, value: unknown) => (draft: Draft) => (draft.header[name] = value);
const setClaim = (name: string, value: unknown) => (draft: Draft) => (draft.claims[name] = value);
const addSeconds = (name: string, seconds: number) => (draft: Draft) =>
  (draft.claims[name] = draft.target.now + seconds);

/** By their names; the first is good. */
// prettier-ignore
export const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["good", { title: "good" }],
  ["method", { title: "for another method", change: ({ claims, target }) => (claims["htm"] = target.method === "POST" ? "GET" : "POST") }],
  ["scheme", { title: "http in place of https", change: withUrl((url) => (url.protocol = url.protocol === "http:" ? "https:" : "http:")) }],
  ["host", { title: "for another host", change: withUrl((url) => (url.hostname = "other.example")) }],
  ["port", { title: "for another port", change: withUrl((url) => (url.port = "8443")) }],
  ["prefix", { title: "with a prefix that the server does not see", change: withUrl((url) => (url.pathname = `/v1${url.pathname}`)) }],
  ["slash", { title: "with a slash more at the end", change: withUrl((url) => (url.pathname += "/")) }],
  ["case", { title: "with a path in capitals", change: withUrl((url) => (url.pathname = url.pathname.toUpperCase())) }],
  ["encoded", { title: "with %2F in place of a slash", change: withUrl((url) => (url.pathname = url.pathname.replace(/(.)\//g, "$1%2F"))) }],
  ["path", { title: "with a path only, no URL", change: setClaim("htu", "/things") }],
  ["old", { title: "five minutes old", change: addSeconds("iat", -300) }],
  ["future", { title: "five minutes ahead", change: addSeconds("iat", 300) }],
  ["zone", { title: "two hours ahead: a local time", change: addSeconds("iat", 7200) }],
  ["milliseconds", { title: "iat in milliseconds", change: ({ claims, target }) => (claims["iat"] = target.now * 1000) }],
  ["expired", { title: "with an exp that is over", change: addSeconds("exp", -120) }],
  ["no-jti", { title: "without jti", change: ({ claims }) => delete claims["jti"] }],
  ["iat-text", { title: "iat as text", change: ({ claims }) => (claims["iat"] = String(claims["iat"])) }],
  ["nonce", { title: "with a nonce of another server", change: setClaim("nonce", "a-nonce-of-another-server") }],
  ["no-ath", { title: "without ath", change: ({ claims }) => delete claims["ath"] }],
  ["other-token", { title: "for another access token", change: withAth((token) => `${token}x`) }],
  ["token-prefix", { title: "ath of the token with \"DPoP \" before it", change: withAth((token) => `DPoP ${token}`) }],
  ["ath-hex", { title: "ath in hexadecimal", change: withAth((token) => token, hex) }],
  ["typ", { title: "typ JWT", change: setHeader("typ", "JWT") }],
  ["alg-none", { title: "alg none", change: setHeader("alg", "none") }],
  ["alg-mac", { title: "alg HS256", change: setHeader("alg", "HS256") }],
  ["crit", { title: "with crit in the header", change: setHeader("crit", ["exp"]) }],
  ["no-jwk", { title: "without jwk", change: ({ header }) => delete header["jwk"] }],
  ["private", { title: "with the private key in jwk", change: ({ header, key }) => (header["jwk"] = key.privateJwk) }],
  ["other-key", { title: "with another key in jwk", change: async ({ header, key }) => (header["jwk"] = (await makeKey(key.alg)).publicJwk) }],
  ["payload", { title: "only the payload signed", signs: (input) => input.split(".")[1] ?? "" }],
  ["der", { title: "signature in DER (ES256)", seal: der }],
  ["changed", { title: "changed after it was signed", seal: (signature) => signature.map((byte, i) => (i === 9 ? byte ^ 1 : byte)) }],
  ["unsigned", { title: "without a signature", send: (proof) => proof.slice(0, proof.lastIndexOf(".") + 1) }],
  ["padded", { title: "padded with =", send: (proof) => `${proof}==` }],
  ["bearer", { title: "with a scheme before it", send: (proof) => `DPoP ${proof}` }],
  ["twice", { title: "twice, joined with a comma", send: (proof) => `DPoP: ${proof}, ${proof}` }],
]);

/** Makes a proof of a kind: the value of a field, or the whole field. */
export async function mint(name: string, key: PageKey, target: Target): Promise<string> {
  const kind: Partial<Kind> = KINDS.get(name) ?? {};
  const { method, url, token, nonce, now } = target;
  const header = { typ: "dpop+jwt", alg: key.alg, jwk: key.publicJwk };
  const htu = url.split(/[?#]/, 1)[0];
  const jti = base64url(crypto.getRandomValues(new Uint8Array(16)));
  const claims: Record<string, unknown> = { jti, htm: method, htu, iat: now };
  if (nonce !== "") claims["nonce"] = nonce;
  if (token !== "") claims["ath"] = base64url(await sha256(token));
  const draft: Draft = { key, target, header, claims };
  await kind.change?.(draft);
  const input = [draft.header, draft.claims].map((part) => base64url(utf8(JSON.stringify(part))));
  const signed = utf8(kind.signs?.(input.join(".")) ?? input.join("."));
  const signature = await crypto.subtle.sign(PARAMETERS[key.alg], key.privateKey, signed);
  const bytes = new Uint8Array(signature);
  const proof = [...input, base64url(kind.seal?.(bytes) ?? bytes)].join(".");
  return kind.send?.(proof) ?? proof;
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

async function sha256(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text)));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64url(bytes: Uint8Array): string {
  const standard = btoa(String.fromCharCode(...bytes));
  return standard.replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

/** An ECDSA signature of r and s as X.690 writes it. */
function der(signature: Uint8Array): Uint8Array<ArrayBuffer> {
  const half = signature.length / 2;
  const numbers = [signature.subarray(0, half), signature.subarray(half)].flatMap((number) => {
    const start = number.findIndex((byte) => byte !== 0);
    const bytes = [...number.subarray(start)];
    if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0);
    return [2, bytes.length].concat(bytes);
  });
  return Uint8Array.of(0x30, numbers.length, ...numbers);
}
