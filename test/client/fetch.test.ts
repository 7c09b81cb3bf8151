// fetch with proofs (RFC 9449 sections 4, 5, 7, 8 and 9), against servers on the loopback that check
// every proof.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { type AsyncSigner, noble, normalizeHtu } from "dpop-core";
import fc from "fast-check";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import type { ResponseLike } from "../../src/client/challenge.js";
import { createDpopFetch, type PlainFetch } from "../../src/client/fetch.js";
import { createAsyncClientSession } from "../../src/client/session.js";
import { anyText, hostName, port, runs, signerOf, unitOf, utf16 } from "../support/arbitraries.js";
import { claimsOf, clientSession, respond, TOKEN } from "./support/client.js";
import {
  type LoopbackServer,
  type Received,
  type Reply,
  resourceReply,
  serve,
  tokenReply,
} from "./support/server.js";

const open: LoopbackServer[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const newSession = () => clientSession({ clock: undefined });

async function start(
  reply: (request: Received, server: LoopbackServer) => Reply,
  nonce?: string,
): Promise<LoopbackServer> {
  const server = await serve(newSession().jkt, reply);
  server.nonce = nonce;
  open.push(server);
  return server;
}

const authorized = { authorization: `DPoP ${TOKEN}` };
const verdicts = ({ received }: LoopbackServer): string[] => received.map(({ verdict }) => verdict);
const nonces = ({ received }: LoopbackServer): unknown[] =>
  received.map(({ proof }) => (proof === undefined ? "no proof" : claimsOf(proof).nonce));

describe("RFC 9449 §5 and §8: at an authorization server", () => {
  test.each(["authorization_code", "refresh_token", "client_credentials", "urn:example:other"])(
    "[5-1] a token request of the grant %s carries a proof",
    async (grant) => {
      const server = await start(tokenReply);
      const dpopFetch = createDpopFetch({ session: newSession() });
      const body = new URLSearchParams({ grant_type: grant });
      const response = await dpopFetch(`${server.origin}/token`, { method: "POST", body });
      expect(response.status).toBe(200);
      expect(server.received.map((one) => one.body)).toEqual([`grant_type=${encodeURIComponent(grant)}`]); // prettier-ignore
      expect(verdicts(server)).toEqual(["ok"]);
    },
  );

  test("[2-2] a proof stands beside client authentication, and takes nothing from it", async () => {
    const server = await start(tokenReply);
    const dpopFetch = createDpopFetch({ session: newSession() });
    const headers = { authorization: "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3" };
    await dpopFetch(`${server.origin}/token`, { method: "POST", headers });
    const [request] = server.received;
    expect(request?.headers.authorization).toBe(headers.authorization);
    expect(request?.verdict).toBe("ok"); // with ath it would not be
  });

  test("[8-4] a nonce that is asked for: once more, the same request with a new proof", async () => {
    const server = await start(tokenReply, "eyJ7S_zG.eyJH0-Z.HX4w-7v");
    const dpopFetch = createDpopFetch({ session: newSession() });
    const body = "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA";
    const response = await dpopFetch(`${server.origin}/token?x=y`, { method: "POST", body });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ access_token: "t", token_type: "DPoP" });
    expect(verdicts(server)).toEqual(["nonce_missing", "ok"]);
    expect(server.received.map((one) => [one.method, one.path, one.body])).toEqual([
      ["POST", "/token?x=y", body],
      ["POST", "/token?x=y", body],
    ]);
  });

  test.each([
    ["another error", '{"error":"invalid_grant"}', "application/json"],
    ["no JSON", "use_dpop_nonce", "application/json"],
    ["JSON that is no object", '["use_dpop_nonce"]', "application/json"],
    ["JSON by another name", '{"error":"use_dpop_nonce"}', "text/html"],
    ["a body that is far too long", `{"error":"use_dpop_nonce","x":"${"x".repeat(2 ** 15)}"}`, "application/json"], // prettier-ignore
  ])("no retry, and the body is still there: %s", async (_, body, type) => {
    const headers = { "content-type": type, "dpop-nonce": "n1" };
    const server = await start(() => ({ status: 400, headers, body }));
    const response = await createDpopFetch({ session: newSession() })(server.origin);
    expect(server.received).toHaveLength(1);
    expect(await response.text()).toBe(body);
  });

  const asking = { "content-type": "application/json", "dpop-nonce": "n1" };

  test("a body without an end is not waited for", async () => {
    let calls = 0;
    let cancelled = false;
    const endless = new ReadableStream({
      pull: (stream) => stream.enqueue(new Uint8Array(1000).fill(0x20)),
      cancel: () => {
        cancelled = true;
      },
    });
    const fetch: (url: string) => Promise<Response> = async () => {
      calls++;
      return new Response(endless, { status: 400, headers: asking });
    };
    const dpopFetch = createDpopFetch({ session: newSession(), fetch });
    const response = await dpopFetch("https://a.example/");
    expect([response.status, response.bodyUsed, calls]).toEqual([400, false, 1]);
    await response.body?.cancel();
    expect(cancelled).toBe(true); // our copy was given up before
  });

  describe("a body that does not end is waited for five seconds", () => {
    /** The first answer asks for a nonce, and its body stops after its beginning. */
    function stalling(body: () => unknown): { readonly fetch: PlainFetch; calls: number } {
      const server = {
        calls: 0,
        fetch: async () => {
          if (++server.calls === 2) return respond(200);
          const headers = new Headers(asking);
          return { status: 400, headers, clone: () => ({ body: body(), text }) } as ResponseLike;
        },
      };
      return server;
    }

    /** What a call returns: nothing a millisecond before its time, then the response as it came. */
    async function expectGivenUp(body: () => unknown): Promise<void> {
      vi.useFakeTimers();
      try {
        const server = stalling(body);
        const dpopFetch = createDpopFetch({ session: newSession(), fetch: server.fetch });
        let status: unknown;
        const done = dpopFetch("https://a.example/").then((response) => (status = response.status));
        await vi.advanceTimersByTimeAsync(4999);
        expect(status).toBeUndefined();
        await vi.advanceTimersByTimeAsync(1);
        await done;
        expect([status, server.calls]).toEqual([400, 1]);
        expect(vi.getTimerCount()).toBe(0);
      } finally {
        vi.useRealTimers();
      }
    }

    test("a stream of the platform, which is cancelled", async () => {
      const cancel = vi.fn(() => new Promise<void>(() => undefined)); // and does not say so
      const begin = (stream: ReadableStreamDefaultController): void =>
        stream.enqueue(new Uint8Array(Buffer.from('{"error":')));
      await expectGivenUp(() => new ReadableStream({ start: begin, cancel }));
      expect(cancel).toHaveBeenCalledTimes(1);
    });

    test("a stream of Node, which is destroyed", async () => {
      const body = new Readable({ read: () => undefined });
      body.push('{"error":');
      await expectGivenUp(() => body);
      expect(body.destroyed).toBe(true);
    });

    test("a reader that can't be cancelled is left", async () => {
      const read = (): Promise<never> => new Promise(() => undefined);
      const cancel = (): never => {
        throw new Error("broken");
      };
      await expectGivenUp(() => ({ getReader: () => ({ read, cancel }) }));
    });

    test("an iterator that never ends is told to return", async () => {
      const next = (): Promise<never> => new Promise(() => undefined);
      const end = vi.fn(async () => ({ done: true }));
      await expectGivenUp(() => ({ [Symbol.asyncIterator]: () => ({ next, return: end }) }));
      expect(end).toHaveBeenCalledTimes(1);
    });

    test("only the text, where there are no streams", async () => {
      vi.useFakeTimers();
      try {
        const clone = (): unknown => ({ text: () => new Promise(() => undefined) });
        const answer = { status: 400, headers: new Headers(asking), clone } as ResponseLike;
        const fetch: PlainFetch = async () => answer;
        const response = createDpopFetch({ session: newSession(), fetch })("https://a.example/");
        await vi.advanceTimersByTimeAsync(5000);
        expect(await response).toBe(answer);
      } finally {
        vi.useRealTimers();
      }
    });

    test("one that comes in time leaves no timer, nor does one that fails", async () => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      try {
        const whole = (): unknown => Readable.from([Buffer.from(errorText)]);
        const cut = (): unknown => ({
          getReader: () => ({ read: () => Promise.reject(new Error("cut")), cancel: text }),
        });
        const calls: number[] = [];
        for (const body of [whole, cut]) {
          const server = stalling(body);
          await createDpopFetch({ session: newSession(), fetch: server.fetch })(
            "https://a.example/",
          );
          calls.push(server.calls);
        }
        expect(calls).toEqual([2, 1]);
        expect(vi.getTimerCount()).toBe(0);
      } finally {
        vi.useRealTimers();
      }
    });

    test("where the platform has no timers, it is read all the same", async () => {
      for (const name of ["setTimeout", "clearTimeout"]) {
        vi.stubGlobal(name, undefined);
        try {
          const server = stalling(() => Readable.from([Buffer.from(errorText)]));
          const dpopFetch = createDpopFetch({ session: newSession(), fetch: server.fetch });
          expect((await dpopFetch("https://a.example/")).status).toBe(200);
        } finally {
          vi.unstubAllGlobals();
        }
      }
    });
  });

  test("a body that has a reader and does not iterate is read, as Safari has it", async () => {
    const piece = { done: false, value: new Uint8Array(Buffer.from(errorText)) };
    const pieces = [piece, { done: true }];
    const getReader = (): unknown => ({ read: async () => pieces.shift(), cancel: text });
    expect(await callsWithCopy({ body: { getReader } })).toBe(2);
  });

  test("a space behind the media type changes nothing", async () => {
    const headers = { "content-type": "application/json ; charset=utf-8", "dpop-nonce": "n1" };
    let calls = 0;
    const fetch: PlainFetch = async () => {
      if (++calls === 2) return respond(200);
      return {
        status: 400,
        headers: new Headers(headers),
        clone: () => ({ text }),
      } as ResponseLike;
    };
    await createDpopFetch({ session: newSession(), fetch })("https://a.example/");
    expect(calls).toBe(2);
  });

  test("a body that comes in pieces is put together", async () => {
    const pieces = ['{"error":', '"use_dpop', '_nonce"}'].map((text) => Buffer.from(text));
    let calls = 0;
    const fetch: (url: string) => Promise<Response> = async () => {
      if (++calls === 2) return new Response();
      const stream = new ReadableStream({
        pull(controller) {
          const piece = pieces.shift();
          if (piece === undefined) controller.close();
          else controller.enqueue(new Uint8Array(piece));
        },
      });
      return new Response(stream, { status: 400, headers: asking });
    };
    const dpopFetch = createDpopFetch({ session: newSession(), fetch });
    expect((await dpopFetch("https://a.example/")).status).toBe(200);
  });

  /** How often a request is sent where the first answer, of status 400, has this for a copy. */
  async function callsWithCopy(copy: unknown): Promise<number> {
    let calls = 0;
    const fetch: PlainFetch = async () => {
      if (++calls === 2) return respond(200);
      return { status: 400, headers: new Headers(asking), clone: () => copy } as ResponseLike;
    };
    const dpopFetch = createDpopFetch({ session: newSession(), fetch });
    expect((await dpopFetch("https://a.example/")).status).toBe(calls === 2 ? 200 : 400);
    return calls;
  }

  const errorText = '{"error":"use_dpop_nonce"}';
  const text = async (): Promise<string> => errorText;

  test("where there are no streams, the text of a copy is read", async () => {
    expect(await callsWithCopy({ text })).toBe(2);
    expect(await callsWithCopy({ body: null, text })).toBe(2);
    expect(await callsWithCopy({ text: async () => errorText.padEnd(16_384) })).toBe(2);
    expect(await callsWithCopy({ text: async () => errorText.padEnd(16_385) })).toBe(1);
  });

  test("an error that holds more values than any error does is not parsed", async () => {
    const withValues = (count: number): unknown => {
      const [error, values] = ["use_dpop_nonce", Array.from({ length: count }, () => 0)];
      return { text: async () => JSON.stringify({ error, values }) };
    };
    // The two members count too.
    expect(await callsWithCopy(withValues(126))).toBe(2);
    expect(await callsWithCopy(withValues(127))).toBe(1);
  });

  test("a stream of Node is read in pieces, up to the same length", async () => {
    const whole = Buffer.from(errorText.padEnd(16_384));
    const pieces = [whole.subarray(0, 9), whole.subarray(9)];
    const never = (): never => expect.unreachable(); // node-fetch would wait for all of it
    expect(await callsWithCopy({ body: Readable.from(pieces), text: never })).toBe(2);
    const long = Readable.from([...pieces, Buffer.from(" ")]);
    expect(await callsWithCopy({ body: long, text: never })).toBe(1);
    expect(long.destroyed).toBe(true);
  });

  test("a stream that has a reader and does not iterate, as Safari's, is read by it", async () => {
    const readerOf = (pieces: readonly Uint8Array[]): unknown => {
      const left = [...pieces];
      return {
        getReader: () => ({
          read: async () => ({ done: left.length === 0, value: left.shift() }),
          cancel: async () => void left.splice(0),
        }),
      };
    };
    const never = (): never => expect.unreachable(); // it would wait for all of it
    const whole = new Uint8Array(Buffer.from(errorText.padEnd(16_384)));
    const pieces = [whole.subarray(0, 9), whole.subarray(9)];
    expect(await callsWithCopy({ body: readerOf(pieces), text: never })).toBe(2);
    const long = [...pieces, new Uint8Array([0x20])];
    expect(await callsWithCopy({ body: readerOf(long), text: never })).toBe(1);
    expect(await callsWithCopy({ body: readerOf([]), text: never })).toBe(1);
  });

  test("a stream of Node without an end is not waited for, and its failure is no error", async () => {
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(1000, 0x20));
      },
    });
    expect(await callsWithCopy({ body: endless, text })).toBe(1);
    expect(endless.destroyed).toBe(true);
    const cut = new Readable({ read: () => cut.destroy(new Error("cut")) });
    expect(await callsWithCopy({ body: cut, text })).toBe(1);
  });

  test("where a copy shares its source with the original, as node-fetch has it, neither blocks", async () => {
    const long = Buffer.from(errorText.padEnd(400_000));
    const fetch: PlainFetch = async () => {
      const source = Readable.from([0, 1, 2, 3].map((i) => long.subarray(i * 100_000, (i + 1) * 100_000))); // prettier-ignore
      const [body, copy] = [new PassThrough(), new PassThrough()];
      const clone = (): unknown => {
        source.pipe(body);
        source.pipe(copy);
        const whole = async (): Promise<string> => (await buffer(copy)).toString();
        return { body: copy, text: whole };
      };
      return { status: 400, headers: new Headers(asking), body, clone } as ResponseLike;
    };
    const dpopFetch = createDpopFetch({ session: newSession(), fetch });
    const { body } = (await dpopFetch("https://a.example/")) as { readonly body?: PassThrough };
    if (body === undefined) throw new Error("no body");
    expect((await buffer(body)).length).toBe(400_000);
  });

  test.each<[string, unknown]>([
    ["a body that can't be read in pieces", {}],
    ["pieces that are no bytes", Readable.from([[...Buffer.from(errorText)]])],
  ])("not read: %s", async (_, body) => {
    expect(await callsWithCopy({ body, text })).toBe(1);
  });

  test.each<[string, string, number]>([
    ["one", "\ufeff", 2],
    ["two", "\ufeff\ufeff", 1],
    // Of one byte each they differ from it.
    ["none, but U+1EFF", "\u1eff", 1],
    ["none, but U+FEBF", "\ufebf", 1],
    ["none, but U+FEFE", "\ufefe", 1],
  ])("a byte-order mark at the start is left out: %s", async (_, marks, requests) => {
    const server = await start(() => ({ status: 400, headers: asking, body: marks + errorText }));
    await createDpopFetch({ session: newSession() })(server.origin);
    expect(server.received).toHaveLength(requests);
  });

  test("status 401 asks in JSON too, where its challenges do not", async () => {
    const headers = { ...asking, "www-authenticate": 'Basic realm="as"' };
    const server = await start(() => ({ status: 401, headers, body: errorText }));
    const response = await createDpopFetch({ session: newSession() })(server.origin);
    expect(nonces(server)).toEqual([undefined, "n1"]);
    expect(await response.text()).toBe(errorText);
  });

  test("a request that is sent again has the nonce of its own answer", async () => {
    const session = newSession();
    const sent: unknown[] = [];
    const fetch: PlainFetch = async (_, init) => {
      const proof = new Headers(init?.["headers"] as [string, string][]).get("dpop") ?? "";
      if (sent.push(claimsOf(proof).nonce) === 2) return respond(200);
      // While the body arrives, another request is answered, with a nonce of its own.
      const late = async (): Promise<string> => {
        session.observe({ url: "https://a.example/" }, respond(200, { "dpop-nonce": "other" }));
        return errorText;
      };
      const clone = (): unknown => ({ text: late });
      return { status: 400, headers: new Headers(asking), clone } as ResponseLike;
    };
    await createDpopFetch({ session, fetch })("https://a.example/");
    expect(sent).toEqual([undefined, "n1"]);
  });

  test.each([
    ["without a nonce", { "content-type": "application/json" }],
    ["with two nonces", { ...asking, "dpop-nonce": "a, b" }],
    ["of another type", { ...asking, "content-type": "text/plain" }],
    ["of no type", { "dpop-nonce": "n1" }],
    ["of another status", asking, 403],
    ["that asks in its challenge", { ...asking, "www-authenticate": "DPoP error=use_dpop_nonce" }, 401], // prettier-ignore
  ])("no copy is made of an answer %s", async (_, headers, status = 400) => {
    let copies = 0;
    const clone = () => ++copies;
    const fetch: PlainFetch = async () =>
      ({ status, headers: new Headers(headers), clone }) as ResponseLike;
    await createDpopFetch({ session: newSession(), fetch })("https://a.example/");
    expect(copies).toBe(0);
  });

  test("the second answer is handed over unread", async () => {
    let copies = 0;
    const fetch: PlainFetch = async () => {
      const clone = () => {
        copies++;
        return { text: async () => '{"error":"use_dpop_nonce"}' };
      };
      return { status: 400, headers: new Headers(asking), clone } as ResponseLike;
    };
    await createDpopFetch({ session: newSession(), fetch })("https://a.example/");
    expect(copies).toBe(1);
  });

  test("a copy that can't be made or read makes no retry, and no error", async () => {
    const used = () => {
      throw new Error("used");
    };
    const cut = () => Promise.reject(new Error("cut"));
    for (const clone of [undefined, used, () => ({ text: cut }), () => ({ text: () => 1 })]) {
      const fetch: PlainFetch = async () =>
        ({ status: 400, headers: new Headers(asking), clone }) as ResponseLike;
      const dpopFetch = createDpopFetch({ session: newSession(), fetch });
      expect((await dpopFetch("https://a.example/")).status).toBe(400);
    }
  });

  test.each([
    "application/json;charset=UTF-8",
    "application/json ; charset=utf-8",
    "application/json\t;charset=utf-8",
    "application/problem+json ; charset=utf-8",
    "Application/JSON",
    "application/problem+json",
    "application/json, application/json",
  ])("JSON goes by the name %s too", async (type) => {
    const server = await start(() => ({
      status: 400,
      headers: { "content-type": type, "dpop-nonce": "n1" },
      body: '{"error":"use_dpop_nonce"}',
    }));
    const response = await createDpopFetch({ session: newSession() })(server.origin);
    expect(server.received).toHaveLength(2);
    expect(await response.json()).toEqual({ error: "use_dpop_nonce" });
  });
});

