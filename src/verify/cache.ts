// What a verifier remembers of valid proofs, so that it does no work twice. It maps a header segment,
// which a client repeats byte for byte in every proof, to all that was read from it, and an access token
// to its hash.
//
// No answer depends on it. What is remembered was computed from the same text under the same policy,
// and only after a valid signature, so a stranger's garbage leaves no trace. A stranger who signs with
// keys of their own gains little: where room is short, the keys that are used most keep it, however many
// others come, and one key has at most two entries.
import { integerArgument, membersArgument, numberArgument } from "../input/argument.js";
import { textOf } from "../bytes/utf8.js";
import type { Alg, AsyncKey, SyncKey } from "../jose/alg.js";
import type { PublicJwk } from "../jose/jwk.js";
import { createLru, createSegmentedLru, type Entry, newEntry, type SegmentedLru } from "./lru.js";
import { createUseCounter, type Uses } from "./uses.js";

/**
 * Bounds of a verifier's memory. Where a bound of a kind is 0, nothing of that kind is remembered. What was
 * used once has the room that the others leave, and of each bound, except that of tables, at least a fifth;
 * nothing larger than that fifth is kept. Where the rest is full, a new entry must be used more than those
 * that it displaces.
 */
export interface CacheOptions {
  /** Most keys, each with its header; at most two entries of one key. Default 30,000. */
  readonly maxKeys?: number | undefined;
  /** Most bytes of keys and headers, without tables. Default 32 MiB. */
  readonly maxKeyBytes?: number | undefined;
  /** Most bytes of tables, which make a key's signatures cheaper to verify. Default 32 MiB. */
  readonly maxTableBytes?: number | undefined;
  /**
   * Most access tokens, each with its hash. Default 10,000. All are forgotten at once, at the first
   * proof that comes 300 seconds or more after the first of them.
   */
  readonly maxTokens?: number | undefined;
  /** Most bytes of access tokens. Default 8 MiB. */
  readonly maxTokenBytes?: number | undefined;
}

/** What a verifier's memory holds now. Numbers of bytes are estimates, and never too low. */
export interface CacheUsage {
  readonly keys: number;
  readonly keyBytes: number;
  /** Keys that have tables. */
  readonly tables: number;
  readonly tableBytes: number;
  readonly tokens: number;
  readonly tokenBytes: number;
}

/** CacheOptions with every bound set. */
export type CacheBounds = { readonly [B in keyof CacheOptions]-?: number };

const MIB = 1_048_576;
const DEFAULTS: CacheBounds = {
  maxKeys: 30_000,
  maxKeyBytes: 32 * MIB,
  maxTableBytes: 32 * MIB,
  maxTokens: 10_000,
  maxTokenBytes: 8 * MIB,
};

const MOST_ENTRIES = 8_388_608;
const MOST_BYTES = 0x1000_0000_0000;

/** Checks the option `cache`. Throws a TypeError or RangeError that names the bound. */
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

/** What a header segment says, kept once a signature under it was valid. */
export interface KnownKey<A extends Alg> {
  readonly alg: A;
  readonly jwk: PublicJwk;
  readonly jkt: string;
  readonly key: KeyOf<A>;
}

/** What `importKey` of an algorithm returns. */
export type KeyOf<A extends Alg> = NonNullable<Awaited<ReturnType<A["importKey"]>>>;

/** A key that is remembered. Tens of thousands of these are held: no member is more than it needs. */
interface KeptKey<A extends Alg> extends KnownKey<A> {
  readonly owner: Owner<A>;
  /**
   * The bytes of the header segment, with which every signing input under it begins; undefined while the key
   * is not used often.
   */
  headerBytes: Uint8Array | undefined;
  /** Its entry in the list of keys with tables, once it had one. */
  table: Entry<SyncKey | AsyncKey> | undefined;
}

/**
 * What all entries of one thumbprint share. A client that sends its key under both labels of Ed25519
 * has two entries. A client that varies its header displaces only its own.
 */
interface Owner<A extends Alg> extends Uses {
  /** The entry that was used last. */
  recent: FoundKey<A> | null;
  other: FoundKey<A> | null;
}

