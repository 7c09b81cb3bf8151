// Plain http is only for this machine: RFC 9449 section 11.8 and RFC 6750 section 5.3 count on TLS, since a token that can be
// read on the way is only as safe as its key, and what it fetches is not safe at all.
import {
  type AsyncSigner,
  createAsyncClientSession,
  createAsyncResourceServer,
  createAsyncVerifier,
  createClientSession,
  createDpopFetch,
  createProof,
  createProofAsync,
  createResourceServer,
  createVerifier,
  noble,
  normalizeHtu,
  type ResourceServer,
  verifyProof,
  verifyProofAsync,
} from "dpop-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isHttpUrl, isLoopback, readPlainHttp, type PlainHttp } from "../src/proof/htu.js";
import { claimsOf } from "./client/support/client.js";
import { runs, signerOf, unitOf } from "./support/arbitraries.js";
import { mint, NOW } from "./support/mint.js";
import {
  accessTokens,
  API_URL,
  apiProof,
  apiRequest,
  authenticate,
  BOUND,
  TOKEN,
  type TestRequest,
  tokensOf,
} from "./support/resource.js";
import { optionsOf, outcome } from "./support/run.js";
import type { PlainFetch } from "../src/client/fetch.js";

/** This machine, beyond doubt. */
const LOOPBACK = [
  "http://localhost",
  "http://localhost/",
  "http://localhost:3000",
  "http://localhost:3000/a?b#c",
  "http://localhost:/a",
  "http://localhost?a",
  "http://localhost#a",
  "http://localhost/@evil.example/",
  "http://localhost?@evil.example/",
  "http://localhost#@evil.example/",
  "HTTP://LOCALHOST:3000/",
  "http://LocalHost/",
  "http://127.0.0.1",
  "http://127.0.0.1:8080/a",
  "http://127.0.0.0/",
  "http://127.1.20.199/",
  "http://127.255.255.255/",
  "http://[::1]",
  "http://[::1]/a",
  "http://[::1]:80/",
  "http://[::1]?a",
];

