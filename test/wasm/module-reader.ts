// Reads the functions of a module back from its bytes: what runs is what is checked.

/** One instruction: its opcode (0xfd00 and more for SIMD), and the numbers behind it. */
export interface Instruction {
  readonly opcode: number;
  readonly operands: readonly number[];
}

export interface ReadFunction {
  readonly parameters: number;
  readonly results: number;
  /** The types of the variables behind the parameters. */
  readonly locals: readonly number[];
  readonly instructions: readonly Instruction[];
}

export interface ReadModule {
  readonly functions: readonly ReadFunction[];
  /** Index of a function, by the name that it is exported under. */
  readonly exported: ReadonlyMap<string, number>;
}

class Reader {
  private at: number;
  private readonly bytes: Uint8Array;
  readonly end: number;
  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }
  get isDone(): boolean {
    return this.at >= this.end;
  }
  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined || this.at > this.end) throw new Error("the module ends too early");
    return byte;
  }
  unsigned(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }
  signed(): number {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(Number(shift) + 7, value));
    }
  }
  double(): number {
    const view = new DataView(Uint8Array.from({ length: 8 }, () => this.byte()).buffer);
    return view.getFloat64(0, true);
  }
  part(length: number): Reader {
    const part = new Reader(this.bytes, this.at, this.at + length);
    this.at += length;
    return part;
  }
  text(): string {
    return String.fromCharCode(...Array.from({ length: this.unsigned() }, () => this.byte()));
  }
  list<T>(read: () => T): T[] {
    return Array.from({ length: this.unsigned() }, read);
  }
}

/** Reads a module that this library assembled: one type for each function, memory first among the exports. */
export function readModule(bytes: Uint8Array): ReadModule {
  const reader = new Reader(bytes, 8, bytes.length);
  let types: { readonly parameters: number; readonly results: number }[] = [];
  let codes: { readonly locals: number[]; readonly instructions: Instruction[] }[] = [];
  const exported = new Map<string, number>();
  while (!reader.isDone) {
    const id = reader.byte();
    const section = reader.part(reader.unsigned());
    if (id === 1) {
      types = section.list(() => {
        section.byte();
        const parameters = section.list(() => section.byte()).length;
        return { parameters, results: section.list(() => section.byte()).length };
      });
    } else if (id === 7) {
      section.list(() => {
        const name = section.text();
        const kind = section.byte();
        const index = section.unsigned();
        if (kind === 0) exported.set(name, index);
      });
    } else if (id === 10) {
      codes = section.list(() => readCode(section.part(section.unsigned())));
    }
  }
  const functions = types.map((type, i) => {
    const code = codes[i];
    if (code === undefined) throw new Error("a function without code");
    return Object.assign(code, type);
  });
  return { functions, exported };
}

function readCode(reader: Reader): { locals: number[]; instructions: Instruction[] } {
  const locals = reader
    .list(() => ({ count: reader.unsigned(), type: reader.byte() }))
    .flatMap(({ count, type }) => Array.from({ length: count }, () => type));
  const instructions: Instruction[] = [];
  while (!reader.isDone) instructions.push(readInstruction(reader));
  return { locals, instructions };
}

function readInstruction(reader: Reader): Instruction {
  const first = reader.byte();
  const opcode = first >= 0xfc ? first * 256 + reader.unsigned() : first;
  return { opcode, operands: operandsOf(opcode, reader) };
}

function operandsOf(opcode: number, reader: Reader): number[] {
  if (opcode === 0x41 || opcode === 0x42) return [reader.signed()];
  if (opcode === 0x44) return [reader.double()];
  if (opcode === 0xfd0c) return [reader.double(), reader.double()];
  if (opcode === 0xfd0d) return Array.from({ length: 16 }, () => reader.byte());
  if (opcode === 0xfd22) return [reader.byte()];
  if (opcode === 0xfd56) return [reader.unsigned(), reader.unsigned(), reader.byte()];
  // Loads and stores have an alignment and an offset; blocks, branches, calls and variables one number.
  if (
    (opcode >= 0x28 && opcode <= 0x3e) ||
    opcode === 0xfd00 ||
    opcode === 0xfd0b ||
    opcode === 0xfd5c
  )
    return [reader.unsigned(), reader.unsigned()];
  if ([0x02, 0x03, 0x04].includes(opcode)) return [reader.byte()];
  if ([0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22].includes(opcode)) return [reader.unsigned()];
  return [];
}
