// RFC 9449 sections 8.2 and 9: what is remembered of each server, and how much of it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createServerMemory, readOrigin, type ServerRole } from "../../src/client/server-memory.js";
import { nonceText, queryAndFragment, runs, urlParts } from "../support/arbitraries.js";

const MOST = 256;

describe("the memory of nonces", () => {
  test("the latest wins", () => {
    const memory = createServerMemory();
    memory.keepNonce("https://a.example", "resource", "1");
    memory.keepNonce("https://a.example", "resource", "2");
    expect(memory.nonce("https://a.example", "resource")).toBe("2");
  });

  test("[9-2] each origin and each role has its own", () => {
    const memory = createServerMemory();
    memory.keepNonce("https://a.example", "resource", "api");
    memory.keepNonce("https://a.example", "authorization", "server");
    memory.keepNonce("https://b.example", "resource", "other");
    expect(memory.nonce("https://a.example", "resource")).toBe("api");
    expect(memory.nonce("https://a.example", "authorization")).toBe("server");
    expect(memory.nonce("https://c.example", "authorization")).toBeUndefined();
  });

  test("a role without a nonce of its own gets that of the other one, of the same origin only", () => {
    const memory = createServerMemory();
    memory.keepNonce("https://a.example", "authorization", "1");
    expect(memory.nonce("https://a.example", "resource")).toBe("1");
    expect(memory.nonce("https://b.example", "resource")).toBeUndefined();
    memory.keepNonce("https://a.example", "resource", "2");
    expect(memory.nonce("https://a.example", "authorization")).toBe("1");
  });

  test("one that was refused is not lent again, and an own one is not dropped", () => {
    const memory = createServerMemory();
    memory.stopLending("https://a.example", "resource"); // nothing to lend yet
    memory.keepNonce("https://a.example", "authorization", "1");
    expect(memory.nonce("https://a.example", "resource")).toBe("1");
    memory.stopLending("https://a.example", "authorization");
    memory.stopLending("https://a.example", "resource");
    expect(memory.nonce("https://a.example", "resource")).toBeUndefined();
    expect(memory.nonce("https://a.example", "authorization")).toBe("1");
    memory.keepNonce("https://a.example", "resource", "2");
    expect(memory.nonce("https://a.example", "resource")).toBe("2");
    memory.stopLending("https://a.example", "resource"); // both have their own now
    expect(memory.nonce("https://a.example", "resource")).toBe("2");
  });

  test("a clock offset and the nonces of an origin do not change each other", () => {
    const memory = createServerMemory();
    memory.keepNonce("https://a.example", "resource", "n");
    memory.keepClockOffset("https://a.example", 7);
    expect(memory.nonce("https://a.example", "resource")).toBe("n");
    memory.keepNonce("https://a.example", "resource", "m");
    expect(memory.clockOffset("https://a.example")).toBe(7);
    expect(memory.clockOffset("https://b.example")).toBe(0);
  });

  test("asking leaves nothing behind", () => {
    const memory = createServerMemory();
    const known = Array.from({ length: MOST }, (_, number) => `https://${number}.example`);
    for (const origin of known) memory.keepNonce(origin, "resource", origin);
    memory.nonce("https://a.example", "resource");
    memory.clockOffset("https://b.example");
    expect(known.map((origin) => memory.nonce(origin, "resource"))).toEqual(known);
  });

  type Known = Partial<Record<ServerRole, string>> | undefined;
  const lent = (known: Known, role: ServerRole): string | undefined =>
    known?.[role] ?? known?.[role === "resource" ? "authorization" : "resource"];

  const step = fc.record({
    origin: fc.nat(2 * MOST).map((number) => `https://${number}.example`),
    role: fc.constantFrom<ServerRole>("resource", "authorization"),
    nonce: fc.option(nonceText, { nil: undefined }), // undefined: asked for, not kept
  });

  test("256 origins are remembered, and those that were used last", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 600, maxLength: 1200 }), (steps) => {
        const memory = createServerMemory();
        const model = new Map<string, Partial<Record<ServerRole, string>>>();
        for (const { origin, role, nonce } of steps) {
          const known = model.get(origin);
          expect(memory.nonce(origin, role)).toBe(lent(known, role));
          if (nonce !== undefined) memory.keepNonce(origin, role, nonce);
          if (nonce === undefined && known === undefined) continue;
          model.delete(origin);
          model.set(origin, nonce === undefined ? { ...known } : { ...known, [role]: nonce });
          if (model.size > MOST) model.delete([...model.keys()][0] ?? "");
        }
        for (let number = 0; number <= 2 * MOST; number++) {
          const origin = `https://${number}.example`;
          const known = model.get(origin);
          for (const role of ["resource", "authorization"] as const)
            expect(memory.nonce(origin, role)).toBe(lent(known, role));
        }
      }),
      runs(20),
    );
  });
});

