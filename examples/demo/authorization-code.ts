// How an app gets an authorization code: pushed request (RFC 9126), browser, redirect back, with PKCE (RFC 7636). DPoP
// adds the parameter `dpop_jkt`, or a proof with the pushed request (RFC 9449 section 10).
import { createHash, randomBytes } from "node:crypto";
import { answerOf, jsonOf } from "./answers.js";
import { stringMember } from "./loopback.js";
import type { Answer } from "./situations.js";
import { follow } from "./user-agent.js";

/** An app, and where its authorization server has what. */
export interface CodeClient {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly parEndpoint: string;
  readonly authorizationEndpoint: string;
  /** What it asks for. */
  readonly wish?: Readonly<Record<string, string>>;
}

interface Pushed {
  readonly answer: Answer;
  readonly requestUri: string;
  readonly codeVerifier: string;
}

/** `send` is fetch, or one that adds proofs. */
export async function push(
  { clientId, redirectUri, parEndpoint, wish }: CodeClient,
  send: typeof fetch,
  dpopJkt?: string,
): Promise<Pushed> {
  const codeVerifier = randomBytes(32).toString("base64url");
  const response = await send(
    parEndpoint,
    post({
      ...wish,
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: "code",
      code_challenge: createHash("sha256").update(codeVerifier).digest("base64url"),
      code_challenge_method: "S256",
      ...(dpopJkt === undefined ? {} : { dpop_jkt: dpopJkt }),
    }),
  );
  const answer = await answerOf(response);
  const requestUri = stringMember(await jsonOf(response), "request_uri") ?? "";
  return { answer, requestUri, codeVerifier };
}

export interface Code {
  readonly pushed: Answer;
  readonly redirected: Answer;
  /** For the token request: the code, and what else it takes. */
  readonly grant: Readonly<Record<string, string>>;
}

export async function getCode(
  client: CodeClient,
  send: typeof fetch,
  dpopJkt?: string,
): Promise<Code> {
  const { answer, requestUri, codeVerifier } = await push(client, send, dpopJkt);
  const address = new URL(client.authorizationEndpoint);
  address.searchParams.set("client_id", client.clientId);
  address.searchParams.set("request_uri", requestUri);
  const back = (await follow(address)).searchParams;
  const code = back.get("code");
  return {
    pushed: answer,
    redirected: {
      status: 303,
      error: back.get("error"),
      detail: code === null ? "no code" : "a code",
    },
    grant: {
      grant_type: "authorization_code",
      code: code ?? "",
      code_verifier: codeVerifier,
      redirect_uri: client.redirectUri,
    },
  };
}

/** A form, as the endpoints of an authorization server take it. */
export function post(form: Readonly<Record<string, string>>): {
  readonly method: "POST";
  readonly body: URLSearchParams;
} {
  return { method: "POST", body: new URLSearchParams(form) };
}
