// RFC 9110 section 5.6.7: dates; RFC 9449 section 11.1: a client whose clock is wrong.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHttpDate, readClockOffset } from "../../src/client/clock.js";
import { anyText, runs, unitOf } from "../support/arbitraries.js";
import { respond } from "./support/client.js";

describe("RFC 9110 §5.6.7: IMF-fixdate", () => {
  test("the example of the RFC", () => {
    expect(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT")).toBe(784_111_777);
  });

  test("every second that has one is read as it was meant", () => {
    const dates = fc.date({
      min: new Date("0000-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        const read = parseHttpDate(date.toUTCString());
        // Date.parse takes the first hundred years for those of other centuries.
        if (date.getUTCFullYear() < 100) expect(read).toBeNull();
        else expect(read).toBe(Math.floor(date.getTime() / 1000));
      }),
      runs(500),
    );
  });

  test.each([
    ["nothing", ""],
    ["RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT"],
    ["asctime", "Sun Nov  6 08:49:37 1994"],
    ["another zone", "Sun, 06 Nov 1994 08:49:37 UTC"],
    ["small letters", "sun, 06 nov 1994 08:49:37 gmt"],
    ["the wrong day of the week", "Mon, 06 Nov 1994 08:49:37 GMT"],
    ["a day that does not exist", "Thu, 31 Nov 1994 08:49:37 GMT"],
    ["a month that does not exist", "Sun, 06 Nox 1994 08:49:37 GMT"],
    ["a month between two", "Sun, 06 anF 1994 08:49:37 GMT"],
    ["24 hours", "Sun, 06 Nov 1994 24:49:37 GMT"],
    ["60 seconds", "Sun, 06 Nov 1994 08:49:60 GMT"],
    ["a sign", "Sun, 06 Nov 1994 08:49:+7 GMT"],
    ["a space for a digit", "Sun,  6 Nov 1994 08:49:37 GMT"],
    ["no comma", "Sun  06 Nov 1994 08:49:37 GMT"],
    ["two dates", "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT"],
    ["a year of five digits", "Mon, 01 Jan 12345 00:00:00 GMT"],
    ["a space behind", "Sun, 06 Nov 1994 08:49:37 GMT "],
  ])("%s is no such date", (_, text) => {
    expect(parseHttpDate(text)).toBeNull();
  });

  test("no text makes it throw, and none is read that would be written otherwise", () => {
    const almost = fc
      .tuple(fc.nat(28), unitOf("0123456789 ,:SunNovGMT\u0660"))
      .map(([at, unit]) => {
        const text = "Sun, 06 Nov 1994 08:49:37 GMT";
        return text.slice(0, at) + unit + text.slice(at + 1);
      });
    fc.assert(
      fc.property(fc.oneof(almost, anyText), (text) => {
        const read = parseHttpDate(text);
        if (read !== null) expect(new Date(read * 1000).toUTCString()).toBe(text);
      }),
      runs(1000),
    );
  });
});

describe("how far a server's clock is from ours", () => {
  const date = "Sun, 06 Nov 1994 08:49:37 GMT";
  const theirs = 784_111_777;

  test.each([
    ["ahead", theirs - 3600, 3600],
    ["behind", theirs + 3600, -3600],
    ["2 seconds", theirs - 2, 2],
    ["a little less than 2 seconds", theirs - 1.9, 0],
    ["the same", theirs, 0],
  ])("%s", (_, now, offset) => {
    expect(readClockOffset(respond(401, { date }), now)).toBe(offset);
  });

  test.each([
    ["an error", 400, {}],
    ["a challenge", 401, {}],
    ["a challenge that is asked for again every time", 401, { "cache-control": "no-cache" }],
    ["an error of the server that no cache may keep", 503, { "cache-control": "no-store" }],
    ["what no cache may keep", 200, { "cache-control": "no-store" }],
    [
      "no-store among others, in any case",
      302,
      { "cache-control": "private,No-Store , max-age=0" },
    ],
  ])("is known from %s", (_, status, headers) => {
    expect(readClockOffset(respond(status, { ...headers, date }), theirs - 60)).toBe(60);
  });

  test.each([
    ["nothing said of caches", 200, {}],
    ["a redirect", 302, {}],
    ["a response that the platform hides", 0, {}],
    ["a copy that was found valid", 304, { "cache-control": "no-cache" }],
    ["an error that caches keep by themselves", 404, {}],
    ["a challenge that is to be kept", 401, { "cache-control": "private, Max-Age=60" }],
    ["an error with a time to keep it", 400, { expires: date }],
    ["another directive", 200, { "cache-control": "no-cache, private, max-age=0, no-storex" }],
    ["an Age, whatever else is said", 200, { "cache-control": "no-store", age: "0" }],
  ])("is not known where a cache may have kept it: %s", (_, status, headers) => {
    expect(readClockOffset(respond(status, { ...headers, date }), theirs - 60)).toBeNull();
  });

  test.each([
    ["no Date", {}],
    ["a Date that is not a date", { date: "yesterday" }],
    ["a Date out of a cache", { date, age: "0" }],
  ])("is not known from %s", (_, headers) => {
    expect(readClockOffset(respond(400, headers), 0)).toBeNull();
  });
});
