import { op } from './torch/pickles.ts';

/** A numpy array as a pickle is to hold it. */
export interface PickledArray {
  /** numpy's code of its numbers, such as `f4`. */
  code: string;
  shape: readonly number[];
  bytes: Uint8Array;
  order?: string;
  fortran?: boolean;
  /** Stores the bytes once for all arrays that say so. */
  shared?: boolean;
}
export type PickledTree = { [key: string]: PickledTree | PickledArray };

const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
const SHARED = 7;

/** A pickle of numpy arrays in nested dictionaries, operation by operation as numpy 1 writes it in protocol 3. */
export function numpyPickle(tree: PickledTree): Uint8Array {
  let sharedIsThere = false;
  const list: Uint8Array[] = [];
  const put = (...parts: readonly (readonly number[])[]): void => void list.push(Uint8Array.from(parts.flat()));
  const isArray = (value: PickledTree | PickledArray): value is PickledArray => value['bytes'] instanceof Uint8Array;
  const bytes = ({ bytes: raw, shared = false }: PickledArray): void => {
    if (shared && sharedIsThere) return put(op.get(SHARED));
    list.push(Uint8Array.of(0x42), u32(raw.length), raw);
    if (shared) put(op.put(SHARED));
    sharedIsThere ||= shared;
  };
  const write = (value: PickledTree | PickledArray): void => {
    if (!isArray(value)) {
      put(op.emptyDict, op.mark);
      for (const [key, item] of Object.entries(value)) {
        put(op.text(key));
        write(item);
      }
      return put(op.setItems);
    }
    const { code, shape, order = '<', fortran = false } = value;
    const boolean = (is: boolean): number[] => [is ? 0x88 : 0x89];
    put(op.global('numpy.core.multiarray', '_reconstruct'), op.global('numpy', 'ndarray'));
    put(op.integer(0), op.tuple1, [0x43, 1, 0x62], [0x87], op.reduce);
    put(op.mark, op.integer(1), op.mark, ...shape.map(op.integer), op.tuple);
    put(op.global('numpy', 'dtype'), op.text(code), boolean(false), boolean(true), [0x87], op.reduce);
    put(op.mark, op.integer(3), op.text(order), op.none, op.none, op.none);
    put(op.integer(-1), op.integer(-1), op.integer(0), op.tuple, op.build, boolean(fortran));
    bytes(value);
    put(op.tuple, op.build);
  };
  put(op.proto(3));
  write(tree);
  put(op.stop);
  return Buffer.concat(list);
}
