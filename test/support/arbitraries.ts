// Arbitrary values for the properties: texts, JSON, requests, and the spellings that one URL can have.
import { createSigner, type SigningLabel, type SyncSigner } from "dpop-core";
import fc from "fast-check";
import { vi } from "vitest";
import { readPublicJwk } from "../../src/jose/jwk.js";
import { type KeyName, privateJwk, publicJwk } from "./keys.js";

export const SLOW: boolean = process.env["SLOW"] === "1";
export const QUICK: boolean = process.env["QUICK"] === "1"; // test:mutation, which runs them once for each mutant
if (SLOW) vi.setConfig({ testTimeout: 900_000 });

/** How often a property is tried; ten times as often under SLOW=1, half as often under QUICK=1. A failure prints its seed. */
export function runs(count: number): { readonly numRuns: number } {
  return { numRuns: SLOW ? 10 * count : QUICK ? Math.ceil(count / 2) : count };
}

const ALPHA = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
/** RFC 3986 section 2.3, without the dot: a segment of dots means something else. */
const UNRESERVED = `${ALPHA}${DIGITS}-_~`;
const SUB_DELIMS = "!$&'()*+,;=";

/** One of the characters of a text. */
export function unitOf(characters: string): fc.Arbitrary<string> {
  return fc.constantFrom(...characters);
}

function ascii(from: number, to: number, without = ""): string {
  const all = Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i));
  return all.filter((unit) => !without.includes(unit)).join("");
}

/** Any sequence of UTF-16 units, lone surrogates among them. */
export const utf16: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(fc.nat(0x7f), fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff })), // surrogates are rare otherwise
  )
  .map((units) => String.fromCharCode(...units));

/** Any text at all. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  utf16,
);

export const bytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 200 });

/** RFC 9110 section 5.6.2: token. */
export const methodToken: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("GET", "POST", "get", "PROPFIND"),
  fc.string({
    unit: unitOf(ascii(0x21, 0x7e, '"(),/:;<=>?@[\\]{}')),
    minLength: 1,
  }),
);

/** RFC 9449 section 8.1: 1*NQCHAR. */
export const nonceText: fc.Arbitrary<string> = fc.string({
  unit: unitOf(ascii(0x21, 0x7e, '"\\')),
  minLength: 1,
});

/** Printable ASCII without spaces. */
export const accessTokenText: fc.Arbitrary<string> = fc.string({
  unit: unitOf(ascii(0x21, 0x7e)),
  minLength: 1,
  maxLength: 80,
});

const label = fc
  .string({ unit: unitOf(`${UNRESERVED}${SUB_DELIMS}`), minLength: 1, maxLength: 8 })
  .filter((text) => !text.toLowerCase().startsWith("xn--")); // the platform's URL decodes punycode

/** A host that is no address: its last label begins with a letter, so that it can't be taken for a number. */
export const hostName: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(label, { maxLength: 3 }),
    fc.string({ unit: unitOf(ALPHA), minLength: 1, maxLength: 5 }),
  )
  .map(([labels, last]) => [...labels, last].join("."));

const anyHost = fc.oneof(
  hostName,
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
);

/** A port as it stands behind a host. */
export const port: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("", ":", ":80", ":443"),
  fc.nat(65535).map((number) => `:${number}`),
);

/** A path segment in its normal form, which does not begin with a dot. */
export const plainSegment: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(
    unitOf(`${UNRESERVED}${SUB_DELIMS}:@|[]`),
    fc.constantFrom("%20", "%2F", "%3F", "%23", "%25", "%C3%A9", "%00"),
  ),
  maxLength: 8,
});

/** Segments that are nothing but dots, however they are written. */
export const dotSegment: fc.Arbitrary<string> = fc.constantFrom(
  ".",
  "..",
  "%2e",
  "%2E%2e",
  ".%2e",
  "%2E.",
);

/** A query, a fragment, or both, of anything at all. */
export const queryAndFragment: fc.Arbitrary<string> = fc
  .tuple(fc.option(anyText), fc.option(anyText))
  .map(([query, fragment]) => (query === null ? "" : `?${query}`) + hash(fragment));

function hash(fragment: string | null): string {
  return fragment === null ? "" : `#${fragment}`;
}

/** The parts of an https URL that has no dot segments and is in its normal form but for the query. */
export interface UrlParts {
  readonly host: string;
  readonly port: string;
  readonly segments: readonly string[];
  readonly query: string;
}

export const urlParts: fc.Arbitrary<UrlParts> = fc.record({
  host: anyHost.map((host) => host.toLowerCase()),
  port: fc.oneof(
    fc.constant(""),
    fc
      .nat(65535)
      .filter((number) => number !== 443)
      .map((number) => `:${number}`),
  ),
  segments: fc.array(plainSegment, { minLength: 1, maxLength: 4 }),
  query: queryAndFragment,
});

/** What is compared of a URL of these parts. */
export function targetOf({ host, port: behind, segments }: UrlParts): string {
  return `https://${host}${behind}/${segments.join("/")}`;
}

/** The same URL in another spelling, by RFC 3986 sections 6.2.2 and 6.2.3; every choice is asked of `flip`. */
export function respell(
  { host, port: behind, segments, query }: UrlParts,
  flip: () => boolean,
): string {
  const cased = (text: string): string =>
    [...text].map((unit) => (flip() ? unit.toUpperCase() : unit)).join("");
  const encoded = (text: string): string =>
    [...text]
      .map((unit) => (flip() && UNRESERVED.includes(unit) ? percent(unit, flip()) : unit))
      .join("");
  const authority = host.startsWith("[") ? cased(host) : encoded(cased(host));
  const shown = behind === "" && flip() ? (flip() ? ":443" : ":") : behind;
  const path = segments
    .map((segment) => {
      const way = (flip() ? "/." : "") + (flip() ? "/x/%2e." : "");
      // The digits of an escape are no characters of the text: they must not be escaped in turn.
      return `${way}/${segment.replace(/%..|[^%]+/g, (run) => (run.startsWith("%") ? cased(run.toLowerCase()) : encoded(run)))}`;
    })
    .join("");
  return `${cased("https")}://${authority}${shown}${path}${query}`;
}

function percent(unit: string, upper: boolean): string {
  const digits = unit.charCodeAt(0).toString(16).padStart(2, "0");
  return `%${upper ? digits.toUpperCase() : digits}`;
}

/** Any JSON value, not deep, with names that mean something somewhere. */
export const jsonValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constantFrom(null, true, false, 0, "", -0, 1e300, 5e-324),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    anyText,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(jsonName(), tie("value"), { maxKeys: 4 }),
  ),
})).value;

function jsonName(): fc.Arbitrary<string> {
  return fc.oneof(
    anyText,
    fc.constantFrom("", "__proto__", "constructor", "toString", "toJSON", "length", "0", "a", "b"),
  );
}

export const jsonObject: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.dictionary(
  jsonName(),
  jsonValue,
  { maxKeys: 5 },
);

/** A signer of a fixed key over our own code; its signatures do not differ from call to call, so that a seed says all. */
export function signerOf(name: KeyName, alg?: SigningLabel): SyncSigner {
  const jwk = readPublicJwk(publicJwk(name));
  const { d } = privateJwk(name);
  if (typeof jwk === "string" || jwk.kty === "RSA" || d === undefined)
    throw new Error("no key to sign with");
  return createSigner({ ...jwk, d }, { alg });
}
