// Properties of normalizeHtu: one form for every spelling of a URL, the platform's where the platform has one.
import { normalizeHtu } from "dpop-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  anyText,
  dotSegment,
  hostName,
  plainSegment,
  port,
  queryAndFragment,
  respell,
  runs,
  targetOf,
  urlParts,
} from "../support/arbitraries.js";

/** Pieces that mean something in a URL, put together at random. */
const urlLike = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "/",
        ".",
        "..",
        "%2e",
        "%2E",
        "%2f",
        "%25",
        "%",
        "%4",
        "%41",
        "%c3%a9",
        "%C3",
      ),
      fc.constantFrom(
        "a",
        "B",
        "@",
        ":",
        "[",
        "]",
        "[::1]",
        ":443",
        ":80",
        "?",
        "#",
        "\\",
        " ",
        "é",
      ),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 20 },
  )
  .chain((pieces) =>
    fc
      .constantFrom(
        "https://a.example",
        "http://",
        "HTTPS://a.example/",
        "https://[2001:DB8::1]",
        "",
      )
      .map((start) => start + pieces.join("")),
  );

describe("for any text", () => {
  test("the form of a form is the form, and nothing is thrown", () => {
    let normal = 0;
    fc.assert(
      fc.property(
        fc.oneof({ weight: 1, arbitrary: anyText }, { weight: 4, arbitrary: urlLike }),
        (uri) => {
          const form = normalizeHtu(uri);
          if (form === null) return;
          normal++;
          expect(normalizeHtu(form)).toBe(form);
        },
      ),
      runs(5000),
    );
    expect(normal).toBeGreaterThan(500);
  });

  test("query and fragment never matter, whatever they hold", () => {
    fc.assert(
      fc.property(urlLike, queryAndFragment, (uri, query) => {
        const [bare = ""] = uri.split(/[?#]/);
        expect(normalizeHtu(bare + query)).toBe(normalizeHtu(bare));
      }),
      runs(2000),
    );
  });

  test("a form is a scheme, a host in small letters and a path, in printable ASCII with whole escapes", () => {
    const shape = /^https?:\/\/(?:[^/?#@\\A-Z%]|%[0-9A-F]{2})+\/(?:[!"$&->@-[\]-~]|%[0-9A-F]{2})*$/;
    fc.assert(
      fc.property(urlLike, (uri) => {
        const form = normalizeHtu(uri);
        if (form !== null) expect(form).toMatch(shape);
      }),
      runs(2000),
    );
  });
});

describe("for URLs with known parts", () => {
  test("every spelling has the form that is put together from the parts", () => {
    fc.assert(
      fc.property(urlParts, fc.gen(), (parts, g) => {
        expect(normalizeHtu(respell(parts, () => g(fc.boolean)))).toBe(targetOf(parts));
      }),
      runs(1000),
    );
  });

  test("other parts have another form", () => {
    fc.assert(
      fc.property(urlParts, urlParts, fc.constantFrom("host", "port", "segments"), (a, b, part) => {
        const other = { ...a, [part]: b[part] };
        fc.pre(targetOf(other) !== targetOf(a));
        expect(normalizeHtu(targetOf(other))).not.toBe(normalizeHtu(targetOf(a)));
      }),
      runs(1000),
    );
  });
});

test("where the platform's URL has to agree, it does", () => {
  const path = fc
    .array(fc.oneof({ weight: 3, arbitrary: plainSegment }, { weight: 1, arbitrary: dotSegment }))
    .map((segments) => segments.map((segment) => `/${segment}`).join(""));
  const scheme = fc.constantFrom("https", "http", "HTTPS", "hTTp");
  fc.assert(
    fc.property(
      scheme,
      hostName,
      port,
      path,
      queryAndFragment,
      (name, host, behind, way, query) => {
        const uri = `${name}://${host}${behind}${way}${query}`;
        const { origin, pathname } = new URL(uri);
        expect(normalizeHtu(uri)).toBe(origin + pathname);
      },
    ),
    runs(3000),
  );
});
