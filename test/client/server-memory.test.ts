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
    expect(memory.nonce("https://b.example", "authorization")).toBeUndefined();
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
          expect(memory.nonce(origin, role)).toBe(known?.[role]);
          if (nonce !== undefined) memory.keepNonce(origin, role, nonce);
          if (nonce === undefined && known === undefined) continue;
          model.delete(origin);
          model.set(origin, nonce === undefined ? { ...known } : { ...known, [role]: nonce });
          if (model.size > MOST) model.delete([...model.keys()][0] ?? "");
        }
        for (let number = 0; number <= 2 * MOST; number++) {
          const origin = `https://${number}.example`;
          expect(memory.nonce(origin, "resource")).toBe(model.get(origin)?.resource);
          expect(memory.nonce(origin, "authorization")).toBe(model.get(origin)?.authorization);
        }
      }),
      runs(20),
    );
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
