import { AppError } from '../../shared/errors.ts';
import { countOf, elementBytes, type ElementType, tensorOf } from './elements.ts';
import {
  listOf,
  PickleFunction,
  PickleObject,
  type PickleScope,
  type PickleValue,
  refused,
  unpickle,
} from './torch/pickle.ts';
import { LEGACY_MAGIC } from './torch/torchFile.ts';
import { torchScope } from './torch/torchObjects.ts';
import type { Weights } from './weights.ts';

/** numpy's codes of number types, without byte order. */
const elementTypes: Readonly<Record<string, ElementType>> = {
  f8: 'f64',
  f4: 'f32',
  f2: 'f16',
  i8: 'i64',
  i4: 'i32',
  i2: 'i16',
  i1: 'i8',
  u4: 'u32',
  u2: 'u16',
  u1: 'u8',
  b1: 'bool',
};

/** Weights have fewer entries and levels. These limits also stop a dictionary that contains itself. */
const MAX_ENTRIES = 100_000;
const MAX_DEPTH = 16;
/** Several arrays may share the same bytes, but only up to this many times the size of the file. */
const MAX_EXPANSION = 4;

/** `numpy.dtype`: the type of an array's numbers. */
class NumpyType extends PickleObject {
  readonly type: ElementType;

  constructor(code: PickleValue | undefined) {
    super();
    const type = typeof code === 'string' ? elementTypes[code] : undefined;
    if (!type)
      throw new AppError(
        'unsupported',
        'This pickle contains numpy arrays of a type that is not supported. Save them as float32.',
      );
    this.type = type;
  }

  /** The state of a dtype is (version, byte order, …). */
  override setState(state: PickleValue): void {
    const order = listOf(state)[1];
    if (order !== '<' && order !== '|') throw refused('an array is stored in an order that is not supported');
  }
}

/** `numpy.ndarray`: created empty, then filled from its state. */
class NumpyArray extends PickleObject {
  #content: FoundArray | undefined;

  get content(): FoundArray {
    if (!this.#content) throw refused('a tensor has an impossible shape');
    return this.#content;
  }

  /** The state of an array is (version, shape, dtype, Fortran order or not, bytes). */
  override setState(state: PickleValue): void {
    const [, sides, type, fortran, bytes] = listOf(state);
    const shape = listOf(sides).map((side) => (typeof side === 'number' ? side : Number.NaN));
    const count = countOf(shape);
    if (!(type instanceof NumpyType) || !(bytes instanceof Uint8Array) || count === undefined)
      throw refused('a tensor has an impossible shape');
    if (fortran === true && shape.length > 1) throw refused('an array is stored in an order that is not supported');
    if (bytes.length !== count * elementBytes[type.type]) throw refused('a tensor has an impossible shape');
    this.#content = { type: type.type, shape, bytes };
  }
}

/** `numpy.ndarray` as an argument: the class that `_reconstruct` makes an object of. */
class NumpyArrayClass extends PickleObject {}
const arrayClass = new NumpyArrayClass();

const reconstruct = new PickleFunction(([made]) => {
  if (made !== arrayClass) throw refused('it makes an array of an unknown class');
  return new NumpyArray();
});
const allowed: Readonly<Record<string, PickleObject>> = {
  'numpy.core.multiarray._reconstruct': reconstruct,
  'numpy._core.multiarray._reconstruct': reconstruct,
  'numpy.ndarray': arrayClass,
  'numpy.dtype': new PickleFunction(([code]) => new NumpyType(code)),
};

/** The names that a pickle of numpy arrays may contain. All other names are handled as in a PyTorch file. */
const numpyScope: PickleScope = {
  find: (module, name) => {
    const path = `${module}.${name}`;
    return Object.hasOwn(allowed, path) ? (allowed[path] as PickleObject) : torchScope(new Map()).find(module, name);
  },
  persistent: () => {
    throw refused('it refers to a storage that does not exist');
  },
};

/**
 * Reads a plain pickle of numpy arrays in nested dictionaries, the form in which flax saves weights. Each array gets
 * the name of its keys joined by `/` (`VGG16_0/Conv_0/kernel`) and keeps the layout of the file. Values that are not
 * arrays are skipped. No code in the file is run; see `torch/pickle.ts`.
 * @returns undefined for the first pickle of a PyTorch file in the legacy format
 * @throws AppError `bad-input` or `unsupported`, naming what was found
 */
export function readNumpyPickle(bytes: Uint8Array): Weights | undefined {
  const { value, end } = unpickle(bytes, numpyScope);
  if (value === LEGACY_MAGIC) return undefined;
  const arrays = findArrays(value);
  if (arrays.size === 0)
    throw new AppError(
      'bad-input',
      'This is a pickle, but not one that PyTorch wrote. Choose a .pth, .pt or .ckpt file with weights.',
    );
  if (end !== bytes.length) throw refused('bytes follow after a pickle');
  // Several arrays may share the same bytes, so the total is checked before any of them is copied.
  const total = [...arrays.values()].reduce((sum, array) => sum + array.bytes.length, 0);
  if (total > MAX_EXPANSION * bytes.length) throw refused('its arrays are larger than the file');
  return new Map([...arrays].map(([name, { type, shape, bytes: raw }]) => [name, tensorOf(type, shape, raw)]));
}

interface FoundArray {
  type: ElementType;
  shape: number[];
  bytes: Uint8Array;
}

function findArrays(value: PickleValue): Map<string, FoundArray> {
  const found = new Map<string, FoundArray>();
  let entries = 0;
  const collect = (part: PickleValue, path: readonly string[]): void => {
    if (part instanceof NumpyArray) found.set(path.join('/'), part.content);
    if (!(part instanceof Map)) return;
    if (path.length > MAX_DEPTH) throw refused('its dictionaries do not end');
    for (const [key, item] of part) {
      if (++entries > MAX_ENTRIES) throw refused('its dictionaries do not end');
      collect(item, [...path, String(key)]);
    }
  };
  collect(value, []);
  return found;
}
