// A server on the loopback that checks every proof with the library's verifier, and keeps what it
// was sent.
import { createVerifier, type NonceCheck, type VerifyResult } from "dpop-core";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly method: string;
  /** The path with its query, as it was sent. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of the header DPoP; undefined without that header. */
  readonly proof: string | undefined;
  /** "ok", or why the proof is refused. */
  readonly verdict: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface LoopbackServer {
  readonly origin: string;
  /** In the order of arrival. */
  readonly received: readonly Received[];
  /** The nonce that proofs must have; none where it is undefined. */
  nonce: string | undefined;
  close(): Promise<void>;
}

/** The thumbprint of the one key that tokens are bound to here. */
export async function serve(
  jkt: string,
  reply: (request: Received, server: LoopbackServer) => Reply,
): Promise<LoopbackServer> {
  const received: Received[] = [];
  const check: NonceCheck = {
    check: (claim) => ({
      status: claim === undefined ? "missing" : claim === loopback.nonce ? "valid" : "invalid",
      nextNonce: loopback.nonce,
    }),
  };
  const plain = createVerifier({ replay: "none" });
  const withNonce = createVerifier({ nonce: check, replay: "none" });
  const verify = (proof: string[] | undefined, method: string, url: string, token?: string) => {
    const verifier = loopback.nonce === undefined ? plain : withNonce;
    const request =
      token === undefined ? { method, url } : { method, url, accessToken: token, jkt };
    return outcome(verifier.verify(proof, request));
  };
  const http = createServer(async (incoming, outgoing) => {
    let body = "";
    for await (const chunk of incoming) body += String(chunk);
    const { method = "", url: path = "", headers, headersDistinct } = incoming;
    const [scheme, token] = (headers.authorization ?? "").split(" ");
    const verdict = verify(
      headersDistinct["dpop"],
      method,
      loopback.origin + path,
      scheme?.toLowerCase() === "dpop" ? token : undefined,
    );
    const request = { method, path, headers, body, proof: headersDistinct["dpop"]?.[0], verdict };
    received.push(request);
    const answer = reply(request, loopback);
    outgoing.writeHead(answer.status, answer.headers);
    outgoing.end(answer.body);
  });
  await new Promise<void>((listening) => http.listen(0, "127.0.0.1", listening));
  const loopback: LoopbackServer = {
    origin: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, // it listens on TCP
    received,
    nonce: undefined,
    close: () =>
      new Promise((closed) => {
        http.close(() => closed());
        http.closeAllConnections();
      }),
  };
  return loopback;
}

function outcome(result: VerifyResult): string {
  return result.ok ? "ok" : result.code;
}

const JSON_TYPE = { "content-type": "application/json" };

/** The responses of an authorization server (RFC 9449 section 8), with its nonce only on errors. */
export function tokenReply({ verdict }: Received, { nonce = "" }: LoopbackServer): Reply {
  if (verdict === "ok") {
    const body = JSON.stringify({ access_token: "t", token_type: "DPoP" });
    return { status: 200, headers: JSON_TYPE, body };
  }
  const wantsNonce = verdict.startsWith("nonce_");
  return {
    status: 400,
    headers: wantsNonce ? { ...JSON_TYPE, "dpop-nonce": nonce } : JSON_TYPE,
    body: JSON.stringify({ error: wantsNonce ? "use_dpop_nonce" : "invalid_dpop_proof" }),
  };
}

/** The responses of a resource server (section 9). */
export function resourceReply({ verdict }: Received, { nonce = "" }: LoopbackServer): Reply {
  if (verdict === "ok") return { status: 200, body: "the resource" };
  const error = verdict.startsWith("nonce_") ? "use_dpop_nonce" : "invalid_dpop_proof";
  const headers = { "www-authenticate": `Bearer, DPoP error="${error}", algs="ES256"` };
  return { status: 401, headers: nonce === "" ? headers : { ...headers, "dpop-nonce": nonce } };
}
