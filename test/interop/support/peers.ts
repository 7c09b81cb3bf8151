// What both directions need: the version of a peer, for the titles of tests, and guards for JSON that comes from one.
import { existsSync, readFileSync } from "node:fs";

/** The name of an installed peer with its version. */
export function peer(name: string): string {
  const places = [`../node_modules/${name}/`, `../../../node_modules/${name}/`];
  const found = places
    .map((place) => new URL(`${place}package.json`, import.meta.url))
    .find((file) => existsSync(file));
  if (found === undefined) throw new Error(`${name} is not installed`);
  const manifest: unknown = JSON.parse(readFileSync(found, "utf8"));
  return `${name} ${textMember(manifest, "version")}`;
}

/** A member of what should be a JSON object; undefined where it is not an object, or has no such member of its own. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name]; // an object with that member, as was just checked
}

/** The same, where a test can't go on with anything but a string. */
export function textMember(value: unknown, name: string): string {
  const found = member(value, name);
  if (typeof found === "string") return found;
  throw new Error(`${name} should be a string, in ${JSON.stringify(value)}`);
}