/** Another machine, or what some parser or resolver could take for one. */
const ELSEWHERE: readonly (readonly [string, string])[] = [
  ["a host", "http://a.example/"],
  ["a private address", "http://10.0.0.1/"],
  ["every address", "http://0.0.0.0/"],
  ["the address before 127.0.0.0/8", "http://126.255.255.255/"],
  ["the address behind it", "http://128.0.0.1/"],
  ["localhost as a user name", "http://localhost@evil.example/"],
  ["localhost as a user name with a password", "http://localhost:80@evil.example/"],
  ["an address as a user name", "http://127.0.0.1@evil.example/"],
  ["[::1] as a user name", "http://[::1]@evil.example/"],
  ["[::1] as a user name with a password", "http://[::1]:80@evil.example/"],
  ["a user name before localhost", "http://user@localhost/"],
  ["localhost as a path", "http://evil.example/localhost"],
  ["localhost as a query", "http://evil.example?localhost"],
  ["localhost as a fragment", "http://evil.example#localhost"],
  ["localhost behind an at sign in a query", "http://evil.example?@localhost/"],
  ["localhost behind an at sign in a fragment", "http://evil.example#@localhost/"],
  ["a domain that begins with localhost", "http://localhost.evil.example/"],
  ["a domain that begins with an address", "http://127.0.0.1.evil.example/"],
  ["a domain that ends in localhost", "http://evil-localhost/"],
  ["localhost and a letter", "http://localhosts/"],
  ["localhost with a dot behind", "http://localhost./"],
  ["a name under .localhost", "http://app.localhost/"],
  ["an address with a dot behind", "http://127.0.0.1./"],
  ["an address in short", "http://127.1/"],
  ["an address of three numbers", "http://127.0.1/"],
  ["an address of five numbers", "http://127.0.0.1.1/"],
  ["an address in octal", "http://0177.0.0.1/"],
  ["a number in octal", "http://127.0.0.010/"],
  ["a number with a zero before it", "http://127.0.0.01/"],
  ["two zeros", "http://127.00.0.1/"],
  ["an address in hexadecimal", "http://0x7f.0.0.1/"],
  ["a number in hexadecimal", "http://127.0.0.0x1/"],
  ["an address in one number", "http://2130706433/"],
  ["a number out of range", "http://127.0.0.256/"],
  ["a number of four digits", "http://127.0.0.1000/"],
  ["an empty number", "http://127..0.1/"],
  ["an empty last number", "http://127.0.0./"],
  ["a letter in a number", "http://127.0.0.1a/"],
  ["a number with an exponent", "http://127.0.0.1e1/"],
  ["a number with a minus", "http://127.0.0.-1/"],
  ["a number with a plus", "http://127.0.0.+1/"],
  ["a colon for a digit", "http://127.0.0.:/"],
  ["a slash in the address", "http://127.0.0/.1"],
  ["digits outside ASCII", "http://\uff11\uff12\uff17.0.0.1/"],
  ["dots outside ASCII", "http://127\u30020\u30020\u30021/"],
  ["letters outside ASCII", "http://loc\u24d0lhost/"],
  ["every IPv6 address", "http://[::]/"],
  ["another IPv6 address", "http://[::2]/"],
  ["[::1] in full", "http://[0:0:0:0:0:0:0:1]/"],
  ["127.0.0.1 as IPv6", "http://[::ffff:127.0.0.1]/"],
  ["[::1] with a zone", "http://[::1%25lo]/"],
  ["[::1] and a domain", "http://[::1].evil.example/"],
  ["[::1] and letters", "http://[::1]evil.example/"],
  ["[::1] without its end", "http://[::1/"],
  ["::1 without brackets", "http://::1/"],
  ["localhost in brackets", "http://[localhost]/"],
  ["an escaped letter", "http://%6cocalhost/"],
  ["an escaped letter at the end", "http://localhos%74/"],
  ["an escaped dot", "http://localhost%2eevil.example/"],
  ["an escaped digit", "http://127.0.0.%31/"],
  ["an escaped at sign", "http://localhost%40evil.example/"],
  ["a backslash behind the host", "http://localhost\\.evil.example/"],
  ["a backslash and an at sign", "http://localhost\\@evil.example/"],
  ["a tab in the host", "http://local\thost/"],
  ["a tab behind the host", "http://localhost\t.evil.example/"],
  ["a line break behind the host", "http://localhost\n@evil.example/"],
  ["a space behind the host", "http://localhost /"],
  ["a port that is no number", "http://localhost:8a/"],
  ["a port and a domain", "http://localhost:80.evil.example/"],
  ["two ports", "http://localhost:80:80/"],
  ["a port out of range", "http://localhost:99999/"],
  ["no host", "http://"],
  ["an empty host", "http:///localhost/"],
  ["only a port", "http://:80/"],
];

/** No http at all, on whatever host and under whatever policy. */
const OTHERS: readonly (readonly [string, string])[] = [
  ["http without slashes", "http:localhost/"],
  ["http with one slash", "http:/localhost/"],
  ["a space before it", " http://localhost/"],
  ["only the scheme", "http:"],
  ["only https", "https:"],
  ["ftp", "ftp://localhost/"],
  ["ftps", "ftps://localhost/"],
  ["file", "file://localhost/"],
  ["ws", "ws://localhost/"],
  ["wss", "wss://localhost/"],
  ["httpx", "httpx://localhost/"],
  ["ftp, with https at its end", "ftp://localhost/https://"],
  ["no scheme", "localhost/"],
  ["nothing", ""],
];

const REFUSED = /^url must begin with https:\/\/.*plainHttp/;
const SIGNER = signerOf("ES256");
const LATER: AsyncSigner = { ...SIGNER, sign: async (data) => SIGNER.sign(data) };

