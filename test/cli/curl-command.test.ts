// A command of curl, read for `explain`: the words as a shell has them, the request as curl sends it.
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCurlCommands } from "../../src/cli/base/curl-command.js";

const request = (command: string) => {
  const [read = null] = readCurlCommands(command) ?? [];
  if (read === null) return null;
  const { method, target, fields } = read;
  return { method, target, fields: fields.map((field) => field.join("=")) };
};

const HERE = "https://api.example/things?page=2";

describe("the request that curl sends", () => {
  test.each([
    [`curl ${HERE}`, { method: "GET", target: HERE, fields: [] }],
    [`$ curl -sS '${HERE}'`, { method: "GET", target: HERE, fields: [] }],
    [`/usr/bin/curl --url=${HERE}`, { method: "GET", target: HERE, fields: [] }],
    ["curl api.example/a", { method: "GET", target: "http://api.example/a", fields: [] }],
    [`curl -I ${HERE}`, { method: "HEAD", target: HERE, fields: [] }],
    [`curl -T file ${HERE}`, { method: "PUT", target: HERE, fields: [] }],
    [`curl -d a=b ${HERE}`, { method: "POST", target: HERE, fields: [] }],
    [`curl --json '{"a":1}' ${HERE}`, { method: "POST", target: HERE, fields: [] }],
    [`curl -Gd a=b ${HERE}`, { method: "GET", target: HERE, fields: [] }],
    [`curl -d a=b -XPATCH ${HERE}`, { method: "PATCH", target: HERE, fields: [] }],
    [`curl -sSX DELETE ${HERE}`, { method: "DELETE", target: HERE, fields: [] }],
    [`curl --request=DELETE ${HERE}`, { method: "DELETE", target: HERE, fields: [] }],
    [
      `curl -H 'DPoP: a.b.c' -H "Authorization: DPoP t" -HX:1 ${HERE}`,
      { method: "GET", target: HERE, fields: ["dpop=a.b.c", "authorization=DPoP t", "x=1"] },
    ],
    // What is the value of another option is no URL and no request.
    [
      `curl -o out -x http://proxy.example -u a:b --max-time 3 ${HERE}`,
      {
        method: "GET",
        target: HERE,
        fields: [],
      },
    ],
    [`curl ${HERE} | dpop-core explain -H 'X: 1'`, { method: "GET", target: HERE, fields: [] }],
    [`curl --doh-url https://1.1.1.1/dns ${HERE}`, { method: "GET", target: HERE, fields: [] }],
    [`curl ${HERE}|jq .`, { method: "GET", target: HERE, fields: [] }],
    [`curl ${HERE}; echo`, { method: "GET", target: HERE, fields: [] }],
    [`curl ${HERE} 2>&1`, { method: "GET", target: HERE, fields: [] }],
    [`curl -s 2>log ${HERE} >out`, { method: "GET", target: HERE, fields: [] }],
    [
      "curl https://api.example/things/<id> -H 'DPoP: a.b.c'",
      { method: "GET", target: "https://api.example/things/<id>", fields: ["dpop=a.b.c"] },
    ],
    // Not as a shell reads it: it was pasted without its quotes.
    [
      `curl ${HERE}&size=3 -H 'DPoP: a.b.c'`,
      { method: "GET", target: `${HERE}&size=3`, fields: ["dpop=a.b.c"] },
    ],
    ["curl -H 'DPoP: a.b.c'", { method: "GET", target: undefined, fields: ["dpop=a.b.c"] }],
  ])("%s", (command, expected) => {
    expect(request(command)).toEqual(expected);
  });

  test.each(["", "curl", "GET /a HTTP/1.1", "curly https://a.example", "DPoP: curl a.b.c"])(
    "%j is no command with a request",
    (text) => {
      expect(request(text)?.target).toBeUndefined();
    },
  );

  test("as Chromium and Firefox copy it", () => {
    const chromium = `curl '${HERE}' \\\n  -X 'PUT' \\\n  -H 'dpop: a.b.c' \\\n  -H $'x-note: it\\'s \\u0041' \\\n  --data-raw $'a\\nb' \\\n  --compressed`;
    const firefox = `curl '${HERE}' --compressed -X PUT -H 'dpop: a.b.c' -H "x-note: it's A" --data-raw 'a'`;
    const expected = { method: "PUT", target: HERE, fields: ["dpop=a.b.c", "x-note=it's A"] };
    expect([request(chromium), request(firefox)]).toEqual([expected, expected]);
  });
});

