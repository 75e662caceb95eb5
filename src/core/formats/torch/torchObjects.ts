import { AppError } from '../../../shared/errors.ts';
import { countOf, elementBytes, type ElementType, tensorOf } from '../elements.ts';
import { keyOf, listOf, PickleFunction, PickleObject, type PickleScope, type PickleValue, refused } from './pickle.ts';
import type { WeightTensor } from '../weights.ts';

/** PyTorch's storage classes with number types that can be read. */
const storageTypes: Readonly<Record<string, ElementType>> = {
  DoubleStorage: 'f64',
  FloatStorage: 'f32',
  HalfStorage: 'f16',
  BFloat16Storage: 'bf16',
  LongStorage: 'i64',
  IntStorage: 'i32',
  ShortStorage: 'i16',
  CharStorage: 'i8',
  ByteStorage: 'u8',
  BoolStorage: 'bool',
};
const otherStorages = /^(ComplexFloat|ComplexDouble|QInt8|QUInt8|QInt32|QUInt4x2|QUInt2x4|Untyped)Storage$/;

/** torch.dtype objects. They occur in training states, but never in the weights themselves. */
const dtypes = /^(float(16|32|64)|bfloat16|u?int(8|16|32|64)|bool|complex(64|128)|half|double|long|short)$/;

const MAX_RANK = 16;

/** A value that may occur but is ignored. */
class Mention extends PickleObject {}

class StorageType extends PickleObject {
  readonly type: ElementType;

  constructor(type: ElementType) {
    super();
    this.type = type;
  }
}

/** A sequence of numbers stored elsewhere in the file, possibly shared by several tensors. */
export class Storage extends PickleObject {
  readonly key: string;
  readonly type: ElementType;
  /** Number of values. */
  readonly count: number;

  constructor(key: string, type: ElementType, count: number) {
    super();
    this.key = key;
    this.type = type;
    this.count = count;
  }

  get byteLength(): number {
    return this.count * elementBytes[this.type];
  }
}

/** A view of a storage, as in `_rebuild_tensor_v2`; offset and strides count numbers, not bytes. */
export class TorchTensor extends PickleObject {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: number[];
  readonly strides: number[];

  constructor(storage: Storage, offset: number, shape: number[], strides: number[]) {
    super();
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }

  /** Number of values in the tensor, which is more than in its storage if a stride is 0. */
  get count(): number {
    return countOf(this.shape) ?? Infinity;
  }

  /** Copies the tensor from its storage's bytes in row-major order. */
  read(bytes: Uint8Array): WeightTensor {
    return tensorOf(this.storage.type, this.shape, gather(bytes, elementBytes[this.storage.type], this));
  }
}

/**
 * The allow list: names that a PyTorch weights file may contain. It includes numpy's scalars, because training scripts
 * store their best PSNR next to the weights (as in FFA-Net's published files).
 * @param storages collects every storage that the pickle mentions, by key.
 */
export function torchScope(storages: Map<string, Storage>): PickleScope {
  return {
    find: (module, name) => findAllowed(module, name),
    persistent: (id) => {
      const storage = readPersistentId(id);
      const known = storages.get(storage.key);
      if (known && (known.type !== storage.type || known.count !== storage.count))
        throw refused('it describes one storage in two ways');
      if (!known) storages.set(storage.key, storage);
      return known ?? storage;
    },
  };
}

const orderedDict = new PickleFunction(([pairs]) => {
  if (pairs === undefined) return new Map();
  return new Map(listOf(pairs).map((pair) => [keyOf(listOf(pair)[0]), listOf(pair)[1] ?? null]));
});
const rebuildTensor = new PickleFunction(makeTensor);
const rebuildParameter = new PickleFunction(([tensor]) => {
  if (!(tensor instanceof TorchTensor)) throw refused('a parameter is no tensor');
  return tensor;
});
const size = new PickleFunction(([sides]) => listOf(sides));
const mention = new Mention();
const mentioned = new PickleFunction(() => mention);