describe("loopback hosts", () => {
  test.each(LOOPBACK)("%s is one", (url) => {
    expect(isLoopback(url)).toBe(true);
    expect(normalizeHtu(url)).not.toBeNull();
  });

  test.each(ELSEWHERE)("%s is not loopback: %j", (_, url) => {
    expect(isLoopback(url)).toBe(false);
    expect(isHttpUrl(url, "loopback")).toBe(false);
    expect(isHttpUrl(url, "anywhere")).toBe(true); // whether it is a URI, normalizeHtu says
  });

  test.each(OTHERS)("%s is no http URL: %j", (_, url) => {
    expect([isHttpUrl(url, "loopback"), isHttpUrl(url, "anywhere")]).toEqual([false, false]);
  });

  test.each(["https://a.example/", "HTTPS://a.example/", "Https://10.0.0.1"])(
    "%s needs no loopback",
    (url) => expect(isHttpUrl(url, "loopback")).toBe(true),
  );

  test("whatever is taken for one, the platform takes for one too", () => {
    const piece = fc.oneof(
      fc.constantFrom("localhost", "LOCALHOST", "127.0.0.1", "127", "[::1]", "evil.example"),
      fc.constantFrom(".", ":", "@", "\\", "/", "?", "#", "%", "\t", "\n", " ", "0", "1", "80"),
      fc.string({ unit: unitOf("lo127.:@/\\%[]?#\t\u0130\u017f\u212a"), maxLength: 3 }),
    );
    const url = fc
      .tuple(fc.constantFrom("http://", "HTTP://"), fc.array(piece, { minLength: 1, maxLength: 5 }))
      .map(([scheme, pieces]) => scheme + pieces.join(""));
    let taken = 0;
    fc.assert(
      fc.property(url, (text) => {
        if (!isLoopback(text) || !URL.canParse(text)) return;
        taken++;
        const { hostname, username, password } = new URL(text);
        expect(hostname).toMatch(/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/);
        expect(username + password).toBe("");
      }),
      runs(5000),
    );
    expect(taken).toBeGreaterThan(100);
  });

  test.each(["1", ".", "1.", "127.", "a", "[", "]", ":", "@", "/", "?", "#", "%"])(
    "a megabyte of %j is looked at in linear time",
    (piece) => {
      for (const start of ["", "127.0.0.", "[::1]", "localhost:"]) {
        const url = `http://${start}${piece.repeat(2 ** 20 / piece.length)}`;
        const begin = process.cpuUsage();
        isLoopback(url);
        const { user, system } = process.cpuUsage(begin);
        expect(user + system).toBeLessThan(3_000_000); // microseconds; quadratic takes minutes
      }
    },
  );
});

describe("a verifier", () => {
  const at = (url: string) => ({ method: "POST", url, now: NOW });

  test.each(LOOPBACK)("takes %s", async (url) => {
    const htu = normalizeHtu(url);
    expect(await outcome(mint({ claims: { htu } }), { url })).toBe("ok");
  });

  test.each([...ELSEWHERE, ...OTHERS])("of %s: a TypeError", async (_, url) => {
    const proof = mint({ claims: { htu: url } });
    for (const plainHttp of [undefined, "loopback"] as const) {
      expect(() => createVerifier(optionsOf({ plainHttp })).verify(proof, at(url))).toThrow(
        TypeError,
      );
      expect(() => verifyProof(proof, at(url), optionsOf({ plainHttp }))).toThrow(REFUSED);
      await expect(
        createAsyncVerifier(optionsOf({ plainHttp })).verify(proof, at(url)),
      ).rejects.toThrow(REFUSED);
      await expect(verifyProofAsync(proof, at(url), optionsOf({ plainHttp }))).rejects.toThrow(
        TypeError,
      );
    }
  });

  test("says that the URL outside a proxy is wanted, and echoes nothing", () => {
    const message = /behind a proxy that ends TLS it is the URL outside/;
    const run = () => createVerifier(optionsOf()).verify(mint(), at("http://inside.example/token"));
    expect(run).toThrow(message);
    expect(run).not.toThrow(/inside\.example/);
  });

  test.each(["http://a.example/x", "http://10.0.0.1:8080/", "http://app.localhost/"])(
    "with plainHttp anywhere takes %s",
    (url) => {
      const verifier = createVerifier(optionsOf({ plainHttp: "anywhere" }));
      const proof = mint({ claims: { htu: url } });
      expect(verifier.verify(proof, at(url))).toMatchObject({ ok: true });
      expect(verifier.plainHttp).toBe("anywhere");
    },
  );

  test.each(OTHERS)("with plainHttp anywhere does not take %s", (_, url) => {
    const verifier = createVerifier(optionsOf({ plainHttp: "anywhere" }));
    expect(() => verifier.verify(mint(), at(url))).toThrow(REFUSED);
  });

  test("an htu of another scheme, or of another host, is a mismatch", async () => {
    for (const htu of [
      "http://server.example.com/token",
      "http://localhost/token",
      "http://evil.example/token",
    ]) {
      expect(await outcome(mint({ claims: { htu } }))).toBe("htu_mismatch");
    }
    const url = "http://localhost:3000/token";
    for (const htu of ["https://localhost:3000/token", "http://127.0.0.1:3000/token"]) {
      expect(await outcome(mint({ claims: { htu } }), { url })).toBe("htu_mismatch");
    }
  });
});

