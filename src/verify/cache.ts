// What a verifier remembers of valid proofs, so that it does no work twice: the header segment, which
// a client sends with every proof to the byte, to all that was found out about it; and the access
// token to its hash.
//
// It can't change an answer. What is remembered was worked out from that very text under this very
// policy, and a signature that was valid vouched for it: a stranger's garbage leaves no trace.
import { integerArgument, membersArgument, numberArgument } from "../bytes/argument.js";
import { textOf } from "../bytes/utf8.js";
import type { Alg, AsyncKey, SyncKey } from "../jose/alg.js";
import type { PublicJwk } from "../jose/jwk.js";
import { createLru, createSegmentedLru, type Entry, newEntry } from "./lru.js";

/**
 * Bounds of a verifier's memory. With 0 for one of a pair, nothing of that kind is remembered. A
 * fifth of each, of tables left out, is for what was used once; nothing larger than that is kept.
 */
export interface CacheOptions {
  /** Keys, each with its header; 10,000 where it is not given. */
  readonly maxKeys?: number | undefined;
  /** Bytes of keys and headers, tables left out; 32 MiB where it is not given. */
  readonly maxKeyBytes?: number | undefined;
  /** Bytes of tables, which make a key's signatures cheaper; 32 MiB where it is not given. */
  readonly maxTableBytes?: number | undefined;
  /** Access tokens, each with its hash; 10,000 where it is not given. */
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
  /** The bytes of the header segment, with which every signing input under it begins. */
  readonly headerBytes: Uint8Array;
  readonly table: Entry<SyncKey | AsyncKey>;
}

export type FoundKey<A extends Alg> = Entry<KeptKey<A>>;
export type FoundAth = Entry<string>;

/**
 * Finding leaves everything as it is. Keeping is for a proof of which the signature was valid, and
 * takes what was found for it before.
 */
export interface ProofCache<A extends Alg> {
  findKey(header: string): FoundKey<A> | undefined;
  findAth(accessToken: string): FoundAth | undefined;
  /** `signed` is a signing input under this header. */
  keepKey(
    found: FoundKey<A> | undefined,
    header: string,
    known: KnownKey<A>,
    signed: Uint8Array,
  ): void;
  keepAth(found: FoundAth | undefined, accessToken: string, ath: string): void;
  usage(): CacheUsage;
}

/**
 * What an entry takes beside its texts: objects, links and places in a Map. test/cache.test.ts
 * measures that this is not too little.
 */
const KEY_OVERHEAD = 1200;
const TOKEN_OVERHEAD = 450;

/** An empty memory. */
export function createProofCache<A extends Alg>(bounds: CacheBounds): ProofCache<A> {
  const tables = createLru<SyncKey | AsyncKey>(
    bounds.maxKeys,
    bounds.maxTableBytes,
    ({ value: key }) => {
      if (hasTables(key)) key.dropTables();
    },
  );
  const keys = createSegmentedLru<KeptKey<A>>(bounds.maxKeys, bounds.maxKeyBytes, ({ table }) => {
    if (table.in !== null) tables.take(table);
  });
  const tokens = createSegmentedLru<string>(
    bounds.maxTokens,
    bounds.maxTokenBytes,
    () => undefined,
  );
  return {
    findKey: keys.find,
    findAth: tokens.find,
    keepKey(found, header, known, signed) {
      if (bounds.maxKeys === 0) return;
      // Another proof of this key may have come first, while this one was waited for.
      const before = found ?? keys.find(header);
      const key: SyncKey | AsyncKey = before === undefined ? known.key : before.value.key;
      const tableSize = hasTables(key) ? bytesArgument(key.tableSize, "key.tableSize") : 0;
      const keySize = bytesArgument(key.size, "key.size");
      if (tableSize > keySize) throw new RangeError("key.size must hold key.tableSize, in bytes");
      // The header is there three times: as text, as bytes, and as the members that were read of it.
      const bytes = 3 * header.length + KEY_OVERHEAD + keySize - tableSize;
      const entry = before ?? keys.add(copyOf(header), keptKey(header, known, signed), bytes);
      if (before !== undefined) keys.useAgain(before, bytes);
      if (tableSize > 0 && entry.in !== null) tables.put(entry.value.table, tableSize);
    },
    keepAth(found, accessToken, ath) {
      if (bounds.maxTokens === 0) return;
      const entry = found ?? tokens.find(accessToken);
      const size = accessToken.length + TOKEN_OVERHEAD;
      if (entry === undefined) tokens.add(copyOf(accessToken), ath, size);
      else tokens.useAgain(entry, size);
    },
    usage: () => ({
      keys: keys.size,
      keyBytes: keys.bytes,
      tables: tables.size,
      tableBytes: tables.bytes,
      tokens: tokens.size,
      tokenBytes: tokens.bytes,
    }),
  };
}

function keptKey<A extends Alg>(
  header: string,
  known: KnownKey<A>,
  signed: Uint8Array,
): KeptKey<A> {
  const table = newEntry<SyncKey | AsyncKey>("", known.key);
  return { ...known, headerBytes: signed.slice(0, header.length), table };
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
  return textOf(Array.from(text, (_, i) => text.charCodeAt(i)));
}
