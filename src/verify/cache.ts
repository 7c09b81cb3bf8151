// What a verifier remembers of valid proofs, so that it does no work twice: the header segment, which
// a client sends with every proof to the byte, to all that was found out about it; and the access
// token to its hash.
//
// It can't change an answer. What is remembered was worked out from that very text under this very
// policy, and a signature that was valid vouched for it: a stranger's garbage leaves no trace. Nor is
// one who signs for himself worth more than anybody else: where room is short, it goes to the keys
// that are used most, however many others come, and one key has no more than two entries.
import { integerArgument, membersArgument, numberArgument } from "../input/argument.js";
import { textOf } from "../bytes/utf8.js";
import type { Alg, AsyncKey, SyncKey } from "../jose/alg.js";
import type { PublicJwk } from "../jose/jwk.js";
import { createLru, createSegmentedLru, type Entry, newEntry, type SegmentedLru } from "./lru.js";
import { createUseCounter, newUses, type Uses } from "./uses.js";

/**
 * Bounds of a verifier's memory. With 0 for one of a pair, nothing of that kind is remembered. A
 * fifth of each, of tables left out, is for what was used once; nothing larger than that is kept.
 * Where the rest is full, a newcomer has to be used more than what it displaces.
 */
export interface CacheOptions {
  /** Keys, each with its header, two of one key at most; 10,000 where it is not given. */
  readonly maxKeys?: number | undefined;
  /** Bytes of keys and headers, tables left out; 32 MiB where it is not given. */
  readonly maxKeyBytes?: number | undefined;
  /** Bytes of tables, which make a key's signatures cheaper; 32 MiB where it is not given. */
  readonly maxTableBytes?: number | undefined;
  /**
   * Access tokens, each with its hash; 10,000 where it is not given. They are forgotten, all at once,
   * at the first proof that comes 300 seconds after the first of them.
   */
  readonly maxTokens?: number | undefined;
  /** Bytes of access tokens; 8 MiB where it is not given. */
  readonly maxTokenBytes?: number | undefined;
}

/** What a verifier's memory holds now. Bytes are estimates that err upwards. */
export interface CacheUsage {
  readonly keys: number;
  readonly keyBytes: number;
  /** Keys that have tables. */
  readonly tables: number;
  readonly tableBytes: number;
  readonly tokens: number;
  readonly tokenBytes: number;
}

export type CacheBounds = { readonly [B in keyof CacheOptions]-?: number };

const MIB = 1_048_576;
const DEFAULTS: CacheBounds = {
  maxKeys: 10_000,
  maxKeyBytes: 32 * MIB,
  maxTableBytes: 32 * MIB,
  maxTokens: 10_000,
  maxTokenBytes: 8 * MIB,
};

const MOST_ENTRIES = 8_388_608;
const MOST_BYTES = 0x1000_0000_0000;

/** Checks the option `cache`; throws a TypeError or RangeError that names the bound. */
export function readCacheBounds(value: CacheOptions | undefined): CacheBounds {
  if (value === undefined) return DEFAULTS;
  const given = membersArgument(value, "cache", Object.keys(DEFAULTS));
  const bound = (name: keyof CacheBounds, unit: string, most: number): number =>
    given[name] === undefined
      ? DEFAULTS[name]
      : integerArgument(given[name], `cache.${name}`, unit, 0, most);
  return Object.freeze({
    maxKeys: bound("maxKeys", "keys", MOST_ENTRIES),
    maxKeyBytes: bound("maxKeyBytes", "bytes", MOST_BYTES),
    maxTableBytes: bound("maxTableBytes", "bytes", MOST_BYTES),
    maxTokens: bound("maxTokens", "access tokens", MOST_ENTRIES),
    maxTokenBytes: bound("maxTokenBytes", "bytes", MOST_BYTES),
  });
}

/** What a header segment says, once a signature was valid under it. */
export interface KnownKey<A extends Alg> {
  readonly alg: A;
  readonly jwk: PublicJwk;
  readonly jkt: string;
  readonly key: KeyOf<A>;
}

/** What importKey of an algorithm makes. */
export type KeyOf<A extends Alg> = NonNullable<Awaited<ReturnType<A["importKey"]>>>;

/** A key that is remembered, and its place among those with tables. */
interface KeptKey<A extends Alg> extends KnownKey<A> {
  readonly owner: Owner<A>;
  /** The bytes of the header segment, with which every signing input under it begins. */
  readonly headerBytes: Uint8Array;
  readonly table: Entry<SyncKey | AsyncKey>;
}

/**
 * What all entries of one thumbprint share. There are two where a client sends a key under both
 * labels of Ed25519; one that varies its header displaces only itself.
 */
