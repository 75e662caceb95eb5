import { AppError } from '../../../shared/errors.ts';

/** What a pickle may hold here. Lists and tuples are both arrays; anything that is not plain data is a {@link PickleObject}. */
export type PickleValue =
  null | boolean | number | bigint | string | Uint8Array | PickleValue[] | PickleDict | PickleObject;
export type PickleDict = Map<PickleKey, PickleValue>;
type PickleKey = null | boolean | number | bigint | string;

/** An inert stand-in for something of Python's: our own class, our own meaning. */
export abstract class PickleObject {
  /** What Python's `__setstate__` would be given. Ignored by default; numpy's arrays take their numbers from it. */
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- for those who override it
  setState(_state: PickleValue): void {}
}

/** A stand-in for a class or function that may be called, with what our reading makes of the call. */
export class PickleFunction extends PickleObject {
  readonly call: (args: PickleValue[]) => PickleValue;

  constructor(call: (args: PickleValue[]) => PickleValue) {
    super();
    this.call = call;
  }
}

/** What a pickle may refer to. Both functions throw for what is not on the list; nothing of Python's is ever run. */
export interface PickleScope {
  find(module: string, name: string): PickleObject;
  persistent(id: PickleValue): PickleObject;
}

/** Far above what weights need: each tensor takes about 50 operations. */
const MAX_OPERATIONS = 5_000_000;
const MAX_STACK = 1_000_000;
const MAX_MEMO = 1_000_000;
const MAX_TEXT = 1_000_000;
const MAX_INTEGER_BYTES = 32;

const MARK = Symbol('mark');

/**
 * Runs one pickle on a small stack machine that knows only how to build plain data (protocols 2 to 5). Whatever could
 * run code in Python either is looked up in `scope` or is refused.
 * @returns the value and where the pickle ends in `bytes`.
 * @throws AppError `bad-input` or `unsupported` for everything that is not on the list.
 */
