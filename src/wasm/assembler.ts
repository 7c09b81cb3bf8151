// A small assembler: from calls of TypeScript functions to the bytes of a WebAssembly module (WebAssembly
// Core Specification 2.0, section 5, and its relaxed SIMD instructions).
//
// An expression writes its code when it is evaluated. TypeScript evaluates arguments from left to right and
// before the function, which is the order that a stack machine wants: `i32.add(get(a), get(b))` writes
// local.get a, local.get b, i32.add. What an expression returns is only the type of what it leaves on the
// stack, so that TypeScript checks what the engine will validate. So an expression stands where it is used; a
// `variable` keeps one for later. Bodies of loops and branches are functions.

/** The type of a value, as the binary format has it. */
export interface ValueType<Name extends string = string> {
  readonly name: Name;
  readonly code: number;
}
export type I32 = ValueType<"i32">;
export type I64 = ValueType<"i64">;
export type F64 = ValueType<"f64">;
export type V128 = ValueType<"v128">;
export const I32: I32 = { name: "i32", code: 0x7f };
export const I64: I64 = { name: "i64", code: 0x7e };
export const F64: F64 = { name: "f64", code: 0x7c };
export const V128: V128 = { name: "v128", code: 0x7b };

/** A parameter or a variable of a function. */
export interface Local<T extends ValueType> {
  readonly type: T;
  readonly index: number;
}

type Locals<P extends readonly ValueType[]> = { [K in keyof P]: Local<P[K]> };

/** A function of the module. */
export interface Func<P extends readonly ValueType[], R extends ValueType | undefined> {
  readonly index: number;
  readonly params: P;
  readonly result: R;
}

// The function that is being written.
let code: number[] = [];
let locals: ValueType[] = [];
let parameters = 0;

function unsigned(to: number[], value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) to.push((rest & 0x7f) | 0x80);
  to.push(rest);
}

function signed(value: bigint): void {
  let rest = value;
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const isLast = rest === (low < 0x40 ? 0n : -1n);
    code.push(isLast ? low : low | 0x80);
    if (isLast) return;
  }
}

/** A variable, zero at the start of its function. */
export function local<T extends ValueType>(type: T): Local<T> {
  locals.push(type);
  return { type, index: parameters + locals.length - 1 };
}

export function get<T extends ValueType>({ type, index }: Local<T>): T {
  code.push(0x20);
  unsigned(code, index);
  return type;
}

export function set<T extends ValueType>({ index }: Local<T>, _value: T): void {
  code.push(0x21);
  unsigned(code, index);
}

/** A variable that has this value. */
export function variable<T extends ValueType>(value: T): Local<T> {
  const made = local(value);
  set(made, value);
  return made;
}

export function call<P extends readonly ValueType[], R extends ValueType | undefined>(
  { index, result }: Func<P, R>,
  ..._args: P
): R {
  code.push(0x10);
  unsigned(code, index);
  return result;
}

/** Drops a result that is not wanted. */
export function drop(_value: ValueType): void {
  code.push(0x1a);
}

/** Runs the body, and again as long as what it leaves is not zero. */
export function loop(body: () => I32): void {
  code.push(0x03, 0x40);
  body();
  code.push(0x0d, 0, 0x0b);
}

export function when(_condition: I32, yes: () => void): void {
  code.push(0x04, 0x40);
  yes();
  code.push(0x0b);
}

export function choose(_condition: I32, yes: () => void, no: () => void): void {
  code.push(0x04, 0x40);
  yes();
  code.push(0x05);
  no();
  code.push(0x0b);
}

/** Leaves the function. */
export function leave(_result?: ValueType): void {
  code.push(0x0f);
}

/** The first value where the condition is not zero, else the second. */
export function select<T extends ValueType>(yes: T, _no: T, _condition: I32): T {
  code.push(0x1b);
  return yes;
}

function doubleBytes(value: number): Uint8Array {
  return new Uint8Array(new Float64Array([value]).buffer);
}

type Constant<R> = (value: number | bigint) => R;
type Unary<T, R> = (a: T) => R;
type Binary<T, R> = (a: T, b: T) => R;
type Load<R> = (address: I32, offset?: number) => R;
type Store<T> = (address: I32, offset: number, value: T) => void;

function unary<T, R>(result: R, ...bytes: number[]): Unary<T, R> {
  return () => {
    code.push(...bytes);
    return result;
  };
}

function binary<T, R>(result: R, ...bytes: number[]): Binary<T, R> {
  return () => {
    code.push(...bytes);
    return result;
  };
}

/** The constant `offset` is added to the address. No alignment is promised to the engine: 0. */
function load<R>(result: R, ...bytes: number[]): Load<R> {
  return (_address, offset = 0) => {
    code.push(...bytes, 0);
    unsigned(code, offset);
    return result;
  };
}