describe("a resource server", () => {
  const anyUrl = "http://api.example/x";
  const unboundTokens = "accepted" as const;
  const asked: readonly (readonly [string, Partial<TestRequest>])[] = [
    ["a proof", {}],
    ["no proof", { proof: null }],
    ["a Bearer token", { authorization: `Bearer ${TOKEN}`, binding: { unbound: true } }],
    ["a bound token as Bearer", { authorization: `Bearer ${TOKEN}` }],
    ["no credentials", { authorization: null, proof: null }],
    ["credentials that can't be read", { authorization: "???" }],
    ["a foreign scheme", { authorization: "Basic YTpi" }],
  ];

  test.each(asked)("with %s: a TypeError for http elsewhere", async (_, { binding, ...over }) => {
    const verifier = createVerifier(optionsOf());
    const later = createAsyncVerifier(optionsOf());
    for (const url of [anyUrl, "http://localhost@evil.example/", "ftp://localhost/", "/x", ""]) {
      const request = apiRequest({ ...over, url });
      const options = { accessTokens: tokensOf(binding ?? BOUND), unboundTokens };
      const server = createResourceServer({ verifier, ...options });
      expect(() => server.authenticate(request)).toThrow(TypeError);
      expect(() => server.authenticate(request)).toThrow(REFUSED);
      const async = createAsyncResourceServer({ verifier: later, ...options });
      await expect(async.authenticate(request)).rejects.toThrow(REFUSED);
    }
  });

  test.each(asked)(
    "with %s: the same answer on loopback, and where http is let in",
    async (_, over) => {
      const answer = async (url: string, plainHttp?: PlainHttp): Promise<unknown> => {
        const request = { proof: apiProof({ claims: { htu: url } }), ...over, url };
        const { ok, ...result } = await authenticate(request, {
          unboundTokens,
          policy: { plainHttp },
        });
        return [ok, "failure" in result ? result.failure.code : "let in"];
      };
      const onHttps = await answer("https://api.example/x");
      expect(await answer("http://localhost:3000/x")).toEqual(onHttps);
      expect(await answer("http://127.0.0.1:3000/x", "loopback")).toEqual(onHttps);
      expect(await answer(anyUrl, "anywhere")).toEqual(onHttps);
    },
  );

  test("over a verifier of the programmer's own holds to what that says, loopback by default", () => {
    const { algs, verify } = createVerifier(optionsOf({ plainHttp: "anywhere" }));
    const request = apiRequest({ url: anyUrl, proof: apiProof({ claims: { htu: anyUrl } }) });
    const server = (own: object): ResourceServer =>
      createResourceServer({ verifier: { algs, verify, ...own }, accessTokens });
    expect(server({}).authenticate(apiRequest()).ok).toBe(true);
    expect(() => server({}).authenticate(request)).toThrow(REFUSED);
    expect(() => server({ plainHttp: "loopback" }).authenticate(request)).toThrow(REFUSED);
    expect(server({ plainHttp: "anywhere" }).authenticate(request).ok).toBe(true);
    for (const plainHttp of [true, null, "", "Anywhere"]) {
      expect(() => server({ plainHttp })).toThrow(/^verifier\.plainHttp must be "loopback" or/);
    }
  });
});