const allowed: Readonly<Record<string, PickleObject>> = {
  'collections.OrderedDict': orderedDict,
  'torch._utils._rebuild_tensor_v2': rebuildTensor,
  'torch._utils._rebuild_parameter': rebuildParameter,
  'torch.Size': size,
  'numpy.dtype': mentioned,
  'numpy.core.multiarray.scalar': mentioned,
  'numpy._core.multiarray.scalar': mentioned,
  // How Python 2 and 3 both encode bytes: as text with the name of an encoding.
  '_codecs.encode': mentioned,
};

function findAllowed(module: string, name: string): PickleObject {
  const path = `${module}.${name}`;
  if (Object.hasOwn(allowed, path)) return allowed[path] as PickleObject;
  if (module === 'torch' || module === 'torch.cuda') {
    if (Object.hasOwn(storageTypes, name)) return new StorageType(storageTypes[name] as ElementType);
    if (otherStorages.test(name))
      throw new AppError(
        'unsupported',
        `This PyTorch file stores numbers as ${path}, which is not supported. Convert its weights to float32 first.`,
      );
    if (module === 'torch' && dtypes.test(name)) return mention;
  }
  // What torch.save writes for types added after 2.1: float8, unsigned integers larger than a byte, single bits.
  if (path === 'torch._utils._rebuild_tensor_v3')
    throw new AppError(
      'unsupported',
      'This PyTorch file stores numbers in a new type, such as float8, which is not supported. Convert its weights to float32 first.',
    );
  const shown = path.length > 80 ? `${path.slice(0, 77)}...` : path;
  throw new AppError(
    'bad-input',
    `This PyTorch file was not opened because it would run ${shown}, which a weights file never needs. If you trust it, save its state_dict or a safetensors file with the program that made it.`,
    { details: { global: shown } },
  );
}

/** ('storage', type, key, location, count[, view]); a view appears in the legacy format only and is always None since 0.4. */
function readPersistentId(id: PickleValue): Storage {
  const [kind, type, key, , count, view] = listOf(id);
  if (
    kind !== 'storage' ||
    !(type instanceof StorageType) ||
    typeof key !== 'string' ||
    !isCount(count) ||
    (view ?? null) !== null
  )
    throw refused('it refers to a storage in an unknown way');
  return new Storage(key, type.type, count);
}

function makeTensor([storage, offset, shape, strides]: PickleValue[]): TorchTensor {
  if (!(storage instanceof Storage) || !isCount(offset)) throw refused('a tensor has no storage');
  const sides = listOf(shape).map(countIn);
  const steps = listOf(strides).map(countIn);
  const count = countOf(sides);
  if (sides.length > MAX_RANK || sides.length !== steps.length || count === undefined)
    throw refused('a tensor has an impossible shape');
  const last = sides.reduce((sum, side, axis) => sum + (side - 1) * (steps[axis] ?? 0), offset);
  if (count > 0 && !(last < storage.count)) throw refused('a tensor reaches beyond its storage');
  return new TorchTensor(storage, offset, sides, steps);
}

const isCount = (value: PickleValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function countIn(value: PickleValue): number {
  if (!isCount(value)) throw refused('a tensor has an impossible shape');
  return value;
}

/** The bytes of a strided view in row-major order. A view that already has this order is not copied. */
function gather(bytes: Uint8Array, width: number, { offset, shape, strides, count }: TorchTensor): Uint8Array {
  let contiguous = 1;
  const packed = shape.map(() => 0);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    packed[axis] = contiguous;
    contiguous *= shape[axis] ?? 1;
  }
  if (shape.every((side, axis) => side <= 1 || strides[axis] === packed[axis]))
    return bytes.subarray(offset * width, (offset + count) * width);

  const out = new Uint8Array(count * width);
  const index = shape.map(() => 0);
  let source = offset;
  for (let i = 0; i < count; i++) {
    for (let b = 0; b < width; b++) out[i * width + b] = bytes[source * width + b] ?? 0;
    // Counts like an odometer, with the last axis fastest.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [side, stride] = [shape[axis] ?? 1, strides[axis] ?? 0];
      index[axis] = (index[axis] ?? 0) + 1;
      source += stride;
      if ((index[axis] ?? 0) < side) break;
      source -= side * stride;
      index[axis] = 0;
    }
  }
  return out;
}