describe("what is stored over a reload", () => {
  const full = (): ReturnType<typeof createServerMemory> => {
    const memory = createServerMemory();
    memory.keepNonce("https://a.example", "resource", "1");
    memory.keepNonce("http://localhost:3000", "authorization", "2");
    memory.keepClockOffset("http://localhost:3000", -7);
    return memory;
  };

  test("all of it comes back, through JSON", () => {
    const state = full().state();
    expect(state).toEqual({
      servers: [
        { origin: "https://a.example", nonces: { resource: "1" } },
        { origin: "http://localhost:3000", nonces: { authorization: "2" }, clockOffset: -7 },
      ],
    });
    const other = createServerMemory();
    other.restore(JSON.parse(JSON.stringify(state)), true);
    expect(other.state()).toEqual(state);
    expect(other.nonce("https://a.example", "resource")).toBe("1");
    expect(other.clockOffset("http://localhost:3000")).toBe(-7);
  });

  test("no clock offset where none is wanted", () => {
    const other = createServerMemory();
    other.restore(full().state(), false);
    expect(other.clockOffset("http://localhost:3000")).toBe(0);
    expect(other.nonce("http://localhost:3000", "authorization")).toBe("2");
  });

  test("it is added to what is known, and wins", () => {
    const memory = createServerMemory();
    memory.keepNonce("https://a.example", "authorization", "own");
    memory.keepNonce("https://a.example", "resource", "old");
    memory.keepNonce("https://b.example", "resource", "b");
    memory.restore(full().state(), true);
    expect(memory.nonce("https://a.example", "authorization")).toBe("own");
    expect(memory.nonce("https://a.example", "resource")).toBe("1");
    expect(memory.nonce("https://b.example", "resource")).toBe("b");
  });

  test("what was refused of the other role is not stored", () => {
    const memory = full();
    memory.stopLending("https://a.example", "authorization");
    expect(memory.state().servers).toContainEqual({
      origin: "https://a.example",
      nonces: { resource: "1" },
    });
  });

  test("of any number of servers 256 are taken, the last", () => {
    const servers = Array.from({ length: 400 }, (_, n) => ({
      origin: `https://${n}.example`,
      nonces: { resource: `n${n}` },
    }));
    const memory = createServerMemory();
    memory.restore({ servers }, true);
    expect(memory.state().servers).toEqual(servers.slice(-MOST));
  });

  test("no more than the last 256 are read, so that a state of any length costs as little", () => {
    const damaged = Array.from({ length: MOST }, () => null);
    const server = { origin: "https://a.example", nonces: { resource: "n" } };
    const memory = createServerMemory();
    memory.restore({ servers: [server, ...damaged] }, true);
    expect(memory.state()).toEqual({ servers: [] });
    memory.restore({ servers: [server, ...damaged.slice(1)] }, true);
    expect(memory.state()).toEqual({ servers: [server] });
  });

  test.each([undefined, null, "{}", 5, []])("what is no object is a TypeError: %j", (state) => {
    expect(() => createServerMemory().restore(state, true)).toThrow(/^state must be an object/);
  });

  test.each<[string, unknown]>([
    ["no list", {}],
    ["no servers in it", { servers: [null, undefined, 1, "x", []] }],
    ["an origin in another form", { servers: [{ origin: "https://A.example", nonces: { resource: "n" } }] }], // prettier-ignore
    ["a URL with a path", { servers: [{ origin: "https://a.example/x", nonces: { resource: "n" } }] }], // prettier-ignore
    ["a URL with a slash", { servers: [{ origin: "https://a.example/", nonces: { resource: "n" } }] }], // prettier-ignore
    ["another scheme", { servers: [{ origin: "ftp://a.example", nonces: { resource: "n" } }] }],
    ["no origin", { servers: [{ nonces: { resource: "n" } }] }],
  ])("what is damaged is left out, and no error: %s", (_, state) => {
    const memory = createServerMemory();
    memory.restore(state, true);
    expect(memory.state()).toEqual({ servers: [] });
  });

  test.each<[string, unknown]>([
    ["nonces that are no object", "x"],
    ["nonces that are null", null],
    ["a nonce with a space", { resource: "a b" }],
    ["a nonce that is far too long", { resource: "a".repeat(1025) }],
    ["a nonce that is no text", { resource: 1, authorization: null }],
    ["a role that there is not", { other: "n" }],
  ])("a nonce that can't be one is left out: %s", (_, nonces) => {
    const memory = createServerMemory();
    memory.restore({ servers: [{ origin: "https://a.example", nonces, clockOffset: "1" }] }, true);
    expect(memory.nonce("https://a.example", "resource")).toBeUndefined();
    expect(memory.clockOffset("https://a.example")).toBe(0);
  });

  test.each([1e11, -1e11])("the widest offset that leads to a time is taken: %s", (clockOffset) => {
    const memory = createServerMemory();
    memory.restore({ servers: [{ origin: "https://a.example", nonces: {}, clockOffset }] }, true);
    expect(memory.clockOffset("https://a.example")).toBe(clockOffset);
  });

  test.each([NaN, Infinity, 1e12])("nor is a time out of all time taken: %s", (clockOffset) => {
    const memory = createServerMemory();
    memory.restore({ servers: [{ origin: "https://a.example", nonces: {}, clockOffset }] }, true);
    expect(memory.clockOffset("https://a.example")).toBe(0);
  });
});

describe("origins", () => {
  test("are those of the platform's URL", () => {
    fc.assert(
      fc.property(urlParts, queryAndFragment, ({ host, port, segments }, rest) => {
        fc.pre(!host.startsWith("[")); // the platform rewrites addresses
        const url = `https://${host}${port}/${segments.join("/")}`;
        expect(readOrigin(url + rest)).toBe(new URL(url).origin);
      }),
      runs(300),
    );
  });

  test.each([
    ["the host's capitals", "https://A.Example/x", "https://a.example"],
    ["the scheme's capitals", "HTTPS://a.example/x", "https://a.example"],
    ["the default port", "https://a.example:443/x", "https://a.example"],
    ["no path", "https://a.example?x", "https://a.example"],
    ["an address", "http://[::1]:3000/x", "http://[::1]:3000"],
  ])("do not depend on %s", (_, url, origin) => {
    expect(readOrigin(url)).toBe(origin);
  });

  test.each(["", "/path", "a.example", "ftp://a.example/", "https://u@a.example/", "https://a b/"])(
    "%j has none: a TypeError",
    (url) => {
      expect(() => readOrigin(url)).toThrow(TypeError);
    },
  );
});