test("as Chromium copies it for cmd of Windows, in its two ways", () => {
  const older = `curl "${HERE}" ^\r\n  -X "PUT" ^\r\n  -H "dpop: a.b.c" ^\r\n  -H "x-note: \\"A\\" 100^%^" ^\r\n  --compressed`;
  const newer = `curl ^"${HERE}^" ^\r\n  -X ^"PUT^" ^\r\n  -H ^"dpop: a.b.c^" ^\r\n  -H ^"x-note: ^\\^"A^\\^" 100^%^"`;
  const fields = ["dpop=a.b.c", 'x-note="A" 100%'];
  expect(request(older)).toEqual({ method: "PUT", target: HERE, fields });
  expect(request(newer)).toEqual({ method: "PUT", target: HERE, fields });
  expect(request(`${newer} ^\r\n  --data-raw ^"O'Brien^"`)?.fields).toEqual(fields);
  const caret = `curl '${HERE}' -H 'x-note: ^"'`;
  expect(request(caret)?.fields).toEqual(['x-note=^"']);
});

test.each([
  ["with ;", `curl '${HERE}' ;\ncurl -I '${HERE}' ;\nls ${HERE}`],
  ["with --next", `curl ${HERE} --next -I ${HERE}`],
  ["with -:", `curl ${HERE} -: -I ${HERE}`],
  ["in lines", `curl ${HERE} \\\n  -H curl:\ncurl -I ${HERE}`],
  ["with &&", `curl ${HERE} && /usr/bin/curl -I ${HERE} > curl`],
])("several commands: %s", (_, text) => {
  const read = readCurlCommands(text)?.map(({ method, target }) => [method, target]);
  expect(read).toEqual([
    ["GET", HERE],
    ["HEAD", HERE],
  ]);
});

/** The words that a shell hands to curl. */
function wordsOfShell(command: string): readonly string[] {
  const { stdout, status } = spawnSync("bash", [
    "-c",
    `curl() { printf '%s\\0' "$@"; }\n${command}`,
  ]);
  if (status !== 0) throw new Error(`the shell ended with ${status}`);
  return stdout.toString("utf8").split("\0").slice(0, -1);
}

test("property: words are those of a real shell", () => {
  const inQuotes = fc.string({ unit: fc.constantFrom(..."ab:/ \t#;|&<>*~{}[]()!?=") });
  const piece = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."ab:/=."), minLength: 1 }),
    inQuotes.map((text) => `'${text}"\\'`),
    inQuotes.map((text) => `"${text}'\\"\\\\\\a"`),
    inQuotes.map((text) => `$'${text}"\\'\\n\\x41\\u0042\\\\'`),
    fc.constantFrom("\\ ", "\\'", '\\"', "\\a", "\\\n", "\\\\"),
  );
  const word = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(""));
  const end = fc.constantFrom("", ";", "; :", " && :", "|cat", " | cat", " 2>&1", " 2>/dev/null");
  const values = fc.array(word, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(values, fc.constantFrom(" ", "  ", " \\\n ", "\t"), end, (list, space, rest) => {
      const command = ["curl", ...list.map((value) => `-H x:${value}`)].join(space) + rest;
      const words = wordsOfShell(command).filter((one) => one !== "-H");
      const fields = words.map((one) => `x=${one.slice(2).trim()}`);
      expect(request(command)?.fields).toEqual(fields);
    }),
    { numRuns: 150 },
  );
});

test("property: no text throws", () => {
  const unit = fc.constantFrom(..."curl -H'\"\\$\n a:/=\u0000\ud800", "__proto__", "--data", "$'");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 200 }), (text) => {
      readCurlCommands(`curl ${text}`);
      readCurlCommands(text);
    }),
  );
});

test.each([
  ["words", "a ", ""],
  ["quotes", "''", ""],
  ["one quoted word", "\\a", '"'],
  ["escapes", "\\u0041", "$'"],
  ["backslashes", "\\", ""],
  ["headers", "-H a:b ", ""],
  ["URLs", "--url=a ", ""],
  ["operators", ";", ""],
  ["operators with letters", ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;a", ""],
  ["placeholders", "<>a", "a"],
  ["redirections", ">a>a<b", ""],
  ["lines", "\ncurl ", ""],
  ["commands", "; curl ", ""],
  ["requests", "--next ", ""],
  ["carets", "^", '^"'],
])("hostile %s of 1 MB take less than a second", (_, unit, start) => {
  const text = `curl ${start}${unit.repeat(Math.ceil(1_000_000 / unit.length))}x`;
  const started = performance.now();
  readCurlCommands(text);
  expect(performance.now() - started).toBeLessThan(1000);
});
