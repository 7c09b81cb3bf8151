// An explanation, as elements of the page. What a sender wrote becomes text, never markup.
import {
  describeRule,
  type ExplainedRule,
  type ExplainedTimes,
  type ExplainedUrls,
  type Explanation,
  type Fact,
} from "dpop-core/explain";
import { claimsIn, headerIn, shownJson } from "./segments.js";

type Child = Node | string;

function element(tag: string, className: string, ...children: readonly Child[]): HTMLElement {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}

/** What stands first, and is read out when it changes. */
export function verdictView(
  { verdict, rules }: Explanation,
  notes: readonly string[],
): readonly Node[] {
  const rule = verdict.ok ? undefined : rules.find(({ name }) => name === verdict.rule);
  const { text = "every rule that was checked holds", hint = "" } =
    rule === undefined ? {} : describeRule(rule);
  const place = rule === undefined ? "" : `, ${placeOf(rule)}`;
  return [
    element("h2", "", `${verdict.ok ? "Accepted" : "Refused"}: ${text}`),
    ...(verdict.ok ? [] : [element("p", "", element("code", "", verdict.code), place)]),
    ...(hint === "" ? [] : [element("p", "", hint)]),
    ...notes.map((note) => element("p", "note", note)),
  ];
}

function placeOf({ item, section }: ExplainedRule): string {
  return `RFC 9449 section ${section}${item === undefined ? "" : ` item ${item}`}`;
}

/** All that is known, part by part. */
export function detailsView(
  explanation: Explanation,
  [proof = ""]: readonly string[],
): readonly Node[] {
  const { urls, times, rules, proof: found } = explanation;
  return [
    ...(urls === undefined ? [] : urlsView(urls)),
    ...(times === undefined ? [] : timesView(times)),
    element("h3", "", "Rules"),
    rulesView(rules),
    element("h3", "", "Header"),
    element("pre", "", shownJson(headerIn(proof))),
    element("h3", "", "Claims"),
    element("pre", "", shownJson(claimsIn(proof))),
    element("h3", "", "Thumbprint of the key"),
    element("p", "", element("code", "", found.jkt ?? "can't be computed: there is no valid key")),
  ];
}

function urlsView({ htu, url, difference }: ExplainedUrls): readonly Node[] {
  const side = (label: string, { written, normal }: ExplainedUrls["htu"]): readonly Node[] => [
    element("dt", "", label),
    element(
      "dd",
      "",
      ...(difference === undefined
        ? [normal ?? written]
        : marked(normal ?? written, difference.index)),
    ),
  ];
  const said =
    difference === undefined ? "The URLs do not differ." : `They differ in the ${difference.part}.`;
  const isInvalid = htu.normal === null || url.normal === null;
  return [
    element("h3", "", "URLs"),
    element("dl", "", ...side("htu, in the proof", htu), ...side("url, that the server saw", url)),
    element("p", "note", isInvalid ? "One is no URL that can be compared." : said),
  ];
}

/** From the first character that differs. */
function marked(text: string, index: number): readonly Child[] {
  return index >= text.length
    ? [text, element("mark", "", " (ends here)")]
    : [text.slice(0, index), element("mark", "", text.slice(index))];
}

/** The moments of a proof, with what is said of each. */
function momentsOf({ iat, exp, nbf, now }: ExplainedTimes): readonly (readonly [string, number])[] {
  const all: readonly (readonly [string, number | undefined])[] = [
    ["iat", iat],
    ["nbf", nbf],
    ["exp", exp],
    ["now", now],
  ];
  return all.flatMap(([name, time]) => (time === undefined ? [] : [[name, time]]));
}

function timesView(times: ExplainedTimes): readonly Node[] {
  const { now, window, acceptUntil } = times;
  const moments = momentsOf(times);
  const words = moments.map(([name, time]) =>
    element(
      "li",
      "",
      element("code", "", name),
      ` ${dateOf(time)}${name === "now" ? "" : `, ${spanOf(time - now)}`}`,
    ),
  );
  const allowed =
    window === undefined
      ? acceptUntil === undefined
        ? "The nonce decides the time."
        : `The nonce decides the time: it is accepted until ${dateOf(acceptUntil)}.`
      : `iat is accepted from ${spanOf(window.earliest - now)} to ${spanOf(window.latest - now)}.`;
  return [
    element("h3", "", "Time"),
    timeLine(moments, window),
    element("ul", "", ...words),
    element("p", "note", allowed),
  ];
}

function spanOf(seconds: number): string {
  if (seconds === 0) return "now";
  return `${Math.abs(seconds)} s ${seconds < 0 ? "before" : "after"} now`;
}

function dateOf(time: number): string {
  const date = new Date(time * 1000);
  return Number.isNaN(date.getTime()) ? String(time) : `${date.toISOString().slice(0, 19)}Z`;
}

/** A drawing for eyes; the list below it says the same. */
function timeLine(
  moments: readonly (readonly [string, number])[],
  window: ExplainedTimes["window"],
): HTMLElement {
  const ends = window === undefined ? [] : [window.earliest, window.latest];
  const all = [...moments.map(([, time]) => time), ...ends];
  const first = Math.min(...all);
  const span = Math.max(Math.max(...all) - first, 1);
  const percent = (seconds: number): string => `${(seconds / span) * 100}%`;
  const line = element("div", "line");
  if (window !== undefined) {
    const accepted = element("div", "window");
    accepted.style.left = percent(window.earliest - first);
    accepted.style.width = percent(window.latest - window.earliest);
    line.append(accepted);
  }
  const track = element("div", "track", line);
  track.setAttribute("aria-hidden", "true");
  for (const [name, time] of moments) {
    const tick = element("div", `tick ${name}`, element("span", "", name));
    tick.style.left = percent(time - first);
    line.append(tick);
  }
  return track;
}

function rulesView(rules: readonly ExplainedRule[]): HTMLElement {
  const head = ["Item", "Verdict", "Rule"].map((text) => {
    const cell = element("th", "", text);
    cell.setAttribute("scope", "col");
    return cell;
  });
  const rows = rules.map((rule) => {
    const place = element("th", "place", rule.item ?? `§ ${rule.section}`);
    place.setAttribute("scope", "row");
    const style = rule.status === "passed" || rule.status === "failed" ? rule.status : "quiet";
    return element("tr", "", place, element("td", `status ${style}`, rule.status), ruleCell(rule));
  });
  return element(
    "table",
    "",
    element("caption", "", "RFC 9449 section 4.3, and what other sections add"),
    element("thead", "", element("tr", "", ...head)),
    element("tbody", "", ...rows),
  );
}

function ruleCell(rule: ExplainedRule): HTMLElement {
  const { title, text, hint } = describeRule(rule);
  const lines: (string | undefined)[] =
    rule.status === "not reached"
      ? [`Needs what ${rule.after ?? "form"} would have given.`]
      : [text, hint];
  const facts =
    rule.status !== "failed"
      ? []
      : [factLine("expected", rule.expected), factLine("found", rule.found)];
  return element(
    "td",
    "",
    title,
    ...lines.flatMap((line) => (line === undefined ? [] : [element("p", "note", line)])),
    ...facts.flat(),
  );
}

function factLine(label: string, fact: Fact | undefined): readonly Node[] {
  if (fact === undefined) return [];
  const text = fact === null ? "nothing" : typeof fact === "string" ? fact : JSON.stringify(fact);
  return [element("p", "note", `${label} `, element("code", "", text))];
}