interface Owner<A extends Alg> {
  readonly uses: Uses;
  /** The entry that was used last. */
  recent: FoundKey<A> | null;
  other: FoundKey<A> | null;
}

export type FoundKey<A extends Alg> = Entry<KeptKey<A>>;
export type FoundAth = Entry<string>;

/**
 * Finding leaves everything as it is, but for tokens whose time is over. Keeping is for a proof of
 * which the signature was valid, and takes what was found for it before. `now` is in seconds.
 */
export interface ProofCache<A extends Alg> {
  findKey(header: string): FoundKey<A> | undefined;
  findAth(accessToken: string | undefined, now: number): FoundAth | undefined;
  /** `signed` is a signing input under this header. */
  keepKey(
    found: FoundKey<A> | undefined,
    header: string,
    known: KnownKey<A>,
    signed: Uint8Array,
  ): void;
  keepAth(found: FoundAth | undefined, accessToken: string, ath: string, now: number): void;
  usage(): CacheUsage;
}

/**
 * What an entry takes beside its texts: objects, links and places in a Map. test/cache.test.ts
 * measures that this is not too little.
 */
const KEY_OVERHEAD = 1350;
const TOKEN_OVERHEAD = 500;

/**
 * Seconds for which access tokens are remembered: whoever reads the memory of a process finds those
 * of some minutes in it, not those of a month. Hashing each again meanwhile costs nothing to speak of.
 */
const TOKENS_FOR = 300;

/** An empty memory. */
export function createProofCache<A extends Alg>(bounds: CacheBounds): ProofCache<A> {
  const keys = createKeyMemory<A>(bounds);
  const tokens = createTokenMemory(bounds);
  return {
    findKey: keys.find,
    findAth: tokens.find,
    keepKey: keys.keep,
    keepAth: tokens.keep,
    usage: () => ({ ...keys.usage(), ...tokens.usage() }),
  };
}

interface KeyMemory<A extends Alg> {
  readonly find: ProofCache<A>["findKey"];
  readonly keep: ProofCache<A>["keepKey"];
  usage(): Pick<CacheUsage, "keys" | "keyBytes" | "tables" | "tableBytes">;
}

function createKeyMemory<A extends Alg>(bounds: CacheBounds): KeyMemory<A> {
  const counter = createUseCounter();
  const owners = new Map<string, Owner<A>>(); // by thumbprint; each of them has an entry
  const tables = createLru<SyncKey | AsyncKey>(
    bounds.maxKeys,
    bounds.maxTableBytes,
    counter,
    ({ value: key }) => key.dropTables?.(),
  );
  const keys = createSegmentedLru<KeptKey<A>>(bounds.maxKeys, bounds.maxKeyBytes, counter, forget);
  const lastFound = Array.from({ length: PLACES }, (): FoundKey<A> | undefined => undefined);

  /**
   * The entry that was found last at the place of a header is it nearly always, where keys are few or
   * one is busy: to compare 200 letters costs a tenth of their hash, by which `keys` looks. Not for
   * access tokens: how long a comparison takes says how much is equal, and a header is no secret.
   */
  function find(header: string): FoundKey<A> | undefined {
    const place = placeOf(header);
    const last = lastFound[place];
    if (last !== undefined && last.text === header) return last;
    const found = keys.find(header);
    if (found !== undefined) lastFound[place] = found;
    return found;
  }

  function forget(entry: FoundKey<A>): void {
    const { owner, table, jkt } = entry.value;
    table.in?.take(table);
    const place = placeOf(entry.text);
    if (lastFound[place] === entry) lastFound[place] = undefined;
    if (owner.recent === entry) owner.recent = owner.other;
    owner.other = null; // it left, or is the recent one now
    if (owner.recent === null) owners.delete(jkt);
  }

  function add(header: string, known: KnownKey<A>, signed: Uint8Array, bytes: number): FoundKey<A> {
    const owner = owners.get(known.jkt) ?? { uses: newUses(), recent: null, other: null };
    if (owner.other !== null) keys.remove(owner.other); // not the room of somebody else
    const kept = keptKey(header, known, signed, owner);
    const entry = keys.add(copyOf(header), kept, bytes, owner.uses);
    if (entry.in === null) return entry;
    owners.set(known.jkt, owner); // also where its last entry has left for this one
    owner.other = owner.recent;
    owner.recent = entry;
    return entry;
  }

  function useAgain(entry: FoundKey<A>, bytes: number): void {
    keys.useAgain(entry, bytes);
    const { owner } = entry.value;
    if (entry.in === null || owner.recent === entry) return;
    owner.other = owner.recent;
    owner.recent = entry;
  }

  function keepTables({ value: { table } }: FoundKey<A>, tableSize: number): void {
    if (tableSize > 0 && tables.admit(table, tableSize)) return;
    table.in?.take(table);
    if (tableSize > 0) table.value.dropTables?.();
  }

  return {
    find,
    keep(found, header, known, signed) {
      if (bounds.maxKeys === 0) return;
      // Another proof of this key may have come first, while this one was waited for.
      const before = found ?? keys.find(header);
      const key: SyncKey | AsyncKey = before === undefined ? known.key : before.value.key;
      const tableSize = hasTables(key) ? bytesArgument(key.tableSize, "key.tableSize") : 0;
      const keySize = bytesArgument(key.size, "key.size");
      if (tableSize > keySize) throw new RangeError("key.size must hold key.tableSize, in bytes");
      // The header is there three times: as text, as bytes, and as the members that were read of it.
      const bytes = 3 * header.length + KEY_OVERHEAD + keySize - tableSize;
      const entry = before ?? add(header, known, signed, bytes);
      if (before !== undefined) useAgain(before, bytes);
      if (entry.in !== null) keepTables(entry, tableSize);
    },
    usage: () => ({
      keys: keys.size,
      keyBytes: keys.bytes,
      tables: tables.size,
      tableBytes: tables.bytes,
    }),
  };
}

