// JSON of files and servers: a text to an object, whatever it is.

/** Returns the object that a text of JSON is; null for everything else. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    return value as Readonly<Record<string, unknown>>; // an object, as was just checked
  } catch {
    return null;
  }
}
