// Command lines of curl, as a person or a browser's developer tools wrote them, to the requests that they send. The text
// is a stranger's: nothing here throws, nothing is run, and it takes linear time.
import type { CapturedRequest } from "./captured.js";

/** Returns the requests of a text that begins with a command of curl; null for any other text. Without a URL, a target is undefined. */
export function readCurlCommands(text: string): readonly CapturedRequest[] | null {
  const [first = [], ...more] = commandsOf(shellText(text.trim().replace(/^[$%#>]\s+/, "")));
  if (!isCurl(first)) return null;
  return [first, ...more.filter(isCurl)].flatMap(requestsOf);
}

function isCurl([program = ""]: readonly string[]): boolean {
  return /(?:^|[/\\])curl(?:\.exe)?$/.test(program);
}

/** In cmd of Windows a caret stands before what it would read otherwise, and before the end of a line that goes on. */
function shellText(text: string): string {
  const caret = text.search(/\^(?:\r?\n|")/);
  if (caret === -1 || text.slice(0, caret).includes("'")) return text;
  return text.replace(/\^(?:\r?\n|([^]))/g, (_, escaped: string | undefined) => escaped ?? "");
}

/** One, or several with --next between them. */
function requestsOf([, ...words]: readonly string[]): readonly CapturedRequest[] {
  const parts: string[][] = [[]];
  for (const word of words) {
    if (word === "--next" || word === "-:") parts.push([]);
    else parts.at(-1)?.push(word);
  }
  return parts.map(requestOf);
}

function requestOf(words: readonly string[]): CapturedRequest {
  const sent: Sent = { fields: [], urls: [], method: undefined, implied: "GET", isGet: false };
  const rest = words.values();
  for (const word of rest) {
    if (word.startsWith("--")) readLong(word.slice(2), rest, sent);
    else if (word.startsWith("-") && word.length > 1) readShort(word.slice(1), rest, sent);
    else sent.urls.push(word);
  }
  const target = sent.urls.find((url) => /^https?:\/\//i.test(url)) ?? sent.urls[0];
  return {
    method: sent.method ?? (sent.isGet ? "GET" : sent.implied),
    // As curl does where the scheme is left out.
    target: target === undefined || target.includes("://") ? target : `http://${target}`,
    scheme: undefined,
    fields: sent.fields,
    response: undefined,
  };
}

/** What the options say, so far. */
interface Sent {
  readonly fields: [name: string, value: string][];
  readonly urls: string[];
  method: string | undefined;
  /** The method of a command that names none. */
  implied: string;
  /** By --get, which sends data in the URL. */
  isGet: boolean;
}

/** The options that say something of a request, by their long names. */
const LONG: Readonly<Record<string, (sent: Sent, value: string) => void>> = {
  header: addField,
  request: (sent, value) => (sent.method = value),
  url: (sent, value) => sent.urls.push(value),
  ...Object.fromEntries(
    ["data", "data-raw", "data-binary", "data-ascii", "data-urlencode", "json", "form"].map(
      (name) => [name, (sent: Sent) => (sent.implied = "POST")] as const,
    ),
  ),
  "upload-file": (sent) => (sent.implied = "PUT"),
};

/** Those without a value. */
const FLAGS: Readonly<Record<string, (sent: Sent) => void>> = {
  head: (sent) => (sent.implied = "HEAD"),
  get: (sent) => (sent.isGet = true),
};

/** Other long options that have a value, which is no URL of the request. */
const VALUED =
  "user user-agent referer cookie cookie-jar output proxy proxy-user cacert cert key config max-time connect-timeout " +
  "doh-url resolve connect-to write-out retry interface range dump-header oauth2-bearer form-string aws-sigv4 ciphers";
const WITH_VALUE = new Set(VALUED.split(" "));

const SHORT: Readonly<Record<string, string>> = {
  H: "header",
  X: "request",
  d: "data",
  F: "form",
  T: "upload-file",
  I: "head",
  G: "get",
};

/** Other letters whose options have a value. */
const VALUED_LETTERS = "ueAbcoxKmwrDEQtyYzCP";

function readLong(text: string, rest: Iterator<string>, sent: Sent): void {
  const equals = text.indexOf("=");
  const name = equals === -1 ? text : text.slice(0, equals);
  const flag = own(FLAGS, name);
  if (flag !== undefined) return flag(sent);
  const option = own(LONG, name);
  if (option === undefined && !WITH_VALUE.has(name)) return;
  option?.(sent, equals === -1 ? nextOf(rest) : text.slice(equals + 1));
  if (option === undefined && equals === -1) nextOf(rest);
}

/** A cluster of letters; the value of the last is what follows it, or the next word. */
function readShort(letters: string, rest: Iterator<string>, sent: Sent): void {
  for (const [index, letter] of [...letters].entries()) {
    const name = own(SHORT, letter) ?? "";
    own(FLAGS, name)?.(sent);
    const option = own(LONG, name);
    if (option === undefined && !VALUED_LETTERS.includes(letter)) continue;
    const value = letters.slice(index + 1) || nextOf(rest);
    option?.(sent, value);
    return;
  }
}

function nextOf(words: Iterator<string>): string {
  const { value, done } = words.next();
  return done === true ? "" : value;
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function addField(sent: Sent, line: string): void {
  const colon = line.indexOf(":");
  if (colon > 0)
    sent.fields.push([line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]);
}

/** What a backslash and a letter stand for in $'...', of those that developer tools write. */
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/**
 * The words of each command for a POSIX shell: quotes and backslashes are taken away, nothing is expanded, and what is
 * redirected is left out. A line that begins with curl is a command, also after one that does not end.
 */
function commandsOf(text: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  let word: string | null = null;
  let isFile = false; // the next word is where something is redirected to
  let isAngled = false; // the word has a placeholder, as in /things/<id>
  let isFirst = false; // the word is the first of its line
  const endWord = (): void => {
    if (word === null) return;
    if (isFirst && word === "curl") commands.push([]);
    if (!isFile) commands.at(-1)?.push(word);
    word = null;
    isFile = isAngled = isFirst = false;
  };
  const add = (piece: string): void => {
    word = (word ?? "") + piece;
  };
  for (const [, plain, ansi, double, escaped, space, operator, bare] of text.matchAll(PIECE)) {
    if (space !== undefined) {
      endWord();
      isFirst = space.includes("\n");
    } else if (operator === undefined) {
      if (escaped !== "\n")
        add(plain ?? ansiText(ansi) ?? doubleText(double) ?? escaped ?? bare ?? "");
    } else if (word !== null && (isAngled || operator === "<")) {
      add(operator);
      isAngled = true;
    } else if (/[<>]/.test(operator)) {
      if (/^\d$/.test(word ?? "")) word = null; // as in 2>&1
      endWord();
      isFile = true;
    } else {
      endWord();
      commands.push([]);
    }
  }
  endWord();
  return commands;
}

/** Of a command. An & or ; within a word is taken for a part of a URL that was pasted without quotes. */
const PIECE =
  /'([^']*)'?|\$'([^'\\]*(?:\\[\s\S][^'\\]*)*)'?|"([^"\\]*(?:\\[\s\S][^"\\]*)*)"?|\\([\s\S])|(\s+)|([|<>]+&?|[;&]+(?=\s|$))|([^\s'"\\$|<>;&]+|\$|[;&]+)/g;

function ansiText(text: string | undefined): string | undefined {
  return text?.replace(/\\(?:u([\da-fA-F]{4})|x([\da-fA-F]{2})|([\s\S]))/g, (_, u, x, one) =>
    one === undefined ? String.fromCharCode(parseInt(u ?? x, 16)) : (own(ESCAPES, one) ?? one),
  );
}

function doubleText(text: string | undefined): string | undefined {
  return text?.replace(/\\([\s\S])/g, (both, one) =>
    one === "\n" ? "" : '"\\$`'.includes(one) ? one : both,
  );
}
