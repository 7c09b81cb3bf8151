// A small assembler: from calls of TypeScript functions to the bytes of a WebAssembly module (WebAssembly
// Core Specification 2.0, section 5, and its relaxed SIMD instructions).
//
// An expression is a value that writes nothing until a statement takes it: then its operands are written in their
// order, and its instruction behind them, as a stack machine wants it. So where an expression stands in the text
// does not matter to the stack. It is used once, in the statement that it was made for: to read memory or a variable
// later, or twice, would be to read another value, and never, to lose a call. The assembler throws for all three;
// `variable` keeps a value. TypeScript checks the types that the engine will validate. A number stands for a
// constant of the type that is wanted. Bodies of loops and branches are functions.

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

/** What leaves one value on the stack, once. */
export interface Expression<T extends ValueType> {
  readonly type: T;
  /** For the assembler: writes the code. */
  readonly write: () => void;
}

/** An expression, a parameter or variable, or a constant; of V128 the same number in both lanes. */
export type Operand<T extends ValueType> = Expression<T> | number;
type Operands<P extends readonly ValueType[]> = { readonly [K in keyof P]: Operand<P[K]> };

/** A parameter or a variable of a function: its value when it is used, any number of times. */
export interface Local<T extends ValueType> extends Expression<T> {
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
let resultType: ValueType | undefined;
/** Expressions that no statement has taken yet. */
let pending = 0;

function unsigned(to: number[], value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) to.push((rest & 0x7f) | 0x80);
  to.push(rest);
}

/** Up to 2^53. */
function signed(value: number): void {
  for (let rest = value; ;) {
    const low = rest & 0x7f;
    rest = (rest - low) / 0x80;
    const isLast = rest === (low < 0x40 ? 0 : -1);
    code.push(isLast ? low : low | 0x80);
    if (isLast) return;
  }
}

function doubleBytes(value: number): Uint8Array {
  return new Uint8Array(new Float64Array([value]).buffer);
}

function write(operand: Operand<ValueType>, type: ValueType): void {
  if (typeof operand === "object") {
    operand.write();
  } else if (type === I32 || type === I64) {
    code.push(type === I32 ? 0x41 : 0x42);
    signed(operand);
  } else {
    const bytes = doubleBytes(operand);
    if (type === F64) code.push(0x44, ...bytes);
    else code.push(0xfd, 12, ...bytes, ...bytes);
  }
}

const USED_ONCE = "an expression must be used once, in the statement it was made for";

function expression<T extends ValueType>(type: T, writeOnce: () => void): Expression<T> {
  let isUsed = false;
  pending++;
  return {
    type,
    write() {
      if (isUsed) throw new Error(USED_ONCE);
      isUsed = true;
      pending--;
      writeOnce();
    },
  };
}

/** Ends a statement, whose code is written. */
function end(): void {
  if (pending !== 0) throw new Error(USED_ONCE);
}

function localAt<T extends ValueType>(type: T, index: number): Local<T> {
  return {
    type,
    index,
    write() {
      code.push(0x20);
      unsigned(code, index);
    },
  };
}

/** A variable, zero at the start of its function. */
export function local<T extends ValueType>(type: T): Local<T> {
  locals.push(type);
  return localAt(type, parameters + locals.length - 1);
}

export function set<T extends ValueType>({ index, type }: Local<T>, value: Operand<T>): void {
  write(value, type);
  code.push(0x21);
  unsigned(code, index);
  end();
}

/** A variable that has this value. */
export function variable<T extends ValueType>(value: Expression<T>): Local<T> {
  const made = local(value.type);
  set(made, value);
  return made;
}

/** Calls a function: an expression where it has a result, else a statement. */
export function call<P extends readonly ValueType[], R extends ValueType | undefined>(
  { index, params, result }: Func<P, R>,
  ...operands: Operands<P>
): R extends ValueType ? Expression<R> : void;
export function call(
  { index, params, result }: Func<readonly ValueType[], ValueType | undefined>,
  ...operands: readonly Operand<ValueType>[]
): Expression<ValueType> | undefined {
  const writeCall = (): void => {
    for (const [i, type] of params.entries()) write(operands[i] ?? 0, type);
    code.push(0x10);
    unsigned(code, index);
  };
  if (result !== undefined) return expression(result, writeCall);
  writeCall();
  end();
  return undefined;
}

/** Drops a result that is not wanted. */
export function drop(value: Expression<ValueType>): void {
  value.write();
  code.push(0x1a);
  end();
}

/** Runs the body, and again as long as what it leaves is not zero. */
export function loop(body: () => Operand<I32>): void {
  code.push(0x03, 0x40);
  write(body(), I32);
  code.push(0x0d, 0, 0x0b);
  end();
}

export function when(condition: Operand<I32>, yes: () => void): void {
  write(condition, I32);
  code.push(0x04, 0x40);
  yes();
  code.push(0x0b);
  end();
}

export function choose(condition: Operand<I32>, yes: () => void, no: () => void): void {
  when(condition, () => {
    yes();
    code.push(0x05);
    no();
  });
}