describe("RFC 9449 §7 and §9: at a resource server", () => {
  test("[4.1-1] the proof is the one header field DPoP", async () => {
    const server = await start(resourceReply);
    await createDpopFetch({ session: newSession() })(server.origin);
    const [request] = server.received;
    expect(request?.headers["dpop"]).toBe(request?.proof);
    expect(request?.proof?.split(".")).toHaveLength(3);
  });

  test("[7.1-1] with `Authorization: DPoP`, whatever its case, the proof is for that token", async () => {
    const server = await start(resourceReply);
    const dpopFetch = createDpopFetch({ session: newSession() });
    for (const authorization of [`DPoP ${TOKEN}`, `dpop ${TOKEN}`, ` DPOP ${TOKEN} `]) {
      const response = await dpopFetch(`${server.origin}/api`, { headers: { authorization } });
      expect(await response.text()).toBe("the resource");
    }
    expect(server.received[0]?.headers.authorization).toBe(`DPoP ${TOKEN}`);
    expect(verdicts(server)).toEqual(["ok", "ok", "ok"]);
  });

  test("[4.2-8] the proof has ath with a DPoP token, and with no other credentials", async () => {
    const server = await start(resourceReply);
    const dpopFetch = createDpopFetch({ session: newSession() });
    for (const authorization of [`DPoP ${TOKEN}`, "Basic abc", "DPoPx abc", "BearerX abc"]) {
      await dpopFetch(server.origin, { headers: { authorization } });
    }
    const aths = server.received.map(({ proof }) => claimsOf(proof ?? "").ath);
    expect(aths).toEqual([
      "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo",
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("[9-2] a nonce that is asked for: once more, and from then on", async () => {
    const server = await start(resourceReply, "n1");
    const dpopFetch = createDpopFetch({ session: newSession() });
    const first = await dpopFetch(server.origin, { headers: authorized });
    const second = await dpopFetch(server.origin, { headers: authorized });
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(verdicts(server)).toEqual(["nonce_missing", "ok", "ok"]);
  });

  test("[7.3] a retry has a proof of its own", async () => {
    const server = await start(resourceReply, "n1");
    await createDpopFetch({ session: newSession() })(server.origin, { headers: authorized });
    const [first, second] = server.received.map(({ proof }) => claimsOf(proof ?? "").jti);
    expect(second).toBeTypeOf("string");
    expect(second).not.toBe(first);
  });

  test("a server that always asks is asked twice, and its last word is handed over", async () => {
    let count = 0;
    const server = await start(() => ({
      status: 401,
      headers: {
        "www-authenticate": 'DPoP error="use_dpop_nonce"',
        "dpop-nonce": `n${++count}`,
      },
      body: `answer ${count}`,
    }));
    const dpopFetch = createDpopFetch({ session: newSession() });
    const response = await dpopFetch(server.origin, { headers: authorized });
    expect(response.status).toBe(401);
    expect(await response.text()).toBe("answer 2");
    expect(server.received).toHaveLength(2);
    await dpopFetch(server.origin, { headers: authorized });
    expect(nonces(server)).toEqual([undefined, "n1", "n2", "n3"]); // the retried one's is kept
  });

  test("[8.2-1] a nonce on a good response is used next", async () => {
    let count = 0;
    const server = await start((request, self) => {
      const reply = resourceReply(request, self);
      if (reply.status !== 200) return reply;
      self.nonce = `r${++count}`;
      return { ...reply, headers: { "dpop-nonce": self.nonce } };
    }, "r0");
    const dpopFetch = createDpopFetch({ session: newSession() });
    for (let i = 0; i < 3; i++) {
      expect((await dpopFetch(server.origin, { headers: authorized })).status).toBe(200);
    }
    expect(nonces(server)).toEqual([undefined, "r0", "r1", "r2"]);
  });

  test("other refusals are handed over as they come", async () => {
    const server = await start(() => ({
      status: 401,
      headers: { "www-authenticate": 'DPoP error="invalid_token"', "dpop-nonce": "n1" },
    }));
    const response = await createDpopFetch({ session: newSession() })(server.origin);
    expect(response.status).toBe(401);
    expect(server.received).toHaveLength(1);
  });

  test("[4-1] requests at the same time have proofs of their own, and each its own retry", async () => {
    const server = await start(resourceReply, "n1");
    const dpopFetch = createDpopFetch({ session: newSession() });
    const all = await Promise.all(
      Array.from({ length: 20 }, () => dpopFetch(server.origin, { headers: authorized })),
    );
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 200));
    const jtis = server.received.map(({ proof }) => claimsOf(proof ?? "").jti);
    expect(jtis.length).toBeGreaterThanOrEqual(21);
    expect(new Set(jtis).size).toBe(jtis.length);
  });

  test("[9-2] an authorization server and an API on one origin keep their nonces apart", async () => {
    const server = await start((request, self) => {
      self.nonce = request.path === "/token" ? "as" : "rs";
      const wrong = request.proof === undefined || claimsOf(request.proof).nonce !== self.nonce;
      const seen = { ...request, verdict: wrong ? "nonce_mismatch" : "ok" };
      return request.path === "/token" ? tokenReply(seen, self) : resourceReply(seen, self);
    });
    const dpopFetch = createDpopFetch({ session: newSession() });
    for (let i = 0; i < 2; i++) {
      await dpopFetch(`${server.origin}/token`, { method: "POST" });
      await dpopFetch(`${server.origin}/api`, { headers: authorized });
    }
    expect(nonces(server)).toEqual([undefined, "as", "as", "rs", "as", "rs"]);
  });

  test("the nonce of a nonce endpoint is for the credential endpoint too (OpenID4VCI)", async () => {
    const server = await start((request, self) =>
      request.path === "/nonce"
        ? { status: 200, headers: { "dpop-nonce": "n1" } }
        : resourceReply(request, self),
    );
    server.nonce = "n1";
    const dpopFetch = createDpopFetch({ session: newSession() });
    await dpopFetch(`${server.origin}/nonce`, { method: "POST" });
    const init = { method: "POST", headers: authorized };
    expect((await dpopFetch(`${server.origin}/credential`, init)).status).toBe(200);
    expect(nonces(server)).toEqual([undefined, "n1"]);
  });

  test("a reload costs no request where the nonces are stored", async () => {
    const server = await start(resourceReply, "n1");
    const session = newSession();
    await createDpopFetch({ session })(server.origin, { headers: authorized });
    const reloaded = newSession();
    reloaded.restore(JSON.parse(JSON.stringify(session.state())));
    const dpopFetch = createDpopFetch({ session: reloaded });
    expect((await dpopFetch(server.origin, { headers: authorized })).status).toBe(200);
    expect(nonces(server)).toEqual([undefined, "n1", "n1"]);
  });
});

describe("`Authorization: Bearer`", () => {
  const bearer = { Authorization: ` bearer ${TOKEN}`, dpop: "old" };

  test("no proof goes with a token that is not bound: real servers refuse both together", async () => {
    const server = await start(({ proof }) => ({ status: proof === undefined ? 200 : 400 }));
    const session = clientSession({ clock: undefined, unboundTokens: "accepted" });
    const dpopFetch = createDpopFetch({ session });
    const init = { method: "POST", headers: bearer, body: "x" };
    expect((await dpopFetch(server.origin, init)).status).toBe(200);
    const request = new Request(server.origin, init);
    expect((await dpopFetch(request)).status).toBe(200);
    expect(nonces(server)).toEqual(["no proof", "no proof"]);
    expect(server.received.map(({ body }) => body)).toEqual(["x", "x"]);
    expect(server.received[0]?.headers.authorization).toBe(`bearer ${TOKEN}`);
  });

  test("its redirects are handed over too", async () => {
    const server = await start(() => ({ status: 302, headers: { location: "/x" } }));
    const session = clientSession({ unboundTokens: "accepted" });
    const dpopFetch = createDpopFetch({ session });
    expect((await dpopFetch(server.origin, { headers: bearer })).status).toBe(302);
  });

  test("where tokens must be bound, it is a TypeError that says what to do, and nothing is sent", async () => {
    const server = await start(resourceReply);
    const call = createDpopFetch({ session: newSession() })(server.origin, { headers: bearer });
    await expect(call).rejects.toThrow(TypeError);
    await expect(call).rejects.toThrow(/^headers.authorization must be DPoP .*"accepted"$/);
    expect(server.received).toEqual([]);
  });
});

describe("a device whose clock is wrong", () => {
  /** It checks the time of each proof by its own clock, and no nonce decides it. */
  const dated = (verdict: string): Reply =>
    verdict === "ok"
      ? { status: 200 }
      : { status: 401, headers: { "www-authenticate": 'DPoP error="invalid_dpop_proof"' } };

  test.each([-200, 200])("%i seconds: the first request gets in, by one repeat", async (skew) => {
    const server = await start(({ verdict }) => dated(verdict));
    const clock = (): number => Date.now() / 1000 + skew;
    const session = clientSession({ clock, correctClockSkew: true });
    const dpopFetch = createDpopFetch({ session });
    expect((await dpopFetch(server.origin, { headers: authorized })).status).toBe(200);
    expect((await dpopFetch(server.origin, { headers: authorized })).status).toBe(200);
    expect(verdicts(server)).toEqual([skew < 0 ? "iat_too_old" : "iat_in_future", "ok", "ok"]);
  });

  test("at a token endpoint, which says so in JSON", async () => {
    const server = await start(tokenReply);
    const clock = (): number => Date.now() / 1000 + 200;
    const session = clientSession({ clock, correctClockSkew: true });
    const response = await createDpopFetch({ session })(server.origin, { method: "POST" });
    expect(response.status).toBe(200);
    expect(verdicts(server)).toEqual(["iat_in_future", "ok"]);
  });

  test("without the option it is refused, and asked no second time", async () => {
    const server = await start(({ verdict }) => dated(verdict));
    const session = clientSession({ clock: () => Date.now() / 1000 + 200 });
    const response = await createDpopFetch({ session })(server.origin, { headers: authorized });
    expect(response.status).toBe(401);
    expect(server.received).toHaveLength(1);
  });

  test("at a server that wants a nonce as well: three requests, and no more", async () => {
    let isStubborn = false;
    const server = await start(({ proof = "" }, self) => {
      const { iat, nonce } = claimsOf(proof);
      if (isStubborn || Math.abs(iat - Date.now() / 1000) > 60) return dated("iat");
      return resourceReply(
        { verdict: nonce === undefined ? "nonce_missing" : "ok" } as Received,
        self,
      );
    }, "n1");
    const clock = (): number => Date.now() / 1000 - 200;
    const newFetch = () =>
      createDpopFetch({ session: clientSession({ clock, correctClockSkew: true }) });
    expect((await newFetch()(server.origin, { headers: authorized })).status).toBe(200);
    expect(server.received).toHaveLength(3);
    isStubborn = true;
    expect((await newFetch()(server.origin, { headers: authorized })).status).toBe(401);
    expect(server.received).toHaveLength(5); // the corrected time explains nothing any more
  });
});

describe("other ways in which servers ask for a nonce", () => {
  test.each<[string, Reply]>([
    ["status 400 with a challenge", { status: 400, headers: { "www-authenticate": 'DPoP error="use_dpop_nonce"' } }], // prettier-ignore
    ["invalid_dpop_nonce", { status: 401, headers: { "www-authenticate": 'DPoP error="invalid_dpop_nonce"' } }], // prettier-ignore
    ["invalid_dpop_nonce in JSON", { status: 400, headers: { "content-type": "application/json" }, body: '{"error":"invalid_dpop_nonce"}' }], // prettier-ignore
    ["a challenge that is hidden, as CORS has it", { status: 401 }],
    ["a hidden challenge, and JSON of a framework", { status: 401, headers: { "content-type": "application/json" }, body: '{"error":"Unauthorized"}' }], // prettier-ignore
  ])("%s", async (_, { status, headers, body = "" }) => {
    const asking = { ...headers, "dpop-nonce": "n1" };
    const server = await start(
      ({ verdict }) => (verdict === "ok" ? { status: 200 } : { status, headers: asking, body }),
      "n1",
    );
    const response = await createDpopFetch({ session: newSession() })(server.origin, {
      headers: authorized,
    });
    expect(response.status).toBe(200);
    expect(nonces(server)).toEqual([undefined, "n1"]);
  });

  test.each([
    ["a challenge that is malformed", { "www-authenticate": 'DPoP error="use_dpop_nonce' }],
    ["another challenge", { "www-authenticate": 'Basic realm="a"' }],
    ["no new nonce", {}],
  ])("and none of them: %s", async (_, fields) => {
    const server = await start(() => ({ status: 401, headers: { ...fields, "dpop-nonce": "n1" } }));
    const session = newSession();
    session.observe({ url: server.origin, accessToken: TOKEN }, respond(200, { "dpop-nonce": "n1" })); // prettier-ignore
    await createDpopFetch({ session })(server.origin, { headers: authorized });
    expect(server.received).toHaveLength(1);
  });
});

describe("what is sent", () => {
  test.each([
    ["get", "GET"],
    ["post", "POST"],
    ["Put", "PUT"],
    ["delete", "DELETE"],
    ["options", "OPTIONS"],
    ["head", "HEAD"],
    ["Head", "HEAD"],
    ["PATCH", "PATCH"],
    ["M-SEARCH", "M-SEARCH"],
  ])("the method of the proof is the one that arrives: %s", async (method, sent) => {
    const server = await start(resourceReply);
    await createDpopFetch({ session: newSession() })(server.origin, { method });
    expect(server.received.map((one) => [one.method, one.verdict])).toEqual([[sent, "ok"]]);
  });

  test("patch stays patch, as fetch has it", async () => {
    const calls: unknown[] = [];
    const fetch = async (_: string, init?: { method?: string; headers?: [string, string][] }) => {
      const proof = new Headers(init?.headers).get("dpop") ?? "";
      calls.push([init?.method, claimsOf(proof).htm]);
      return new Response();
    };
    const dpopFetch = createDpopFetch({ session: newSession(), fetch });
    await dpopFetch("https://a.example/", { method: "patch" });
    await dpopFetch("https://a.example/", { method: "post" });
    await dpopFetch("https://a.example/");
    expect(calls).toEqual([
      ["patch", "patch"],
      ["POST", "POST"],
      ["GET", "GET"],
    ]);
  });

  test.each<[string, HeadersInit]>([
    ["a record", { authorization: `DPoP ${TOKEN}`, "X-Own": "1", dpop: "old" }],
    ["pairs", [["Authorization", `DPoP ${TOKEN}`], ["x-own", "1"], ["DPOP", "old"]]], // prettier-ignore
    ["Headers", new Headers({ authorization: `DPoP ${TOKEN}`, "x-own": "1", DPoP: "old" })],
  ])("headers in %s go along, and a DPoP among them is replaced", async (_, headers) => {
    const server = await start(resourceReply);
    const before = JSON.stringify(headers);
    await createDpopFetch({ session: newSession() })(server.origin, { headers });
    expect(verdicts(server)).toEqual(["ok"]);
    expect(server.received[0]?.headers["x-own"]).toBe("1");
    expect(JSON.stringify(headers)).toBe(before);
  });

  const own = new Map([
    ["authorization", `DPoP ${TOKEN}`],
    ["x-own", "1"],
  ]);
  function* pairs(): Generator<[string, string]> {
    yield* own;
  }

  test.each<[string, () => Iterable<[string, string]>]>([
    ["a generator", pairs],
    ["the entries of Headers", () => new Headers([...own]).entries()],
    ["the entries of a Map", () => own.entries()],
    ["a Map", () => own],
    ["a Set", () => new Set(own)],
  ])("headers may be whatever iterates over pairs: %s", async (_, headers) => {
    const server = await start(resourceReply, "n1");
    const init = { headers: headers() } as RequestInit; // the platform's types know fewer
    const response = await createDpopFetch({ session: newSession() })(server.origin, init);
    expect(response.status).toBe(200);
    expect(verdicts(server)).toEqual(["nonce_missing", "ok"]);
    expect(server.received.map((one) => one.headers["x-own"])).toEqual(["1", "1"]);
  });

  test("headers that do not iterate are asked by forEach", async () => {
    const server = await start(resourceReply);
    const forEach = own.forEach.bind(own);
    const init = { headers: { forEach } } as unknown as RequestInit; // on purpose: a polyfill's
    await createDpopFetch({ session: newSession() })(server.origin, init);
    expect(verdicts(server)).toEqual(["ok"]);
    expect(server.received[0]?.headers["x-own"]).toBe("1");
  });

  test("init is not touched, and all of it goes along, with no other members", async () => {
    const given: unknown[] = [];
    const fetch: PlainFetch = async (input, init) => {
      given.push(input, init);
      return respond(200);
    };
    const init = Object.freeze({ body: "x", method: "POST", signal: "s", cache: "no-store", y: 1 });
    await createDpopFetch({ session: newSession(), fetch })("https://a.example/x?y#z", init);
    expect(given).toStrictEqual([
      "https://a.example/x?y#z",
      { ...init, redirect: "manual", headers: [["DPoP", expect.any(String)]] },
    ]);
  });

  test("a URL object is what the platform made of it, and can't change on the way", async () => {
    const server = await start(resourceReply);
    const url = new URL("/é /{x}|^/%2e%2E/a%2fb?q=é#f", server.origin);
    const pending = createDpopFetch({ session: newSession() })(url);
    url.pathname = "/other";
    await pending;
    expect(verdicts(server)).toEqual(["ok"]);
    expect(server.received[0]?.path).toBe("/%C3%A9%20/a%2fb?q=%C3%A9");
  });

  test("an abort propagates", async () => {
    const server = await start(resourceReply);
    const signal = AbortSignal.abort(new Error("enough"));
    const dpopFetch = createDpopFetch({ session: newSession() });
    await expect(dpopFetch(server.origin, { signal })).rejects.toThrow("enough");
    expect(server.received).toEqual([]);
  });

  test("what fetch throws propagates", async () => {
    const fetch: PlainFetch = () => Promise.reject(new Error("offline"));
    const dpopFetch = createDpopFetch({ session: newSession(), fetch });
    await expect(dpopFetch("https://a.example/")).rejects.toThrow("offline");
  });
});

describe("Request objects", () => {
  test("their method, headers and body go along", async () => {
    const server = await start(resourceReply);
    const request = new Request(`${server.origin}/é?x`, {
      method: "put",
      headers: { ...authorized, "content-type": "text/plain", dpop: "old" },
      body: "text",
    });
    await createDpopFetch({ session: newSession() })(request);
    expect(server.received).toMatchObject([
      { method: "PUT", path: "/%C3%A9?x", body: "text", verdict: "ok" },
    ]);
    expect(server.received[0]?.headers["content-type"]).toBe("text/plain");
  });

  test("headers and method of init stand in place of theirs", async () => {
    const server = await start(resourceReply);
    const request = new Request(server.origin, { headers: { "x-own": "1" } });
    const init = { method: "DELETE", headers: authorized };
    await createDpopFetch({ session: newSession() })(request, init);
    const [received] = server.received;
    expect(received).toMatchObject({ method: "DELETE", verdict: "ok" });
    expect(received?.headers["x-own"]).toBeUndefined();
    expect(received?.headers.authorization).toBe(authorized.authorization);
  });

  test("one without a body is sent again", async () => {
    const server = await start(resourceReply, "n1");
    const request = new Request(server.origin, { headers: authorized });
    const response = await createDpopFetch({ session: newSession() })(request);
    expect(response.status).toBe(200);
    expect(verdicts(server)).toEqual(["nonce_missing", "ok"]);
  });

  const post = (server: LoopbackServer, body: BodyInit, more: object = {}): Request =>
    new Request(server.origin, { method: "POST", headers: authorized, body, ...more });

  test.each<[string, BodyInit]>([
    ["a text", "x"],
    ["1 MiB", "x".repeat(2 ** 20)],
    ["a form of a browser", new URLSearchParams("a=b")],
    ["bytes", new Uint8Array(70_000).fill(0x78)],
  ])("one with a body is sent again, as ky and axios pass it: %s", async (_, body) => {
    const server = await start(resourceReply, "n1");
    const dpopFetch = createDpopFetch({ session: newSession() });
    expect((await dpopFetch(post(server, body))).status).toBe(200);
    expect(verdicts(server)).toEqual(["nonce_missing", "ok"]);
    const [first, second] = server.received;
    expect(first?.body).not.toBe("");
    expect(second?.body === first?.body).toBe(true);
    expect(second?.headers["content-type"]).toBe(first?.headers["content-type"]);
  });

  test("one whose body comes as a short stream is sent again", async () => {
    const server = await start(resourceReply, "n1");
    const request = post(server, new Blob(["a", "b"]).stream(), { duplex: "half" });
    expect((await createDpopFetch({ session: newSession() })(request)).status).toBe(200);
    expect(server.received.map(({ body }) => body)).toEqual(["ab", "ab"]);
  });

  test.each<[string, number, number | undefined]>([
    ["over the default bound", 2 ** 20 + 1, undefined],
    ["over a bound", 11, 10],
    ["with no copies at all", 1, 0],
  ])(
    "one with a body %s is not: its response is handed over, and the nonce kept",
    async (_, length, maxBufferedBody) => {
      const server = await start(resourceReply, "n1");
      const dpopFetch = createDpopFetch({ session: newSession(), maxBufferedBody });
      const body = "x".repeat(length);
      expect((await dpopFetch(post(server, body))).status).toBe(401);
      expect((await dpopFetch(post(server, body))).status).toBe(200);
      expect(verdicts(server)).toEqual(["nonce_missing", "ok"]);
      expect(server.received.map((one) => one.body.length)).toEqual([length, length]);
    },
  );

  test("one whose body does not end is answered as it came, after 5 seconds", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const asking = { "www-authenticate": "DPoP error=use_dpop_nonce", "dpop-nonce": "n" };
      const fetch = async (request: Request) => {
        request.body
          ?.getReader()
          .read()
          .catch(() => undefined); // as it is sent
        return new Response(null, { status: 401, headers: asking });
      };
      const body = new ReadableStream();
      const init = { method: "POST", body, duplex: "half" } as RequestInit;
      const dpopFetch = createDpopFetch({ session: newSession(), fetch });
      const pending = dpopFetch(new Request("https://a.example/", init));
      await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
      await vi.advanceTimersByTimeAsync(5000);
      expect((await pending).status).toBe(401);
    } finally {
      vi.useRealTimers();
    }
  });

  test("a good answer does not wait for the copy of a body that does not end", async () => {
    const arrayBuffer = (): Promise<never> => new Promise(() => undefined);
    const clone = (): unknown => ({ arrayBuffer });
    const request = { url: "https://a.example/", method: "POST", headers: new Headers(), clone };
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const fetch: PlainFetch = async () => respond(200, { "dpop-nonce": "n" });
      expect((await createDpopFetch({ session: newSession(), fetch })(request)).status).toBe(200);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test("one without streams, as Firefox has it, is copied whole, if it is short", async () => {
    const calls: unknown[] = [];
    const fetch: PlainFetch = async (_, init) => {
      calls.push(init?.["body"]);
      return calls.length === 1
        ? respond(401, { "www-authenticate": "DPoP error=use_dpop_nonce", "dpop-nonce": "n" })
        : respond(200);
    };
    const bytes = new Uint8Array([1, 2, 3]);
    const request = {
      url: "https://a.example/",
      method: "POST",
      headers: new Headers(),
      bodyUsed: true,
      clone: () => ({ arrayBuffer: async () => bytes.buffer }),
    };
    await createDpopFetch({ session: newSession(), fetch })(request);
    expect(calls).toEqual([undefined, bytes]);
    calls.length = 0;
    await createDpopFetch({ session: newSession(), fetch, maxBufferedBody: 3 })(request);
    expect(calls).toEqual([undefined, bytes]);
    calls.length = 0;
    await createDpopFetch({ session: newSession(), fetch, maxBufferedBody: 2 })(request);
    expect(calls).toEqual([undefined]);
  });

  test("one whose body is empty is sent again", async () => {
    const server = await start(resourceReply, "n1");
    expect((await createDpopFetch({ session: newSession() })(post(server, ""))).status).toBe(200);
    expect(verdicts(server)).toEqual(["nonce_missing", "ok"]);
  });

  test("one that comes as a stream is never read whole, since it may have no end", async () => {
    const arrayBuffer = vi.fn(async () => new ArrayBuffer(1));
    const clone = (): unknown => ({ body: Readable.from([Buffer.from("x")]), arrayBuffer });
    const bodies: unknown[] = [];
    const fetch: PlainFetch = async (_, init) =>
      bodies.push(init?.["body"]) === 2
        ? respond(200)
        : respond(401, { "www-authenticate": "DPoP error=use_dpop_nonce", "dpop-nonce": "n" });
    const request = { url: "https://a.example/", method: "POST", headers: new Headers(), bodyUsed: true, body: {}, clone }; // prettier-ignore
    await createDpopFetch({ session: newSession(), fetch })(request);
    expect(bodies).toEqual([undefined, new Uint8Array([0x78])]);
    expect(arrayBuffer).not.toHaveBeenCalled();
  });

  test.each<[string, object, number | undefined]>([
    ["a GET, where there are no streams", { method: "GET" }, undefined],
    ["a HEAD, where there are no streams", { method: "HEAD" }, undefined],
    ["one without a body", { method: "POST", body: null }, undefined],
    ["one where none is wanted", { method: "POST", bodyUsed: true }, 0],
  ])("no copy is made of %s", async (_, members, maxBufferedBody) => {
    const clone = vi.fn(() => ({ body: null, arrayBuffer: async () => new ArrayBuffer(0) }));
    const sent: unknown[] = [];
    const fetch: PlainFetch = async (...call) => {
      sent.push([call[0], call[1]?.["body"]]);
      return sent.length === 2
        ? respond(200)
        : respond(401, { "www-authenticate": "DPoP error=use_dpop_nonce", "dpop-nonce": "n" });
    };
    const request = { url: "https://a.example/", headers: new Headers(), bodyUsed: false, clone, ...members }; // prettier-ignore
    await createDpopFetch({ session: newSession(), fetch, maxBufferedBody })(request);
    expect(sent).toEqual(Array.from({ length: request.bodyUsed ? 1 : 2 }, () => [request, undefined])); // prettier-ignore
    expect(clone).not.toHaveBeenCalled();
  });

  test("one whose copy fails is answered as it came", async () => {
    const broken = (): never => {
      throw new Error("locked");
    };
    const body = {
      getReader: () => ({ read: async () => broken(), cancel: async () => undefined }),
    };
    for (const clone of [broken, () => ({ body, arrayBuffer: async () => broken() })]) {
      let calls = 0;
      const fetch: PlainFetch = async () => {
        calls++;
        return respond(401, { "www-authenticate": "DPoP error=use_dpop_nonce", "dpop-nonce": "n" });
      };
      const request = { url: "https://a.example/", method: "POST", headers: new Headers(), bodyUsed: true, body, clone }; // prettier-ignore
      const response = await createDpopFetch({ session: newSession(), fetch })(request);
      expect([response.status, calls]).toEqual([401, 1]);
    }
  });

  test("one that was read before is the error of fetch", async () => {
    const server = await start(resourceReply, "n1");
    const request = post(server, "x");
    await request.text();
    await expect(createDpopFetch({ session: newSession() })(request)).rejects.toThrow(TypeError);
    expect(server.received).toEqual([]);
  });

  test("one with a body is, where init has another body", async () => {
    const server = await start(resourceReply, "n1");
    const request = new Request(server.origin, {
      method: "POST",
      headers: authorized,
      body: "theirs",
    });
    const response = await createDpopFetch({ session: newSession() })(request, { body: "ours" });
    expect(response.status).toBe(200);
    expect(server.received.map(({ body }) => body)).toEqual(["ours", "ours"]);
  });

  test("their referrer and its policy are not lost", async () => {
    const inits: unknown[] = [];
    const fetch = async (_: Request, init?: RequestInit) => {
      inits.push(init?.referrer, init?.referrerPolicy);
      return new Response();
    };
    const request = new Request("https://a.example/", { referrerPolicy: "no-referrer" });
    const dpopFetch = createDpopFetch({ session: newSession(), fetch });
    await dpopFetch(request);
    await dpopFetch(request, { referrerPolicy: "origin" });
    expect(inits).toEqual(["about:client", "no-referrer", "about:client", "origin"]);
  });

  test("redirect: error stays", async () => {
    const server = await start(() => ({ status: 302, headers: { location: "/" } }));
    const request = new Request(server.origin, { redirect: "error" });
    await expect(createDpopFetch({ session: newSession() })(request)).rejects.toThrow(TypeError);
    const url = new URL(server.origin);
    const dpopFetch = createDpopFetch({ session: newSession() });
    await expect(dpopFetch(url, { redirect: "error" })).rejects.toThrow(TypeError);
  });
});

describe("bodies", () => {
  const form = new FormData();
  form.set("a", "b");

  test.each<[string, BodyInit | null | undefined]>([
    ["undefined", undefined],
    ["null", null],
    ["a string", "text"],
    ["an empty string", ""],
    ["a Uint8Array", new Uint8Array([1, 2])],
    ["a DataView", new DataView(new ArrayBuffer(2))],
    ["an ArrayBuffer", new ArrayBuffer(2)],
    ["a Blob", new Blob(["x"])],
    ["a File", new File(["x"], "x.txt")],
    ["URLSearchParams", new URLSearchParams("a=b")],
    ["FormData", form],
  ])("can be sent again: %s", async (_, body) => {
    const server = await start(resourceReply, "n1");
    const init = { method: "POST", headers: authorized, body };
    const dpopFetch = createDpopFetch({ session: newSession() });
    const response = await dpopFetch(server.origin, init as RequestInit); // undefined too
    expect(response.status).toBe(200);
    expect(verdicts(server)).toEqual(["nonce_missing", "ok"]);
    expect(server.received[0]?.body.length).toBe(server.received[1]?.body.length);
  });

  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array([1]);
  }

  test.each<[string, () => unknown]>([
    ["a ReadableStream", () => new Blob(["x"]).stream()],
    ["a stream of Node", () => Readable.from([Buffer.from("x")])],
    ["an async generator", chunks],
  ])("are never sent again: %s", async (_, body) => {
    const server = await start(resourceReply, "n1");
    const dpopFetch = createDpopFetch({ session: newSession() });
    const init = () => ({ method: "POST", headers: authorized, body: body(), duplex: "half" });
    const first = await dpopFetch(server.origin, init() as RequestInit);
    expect([first.status, first.bodyUsed]).toEqual([401, false]);
    expect(server.received).toHaveLength(1);
    const second = await dpopFetch(server.origin, init() as RequestInit);
    expect(second.status).toBe(200); // the nonce was learned
    expect(verdicts(server)).toEqual(["nonce_missing", "ok"]);
  });

  test.each<[string, unknown]>([
    ["an iterator", [1][Symbol.iterator]()],
    ["form data that is a stream", { append: () => undefined, pipe: () => undefined }],
    ["form data that is read once", { append: () => undefined, [Symbol.asyncIterator]: chunks }],
    ["an object that is nothing known", { toString: () => "x" }],
    ["a number", 1],
    ["what has a slice and no size", { slice: () => "x" }],
    ["what has a slice and a size in text", { slice: () => "x", size: "1" }],
    ["what has a slice and a size to call", { slice: () => "x", size: () => 1 }],
    ["what has a size and no slice", { size: 1 }],
    ["what has a slice that is no function", { slice: 1, size: 1 }],
  ])("what is not known to be repeatable is not sent again: %s", async (_, body) => {
    let calls = 0;
    const fetch: PlainFetch = async () => {
      calls++;
      return respond(401, { "www-authenticate": "DPoP error=use_dpop_nonce", "dpop-nonce": "n" });
    };
    const dpopFetch = createDpopFetch({ session: newSession(), fetch });
    expect((await dpopFetch("https://a.example/", { method: "POST", body })).status).toBe(401);
    expect(calls).toBe(1);
  });

  test("a blob of another platform is known by its slice and size", async () => {
    let calls = 0;
    const fetch: PlainFetch = async () => {
      if (++calls === 2) return respond(200);
      return respond(401, { "www-authenticate": "DPoP error=use_dpop_nonce", "dpop-nonce": "n" });
    };
    const dpopFetch = createDpopFetch({ session: newSession(), fetch });
    const body = { slice: () => "x", size: 0 };
    expect((await dpopFetch("https://a.example/", { method: "POST", body })).status).toBe(200);
  });

  test("form data of another platform is known by its append", async () => {
    let calls = 0;
    const fetch: PlainFetch = async () => {
      if (++calls === 2) return respond(200);
      return respond(401, { "www-authenticate": "DPoP error=use_dpop_nonce", "dpop-nonce": "n" });
    };
    const dpopFetch = createDpopFetch({ session: newSession(), fetch });
    const body = { append: () => undefined, getParts: () => [] };
    expect((await dpopFetch("https://a.example/", { method: "POST", body })).status).toBe(200);
  });
});

describe("RFC 7523: an assertion of the client is used once", () => {
  /** Refuses an assertion that it has seen; its nonces are always stale. */
  async function strict(): Promise<LoopbackServer> {
    const seen = new Set<string>();
    let count = 0;
    return start(({ body, proof = "" }, self) => {
      const wanted = self.nonce;
      self.nonce = `n${++count}`;
      const verdict = claimsOf(proof).nonce === wanted ? "ok" : "nonce_mismatch";
      const assertion = new URLSearchParams(body).get("client_assertion") ?? "";
      if (!seen.has(assertion)) {
        seen.add(assertion);
        return tokenReply({ verdict } as Received, self);
      }
      const headers = { "content-type": "application/json" };
      return { status: 401, headers, body: '{"error":"invalid_client"}' };
    }, "n0");
  }

  test("a body that is a function is made anew for each attempt: all calls get in", async () => {
    const server = await strict();
    const made: unknown[] = [];
    for (let i = 0; i < 5; i++) {
      const session = newSession();
      session.observe({ url: server.origin }, respond(200, { "dpop-nonce": "stale" }));
      const body = async (): Promise<URLSearchParams> =>
        new URLSearchParams({ client_assertion: `a${made.push(i)}` });
      const init = { method: "POST", body };
      expect((await createDpopFetch({ session })(server.origin, init)).status).toBe(200);
    }
    expect(made).toHaveLength(10);
    expect(new Set(server.received.map(({ body }) => body)).size).toBe(10);
  });

  test("what a function throws propagates, and it may return a text at once", async () => {
    const server = await start(tokenReply);
    const dpopFetch = createDpopFetch({ session: newSession() });
    expect((await dpopFetch(server.origin, { method: "POST", body: () => "x" })).status).toBe(200);
    expect(server.received[0]?.body).toBe("x");
    const broken = () => Promise.reject(new Error("no key"));
    await expect(dpopFetch(server.origin, { method: "POST", body: broken })).rejects.toThrow("no key"); // prettier-ignore
  });

  const form = new FormData();
  form.set("client_assertion", "x");
  const text = "grant_type=authorization_code&client_assertion=x";
  const bodies: [string, BodyInit][] = [
    ["a text", text],
    ["URLSearchParams", new URLSearchParams(text)],
    ["FormData", form],
    ["bytes", new TextEncoder().encode(text)],
    ["an ArrayBuffer", new TextEncoder().encode(text).buffer],
    ["the longest form", new TextEncoder().encode(text.padEnd(65_536, "x"))],
    ["a part of a longer buffer", new TextEncoder().encode(`${"x".repeat(70_000)}&${text}`).subarray(70_001)], // prettier-ignore
  ];

  test.each(bodies)("the same assertion is not sent twice: %s", async (_, body) => {
    const server = await start(tokenReply, "n1");
    const dpopFetch = createDpopFetch({ session: newSession() });
    const response = await dpopFetch(server.origin, { method: "POST", body });
    expect(await response.json()).toEqual({ error: "use_dpop_nonce" });
    expect(server.received).toHaveLength(1);
    expect((await dpopFetch(server.origin, { method: "POST", body })).status).toBe(200);
  });

  test("nor in a Request", async () => {
    const server = await start(tokenReply, "n1");
    const body = new URLSearchParams(text);
    const request = new Request(server.origin, { method: "POST", body });
    expect((await createDpopFetch({ session: newSession() })(request)).status).toBe(400);
    expect(server.received).toHaveLength(1);
  });

  test.each(bodies)("by name it is: %s", async (_, body) => {
    const server = await start(tokenReply, "n1");
    const dpopFetch = createDpopFetch({ session: newSession(), clientAssertions: "repeated" });
    expect((await dpopFetch(server.origin, { method: "POST", body })).status).toBe(200);
    expect(server.received).toHaveLength(2);
  });

  test.each<[string, BodyInit]>([
    ["the name at the end of another", "x_client_assertion=1"],
    ["the name of another", "client_assertion_type=1"],
    ["the name in a value", "a=client_assertion"],
    ["an upload that is longer than a form", new TextEncoder().encode(text.padEnd(65_537, "x"))],
    ["bytes that are no text", new Uint8Array([0xff])],
  ])("what holds none is sent again: %s", async (_, body) => {
    const server = await start(tokenReply, "n1");
    const response = await createDpopFetch({ session: newSession() })(server.origin, {
      method: "POST",
      body,
    });
    expect(response.status).toBe(200);
  });
});

describe("a burst at a server that wants nonces", () => {
  /** Nonces that are good once the server was asked, and the calls of a burst. */
  const burst = (dpopFetch: typeof fetch, server: LoopbackServer, more: RequestInit = {}) =>
    Promise.all(
      Array.from({ length: 20 }, () => dpopFetch(server.origin, { headers: authorized, ...more })),
    );

  function reloaded(server: LoopbackServer): ReturnType<typeof newSession> {
    const session = newSession();
    const request = { url: server.origin, accessToken: TOKEN };
    session.observe(request, respond(401, { "dpop-nonce": "stale" }));
    const next = newSession();
    next.restore(session.state());
    return next;
  }

  test("after a reload one goes first: 21 requests, not 40", async () => {
    const server = await start(resourceReply, "n1");
    const all = await burst(createDpopFetch({ session: reloaded(server) }), server);
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 200));
    expect(server.received).toHaveLength(21);
  });

  test("by name all go at once", async () => {
    const server = await start(resourceReply, "n1");
    await burst(createDpopFetch({ session: reloaded(server), bursts: "parallel" }), server);
    expect(server.received).toHaveLength(40);
  });

  test("after a minute of silence one goes first again, and none waits before", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const server = await start(resourceReply, "n1");
      const dpopFetch = createDpopFetch({ session: newSession() });
      await dpopFetch(server.origin, { headers: authorized });
      vi.setSystemTime(Date.now() + 59_000);
      server.nonce = "n2";
      await burst(dpopFetch, server);
      expect(server.received).toHaveLength(2 + 40);
      vi.setSystemTime(Date.now() + 60_000);
      server.nonce = "n3";
      await burst(dpopFetch, server);
      expect(server.received).toHaveLength(2 + 40 + 21);
    } finally {
      vi.useRealTimers();
    }
  });

  test("a token request and a call of an API do not wait for each other, on one origin", async () => {
    const sent: (() => void)[] = [];
    const fetch: PlainFetch = () =>
      new Promise((resolve) => sent.push(() => resolve(respond(200))));
    const session = newSession();
    session.observe({ url: "https://a.example/" }, respond(200, { "dpop-nonce": "n" }));
    const dpopFetch = createDpopFetch({ session, fetch });
    const all = [{}, { headers: authorized }].map((init) => dpopFetch("https://a.example/", init));
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    for (const answer of sent) answer();
    await Promise.all(all);
  });

  test("a server that never asked makes no one wait", async () => {
    const sent: (() => void)[] = [];
    const fetch: PlainFetch = () =>
      new Promise((resolve) => sent.push(() => resolve(respond(200))));
    const dpopFetch = createDpopFetch({ session: newSession(), fetch });
    const all = [1, 2, 3].map(() => dpopFetch("https://a.example/"));
    await vi.waitFor(() => expect(sent).toHaveLength(3));
    for (const answer of sent) answer();
    await Promise.all(all);
  });

  test("the others wait for 5 seconds at most, and not for one that fails", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      let sent = 0;
      const answers: ((error: Error) => void)[] = [];
      const fetch: PlainFetch = () =>
        new Promise((_, reject) => {
          sent++;
          answers.push(reject);
        });
      const session = newSession();
      session.observe({ url: "https://a.example/" }, respond(200, { "dpop-nonce": "n" }));
      const dpopFetch = createDpopFetch({ session, fetch });
      const call = (): Promise<unknown> => dpopFetch("https://a.example/").catch(() => "failed");
      const all = [call(), call(), call()];
      await vi.advanceTimersByTimeAsync(4999);
      expect(sent).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(sent).toBe(3);
      for (const fail of answers.splice(0)) fail(new Error("offline"));
      expect(await Promise.all(all)).toEqual(["failed", "failed", "failed"]);
      const others = [call(), call()];
      await vi.advanceTimersByTimeAsync(0);
      expect(sent).toBe(4);
      answers.splice(0)[0]?.(new Error("offline"));
      await vi.advanceTimersByTimeAsync(0);
      expect(sent).toBe(5);
      answers.splice(0)[0]?.(new Error("offline"));
      await Promise.all(others);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("what a proof has besides", () => {
  test("another htu, for a server behind a proxy that rewrites URLs, and its nonces", async () => {
    const inner = "http://inner.example:8080/v1/things";
    const seen: unknown[] = [];
    const server = await start(({ proof = "" }, self) => {
      const { htu, nonce } = claimsOf(proof);
      seen.push([htu, nonce]);
      const verdict = nonce === undefined ? "nonce_missing" : "ok";
      return resourceReply({ verdict } as Received, self);
    }, "n1");
    const proofFor = (): { htu: string } => ({ htu: inner });
    const dpopFetch = createDpopFetch({ session: newSession(), proofFor });
    const response = await dpopFetch(`${server.origin}/things`, { headers: authorized });
    expect(response.status).toBe(200);
    expect(seen).toEqual([[inner, undefined], [inner, "n1"]]); // prettier-ignore
  });

  test("further claims, by the request, also later", async () => {
    const server = await start(resourceReply);
    const proofFor = async (request: { readonly method: string; readonly url: string }) => ({
      claims: { seen: [request.method, request.url] },
    });
    const dpopFetch = createDpopFetch({ session: newSession(), proofFor });
    await dpopFetch(server.origin, { method: "put" });
    const claims = claimsOf(server.received[0]?.proof ?? "");
    expect(claims["seen"]).toEqual(["PUT", server.origin]);
    expect(verdicts(server)).toEqual(["ok"]);
  });

  test("but no plain http to a stranger, whatever the proof says", async () => {
    const fetch: PlainFetch = async () => expect.unreachable();
    const proofFor = (): { htu: string } => ({ htu: "https://a.example/" });
    const dpopFetch = createDpopFetch({ session: newSession(), fetch, proofFor });
    await expect(dpopFetch("http://a.example/")).rejects.toThrow(/^url must begin with https/);
  });

  test.each<[string, object, RegExp]>([
    ["a member that there is not", { url: "https://a.example/x", nonce: "n" }, /^request must /],
    ["an htu that is no URL", { htu: "/x" }, /^url must /],
    ["a claim that is ours", { claims: { jti: "x" } }, /^claims.jti /],
  ])("a mistake is a rejection: %s", async (_, extras, message) => {
    const proofFor = () => extras as never;
    const fetch: PlainFetch = async () => expect.unreachable();
    const dpopFetch = createDpopFetch({ session: newSession(), fetch, proofFor });
    await expect(dpopFetch("https://a.example/")).rejects.toThrow(message);
  });
});

describe("in a browser, which hands over no redirect", () => {
  /** What a browser does with `redirect`; Chromium itself does so in test/browser/client.ts. */
  const browser: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    return response.status >= 300 && response.status < 400 ? Response.error() : response;
  };
  const inBrowser = async (server: LoopbackServer, path: string, init: RequestInit = {}) => {
    vi.stubGlobal("location", { origin: "https://app.example" });
    try {
      const dpopFetch = createDpopFetch({ session: newSession(), fetch: browser });
      const headers = authorized;
      return await dpopFetch(server.origin + path, { headers, redirect: "follow", ...init });
    } finally {
      vi.unstubAllGlobals();
    }
  };
  const moving = (to: string) => (request: Received, self: LoopbackServer) =>
    request.path.startsWith("/old")
      ? { status: 307, headers: { location: to } }
      : resourceReply(request, self);
  const sent = ({ received }: LoopbackServer): string[] =>
    received.map(({ method, path, verdict }) => `${method} ${path} ${verdict}`);

  test("follow: the redirect is followed, and the refused proof is made anew for its URL", async () => {
    const server = await start(moving("/new?x=y"));
    expect((await inBrowser(server, "/old")).status).toBe(200);
    expect(sent(server)).toEqual(["GET /old ok", "GET /new?x=y htu_mismatch", "GET /new?x=y ok"]);
  });

  test("and where a nonce is asked for as well", async () => {
    const server = await start(moving("/new"), "n1");
    expect((await inBrowser(server, "/old")).status).toBe(200);
    expect(sent(server).at(-1)).toBe("GET /new ok");
    expect(server.received.length).toBeLessThanOrEqual(4);
  });

  test("and where the nonce is asked for before the URL is looked at: no more than once more", async () => {
    const server = await start(({ path, proof = "" }) => {
      if (path === "/old") return { status: 307, headers: { location: "/new" } };
      if (claimsOf(proof).nonce === "n1") return { status: 200 };
      const asking = { "www-authenticate": "DPoP error=use_dpop_nonce", "dpop-nonce": "n1" };
      return { status: 401, headers: asking };
    });
    expect((await inBrowser(server, "/old")).status).toBe(200);
    expect(server.received.map(({ path }) => path)).toEqual(["/old", "/new", "/new"]);
  });

  test("where only the query changes the proof is good", async () => {
    const server = await start(
      ({ path, verdict }, self) =>
      path === "/old" ? { status: 302, headers: { location: "/old?x" } } : resourceReply({ verdict } as Received, self), // prettier-ignore
    );
    expect((await inBrowser(server, "/old")).status).toBe(200);
    expect(server.received).toHaveLength(2);
  });

  test("a HEAD is sent to the URL that answered, as a GET is", async () => {
    const server = await start(moving("/new"));
    expect((await inBrowser(server, "/old", { method: "HEAD" })).status).toBe(200);
    expect(sent(server).at(-1)).toBe("HEAD /new ok");
  });

  test("a Request keeps all it has but its URL", async () => {
    const server = await start(moving("/new"));
    vi.stubGlobal("location", { origin: "https://app.example" });
    try {
      const kept: unknown[] = [];
      const watched = (input: Request, init?: RequestInit): Promise<Response> => {
        kept.push(input.cache, input.credentials);
        return browser(input, init);
      };
      const dpopFetch = createDpopFetch({ session: newSession(), fetch: watched });
      const headers = { ...authorized, "x-own": "1" };
      const settings = { headers, cache: "no-store", credentials: "include" } as const;
      const request = new Request(`${server.origin}/old`, settings);
      expect((await dpopFetch(request, { redirect: "follow" })).status).toBe(200);
      expect(kept).toEqual(["no-store", "include", "no-store", "include"]);
    } finally {
      vi.unstubAllGlobals();
    }
    expect(sent(server).at(-1)).toBe("GET /new ok");
    expect(server.received.map((one) => one.headers["x-own"])).toEqual(["1", "1", "1"]);
  });

  test("three requests are the most, also where the third was redirected", async () => {
    vi.stubGlobal("location", { origin: "https://app.example" });
    try {
      const refused = (error: string, more: Readonly<Record<string, string>> = {}): ResponseLike =>
        respond(401, { "www-authenticate": `DPoP error=${error}`, ...more });
      const late = new Date(Date.now() + 3_600_000).toUTCString();
      const answers: ResponseLike[] = [
        refused("use_dpop_nonce", { "dpop-nonce": "n1" }),
        refused("invalid_dpop_proof", { date: late }),
        Object.assign(refused("invalid_dpop_proof"), { url: "https://a.example/new" }),
      ];
      const fetch: PlainFetch = async () => answers.shift() ?? expect.unreachable();
      const session = clientSession({ clock: undefined, correctClockSkew: true });
      const dpopFetch = createDpopFetch({ session, fetch });
      const response = await dpopFetch("https://a.example/old", { redirect: "follow" });
      expect([response.status, answers.length]).toEqual([401, 0]);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test("another refusal at another URL is handed over", async () => {
    const server = await start(({ path }) =>
      path === "/old"
        ? { status: 302, headers: { location: "/new" } }
        : { status: 401, headers: { "www-authenticate": 'DPoP error="invalid_token"' } },
    );
    expect((await inBrowser(server, "/old")).status).toBe(401);
    expect(server.received.map(({ path }) => path)).toEqual(["/old", "/new"]);
  });

  test("a POST is not sent to another URL, since it may have been done", async () => {
    const server = await start(moving("/new"));
    expect((await inBrowser(server, "/old", { method: "POST", body: "x" })).status).toBe(401);
    expect(sent(server)).toEqual(["POST /old ok", "POST /new htu_mismatch"]);
  });

  test("once, and to no third URL", async () => {
    const server = await start(({ path }) =>
      path === "/old"
        ? { status: 302, headers: { location: "/new" } }
        : { status: 401, headers: { "www-authenticate": 'DPoP error="invalid_dpop_proof"' } },
    );
    expect((await inBrowser(server, "/old")).status).toBe(401);
    expect(server.received.map(({ path }) => path)).toEqual(["/old", "/new", "/new"]);
  });

  test("also where the URL that answered redirects to a third one the next time", async () => {
    const paths: string[] = [];
    const server = await start(({ path }) => {
      const isFirst = !paths.includes(path);
      paths.push(path);
      const to = path === "/old" ? "/new" : path === "/new" && !isFirst ? "/third" : null;
      return to === null
        ? { status: 401, headers: { "www-authenticate": 'DPoP error="invalid_dpop_proof"' } }
        : { status: 302, headers: { location: to } };
    });
    expect((await inBrowser(server, "/old")).status).toBe(401);
    expect(paths).toEqual(["/old", "/new", "/new", "/third"]);
  });

  test("a proof that is refused at its own URL is not made anew", async () => {
    const server = await start(() => ({
      status: 401,
      headers: { "www-authenticate": 'DPoP error="invalid_dpop_proof"' },
    }));
    expect((await inBrowser(server, "/old?x")).status).toBe(401);
    expect(server.received).toHaveLength(1);
  });

  test("another origin gets no token, and its answer is handed over with nothing learned", async () => {
    const other = await start(resourceReply, "theirs");
    const server = await start(() => ({ status: 302, headers: { location: `${other.origin}/x` } }));
    expect((await inBrowser(server, "/old")).status).toBe(401);
    expect(other.received).toHaveLength(1);
    expect(other.received[0]?.headers.authorization).toBeUndefined();
  });

  test("without follow in init nothing is followed", async () => {
    const server = await start(moving("/new"));
    for (const redirect of [undefined, "manual"] as const) {
      await inBrowser(server, "/old", { redirect } as RequestInit);
    }
    expect(sent(server)).toEqual(["GET /old ok", "GET /old ok"]);
  });
});

describe("redirects are handed to the caller", () => {
  test.each([301, 302, 303, 307, 308])("%s", async (status) => {
    const target = await start(resourceReply);
    const server = await start(() => ({
      status,
      headers: { location: `${target.origin}/x`, "dpop-nonce": "n1" },
    }));
    for (const redirect of [undefined, "follow", "manual"] as const) {
      const init: RequestInit = { headers: authorized };
      const response = await createDpopFetch({ session: newSession() })(
        server.origin,
        redirect === undefined ? init : { ...init, redirect },
      );
      expect([response.status, response.headers.get("location")]).toEqual([
        status,
        `${target.origin}/x`,
      ]);
    }
    expect(target.received).toEqual([]);
  });

  test("an opaque one too", async () => {
    const opaque = { status: 0, headers: new Headers(), type: "opaqueredirect" };
    const fetch: PlainFetch = async () => opaque;
    const dpopFetch = createDpopFetch({ session: newSession(), fetch });
    expect(await dpopFetch("https://a.example/")).toBe(opaque);
  });
});

describe("a platform that follows redirects although it is told not to", () => {
  const asks = (nonce: string): Reply => ({
    status: 401,
    headers: { "www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": nonce },
  });
  const following: typeof fetch = (input, init) => fetch(input, { ...init, redirect: "follow" });

  test("the response of another origin is handed over: nothing is learned, nothing sent again", async () => {
    const other = await start(() => asks("theirs"));
    const server = await start(() => ({ status: 302, headers: { location: other.origin } }));
    const dpopFetch = createDpopFetch({ session: newSession(), fetch: following });
    for (let i = 0; i < 2; i++) {
      const response = await dpopFetch(server.origin, { headers: authorized });
      expect([response.status, response.url]).toEqual([401, `${other.origin}/`]);
    }
    expect(nonces(server)).toEqual([undefined, undefined]);
    expect(other.received).toHaveLength(2);
  });

  test("the response of the same origin counts", async () => {
    const server = await start(({ path }) =>
      path === "/old" ? { status: 307, headers: { location: "/new" } } : asks("n1"),
    );
    const dpopFetch = createDpopFetch({ session: newSession(), fetch: following });
    await dpopFetch(`${server.origin}/old`, { headers: authorized });
    expect(server.received.map(({ path }) => path)).toEqual(["/old", "/new", "/old", "/new"]);
    expect(nonces(server)[2]).toBe("n1");
  });

  test.each<[string, Readonly<Record<string, unknown>>, number]>([
    ["nothing is said", {}, 2],
    ["the URL is empty", { url: "", redirected: false }, 2],
    ["it is the same URL", { url: "https://a.example/", redirected: false }, 2],
    ["it is the same origin, redirected", { url: "https://a.example/x?y", redirected: true }, 2],
    ["it is the same origin in another form", { url: "HTTPS://A.example:443/" }, 2],
    ["it was redirected to an unknown place", { redirected: true }, 1],
    ["it was redirected, and the URL is empty", { url: "", redirected: true }, 1],
    ["it is another host", { url: "https://b.example/" }, 1],
    ["it is a host that begins with ours", { url: "https://a.example.org/" }, 1],
    ["it is the beginning of our host", { url: "https://a.exampl/" }, 1],
    ["it is another port", { url: "https://a.example:8443/" }, 1],
    ["it is another scheme", { url: "http://a.example/" }, 1],
    ["it is no URL of a server", { url: "about:blank", redirected: false }, 1],
  ])("where %s", async (_, members, requests) => {
    let calls = 0;
    const fetch: PlainFetch = async () => {
      calls++;
      const { status, headers } = asks("n1");
      return { ...members, status, headers: new Headers(headers) };
    };
    const session = newSession();
    await createDpopFetch({ session, fetch })("https://a.example/", { headers: authorized });
    expect(calls).toBe(requests);
    const proof = session.buildProof({
      method: "GET",
      url: "https://a.example",
      accessToken: TOKEN,
    });
    expect(claimsOf(proof).nonce).toBe(requests === 2 ? "n1" : undefined);
  });
});

describe("URLs as text", () => {
  const sent: string[] = [];
  const fetch = async (input: string): Promise<ResponseLike> => {
    sent.push(input);
    return respond(200);
  };
  const dpopFetch = createDpopFetch({ session: newSession(), fetch });

  test.each<readonly [string, string]>([
    ["a relative one", "/path"],
    ["one without a scheme", "a.example/path"],
    ["one relative to the scheme", "//a.example/path"],
    ["another scheme", "ftp://a.example/"],
    ["data", "data:,x"],
    ["nothing", ""],
    ["one slash", "https:/a.example/"],
    ["three slashes", "https:///a.example/"],
    ["backslashes", "https:\\\\a.example\\"],
    ["a backslash in the path", "https://a.example/a\\b"],
    ["user information", "https://u:p@a.example/"],
    ["a space", "https://a.example/a b"],
    ["a space before it", " https://a.example/"],
    ["a tab in the path", "https://a.example/a\tb"],
    ["a line break in the host", "https://a.exa\nmple/"],
    ["a letter outside ASCII", "https://a.example/é"],
    ["a host outside ASCII", "https://é.example/"],
    ["only a percent sign", "https://a.example/100%"],
    ["an escape in the host", "https://a%28b.example/"],
    ["an address in short", "http://127.1/"],
    ["an address with a zero in front", "http://127.0.0.01/"],
    ["an address in hexadecimal", "http://0x7f.0.0.1/"],
    ["an address that ends in hexadecimal", "http://127.0.0.0x1/"],
    ["an address in one number", "http://2130706433/"],
    ["an address with a dot behind", "http://127.0.0.1./"],
    ["an address out of range", "http://127.0.0.256/"],
    ["an address of two numbers", "https://127.9/"],
    ["an address of one number", "https://9/"],
    ["an address of three numbers", "https://127.0.9/"],
    ["an address of five numbers", "https://1.2.3.4.5/"],
    ["names before a number", "https://a.b.c.1/"],
    ["a name among the numbers", "https://1.a.2.3/"],
    ["an exponent among the numbers", "https://1.2e1.3.4/"],
    ["a minus among the numbers", "https://1.-2.3.4/"],
    ["a plus among the numbers", "https://1.+2.3.4/"],
    ["a slash for a digit", "https://1.2.3./"],
    ["a colon's neighbour in a number", "https://1.2;.3.4/"],
    ["a slash's neighbour in a number", "https://1.2-.3.4/"],
    ["an empty number", "https://1..2.3/"],
    ["a number of four digits", "https://1.2.3.0255/"],
    ["a number of 256", "https://1.2.3.256/"],
    ["two zeros", "https://1.2.3.00/"],
    ["a long IPv6 address", "http://[0:0:0:0:0:0:0:1]/"],
    ...Array.from('{}"<>`^|', (unit) => [unit, `https://a.example/a${unit}b`] as const),
  ])("%s is refused, since it would be sent in another form", async (_, url) => {
    await expect(dpopFetch(url)).rejects.toThrow(TypeError);
    await expect(dpopFetch(url)).rejects.toThrow(/^input must .*new URL\(/);
    expect(sent).toEqual([]);
  });

  test.each([
    "https://a.example",
    "https://A.Example/",
    "https://a.example:8443/a/../b/%2e%2e/./c;x=1,2/@:!$&'()*+=~_-.",
    "https://a.example/[x]",
    'https://a.example?q="<>`{}|^é \\',
    "https://a.example/#é",
    "http://127.0.0.1:3000/",
    "http://[::1]:3000/",
    "http://localhost/",
    "https://1.example/",
    "https://0x1.example/",
    "https://9.9.9.9/",
    "https://10.0.0.255/",
    "https://0.0.0.0/",
    "https://99.100.199.249:8443/",
    "https://example.1-2/",
    "https://example.9-/",
    "https://example.0a/",
    "https://a../",
  ])("%s is sent as it is", async (url) => {
    await dpopFetch(url);
    expect(sent.splice(0)).toEqual([url]);
  });

  test("of every text that is taken, the proof is for what the platform would send", async () => {
    const own = clientSession();
    const checked: string[] = [];
    const observer = createDpopFetch({
      session: {
        ...own,
        buildProof(request) {
          checked.push(request.url);
          return "proof";
        },
      },
      fetch,
    });
    const host = fc.oneof(
      hostName,
      fc.ipV4(),
      fc.ipV6().map((address) => `[${address}]`),
      fc.string({ unit: unitOf("019.xaf%25-"), minLength: 1, maxLength: 9 }),
    );
    const piece = fc.oneof(
      fc.constantFrom("..", ".", "%2e", "%2E.", "", "a", "%41", "%c3%A9", "a%2Fb", "%"),
      fc.string({ unit: unitOf("abc!$&'()*+,;=:@~_-.|[]{}\"<>`^\\ \t"), maxLength: 4 }),
      utf16,
    );
    const scheme = fc.constantFrom("https://", "HTTP://", "http://", "https:/");
    const url = fc
      .tuple(scheme, host, port, fc.array(piece, { maxLength: 5 }), fc.option(anyText))
      .map(
        ([before, name, behind, path, query]) =>
        [before, name, behind, ...path.map((one) => `/${one}`), query === null ? "" : `?${query}`].join(""), // prettier-ignore
      );
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(url, async (text) => {
        checked.length = 0;
        const refused = await observer(text).then(() => false, () => true); // prettier-ignore
        sent.length = 0;
        if (refused) return;
        taken++;
        expect(checked).toEqual([text]);
        const sentUrl = URL.canParse(text) ? new URL(text).href : null;
        if (sentUrl === null) return; // the platform sends nothing
        expect(normalizeHtu(text)).toBe(normalizeHtu(sentUrl));
      }),
      runs(3000),
    );
    expect(taken).toBeGreaterThan(100);
  });
});

describe("with any fetch", () => {
  test("the platform's is looked up at each call", async () => {
    const dpopFetch = createDpopFetch({ session: newSession() });
    const platform = globalThis.fetch;
    try {
      globalThis.fetch = async () => new Response("stand-in");
      expect(await (await dpopFetch("https://a.example/")).text()).toBe("stand-in");
      Reflect.set(globalThis, "fetch", undefined);
      await expect(dpopFetch("https://a.example/")).rejects.toThrow(/^fetch must /);
    } finally {
      globalThis.fetch = platform;
    }
  });

  test("one that has no Response, no clone and no streams", async () => {
    const server = await start(resourceReply, "n1");
    const fetch = async (url: string, init?: { headers?: Iterable<readonly string[]> }) => {
      const headers = Object.fromEntries(init?.headers ?? []);
      const { status, headers: got } = await globalThis.fetch(url, { headers });
      return { status, headers: new Map(got) };
    };
    const dpopFetch = createDpopFetch({ session: newSession(), fetch });
    expectTypeOf(dpopFetch).toEqualTypeOf(fetch); // it takes no body, so none that is made
    const headers = new Map([["Authorization", `DPoP ${TOKEN}`]]);
    expect((await dpopFetch(server.origin, { headers })).status).toBe(200);
    expect(verdicts(server)).toEqual(["nonce_missing", "ok"]);
  });

  test.each(["cancel", "destroy"])(
    "the body of a first response is thrown away: %s",
    async (way) => {
      let thrown = 0;
      let calls = 0;
      const fetch: PlainFetch = async () => {
        if (++calls === 2) return respond(200);
        const headers = new Headers({
          "www-authenticate": "DPoP error=use_dpop_nonce",
          "dpop-nonce": "n",
        });
        const dismiss = () => {
          thrown++;
          throw new Error("locked");
        };
        return { status: 401, headers, body: { [way]: dismiss } } as ResponseLike;
      };
      const dpopFetch = createDpopFetch({ session: newSession(), fetch });
      expect((await dpopFetch("https://a.example/")).status).toBe(200);
      expect([calls, thrown]).toEqual([2, 1]);
    },
  );

  test("a session with an asynchronous signer", async () => {
    const server = await start(tokenReply, "n1");
    const { alg, publicJwk, sign } = signerOf("ES256");
    const signer: AsyncSigner = { alg, publicJwk, sign: async (data) => sign(data) };
    const session = createAsyncClientSession({ signer, backend: noble });
    const response = await createDpopFetch({ session })(server.origin, { method: "POST" });
    expect(response.status).toBe(200);
    expect(verdicts(server)).toEqual(["nonce_missing", "ok"]);
  });

  test("has the type of the fetch that it was given, and of the platform's by default", () => {
    const session = newSession();
    expectTypeOf(createDpopFetch({ session })).toExtend<typeof globalThis.fetch>();
    expectTypeOf(createDpopFetch({ session, fetch })).toExtend<typeof fetch>();
    expectTypeOf(createDpopFetch<PlainFetch>({ session })).toExtend<PlainFetch>();
    expect(createDpopFetch({ session })).toBeTypeOf("function");
  });

  test("one that resolves to no response is a TypeError that names it", async () => {
    for (const answer of [undefined, "text", { status: 200 }]) {
      const fetch: PlainFetch = async () => answer as never;
      const dpopFetch = createDpopFetch({ session: newSession(), fetch });
      await expect(dpopFetch("https://a.example/")).rejects.toThrow(/^response(\.headers)? must /);
    }
  });

  test("the error of a connection that is cut propagates", async () => {
    const http = createServer((incoming) => incoming.socket.destroy());
    await new Promise<void>((listening) => http.listen(0, "127.0.0.1", listening));
    const { port: number } = http.address() as AddressInfo;
    const dpopFetch = createDpopFetch({ session: newSession() });
    await expect(dpopFetch(`http://127.0.0.1:${number}/`)).rejects.toThrow(TypeError);
    http.close();
  });
});

describe("a programmer's mistake is a TypeError that names the argument", () => {
  const session = newSession();

  test.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ["a misspelt option", { session, fetsh: fetch }, /^options must /],
    ["no session", {}, /^session must /],
    [
      "a session without observe",
      { session: { ...session, observe: 1 } },
      /^session.observe must /,
    ],
    ["a fetch that is not a function", { session, fetch: "fetch" }, /^fetch must /],
    ["null for fetch", { session, fetch: null }, /^fetch must /],
    ["a session that makes no proofs", { session: { ...session, buildProof: null } }, /^session.buildProof must /], // prettier-ignore
    ["a session that judges no answer", { session: { ...session, shouldRetry: null } }, /^session.shouldRetry must /], // prettier-ignore
    ["a session that knows no nonce", { session: { ...session, nonceFor: null } }, /^session.nonceFor must /], // prettier-ignore
    ["a session with another policy for Bearer", { session: { ...session, unboundTokens: "x" } }, /^unboundTokens must /], // prettier-ignore
    ["what a proof has besides as it is", { session, proofFor: {} }, /^proofFor must be a function/], // prettier-ignore
    ["a bound below 0", { session, maxBufferedBody: -1 }, /^maxBufferedBody must be from 0 to /],
    ["a bound over a gibibyte", { session, maxBufferedBody: 2 ** 30 + 1 }, /to 1073741824 bytes$/],
    ["half a byte", { session, maxBufferedBody: 0.5 }, /^maxBufferedBody must be a whole number/],
    ["another word for assertions", { session, clientAssertions: "twice" }, /^clientAssertions must be "once" or "repeated"/], // prettier-ignore
    ["another word for bursts", { session, bursts: "none" }, /^bursts must be "queued" or "parallel"/], // prettier-ignore
  ])("%s", (_, options, message) => {
    expect(() => createDpopFetch(options as never)).toThrow(message);
  });

  const url = "https://a.example/";
  test.each<[string, unknown, unknown, RegExp]>([
    ["no input", undefined, undefined, /^input must /],
    ["an object that is no URL", {}, undefined, /^input must /],
    ["a Request for init", url, new Request(url), /^init must /],
    ["null for init", url, null, /^init must /],
    ["a method that is no text", url, { method: 1 }, /^method must /],
    ["a method that is no token", url, { method: "GET X" }, /^method must /],
    ["headers that are text", url, { headers: "a: b" }, /^headers must /],
    ["headers that are a number", url, { headers: 5 }, /^headers must /],
    ["headers that are true", url, { headers: true }, /^headers must /],
    ["headers that are false", url, { headers: false }, /^headers must /],
    ["headers that are empty text", url, { headers: "" }, /^headers must /],
    ["headers that are 0", url, { headers: 0 }, /^headers must /],
    ["headers that are a function", url, { headers: () => [] }, /^headers must /],
    ["two fields that would be one token", url, { headers: [["Authorization", "DPoP abc"], ["authorization", "def"]] }, /^headers.auth/], // prettier-ignore
    ["a Request whose headers are null", { url, headers: null }, undefined, /^headers must /],
    ["headers in words of two letters", url, { headers: new Set(["ab"]) }, /^headers must /],
    ["a name of a header that is no text", url, { headers: [[1, "a"]] }, /^headers must /],
    ["headers in threes", url, { headers: [["a", "b", "c"]] }, /^headers must /],
    ["no token behind DPoP", url, { headers: { authorization: "DPoP" } }, /^headers.auth/],
    ["two tokens", url, { headers: { authorization: "DPoP a b" } }, /^headers.auth/],
    ["two fields", url, { headers: [["Authorization", "DPoP a"], ["authorization", "DPoP b"]] }, /^headers.auth/], // prettier-ignore
    ["a token that is no text", url, { headers: { authorization: 1 } }, /^headers.auth/],
  ])("of a call, as a rejection: %s", async (_, input, init, message) => {
    const dpopFetch = createDpopFetch({ session });
    const call = dpopFetch(input as string, init as RequestInit);
    await expect(call).rejects.toThrow(TypeError);
    await expect(call).rejects.toThrow(message);
  });
});
