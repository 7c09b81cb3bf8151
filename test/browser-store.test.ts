// The store of dpop-core/browser over an IndexedDB that fails: what fails once is tried again, and where it fails again the
// page goes on in memory.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openStore } from "../src/browser/store.js";
import { createIndexedDb } from "./support/indexed-db.js";

let database = createIndexedDb();

beforeEach(() => {
  database = createIndexedDb();
  vi.stubGlobal("indexedDB", database);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const HOW = ["closed", "aborted", "aborted without a reason"] as const;

test.each(HOW)("a transaction that is %s once is run over a new connection", async (how) => {
  const failures: unknown[] = [];
  const store = openStore("test", (error) => failures.push(error));
  await store.update("a", () => 1);
  database.faults.transactions = { how, left: 1 };
  expect(await store.update("a", (value) => [value])).toEqual([1]);
  expect(database.values("test").get("a")).toEqual([1]);
  expect(database.connections).toHaveLength(2);
  expect([failures, store.lasts()]).toEqual([[], true]);
});

test.each(HOW)(
  "after one that is %s twice, what was seen is in memory, and it is told once",
  async (how) => {
    const failures: unknown[] = [];
    const store = openStore("test", (error) => failures.push(error));
    await store.update("a", () => 1);
    database.faults.transactions = { how, left: 4 };
    const both = [store.update("a", (value) => [value]), store.read("b")];
    expect(await Promise.all(both)).toEqual([[1], undefined]);
    expect(failures).toEqual([expect.any(Error)]);
    expect(store.lasts()).toBe(false);
    expect(await store.read("a")).toEqual([1]);
    expect(database.values("test").get("a")).toBe(1);
  },
);

test("a value that can't be kept is in memory", async () => {
  const failures: unknown[] = [];
  const store = openStore("test", (error) => failures.push(error));
  database.faults.unclonable = ["key"];
  expect(await store.update("key", () => "k")).toBe("k");
  expect(failures).toMatchObject([{ name: "DataCloneError" }]);
  expect(await store.read("key")).toBe("k");
});

test("undefined removes a value", async () => {
  const store = openStore("test", () => undefined);
  await store.update("a", () => 1);
  await store.update("a", () => undefined);
  expect(database.values("test").has("a")).toBe(false);
});

test("a database that can't be opened, or never answers, is memory", async () => {
  vi.useFakeTimers();
  for (const opening of ["error", "silence"] as const) {
    database.faults.opening = opening;
    const failures: unknown[] = [];
    const store = openStore("test", (error) => failures.push(error));
    const kept = store.update("a", () => 1);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await kept).toBe(1);
    expect([failures.length, store.lasts()]).toEqual([1, false]);
  }
});

test.each(["versionchange", "close"])("after %s of a connection there is another", async (type) => {
  const store = openStore("test", () => undefined);
  await store.update("a", () => 1);
  database.connections[0]?.dispatchEvent(new Event(type));
  expect(database.connections[0]?.isClosed).toBe(type === "versionchange");
  expect(await store.read("a")).toBe(1);
  expect(database.connections).toHaveLength(2);
});
