// The page: what is typed or pasted is explained at once, in this page.
import { explainProofAsync } from "dpop-core/explain";
import { webcrypto } from "dpop-core/webcrypto";
import { type Field, type Fields, subjectOf } from "./input.js";
import { type KeyAlg, KINDS, makeKey, mint, type PageKey } from "./mint.js";
import { claimsIn, numberIn } from "./segments.js";
import { detailsView, verdictView } from "./view.js";

const FIELDS: readonly Field[] = ["pasted", "method", "url", "token", "jkt", "nonce", "now"];
const EXAMPLE = "https://api.example/things";

let key: PageKey | undefined;
/** Counts what was asked, so that a slow answer never replaces a later one. */
let asked = 0;

const clock = (): number => Math.floor(Date.now() / 1000);

function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

function control(id: Field): HTMLInputElement | HTMLTextAreaElement {
  return id === "pasted" ? byId(id, HTMLTextAreaElement) : byId(id, HTMLInputElement);
}

function fieldsNow(): Fields {
  const entries = FIELDS.map((id) => [
    id,
    id === "pasted" ? control(id).value : control(id).value.trim(),
  ]);
  return Object.fromEntries(entries);
}

async function show(): Promise<void> {
  const turn = ++asked;
  const verdict = byId("verdict", HTMLElement);
  const details = byId("details", HTMLElement);
  const subject = subjectOf(fieldsNow(), clock());
  if (subject === null) {
    verdict.className = "";
    verdict.textContent = "Paste a proof, or make one.";
    details.replaceChildren();
    return;
  }
  const { proof, request, nonce, notes } = subject;
  const explanation = await explainProofAsync(proof, request, { backend: webcrypto, nonce });
  if (turn !== asked) return;
  verdict.className = explanation.verdict.ok ? "good" : "bad";
  verdict.replaceChildren(...verdictView(explanation, notes));
  details.replaceChildren(...detailsView(explanation, proof));
}

/** Shows what went wrong where the page, not the proof, is at fault: a browser without an algorithm, say. */
function run(action: () => Promise<void>): void {
  action().catch((error: unknown) => {
    const verdict = byId("verdict", HTMLElement);
    verdict.className = "bad";
    verdict.textContent = `This browser can't do that: ${error instanceof Error ? error.message : "it gives no reason"}`;
  });
}

async function newKey(): Promise<PageKey> {
  const alg: KeyAlg = byId("alg", HTMLSelectElement).value === "Ed25519" ? "Ed25519" : "ES256";
  key = await makeKey(alg);
  byId("key-note", HTMLElement).textContent =
    `The page has a key for ${alg}, with the thumbprint ${key.jkt}.`;
  return key;
}

async function mintProof(): Promise<void> {
  const { alg } = key ?? {};
  const signer =
    key !== undefined && alg === byId("alg", HTMLSelectElement).value ? key : await newKey();
  const fields = fieldsNow();
  control("method").value = fields.method || "GET";
  control("url").value = fields.url || EXAMPLE;
  const { method, url, token, nonce } = fieldsNow();
  const target = { method, url, token, nonce, now: clock() };
  control("pasted").value = await mint(byId("kind", HTMLSelectElement).value, signer, target);
  control("now").value = "";
  await show();
}

/** An old proof is judged as of the second in which it was made. */
async function takeIat(): Promise<void> {
  const { proof = [] } = subjectOf(fieldsNow(), clock()) ?? {};
  control("now").value = String(numberIn(claimsIn(proof[0] ?? ""), "iat") ?? "");
  await show();
}

for (const [name, { title }] of KINDS) byId("kind", HTMLSelectElement).add(new Option(title, name));
byId("form", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
for (const id of FIELDS) control(id).addEventListener("input", () => run(show));
byId("make-key", HTMLButtonElement).addEventListener("click", () =>
  run(async () => void (await newKey())),
);
byId("mint", HTMLButtonElement).addEventListener("click", () => run(mintProof));
byId("at-iat", HTMLButtonElement).addEventListener("click", () => run(takeIat));
run(show);
