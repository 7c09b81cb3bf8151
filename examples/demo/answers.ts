// Responses, read for the table: what an authorization server or an API said, in one form.
import { getWithFields, parseJson, stringMember } from "./loopback.js";
import type { Answer, SituationName, Tell } from "./situations.js";

/** The thumbprint that an access token is bound to; undefined where it is bound to none. */
export type BindingOf = (accessToken: string) => string | undefined;

/** An error is in the JSON of an authorization server, or in the challenge of an API (section 7.1). */
export function readAnswer(status: number, challenge: string, body: unknown): Answer {
  return {
    status,
    error: status === 401 ? challengeError(challenge) : (stringMember(body, "error") ?? null),
    detail: stringMember(body, "code") ?? null,
  };
}

/** A 401 without a DPoP challenge would leave a client helpless; it shows as the error it is. */
function challengeError(challenge: string): string | null {
  const isDpop = /(^|, )DPoP [^]*algs="[^"]+"/.test(challenge);
  return isDpop ? (/ error="([^"]*)"/.exec(challenge)?.[1] ?? null) : "no challenge";
}

/** For a token response: is the token bound, and to whose key? `token_type` ignores case. */
export function bindingIn(body: unknown, clientJkt: string, bindingOf: BindingOf): string | null {
  const accessToken = stringMember(body, "access_token");
  if (accessToken === undefined) return null;
  const jkt = bindingOf(accessToken);
  const type = stringMember(body, "token_type")?.toLowerCase();
  if (type !== "dpop" || jkt === undefined) return "not bound";
  return jkt === clientJkt ? "bound to the client's key" : "bound to another key";
}

/** A request to an API, and what came of it. */
export async function call(
  url: string,
  headers: Readonly<Record<string, string>>,
  method = "GET",
): Promise<Answer> {
  return answerOf(await fetch(url, { method, headers }));
}

/** The same with two fields of one name. */
export async function callWithFields(
  url: string,
  headers: Readonly<Record<string, string | string[]>>,
): Promise<Answer> {
  const { status, challenge, body } = await getWithFields(url, headers);
  return readAnswer(status, challenge, body);
}

/** Reads a copy, so that the client can read the response too. */
export async function answerOf(response: Response): Promise<Answer> {
  const challenge = response.headers.get("WWW-Authenticate") ?? "";
  return readAnswer(response.status, challenge, await jsonOf(response.clone()));
}

export async function jsonOf(response: Response): Promise<unknown> {
  return parseJson(await response.text());
}

/** A fetch, and what was answered to each request that went through it, retries of a client included. */
export interface Wire {
  readonly fetch: typeof fetch;
  /** The answers since this was called last, the oldest first. */
  heard(): readonly Answer[];
}

export function createWire(clientJkt: string, bindingOf: BindingOf): Wire {
  const answers: Answer[] = [];
  return {
    async fetch(input, init) {
      const response = await fetch(input, init);
      const detail = bindingIn(await jsonOf(response.clone()), clientJkt, bindingOf);
      const answer = await answerOf(response);
      answers.push(detail === null ? answer : { ...answer, detail });
      return response;
    },
    heard: () => answers.splice(0),
  };
}

/** For what a client does by itself: one answer for each situation. Where there are fewer, the last ones stay empty. */
export function tellInOrder(
  tell: Tell,
  answers: readonly Answer[],
  ...situations: readonly SituationName[]
): void {
  if (answers.length > situations.length) throw new Error("more requests than were expected");
  answers.forEach((answer, i) => {
    const situation = situations[i];
    if (situation !== undefined) tell(situation, answer);
  });
}