/** Leaves the function, with its result. */
export function leave(result: Operand<ValueType>): void {
  if (resultType !== undefined) write(result, resultType);
  code.push(0x0f);
  end();
}

/** The first value where the condition is not zero, else the second. */
export function select(
  yes: Operand<I32>,
  no: Operand<I32>,
  condition: Operand<I32>,
): Expression<I32> {
  return expression(I32, () => {
    for (const operand of [yes, no, condition]) write(operand, I32);
    code.push(0x1b);
  });
}

type Unary<T extends ValueType, R extends ValueType> = (a: Operand<T>) => Expression<R>;
export type Binary<T extends ValueType, R extends ValueType> = (
  a: Operand<T>,
  b: Operand<T>,
) => Expression<R>;
type Ternary<T extends ValueType> = (a: Operand<T>, b: Operand<T>, c: Operand<T>) => Expression<T>;
export type Load<R extends ValueType> = (address: Operand<I32>, offset?: number) => Expression<R>;
export type Store<T extends ValueType> = (
  address: Operand<I32>,
  offset: number,
  value: Operand<T>,
) => void;

/** An instruction whose operands are all of one type. */
function instruction<T extends ValueType, R extends ValueType>(
  type: T,
  result: R,
  ...bytes: number[]
) {
  return (...operands: readonly Operand<T>[]): Expression<R> =>
    expression(result, () => {
      for (const operand of operands) write(operand, type);
      code.push(...bytes);
    });
}

/** An address in memory: fixed, or that in a variable, plus an offset. As an operand, the address when it is used. */
export interface Place extends Expression<I32> {
  readonly base: Local<I32> | null;
  readonly offset: number;
}

export function place(base: Local<I32> | null, offset: number): Place {
  return {
    type: I32,
    base,
    offset,
    write() {
      if (base === null || offset === 0) write(base ?? offset, I32);
      else i32.add(base, offset).write();
    },
  };
}

/** Writes the address of an instruction that adds a constant to it; returns that constant. */
function writeAddress(address: Operand<I32> | Place, offset: number): number {
  if (typeof address !== "object" || !("base" in address)) {
    write(address, I32);
    return offset;
  }
  write(address.base ?? 0, I32);
  return address.offset + offset;
}

/** The constant `offset` is added to the address. No alignment is promised to the engine: 0. */
function load<R extends ValueType>(result: R, ...bytes: number[]): Load<R> {
  return (address, offset = 0) =>
    expression(result, () => {
      const constantOffset = writeAddress(address, offset);
      code.push(...bytes, 0);
      unsigned(code, constantOffset);
    });
}

function store<T extends ValueType>(type: T, ...bytes: number[]): Store<T> {
  return (address, offset, value) => {
    const constantOffset = writeAddress(address, offset);
    write(value, type);
    code.push(...bytes, 0);
    unsigned(code, constantOffset);
    end();
  };
}

/** A constant, where nothing says its type. */
function constant<T extends ValueType>(type: T): (value: number) => Expression<T> {
  return (value) => expression(type, () => write(value, type));
}

/** Instructions, by their names in the specification. */
export const i32: {
  /** Of -2^31 to 2^31 - 1. */
  const(value: number): Expression<I32>;
  readonly wrap: Unary<I64, I32>;
} & Readonly<
  Record<"load", Load<I32>> &
    Record<"store" | "store8", Store<I32>> &
    Record<"eqz" | "ctz", Unary<I32, I32>> &
    Record<
      | ("ne" | "ltS" | "ltU" | "geS" | "add" | "sub" | "mul" | "divU")
      | ("and" | "or" | "xor" | "shl" | "shrS" | "shrU" | "rotl" | "rotr"),
      Binary<I32, I32>
    >
> = {
  const: constant(I32),
  load: load(I32, 0x28),
  store: store(I32, 0x36),
  store8: store(I32, 0x3a),
  eqz: instruction(I32, I32, 0x45),
  ne: instruction(I32, I32, 0x47),
  ltS: instruction(I32, I32, 0x48),
  ltU: instruction(I32, I32, 0x49),
  geS: instruction(I32, I32, 0x4e),
  ctz: instruction(I32, I32, 0x68),
  add: instruction(I32, I32, 0x6a),
  sub: instruction(I32, I32, 0x6b),
  mul: instruction(I32, I32, 0x6c),
  divU: instruction(I32, I32, 0x6e),
  and: instruction(I32, I32, 0x71),
  or: instruction(I32, I32, 0x72),
  xor: instruction(I32, I32, 0x73),
  shl: instruction(I32, I32, 0x74),
  shrS: instruction(I32, I32, 0x75),
  shrU: instruction(I32, I32, 0x76),
  rotl: instruction(I32, I32, 0x77),
  rotr: instruction(I32, I32, 0x78),
  wrap: instruction(I64, I32, 0xa7),
};