/** Written in full: V8 gives an object that is spread and then grows 200 bytes more. */
function newOwner<A extends Alg>(): Owner<A> {
  return { count: 0, age: 0, recent: null, other: null };
}

/** A remembered key. */
export type FoundKey<A extends Alg> = Entry<KeptKey<A>>;
/** The remembered hash of an access token. */
export type FoundAth = Entry<string>;

/**
 * The memory of a verifier. A find function changes nothing, except that it forgets tokens whose time is
 * over. Call a keep function only after a valid signature, with what was found for the proof before.
 * `now` is in seconds.
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
 * Bytes that an entry takes beside its texts: objects, links, places in a Map, and the texts of a key and
 * its thumbprint. test/cache.test.ts measures that this is enough.
 */
const KEY_OVERHEAD = 640;
/** Bytes of a typed array beside its contents. */
const ARRAY_OVERHEAD = 300;

/** Uses from which on the bytes of a header are kept, so that its characters are not read one by one. */
const OFTEN = 16;

const TOKEN_OVERHEAD = 500;

/**
 * Seconds for which access tokens are remembered, so that a dump of the process's memory holds the tokens
 * of some minutes, and not those of a month. To hash each token again after that costs next to nothing.
 */
const TOKENS_FOR = 300;

/** Makes an empty memory. */
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
  const owners = new Map<string, Owner<A>>(); // by thumbprint; each owner has an entry
  const tables = createLru<SyncKey | AsyncKey>(
    bounds.maxKeys,
    bounds.maxTableBytes,
    counter,
    ({ value: key }) => dropAllTables(key),
  );
  const keys = createSegmentedLru<KeptKey<A>>(bounds.maxKeys, bounds.maxKeyBytes, counter, forget);
  const lastFound = Array.from({ length: PLACES }, (): FoundKey<A> | undefined => undefined);

  /**
   * Tries the entry that was found last at the place of the header first. It is nearly always the right
   * one where keys are few or one is busy, and to compare 200 characters costs a tenth of hashing them,
   * which a look-up in `keys` does. Access tokens are not compared in this way: the time of a comparison
   * tells how much is equal, and a token is secret, while a header is not.
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
    const { owner, table, jkt, key } = entry.value;
    table?.in?.take(table);
    // Some tables lie where no garbage collector sees them (wasm/slots.ts).
    dropAllTables(key);
    const place = placeOf(entry.text);
    if (lastFound[place] === entry) lastFound[place] = undefined;
    if (owner.recent === entry) owner.recent = owner.other;
    owner.other = null; // it left, or it is `recent` now
    if (owner.recent === null) owners.delete(jkt);
  }

  function add(header: string, known: KnownKey<A>, bytes: number): FoundKey<A> {
    const owner = owners.get(known.jkt) ?? newOwner();
    if (owner.other !== null) keys.remove(owner.other); // or the new entry would take the room of another key
    const { alg, jwk, jkt, key } = known;
    const kept = { alg, jwk, jkt, key, owner, headerBytes: undefined, table: undefined };
    const entry = keys.add(copyOf(header), kept, bytes, owner);
    if (entry.in === null) return entry;
    owners.set(known.jkt, owner); // even if it was there: its last entry may just have left for this one
    owner.other = owner.recent;
    owner.recent = entry;
    return entry;
  }

  function useAgain(entry: FoundKey<A>, bytes: number, signed: Uint8Array): void {
    const { owner } = entry.value;
    const { length } = entry.text;
    if (counter.of(owner) >= OFTEN) entry.value.headerBytes ??= signed.slice(0, length);
    const isHeldTwice = entry.value.headerBytes !== undefined;
    keys.useAgain(entry, isHeldTwice ? bytes + length + ARRAY_OVERHEAD : bytes);
    if (entry.in === null || owner.recent === entry) return;
    owner.other = owner.recent;
    owner.recent = entry;
  }

  function keepTables(
    { value: kept, uses }: FoundKey<A>,
    key: TableKey | null,
    tableSize: number,
  ): void {
    if (key !== null) kept.table ??= newEntry<SyncKey | AsyncKey>("", key, uses);
    const { table } = kept;
    if (table === undefined) return;
    const hasRoom = key !== null && hasShrunk(key, tableSize, (size) => tables.admit(table, size));
    if (!hasRoom) table.in?.take(table);
  }

  return {
    find,
    keep(found, header, known, signed) {
      if (bounds.maxKeys === 0) return;
      // While this proof waited, another proof of the same key may have been kept.
      const before = found ?? keys.find(header);
      const key: SyncKey | AsyncKey = before === undefined ? known.key : before.value.key;
      const ofTables = hasTables(key) ? key : null;
      const tableSize = sizeOfTables(ofTables);
      const keySize = bytesArgument(key.size, "key.size");
      if (tableSize > keySize) throw new RangeError("key.size must hold key.tableSize, in bytes");
      const bytes = header.length + sizeOfJwk(known.jwk) + KEY_OVERHEAD + keySize - tableSize;
      const entry = before ?? add(header, known, bytes);
      if (before !== undefined) useAgain(before, bytes, signed);
      if (entry.in !== null) keepTables(entry, ofTables, tableSize);
    },
    usage: () => ({
      keys: keys.size,
      keyBytes: keys.bytes,
      tables: tables.size,
      tableBytes: tables.bytes,
    }),
  };
}

/** Places for entries that were found last; a power of 2. */
const PLACES = 1024;

