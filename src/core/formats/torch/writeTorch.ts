import { crc32 } from 'node:zlib';
import type { Weights, WeightTensor } from '../weights.ts';

/** PyTorch aligns storages in its files to this many bytes, so that they can be mapped into memory. */
const ALIGNMENT = 64;

const storageClasses: Readonly<Record<WeightTensor['dtype'], string>> = {
  float32: 'FloatStorage',
  int32: 'IntStorage',
  int64: 'LongStorage',
  uint8: 'ByteStorage',
  bool: 'BoolStorage',
};

/**
 * Writes weights as `torch.save({'params': weights, 'params_ema': weights})` does in PyTorch's zip format, which
 * PyTorch (with `weights_only=True`) and BasicSR load. Both dictionaries share their storages. Metadata are additional
 * keys with text values, which other programs ignore.
 */
export function writeTorchFile(weights: Weights, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const tensors = [...weights];
  const entries: [string, Uint8Array][] = [
    ['data.pkl', pickleOf(tensors, ['params', 'params_ema'], metadata)],
    ['byteorder', text('little')],
    ...tensors.map(([, { data }], key): [string, Uint8Array] => [
      `data/${key}`,
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    ]),
    ['version', text('3\n')],
  ];
  return storedZip(entries.map(([name, bytes]) => [`archive/${name}`, bytes]));
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** The pickle (protocol 2) of a dictionary with these keys, all with the same state dict, and with these texts. */
function pickleOf(
  tensors: readonly [string, WeightTensor][],
  keys: readonly string[],
  texts: Readonly<Record<string, string>>,
): Uint8Array {
  const parts: Uint8Array[] = [];
  const opcode = (...bytes: number[]) => parts.push(Uint8Array.from(bytes));
  const global = (module: string, name: string) => parts.push(text(`c${module}\n${name}\n`));
  const string = (value: string) => {
    const bytes = text(value);
    opcode(0x58, ...u32(bytes.length)); // BINUNICODE
    parts.push(bytes);
  };
  const integer = (value: number) =>
    value < 2 ** 31
      ? opcode(0x4a, ...u32(value))
      : opcode(0x8a, 8, ...new Uint8Array(BigInt64Array.of(BigInt(value)).buffer)); // BININT, LONG1
  const tuple = (values: readonly number[]) => {
    opcode(0x28);
    values.forEach(integer);
    opcode(0x74);
  };
  const orderedDict = () => {
    global('collections', 'OrderedDict');
    opcode(0x29, 0x52); // EMPTY_TUPLE, REDUCE
  };

  opcode(0x80, 2, 0x7d, 0x28); // PROTO, EMPTY_DICT, MARK
  for (const key of keys) {
    string(key);
    orderedDict();
    opcode(0x28);
    tensors.forEach(([name, { dtype, shape, data }], index) => {
      string(name);
      global('torch._utils', '_rebuild_tensor_v2');
      opcode(0x28, 0x28);
      string('storage');
      global('torch', storageClasses[dtype]);
      string(String(index));
      string('cpu');
      integer(data.length);
      opcode(0x74, 0x51); // TUPLE, BINPERSID
      integer(0);
      tuple(shape);
      tuple(shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1)));
      opcode(0x89); // requires_grad: False
      orderedDict(); // backward hooks
      opcode(0x74, 0x52);
    });
    opcode(0x75); // SETITEMS
  }
  for (const [key, value] of Object.entries(texts)) {
    string(key);
    string(value);
  }
  opcode(0x75, 0x2e); // SETITEMS, STOP
  return Buffer.concat(parts);
}

const u16 = (value: number): number[] => [value & 0xff, value >>> 8];
const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)];

/**
 * A zip file of uncompressed entries, each aligned by padding in its header, as PyTorch does it. (No available zip
 * library can align.) Files above 4 GB do not occur, because weights are read up to 2 GB.
 */
function storedZip(entries: readonly [string, Uint8Array][]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let position = 0;
  const push = (part: Uint8Array) => {
    parts.push(part);
    position += part.length;
  };
  for (const [name, bytes] of entries) {
    const encoded = text(name);
    const start = position;
    const padding = (ALIGNMENT - ((start + 30 + encoded.length + 4) % ALIGNMENT)) % ALIGNMENT;
    // Version, flags (names are UTF-8), method 0 (stored), time and date of 1980-01-01, checksum, sizes, name's length.
    const common = [
      ...u16(20),
      ...u16(0x800),
      ...u16(0),
      ...u16(0),
      ...u16(0x21),
      ...u32(crc32(bytes)),
      ...u32(bytes.length),
      ...u32(bytes.length),
      ...u16(encoded.length),
    ];
    push(Uint8Array.from([...u32(0x04034b50), ...common, ...u16(4 + padding)]));
    push(encoded);
    // An extra field called "FB", filled with Z.
    push(Uint8Array.from([0x46, 0x42, ...u16(padding), ...new Uint8Array(padding).fill(0x5a)]));
    push(bytes);
    directory.push(
      Uint8Array.from([
        ...u32(0x02014b50),
        ...u16(20),
        ...common,
        ...u16(0),
        ...u16(0),
        ...u16(0),
        ...u16(0),
        ...u32(0),
        ...u32(start),
      ]),
      encoded,
    );
  }
  const start = position;
  directory.forEach(push);
  push(
    Uint8Array.from([
      ...u32(0x06054b50),
      ...u16(0),
      ...u16(0),
      ...u16(entries.length),
      ...u16(entries.length),
      ...u32(position - start),
      ...u32(start),
      ...u16(0),
    ]),
  );
  return Buffer.concat(parts);
}