export const i64: {
  /** Of -2^53 to 2^53. */
  const(value: number): Expression<I64>;
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
  const: constant(I64),
  load: load(I64, 0x29),
  load32U: load(I64, 0x35),
  store: store(I64, 0x37),
  store32: store(I64, 0x3e),
  eqz: instruction(I64, I32, 0x50),
  ne: instruction(I64, I32, 0x52),
  ltS: instruction(I64, I32, 0x53),
  add: instruction(I64, I64, 0x7c),
  sub: instruction(I64, I64, 0x7d),
  mul: instruction(I64, I64, 0x7e),
  and: instruction(I64, I64, 0x83),
  or: instruction(I64, I64, 0x84),
  xor: instruction(I64, I64, 0x85),
  shl: instruction(I64, I64, 0x86),
  shrS: instruction(I64, I64, 0x87),
  shrU: instruction(I64, I64, 0x88),
  rotr: instruction(I64, I64, 0x8a),
  extendS: instruction(I32, I64, 0xac),
  extendU: instruction(I32, I64, 0xad),
  truncate: instruction(F64, I64, 0xfc, 6),
};

export const f64: {
  readonly load: Load<F64>;
  readonly store: Store<F64>;
  readonly convert: Unary<I32, F64>;
} = {
  load: load(F64, 0x2b),
  store: store(F64, 0x39),
  convert: instruction(I32, F64, 0xb7),
};

/** Two doubles side by side. */
export const f64x2: {
  readonly load: Load<V128>;
  readonly store: Store<V128>;
  /** The same number in both lanes. */
  const(value: number): Expression<V128>;
  readonly splat: Unary<F64, V128>;
  /** a·b + c, rounded once or twice (relaxed SIMD). */
  readonly fused: Ternary<V128>;
  /** c - a·b, rounded once or twice (relaxed SIMD). */
  readonly fusedMinus: Ternary<V128>;
  /** Puts a number into lane 1. */
  replaceLane1(a: Operand<V128>, value: Operand<F64>): Expression<V128>;
  /** The lanes in the other order. */
  swap(a: Local<V128>): Expression<V128>;
  /** The whole numbers of 32 bits at two addresses; that of lane 1 comes first. */
  ofIntegers(lane1: Operand<I32>, lane0: Operand<I32>, offset: number): Expression<V128>;
} & Readonly<Record<"add" | "sub" | "mul", Binary<V128, V128>>> = {
  load: load(V128, 0xfd, 0),
  store: store(V128, 0xfd, 11),
  const: constant(V128),
  splat: instruction(F64, V128, 0xfd, 20),
  add: instruction(V128, V128, 0xfd, 0xf0, 1),
  sub: instruction(V128, V128, 0xfd, 0xf1, 1),
  mul: instruction(V128, V128, 0xfd, 0xf2, 1),
  fused: instruction(V128, V128, 0xfd, 0x87, 2),
  fusedMinus: instruction(V128, V128, 0xfd, 0x88, 2),
  replaceLane1: (a, value) =>
    expression(V128, () => {
      write(a, V128);
      write(value, F64);
      code.push(0xfd, 0x22, 1);
    }),
  swap: (a) =>
    expression(V128, () => {
      a.write();
      a.write();
      code.push(0xfd, 13, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7); // i8x16.shuffle
    }),
  ofIntegers: (lane1, lane0, offset) =>
    expression(V128, () => {
      write(lane1, I32);
      write(lane0, I32);
      code.push(0xfd, 0x5c, 0); // v128.load32_zero
      unsigned(code, offset);
      code.push(0xfd, 0x56, 0); // v128.load32_lane
      unsigned(code, offset);
      code.push(1, 0xfd, 0xfe, 1); // f64x2.convert_low_i32x4_s
    }),
};

/** A module that is being written: functions, and a memory of its own, exported as `memory`. */
export interface Module {
  /** Writes a function; the body leaves its result. With a name, the module exports it. */
  define<const P extends readonly ValueType[], R extends ValueType>(
    params: P,
    result: R,
    body: (...own: Locals<P>) => Operand<R>,
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
    result: ValueType | undefined,
    body: (...own: Locals<P>) => Operand<ValueType> | void,
    name?: string,
  ): number {
    code = [];
    locals = [];
    parameters = params.length;
    resultType = result;
    pending = 0;
    // One local for each parameter, of its type.
    const left = body(...(params.map(localAt) as unknown as Locals<P>));
    if (result !== undefined) write(left ?? 0, result);
    end();
    const index = functions.length;
    const codes = (list: readonly ValueType[]): number[] => list.map((type) => type.code);
    const results = result === undefined ? [] : [result];
    types.push([0x60, params.length, ...codes(params), results.length, ...codes(results)]);
    const head: number[] = [];
    unsigned(head, locals.length);
    for (const type of locals) head.push(1, type.code);
    const size: number[] = [];
    code.push(0x0b);
    unsigned(size, head.length + code.length);
    functions.push(size.concat(head, code));
    if (name !== undefined) exported.push(named(name, 0, index));
    return index;
  }

  return {
    define: (params, result, body, name) => ({
      index: add(params, result, body, name),
      params,
      result,
    }),
    procedure: (params, body, name) => ({
      index: add(params, undefined, body, name),
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
      return new Uint8Array(
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
