// htu (RFC 9449 section 4.3 item 9): URIs to their normal form, those that have it already and those that are far from it.
import { normalizeHtu } from "dpop-core";
import { type BenchCase, type BenchGroup, syncCase } from "./case.js";

const NORMAL = "https://resource.example.org/accounts/4711/transfers";

export function htuGroups(): readonly BenchGroup[] {
  return [
    {
      name: "normalizeHtu",
      cases: () => [
        normalized("in normal form", NORMAL, NORMAL),
        normalized("with a query", `${NORMAL}?amount=100&currency=EUR`, NORMAL),
        normalized(
          "escapes, dots, capitals and a port",
          "HTTPS://Resource.Example.ORG:443/a/./b/../%61ccounts/%34711/transfers%2f",
          "https://resource.example.org/a/accounts/4711/transfers%2F",
        ),
        normalized("4 KiB of dot segments", `${NORMAL}${"/a/..".repeat(808)}`, `${NORMAL}/`),
        normalized(
          "4 KiB of escapes",
          `${NORMAL}/${"%61".repeat(1347)}`,
          `${NORMAL}/${"a".repeat(1347)}`,
        ),
        refused("4 KiB with a space at the end", `${NORMAL}/${"a".repeat(4042)} `),
      ],
    },
  ];
}

function normalized(name: string, uri: string, normal: string): BenchCase {
  return syncCase(name, () => normalizeHtu(uri), {
    right: (answer) => answer === normal,
    counterpart: () => normalizeHtu(uri.replace("//", "//user@")) === null,
  });
}

function refused(name: string, uri: string): BenchCase {
  return syncCase(name, () => normalizeHtu(uri), {
    right: (answer) => answer === null,
    counterpart: () => normalizeHtu(uri.trimEnd()) !== null,
  });
}
