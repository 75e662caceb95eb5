/** Pickles written by hand, operation by operation. */

const encode = (value: string): number[] => [...new TextEncoder().encode(value)];
const u32 = (value: number): number[] => [...new Uint8Array(Uint32Array.of(value).buffer)];

export const op = {
  proto: (version = 2): number[] => [0x80, version],
  stop: [0x2e],
  mark: [0x28],
  none: [0x4e],
  emptyDict: [0x7d],
  emptyTuple: [0x29],
  emptyList: [0x5d],
  tuple: [0x74],
  tuple1: [0x85],
  tuple2: [0x86],
  reduce: [0x52],
  build: [0x62],
  obj: [0x6f],
  newobj: [0x81],
  newobjEx: [0x92],
  stackGlobal: [0x93],
  memoize: [0x94],
  pop: [0x30],
  dup: [0x32],
  setItem: [0x73],
  setItems: [0x75],
  append: [0x61],
  appends: [0x65],
  binPersId: [0x51],
  text: (value: string): number[] => [0x58, ...u32(encode(value).length), ...encode(value)],
  integer: (value: number): number[] => [0x4a, ...u32(value)],
  global: (module: string, name: string): number[] => [0x63, ...encode(`${module}\n${name}\n`)],
  inst: (module: string, name: string): number[] => [0x69, ...encode(`${module}\n${name}\n`)],
  persId: (id: string): number[] => [0x50, ...encode(`${id}\n`)],
  ext1: (code: number): number[] => [0x82, code],
  ext4: (code: number): number[] => [0x84, ...u32(code)],
  put: (index: number): number[] => [0x72, ...u32(index)],
  get: (index: number): number[] => [0x6a, ...u32(index)],
  long: (bytes: readonly number[]): number[] => [0x8a, bytes.length, ...bytes],
};

export const pickle = (...operations: readonly (readonly number[])[]): Uint8Array => Uint8Array.from(operations.flat());

/** The legacy format with this object in it and no storages. */
export function legacyFile(
  object: Uint8Array,
  storages: Uint8Array = new Uint8Array(),
  keys: readonly string[] = [],
): Uint8Array {
  const magic = pickle(op.proto(), op.long([0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]), op.stop);
  const version = pickle(op.proto(), op.integer(1001), op.stop);
  const system = pickle(op.proto(), op.emptyDict, op.stop);
  const list = pickle(op.proto(), op.emptyList, op.mark, ...keys.map(op.text), op.appends, op.stop);
  return Buffer.concat([magic, version, system, object, list, storages]);
}

/** Operations for a float tensor in storage `key`. */
export function tensor(
  key: string,
  count: number,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
  storage = 'FloatStorage',
): number[] {
  const numbers = (values: readonly number[]) => [...op.mark, ...values.flatMap(op.integer), ...op.tuple];
  return [
    ...op.global('torch._utils', '_rebuild_tensor_v2'),
    ...op.mark,
    ...op.mark,
    ...op.text('storage'),
    ...op.global('torch', storage),
    ...op.text(key),
    ...op.text('cpu'),
    ...op.integer(count),
    ...op.tuple,
    ...op.binPersId,
    ...op.integer(offset),
    ...numbers(shape),
    ...numbers(strides),
    0x89,
    ...op.global('collections', 'OrderedDict'),
    ...op.emptyTuple,
    ...op.reduce,
    ...op.tuple,
    ...op.reduce,
  ];
}

/** A dictionary of text to operations. */
export const dict = (entries: Record<string, readonly number[]>): number[] => [
  ...op.emptyDict,
  ...op.mark,
  ...Object.entries(entries).flatMap(([name, value]) => [...op.text(name), ...value]),
  ...op.setItems,
];

/** A storage of the legacy format: its count and its numbers. */
export function legacyStorage(values: Float32Array | Uint16Array): Uint8Array {
  return Buffer.concat([
    new Uint8Array(BigUint64Array.of(BigInt(values.length)).buffer),
    new Uint8Array(values.buffer),
  ]);
}