describe("a client", () => {
  const options = { signer: SIGNER, backend: noble };
  const token = { method: "GET", accessToken: TOKEN };

  test.each(LOOPBACK)("makes proofs for %s", async (url) => {
    const session = createClientSession(options);
    const later = createAsyncClientSession({ ...options, signer: LATER });
    const all = [
      createProof(SIGNER, { ...token, url }),
      await createProofAsync(LATER, { ...token, url }),
      session.buildProof({ ...token, url }),
      await later.buildProof({ ...token, url }),
    ];
    for (const proof of all) expect(claimsOf(proof).htu).toBe(normalizeHtu(url));
  });

  test.each([...ELSEWHERE, ...OTHERS])("of %s makes none: a TypeError", async (_, url) => {
    const request = { ...token, url };
    for (const plainHttp of [undefined, "loopback"] as const) {
      const own = { backend: noble, plainHttp };
      expect(() => createProof(SIGNER, request, own)).toThrow(REFUSED);
      await expect(createProofAsync(LATER, request, own)).rejects.toThrow(REFUSED);
      const session = createClientSession({ ...options, plainHttp });
      expect(() => session.buildProof(request)).toThrow(TypeError);
      expect(() => session.buildProof(request)).toThrow(/^url must /);
      const later = createAsyncClientSession({ ...options, signer: LATER, plainHttp });
      await expect(later.buildProof(request)).rejects.toThrow(/^url must /);
    }
  });

  test.each([...ELSEWHERE, ...OTHERS])("sends nothing to %s", async (_, url) => {
    const sent: unknown[] = [];
    const fetch: PlainFetch = async (input) => {
      sent.push(input);
      return { status: 200, headers: new Headers() };
    };
    const headers = { authorization: `DPoP ${TOKEN}` };
    const dpopFetch = createDpopFetch({ session: createClientSession(options), fetch });
    for (const input of [url, { href: url }, { url }]) {
      await expect(dpopFetch(input, { headers })).rejects.toThrow(/^(url|input) must /);
    }
    const later = createAsyncClientSession({ ...options, signer: LATER });
    await expect(createDpopFetch({ session: later, fetch })(url)).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });

  test("with plainHttp anywhere makes proofs for any host, and sends", async () => {
    const sent: unknown[] = [];
    const fetch: PlainFetch = async (input) => {
      sent.push(input);
      return { status: 200, headers: new Headers() };
    };
    const url = "http://a.example:8080/x";
    const own = { ...options, plainHttp: "anywhere" } as const;
    const session = createClientSession(own);
    const later = createAsyncClientSession({ ...own, signer: LATER });
    const all = [
      createProof(SIGNER, { ...token, url }, { plainHttp: "anywhere" }),
      await createProofAsync(LATER, { ...token, url }, { plainHttp: "anywhere" }),
      session.buildProof({ ...token, url }),
      await later.buildProof({ ...token, url }),
    ];
    for (const proof of all) expect(claimsOf(proof).htu).toBe(url);
    await createDpopFetch({ session, fetch })(url);
    await createDpopFetch({ session: later, fetch })({ href: url });
    expect(sent).toEqual([url, url]);
  });

  test.each(OTHERS)("with plainHttp anywhere makes no proof for %s", (_, url) => {
    expect(() => createProof(SIGNER, { ...token, url }, { plainHttp: "anywhere" })).toThrow(
      REFUSED,
    );
  });
});

describe("the option plainHttp", () => {
  test("is one of two words; the default is loopback", () => {
    expect(readPlainHttp("loopback")).toBe("loopback");
    expect(readPlainHttp("anywhere")).toBe("anywhere");
    expect(readPlainHttp(undefined)).toBe("loopback");
  });

  test.each([null, true, false, 1, "", "Loopback", "none", ["anywhere"], {}])(
    "is not %j: a TypeError that names it",
    async (plainHttp) => {
      const message = /^plainHttp must be "loopback" or "anywhere"$/;
      const wrong: object = { plainHttp };
      const request = { method: "GET", url: API_URL };
      expect(() => createVerifier({ ...optionsOf(), ...wrong })).toThrow(TypeError);
      expect(() => createVerifier({ ...optionsOf(), ...wrong })).toThrow(message);
      expect(() => createAsyncVerifier({ ...optionsOf(), ...wrong })).toThrow(message);
      expect(() => createProof(SIGNER, request, wrong)).toThrow(message);
      await expect(createProofAsync(LATER, request, wrong)).rejects.toThrow(message);
      expect(() => createClientSession({ signer: SIGNER, ...wrong })).toThrow(message);
      expect(() => createAsyncClientSession({ signer: SIGNER, ...wrong })).toThrow(message);
    },
  );

  test("is loopback by default", () => {
    expect(createVerifier(optionsOf()).plainHttp).toBe("loopback");
    expect(createAsyncVerifier(optionsOf()).plainHttp).toBe("loopback");
  });
});