export function unpickle(bytes: Uint8Array, scope: PickleScope, start = 0): { value: PickleValue; end: number } {
  return new Machine(bytes, scope, start).run();
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #scope: PickleScope;
  readonly #stack: (PickleValue | typeof MARK)[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #position: number;
  #budget = MAX_OPERATIONS;

  constructor(bytes: Uint8Array, scope: PickleScope, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#scope = scope;
    this.#position = start;
  }

  run(): { value: PickleValue; end: number } {
    if (this.#bytes[this.#position] !== 0x80) throw refused('it does not begin like a pickle of protocol 2 or later');
    for (;;) {
      this.#spend(1);
      const opcode = this.#u8();
      if (opcode === 0x2e) break; // STOP
      this.#step(opcode);
      if (this.#stack.length > MAX_STACK || this.#memo.size > MAX_MEMO) throw refused('it needs too much memory');
    }
    const value = this.#pop();
    if (this.#stack.length > 0) throw refused('its stack is not empty at the end');
    return { value, end: this.#position };
  }

  /** One operation; the names in the comments are those of Python's pickletools. */
  #step(opcode: number): void {
    switch (opcode) {
      case 0x80: // PROTO
        if (this.#u8() > 5) throw refused('its pickle protocol is unknown');
        return;
      case 0x95: // FRAME: only a hint for reading
        this.#take(8);
        return;
      case 0x28: // MARK
        this.#stack.push(MARK);
        return;
      case 0x30: // POP
        if (this.#stack.pop() === undefined) throw refused('its stack is empty');
        return;
      case 0x31: // POP_MARK
        this.#popToMark();
        return;
      case 0x32: // DUP
        return this.#push(this.#top());
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4b: // BININT1
        return this.#push(this.#u8());
      case 0x4d: // BININT2
        return this.#push(this.#at(2).getUint16(0, true));
      case 0x4a: // BININT
        return this.#push(this.#at(4).getInt32(0, true));
      case 0x8a: // LONG1
        return this.#push(this.#integer(this.#u8()));
      case 0x47: // BINFLOAT
        return this.#push(this.#at(8).getFloat64(0, false));
      case 0x55: // SHORT_BINSTRING
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#text(this.#u8()));
      case 0x54: // BINSTRING
      case 0x58: // BINUNICODE
        return this.#push(this.#text(this.#u32()));
      case 0x43: // SHORT_BINBYTES
        return this.#push(this.#take(this.#u8()));
      case 0x42: // BINBYTES
        return this.#push(this.#take(this.#u32()));
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return this.#push([]);
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map());
      case 0x74: // TUPLE
        return this.#push(this.#popToMark());
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(Array.from({ length: opcode - 0x84 }, () => this.#pop()).reverse());
      case 0x61: {
        // APPEND
        const item = this.#pop();
        listOf(this.#top()).push(item);
        return;
      }
      case 0x65: {
        // APPENDS
        const items = this.#popToMark();
        const list = listOf(this.#top());
        for (const item of items) list.push(item);
        return;
      }
      case 0x73: {
        // SETITEM
        const value = this.#pop();
        const key = this.#pop();
        dictOf(this.#top()).set(keyOf(key), value);
        return;
      }
      case 0x75: {
        // SETITEMS
        const items = this.#popToMark();
        setPairs(dictOf(this.#top()), items);
        return;
      }
      case 0x71: // BINPUT
        this.#memo.set(this.#u8(), this.#top());
        return;
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#u32(), this.#top());
        return;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case 0x68: // BINGET
        return this.#push(this.#remembered(this.#u8()));
      case 0x6a: // LONG_BINGET
        return this.#push(this.#remembered(this.#u32()));
      case 0x63: // GLOBAL
        return this.#push(this.#scope.find(this.#line(), this.#line()));
      case 0x93: {
        // STACK_GLOBAL
        const name = this.#pop();
        const module = this.#pop();
        if (typeof name !== 'string' || typeof module !== 'string') throw refused('it uses a name that is not text');
        return this.#push(this.#scope.find(module, name));
      }
      case 0x51: // BINPERSID
        return this.#push(this.#scope.persistent(this.#pop()));
      case 0x52: {
        // REDUCE
        const args = listOf(this.#pop());
        const callable = this.#pop();
        if (!(callable instanceof PickleFunction)) throw refused('it calls something that is not a function');
        // A call may look at each value of a list it is given, again and again.
        this.#spend(args.reduce<number>((cost, arg) => cost + (Array.isArray(arg) ? arg.length : 1), 0));
        return this.#push(callable.call(args));
      }
      case 0x62: {
        // BUILD: the state of a numpy array; a state dict's `_metadata` and the rest are of no use here
        const state = this.#pop();
        const object = this.#top();
        if (object instanceof PickleObject) object.setState(state);
        else if (!(object instanceof Map)) throw refused('it sets attributes of plain data');
        return;
      }
      default:
        throw refused(`it contains the operation 0x${opcode.toString(16)}, which weights do not need`);
    }
  }

  #spend(cost: number): void {
    this.#budget -= cost;
    if (this.#budget < 0) throw refused('it takes too many operations');
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) throw refused('its stack is empty');
    return value;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) throw refused('its stack is empty');
    return value;
  }

  #popToMark(): PickleValue[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw refused('a mark is missing');
    // There is no other mark above the last one.
    const items = this.#stack.splice(mark).slice(1) as PickleValue[];
    this.#spend(items.length);
    return items;
  }

  #remembered(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw refused('it refers to something it has not defined');
    return value;
  }

  #take(length: number): Uint8Array {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw refused('it ends too early');
    const part = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return part;
  }

  #at(length: number): DataView {
    const { byteOffset } = this.#take(length);
    return new DataView(this.#view.buffer, byteOffset, length);
  }

  #u8(): number {
    return this.#at(1).getUint8(0);
  }

  #u32(): number {
    return this.#at(4).getUint32(0, true);
  }

  /** A whole number of any size, two's complement, little-endian; a bigint where a number would not be exact. */
  #integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES) throw refused('it contains a number that is too large');
    const raw = [...this.#take(length)].reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
    const value = BigInt.asIntN(8 * length, raw);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  #text(length: number): string {
    if (length > MAX_TEXT) throw refused('it contains a text that is too long');
    return new TextDecoder().decode(this.#take(length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end < 0 || end - this.#position > 1000) throw refused('a name does not end');
    const text = new TextDecoder().decode(this.#take(end - this.#position));
    this.#take(1);
    return text;
  }
}

/** Puts key, value, key, value, … into a dictionary. */
function setPairs(dict: PickleDict, items: readonly PickleValue[]): void {
  if (items.length % 2 !== 0) throw refused('a key has no value');
  for (let i = 0; i < items.length; i += 2) dict.set(keyOf(items[i]), items[i + 1] as PickleValue);
}

/** @throws AppError unless the value is a list or tuple. */
export function listOf(value: PickleValue | undefined): PickleValue[] {
  if (!Array.isArray(value)) throw refused('a list is expected where there is none');
  return value;
}

function dictOf(value: PickleValue): PickleDict {
  if (!(value instanceof Map)) throw refused('a dictionary is expected where there is none');
  return value;
}

/** @throws AppError unless the value may be a dictionary's key here. */
export function keyOf(value: PickleValue | undefined): PickleKey {
  if (value === undefined || (typeof value === 'object' && value !== null))
    throw refused('a dictionary has keys that are neither text nor numbers');
  return value;
}

/** The error for a pickle that is damaged or does what weights never do. */
export function refused(reason: string): AppError {
  return new AppError(
    'bad-input',
    `This PyTorch file is not safe to read or is damaged: ${reason}. Save its weights as safetensors, or download or copy the file again.`,
  );
}
