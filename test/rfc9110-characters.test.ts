// RFC 9110 sections 5.6.2 and 11.2: the characters of a token and of a token68.
import { expect, test } from "vitest";
import { isToken68Unit, isTokenUnit, runEnd } from "../src/input/http.js";

/** More than all of ASCII and Latin-1. */
const UNITS = Array.from({ length: 0x300 }, (_, unit) => unit);

test("tchar", () => {
  for (const unit of [...UNITS, 0xff41, 0xffff, Number.NaN, -1]) {
    const isOne = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/.test(characterOf(unit));
    expect([unit, isTokenUnit(unit)]).toEqual([unit, isOne]);
  }
});

test("token68, without the equals signs at its end", () => {
  for (const unit of [...UNITS, 0xff41, 0xffff, Number.NaN, -1]) {
    const isOne = /^[A-Za-z0-9._~+/-]$/.test(characterOf(unit));
    expect([unit, isToken68Unit(unit)]).toEqual([unit, isOne]);
  }
});

test("a run ends behind the last of its units", () => {
  expect([0, 2, 3, 6].map((at) => runEnd("ab c/d", at, isTokenUnit))).toEqual([2, 2, 4, 6]);
  expect(runEnd("ab", 0, isTokenUnit)).toBe(2);
});

test("a run ends with its text, whatever is asked of its units", () => {
  const seen: number[] = [];
  const end = runEnd("ab", 0, (unit) => {
    seen.push(unit);
    return seen.length < 5;
  });
  expect([end, seen]).toEqual([2, [0x61, 0x62]]);
});

function characterOf(unit: number): string {
  return unit >= 0 ? String.fromCharCode(unit) : "";
}