/** Hashes every eleventh character: enough of these belong to the key, wherever it stands in the header. */
function placeOf(header: string): number {
  let hash = 0;
  for (let i = 10; i < header.length; i += 11) hash = (31 * hash + header.charCodeAt(i)) | 0;
  return (hash ^ (hash >>> 10)) & (PLACES - 1);
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
   * Returns the memory of the current period, and begins another after TOKENS_FOR seconds. To forget all
   * tokens at once takes no time, and needs no list in the order of their arrival. A time so far before
   * the period also ends it, so that a clock that is set back can't make tokens stay.
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

/** A memory that remembers nothing. */
export const NO_CACHE: ProofCache<never> = {
  findKey: () => undefined,
  findAth: () => undefined,
  keepKey: () => undefined,
  keepAth: () => undefined,
  usage: () => ({ keys: 0, keyBytes: 0, tables: 0, tableBytes: 0, tokens: 0, tokenBytes: 0 }),
};

/** A key that has tables now and can drop them. The tables of any other key count as part of it. */
type TableKey = SyncKey & Required<Pick<SyncKey, "tableSize" | "dropTables">>;

function hasTables(key: SyncKey | AsyncKey): key is TableKey {
  if (!("tableSize" in key) || !("dropTables" in key)) return false;
  return typeof key.dropTables === "function" && key.tableSize !== undefined && key.tableSize !== 0;
}

/** Returns the bytes of the tables of a key. */
function sizeOfTables(key: TableKey | null): number {
  return key === null ? 0 : bytesArgument(key.tableSize ?? 0, "key.tableSize");
}

/**
 * Lets a key drop one table after the other, the last first, until what is left `fits`. Returns whether
 * tables are left.
 */
function hasShrunk(key: TableKey, tableSize: number, fits: (bytes: number) => boolean): boolean {
  let size = tableSize;
  while (size > 0) {
    if (fits(size)) return true;
    key.dropTables();
    const left = sizeOfTables(key);
    if (left >= size) return false; // it does not do what it says
    size = left;
  }
  return false;
}

function dropAllTables(key: SyncKey | AsyncKey): void {
  if (hasTables(key)) hasShrunk(key, sizeOfTables(key), () => false);
}

/** Returns the bytes of a key's texts that exceed those of P-256: RSA, P-384 and P-521. */
function sizeOfJwk(jwk: PublicJwk): number {
  if (jwk.kty === "RSA") return jwk.n.length;
  return jwk.kty === "EC" ? 2 * (jwk.x.length - 43) : 0;
}

/** Checks a size from a backend: any other value would make every bound void. */
function bytesArgument(value: unknown, name: string): number {
  return numberArgument(value, name, "bytes", 0, MOST_BYTES);
}

/**
 * Returns the same text in memory of its own. In an engine, a slice can keep the whole longer text alive:
 * a header its proof, an access token its header field.
 */
function copyOf(text: string): string {
  const units: number[] = [];
  for (let i = 0; i < text.length; i++) units.push(text.charCodeAt(i)); // three times as fast as Array.from
  return textOf(units);
}
