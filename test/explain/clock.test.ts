// Times that are refused: why most likely, and by how much in words.
import { expect, test } from "vitest";
import { clockCause, durationOf, lifetimeCause } from "../../src/explain/clock.js";
import { NOW } from "../support/mint.js";

const WINDOW = { maxAge: 60, clockTolerance: 5 };
const HOUR = 3600;
const YEARS = 10 * 365 * 86_400;

test.each<[string, iat: number, cause: string]>([
  ["milliseconds", NOW * 1000, "milliseconds"],
  ["milliseconds of long ago", (NOW - YEARS + 1) * 1000, "milliseconds"],
  ["milliseconds of longer ago", (NOW - YEARS) * 1000, "not_epoch"],
  ["a counter", 12, "not_epoch"],
  ["ten years ago", NOW - YEARS, "stale"],
  ["more than ten years ago", NOW - YEARS - 1, "not_epoch"],
  ["two hours ahead", NOW + 2 * HOUR, "time_zone"],
  ["five and a half hours ahead", NOW + 5.5 * HOUR, "time_zone"],
  ["two hours ahead, and a minute on its way", NOW + 2 * HOUR - 60, "time_zone"],
  ["two hours ahead, and more than a minute", NOW + 2 * HOUR - 61, "clock_ahead"],
  ["two hours ahead, and within the tolerance", NOW + 2 * HOUR + 5, "time_zone"],
  ["two hours ahead, and over the tolerance", NOW + 2 * HOUR + 6, "clock_ahead"],
  ["14 hours behind, and a minute on its way", NOW - 14 * HOUR - 60, "time_zone"],
  ["15 hours behind", NOW - 15 * HOUR, "stale"],
  ["15 hours ahead", NOW + 15 * HOUR, "clock_ahead"],
  ["ten minutes behind", NOW - 600, "clock_behind"],
  ["more than ten minutes behind", NOW - 601, "stale"],
  ["now, which no window refuses", NOW, "clock_behind"],
  ["a little ahead", NOW + 6, "clock_ahead"],
])("%s", (_, iat, cause) => {
  expect(clockCause(iat, NOW, WINDOW)).toBe(cause);
});

test("a window that is shorter than a proof's way makes no zone of it", () => {
  expect(clockCause(NOW - 45, NOW, { ...WINDOW, maxAge: 30 })).toBe("clock_behind");
});

test.each([
  ["proof_expired", { exp: NOW - 1 }, "expired"],
  ["proof_expired", { exp: (NOW - 1) * 1000 }, "milliseconds"],
  ["proof_not_yet_valid", { nbf: NOW + 100 }, "not_yet_valid"],
  ["proof_not_yet_valid", { nbf: NOW * 1000, exp: NOW }, "milliseconds"],
  ["proof_not_yet_valid", { nbf: NOW + 100, exp: NOW * 1000 }, "not_yet_valid"],
])("%s: %j", (code, claims, cause) => {
  const proof = { jti: "a", htm: "GET", htu: "https://a/", iat: NOW, ...claims };
  expect(lifetimeCause(code, proof, NOW)).toBe(cause);
});

test.each([
  [0, "0 s"],
  [-1, "1 s"],
  [119, "119 s"],
  [120, "2 min"],
  [-150, "3 min"],
  [2 * HOUR - 1, "120 min"],
  [2 * HOUR, "2 h"],
  [48 * HOUR - 1, "48 h"],
  [48 * HOUR, "2 days"],
  [1000 * 24 * HOUR, "1000 days"],
  [1000 * 24 * HOUR + 1, "years"],
])("%i seconds are %s", (seconds, text) => {
  expect(durationOf(seconds)).toBe(text);
});