/** For entries that were found last; a power of 2. */
const PLACES = 1024;

/** By every eleventh letter: enough of them belong to the key, wherever a client writes it. */
function placeOf(header: string): number {
  let hash = 0;
  for (let i = 10; i < header.length; i += 11) hash = (31 * hash + header.charCodeAt(i)) | 0;
  return (hash ^ (hash >>> 10)) & (PLACES - 1);
}

function keptKey<A extends Alg>(
  header: string,
  known: KnownKey<A>,
  signed: Uint8Array,
  owner: Owner<A>,
): KeptKey<A> {
  const table = newEntry<SyncKey | AsyncKey>("", known.key, owner.uses);
  return { ...known, headerBytes: signed.slice(0, header.length), table, owner };
}

interface TokenMemory {
  readonly find: ProofCache<never>["findAth"];
  readonly keep: ProofCache<never>["keepAth"];
  usage(): Pick<CacheUsage, "tokens" | "tokenBytes">;
}

function createTokenMemory({ maxTokens, maxTokenBytes }: CacheBounds): TokenMemory {
  const empty = (): SegmentedLru<string> =>
    createSegmentedLru(maxTokens, maxTokenBytes, createUseCounter(), () => undefined);
  let tokens = empty();
  let since = -Infinity;

  /**
   * All are forgotten at once: that takes no time, and no list in the order of their coming. A clock
   * that is set back, or a request of another time, must not make them stay: so far back is over too.
   */
  function current(now: number): SegmentedLru<string> {
    if (Math.abs(now - since) < TOKENS_FOR) return tokens;
    tokens = empty();
    since = now;
    return tokens;
  }

  return {
    find(accessToken, now) {
      const { find } = current(now);
      return accessToken === undefined ? undefined : find(accessToken);
    },
    keep(found, accessToken, ath, now) {
      if (maxTokens === 0) return;
      const { find, useAgain, add } = current(now);
      const entry = found ?? find(accessToken);
      const size = accessToken.length + TOKEN_OVERHEAD;
      if (entry === undefined) add(copyOf(accessToken), ath, size);
      else useAgain(entry, size);
    },
    usage: () => ({ tokens: tokens.size, tokenBytes: tokens.bytes }),
  };
}

/** Remembers nothing. */
export const NO_CACHE: ProofCache<never> = {
  findKey: () => undefined,
  findAth: () => undefined,
  keepKey: () => undefined,
  keepAth: () => undefined,
  usage: () => ({ keys: 0, keyBytes: 0, tables: 0, tableBytes: 0, tokens: 0, tokenBytes: 0 }),
};

/** A key that has tables now and can drop them; others are counted as a whole. */
type TableKey = SyncKey & Required<Pick<SyncKey, "tableSize" | "dropTables">>;

function hasTables(key: SyncKey | AsyncKey): key is TableKey {
  if (!("tableSize" in key) || !("dropTables" in key)) return false;
  return typeof key.dropTables === "function" && key.tableSize !== undefined && key.tableSize !== 0;
}

/** A size of another kind would make every bound void. */
function bytesArgument(value: unknown, name: string): number {
  return numberArgument(value, name, "bytes", 0, MOST_BYTES);
}

/**
 * The same text, with memory of its own: a piece of a longer text can keep all of that alive (a
 * header its proof, an access token its header field).
 */
function copyOf(text: string): string {
  const units: number[] = [];
  for (let i = 0; i < text.length; i++) units.push(text.charCodeAt(i)); // thrice as fast as Array.from
  return textOf(units);
}