function store<T>(...bytes: number[]): Store<T> {
  return (_address, offset) => {
    code.push(...bytes, 0);
    unsigned(code, offset);
  };
}

/** A constant of i64 or i32. */
function constant<R>(result: R, byte: number): Constant<R> {
  return (value) => {
    code.push(byte);
    signed(BigInt(value));
    return result;
  };
}

/** Instructions, by their names in the specification. */
export const i32: {
  /** Of -2^31 to 2^31 - 1. */
  readonly const: Constant<I32>;
  readonly wrap: Unary<I64, I32>;
} & Readonly<
  Record<"load" | "load8U", Load<I32>> &
    Record<"store" | "store8", Store<I32>> &
    Record<"eqz" | "ctz", Unary<I32, I32>> &
    Record<
      | ("eq" | "ne" | "ltS" | "ltU" | "geS" | "add" | "sub" | "mul")
      | ("and" | "or" | "xor" | "shl" | "shrS" | "shrU" | "rotl" | "rotr"),
      Binary<I32, I32>
    >
> = {
  const: constant(I32, 0x41),
  load: load(I32, 0x28),
  load8U: load(I32, 0x2d),
  store: store<I32>(0x36),
  store8: store<I32>(0x3a),
  eqz: unary<I32, I32>(I32, 0x45),
  eq: binary<I32, I32>(I32, 0x46),
  ne: binary<I32, I32>(I32, 0x47),
  ltS: binary<I32, I32>(I32, 0x48),
  ltU: binary<I32, I32>(I32, 0x49),
  geS: binary<I32, I32>(I32, 0x4e),
  ctz: unary<I32, I32>(I32, 0x68),
  add: binary<I32, I32>(I32, 0x6a),
  sub: binary<I32, I32>(I32, 0x6b),
  mul: binary<I32, I32>(I32, 0x6c),
  and: binary<I32, I32>(I32, 0x71),
  or: binary<I32, I32>(I32, 0x72),
  xor: binary<I32, I32>(I32, 0x73),
  shl: binary<I32, I32>(I32, 0x74),
  shrS: binary<I32, I32>(I32, 0x75),
  shrU: binary<I32, I32>(I32, 0x76),
  rotl: binary<I32, I32>(I32, 0x77),
  rotr: binary<I32, I32>(I32, 0x78),
  wrap: unary<I64, I32>(I32, 0xa7),
};

export const i64: {
  /** Of -2^63 to 2^63 - 1. */
  readonly const: Constant<I64>;
  readonly eqz: Unary<I64, I32>;
  /** The whole part of a double; what exceeds the range becomes its end. */
  readonly truncate: Unary<F64, I64>;
} & Readonly<
  Record<"load" | "load32U", Load<I64>> &
    Record<"store" | "store32", Store<I64>> &
    Record<"ne" | "ltS", Binary<I64, I32>> &
    Record<"extendS" | "extendU", Unary<I32, I64>> &
    Record<
      "add" | "sub" | "mul" | "and" | "or" | "xor" | "shl" | "shrS" | "shrU" | "rotr",
      Binary<I64, I64>
    >
> = {
  const: constant(I64, 0x42),
  load: load(I64, 0x29),
  load32U: load(I64, 0x35),
  store: store<I64>(0x37),
  store32: store<I64>(0x3e),
  eqz: unary<I64, I32>(I32, 0x50),
  ne: binary<I64, I32>(I32, 0x52),
  ltS: binary<I64, I32>(I32, 0x53),
  add: binary<I64, I64>(I64, 0x7c),
  sub: binary<I64, I64>(I64, 0x7d),
  mul: binary<I64, I64>(I64, 0x7e),
  and: binary<I64, I64>(I64, 0x83),
  or: binary<I64, I64>(I64, 0x84),
  xor: binary<I64, I64>(I64, 0x85),
  shl: binary<I64, I64>(I64, 0x86),
  shrS: binary<I64, I64>(I64, 0x87),
  shrU: binary<I64, I64>(I64, 0x88),
  rotr: binary<I64, I64>(I64, 0x8a),
  extendS: unary<I32, I64>(I64, 0xac),
  extendU: unary<I32, I64>(I64, 0xad),
  truncate: unary<F64, I64>(I64, 0xfc, 6),
};

export const f64: {
  const(value: number): F64;
  readonly load: Load<F64>;
  readonly store: Store<F64>;
  readonly convert: Unary<I32, F64>;
} = {
  const(value) {
    code.push(0x44, ...doubleBytes(value));
    return F64;
  },
  load: load(F64, 0x2b),
  store: store<F64>(0x39),
  convert: unary<I32, F64>(F64, 0xb7),
};

type Ternary<T> = (a: T, b: T, c: T) => T;

