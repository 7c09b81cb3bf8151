// A strict reader of WWW-Authenticate for tests (RFC 9110 sections 5.6 and 11): it shares no code with the library, and
// throws where the grammar is broken.

export interface ReadChallenge {
  readonly scheme: string;
  readonly params: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const QUOTED = /"((?:[\t !#-[\]-~]|\\[\t !-~])*)"/y;

export function readChallenges(field: string): readonly ReadChallenge[] {
  const challenges: { scheme: string; params: Record<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(field);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  const value = (): string => {
    const quoted = take(QUOTED);
    if (quoted !== null) return (quoted[1] ?? "").replaceAll(/\\(.)/g, "$1");
    throw new Error(`a quoted-string was expected at ${at} of ${field}`);
  };
  for (;;) {
    const [name] = take(TOKEN) ?? [];
    if (name === undefined) throw new Error(`a token was expected at ${at} of ${field}`);
    const last = challenges.at(-1);
    if (take(/=/y) !== null) {
      if (last === undefined) throw new Error("a parameter before any scheme");
      if (name in last.params) throw new Error(`${name} stands twice`);
      last.params[name] = value();
    } else {
      challenges.push({ scheme: name, params: {} });
      if (take(/ (?=[^ ,])/y) !== null) continue; // the first parameter follows
    }
    if (at === field.length) return challenges;
    if (take(/, /y) === null) throw new Error(`a comma was expected at ${at} of ${field}`);
  }
}
