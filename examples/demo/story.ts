// The story, chapter by chapter: which servers run, and who does what at them. Read from runDemo() downwards.
import {
  type AsyncVerifier,
  type AsyncVerifierOptions,
  createAsyncVerifier,
  createMemoryReplayStore,
  createVerifier,
  type Verifier,
  type VerifierOptions,
} from "dpop-core";
import { type Api, startApi } from "./api.js";
import {
  API_NAME,
  type AuthorizationServer,
  startAuthorizationServer,
} from "./authorization-server.js";
import { useCodes } from "./code-flow.js";
import { discover, getTokens, type Metadata } from "./first-token.js";
import { useDpop, useOauth4webapi, useOpenidClient } from "./foreign-clients.js";
import { playAtKeycloak } from "./keycloak.js";
import type { Running } from "./loopback.js";
import { startOwnApi } from "./own-api.js";
import { startOwnAuthorizationServer } from "./own-authorization-server.js";
import { compare, type Report } from "./report.js";
import { type Answer, CHAPTERS, KEYCLOAK_CHAPTERS, type Tell } from "./situations.js";
import { stealCodeAndToken } from "./thieves.js";
import { useToken } from "./token-use.js";

/** What makes the verifiers of all our servers; a test puts in such as make wrong ones. */
export interface VerifierMakers {
  createVerifier(options: VerifierOptions): Verifier;
  createAsyncVerifier(options: AsyncVerifierOptions): AsyncVerifier;
}

/** Plays everything and says what came of it; Keycloak where its distribution is given. Leaves nothing running. */
export async function runDemo(
  makers: VerifierMakers = { createVerifier, createAsyncVerifier },
  keycloak?: string,
): Promise<Report> {
  const answers = new Map<string, Answer>();
  const tell: Tell = (situation, answer) => {
    if (answers.has(situation)) throw new Error(`${situation} was told twice`);
    answers.set(situation, answer);
  };
  await playAtOidcProvider(makers, tell);
  await playAtOwnServers(makers, tell);
  if (keycloak === undefined) return compare(answers, CHAPTERS);
  await chapter(() => playAtKeycloak(keycloak, makers, tell));
  return compare(answers, { ...CHAPTERS, ...KEYCLOAK_CHAPTERS });
}

/** An authorization server that is not of our making; the API and the clients are. */
async function playAtOidcProvider(makers: VerifierMakers, tell: Tell): Promise<void> {
  const server = await startAuthorizationServer();
  const running: Running[] = [{ origin: server.issuer, close: server.close }];
  try {
    const metadata = await discover(server.issuer);
    const api = await startApi({
      issuer: server.issuer,
      jwksUri: metadata.jwksUri,
      audience: API_NAME,
      // The whole configuration for one process: a proof lives for 60 seconds and is good for one request.
      verifier: makers.createAsyncVerifier({ replay: createMemoryReplayStore() }),
    });
    running.push(api);
    await chapter(() => useOneToken(server, metadata, api, tell));
    await chapter(() => useCodes(server.app, metadata, api.origin, tell));
  } finally {
    await closeAll(running);
  }
}

async function useOneToken(
  server: AuthorizationServer,
  metadata: Metadata,
  api: Api,
  tell: Tell,
): Promise<void> {
  const tokens = await getTokens(server, metadata.tokenEndpoint, tell);
  await useToken(api, tokens, tell);
}

/** Both servers on this library; the clients are not of our making. */
async function playAtOwnServers(makers: VerifierMakers, tell: Tell): Promise<void> {
  const server = await startOwnAuthorizationServer(makers.createVerifier);
  const running: Running[] = [server];
  try {
    const api = await startOwnApi(server, makers.createVerifier);
    running.push(api);
    await chapter(() => useOauth4webapi(server, api.origin, tell));
    await chapter(() => useOpenidClient(server, api.origin, tell));
    await chapter(() => useDpop(server, api.origin, tell));
    await chapter(() => stealCodeAndToken(server, api.origin, tell));
  } finally {
    await closeAll(running);
  }
}

/** Where one chapter can't go on, its rows stay empty and the others are still played. */
async function chapter(play: () => Promise<void>): Promise<void> {
  try {
    await play();
  } catch (error) {
    console.error(error);
  }
}

async function closeAll(running: readonly Running[]): Promise<void> {
  await Promise.all(running.map(({ close }) => close()));
}