/** Two doubles side by side. */
export const f64x2: {
  readonly load: Load<V128>;
  readonly store: Store<V128>;
  /** The same number in both lanes. */
  const(value: number): V128;
  readonly splat: Unary<F64, V128>;
  /** a·b + c, rounded once or twice (relaxed SIMD). */
  readonly fused: Ternary<V128>;
  /** c - a·b, rounded once or twice (relaxed SIMD). */
  readonly fusedMinus: Ternary<V128>;
  /** Puts a number into lane 1. */
  replaceLane1(a: V128, value: F64): V128;
  /** The lanes in the other order. */
  swap(a: Local<V128>): V128;
  /** The whole numbers of 32 bits at two addresses; that of lane 1 comes first. */
  ofIntegers(lane1: I32, lane0: I32, offset: number): V128;
} & Readonly<Record<"add" | "sub" | "mul", Binary<V128, V128>>> = {
  load: load(V128, 0xfd, 0),
  store: store<V128>(0xfd, 11),
  const(value) {
    code.push(0xfd, 12, ...doubleBytes(value), ...doubleBytes(value));
    return V128;
  },
  splat: unary<F64, V128>(V128, 0xfd, 20),
  add: binary<V128, V128>(V128, 0xfd, 0xf0, 1),
  sub: binary<V128, V128>(V128, 0xfd, 0xf1, 1),
  mul: binary<V128, V128>(V128, 0xfd, 0xf2, 1),
  fused: unary(V128, 0xfd, 0x87, 2),
  fusedMinus: unary(V128, 0xfd, 0x88, 2),
  replaceLane1: unary(V128, 0xfd, 0x22, 1),
  swap(a) {
    get(a);
    get(a);
    code.push(0xfd, 13, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7); // i8x16.shuffle
    return V128;
  },
  ofIntegers(_lane1, _lane0, offset) {
    code.push(0xfd, 0x5c, 0); // v128.load32_zero
    unsigned(code, offset);
    code.push(0xfd, 0x56, 0); // v128.load32_lane
    unsigned(code, offset);
    code.push(1, 0xfd, 0xfe, 1); // f64x2.convert_low_i32x4_s
    return V128;
  },
};

/** A module that is being written: functions, and a memory of its own, exported as `memory`. */
export interface Module {
  /** Writes a function; the body leaves its result. With a name, the module exports it. */
  define<const P extends readonly ValueType[], R extends ValueType>(
    params: P,
    result: R,
    body: (...own: Locals<P>) => R,
    name?: string,
  ): Func<P, R>;
  /** Writes a function without a result. */
  procedure<const P extends readonly ValueType[]>(
    params: P,
    body: (...own: Locals<P>) => void,
    name?: string,
  ): Func<P, undefined>;
  /** Returns the bytes of the module, whose memory has that many pages of 64 KiB at the start and at most. */
  bytes(pages: number, mostPages: number): Uint8Array;
}

export function createModule(): Module {
  const types: number[][] = [];
  const functions: number[][] = [];
  const exported: number[][] = [named("memory", 2, 0)];
  function add<P extends readonly ValueType[]>(
    params: P,
    results: readonly ValueType[],
    body: (...own: Locals<P>) => void,
    name?: string,
  ): number {
    code = [];
    locals = [];
    parameters = params.length;
    // One local for each parameter, of its type.
    body(...(params.map((type, index) => ({ type, index })) as unknown as Locals<P>));
    const index = functions.length;
    const codes = (list: readonly ValueType[]): number[] => list.map((type) => type.code);
    types.push([0x60, params.length, ...codes(params), results.length, ...codes(results)]);
    const head: number[] = [];
    unsigned(head, locals.length);
    for (const type of locals) head.push(1, type.code);
    const size: number[] = [];
    unsigned(size, head.length + code.length + 1);
    functions.push(size.concat(head, code, 0x0b));
    if (name !== undefined) exported.push(named(name, 0, index));
    return index;
  }

  return {
    define: (params, result, body, name) => ({
      index: add(params, [result], body, name),
      params,
      result,
    }),
    procedure: (params, body, name) => ({
      index: add(params, [], body, name),
      params,
      result: undefined,
    }),
    bytes(pages, mostPages) {
      const memory = [1];
      unsigned(memory, pages);
      unsigned(memory, mostPages);
      const indices = functions.map((_, index) => {
        const bytes: number[] = [];
        unsigned(bytes, index);
        return bytes;
      });
      return Uint8Array.from(
        [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0].concat(
          section(1, types),
          section(3, indices),
          section(5, [memory]),
          section(7, exported),
          section(10, functions),
        ),
      );
    },
  };
}

function named(name: string, kind: number, index: number): number[] {
  const bytes = [name.length, ...Array.from(name, (letter) => letter.charCodeAt(0)), kind];
  unsigned(bytes, index);
  return bytes;
}

function section(id: number, items: readonly number[][]): number[] {
  const count: number[] = [];
  unsigned(count, items.length);
  const body = count.concat(...items);
  const head = [id];
  unsigned(head, body.length);
  return head.concat(body);
}
