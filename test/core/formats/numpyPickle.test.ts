import { describe, expect, it } from 'vitest';
import { readWeights } from '../../../src/core/formats/readWeights.ts';
import { numpyPickle } from './numpyPickles.ts';
import { op, pickle } from './torch/pickles.ts';

const array = (values: readonly number[], shape: readonly number[]) => ({
  code: 'f4',
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});

describe('a plain pickle of numpy arrays', () => {
  it('gives every array under the path of its keys', async () => {
    const file = numpyPickle({
      Conv_0: { kernel: array([1, 2, 3, 4], [1, 2, 2, 1]), bias: array([0.5], [1]) },
      count: { code: 'i2', shape: [2], bytes: new Uint8Array(Int16Array.of(-1, 7).buffer) },
    });
    const { weights, format } = await readWeights(file);
    expect(format).toBe('numpy');
    expect([...weights.keys()]).toEqual(['Conv_0/kernel', 'Conv_0/bias', 'count']);
    expect(weights.get('Conv_0/kernel')).toEqual({
      dtype: 'float32',
      shape: [1, 2, 2, 1],
      data: Float32Array.of(1, 2, 3, 4),
    });
    expect(weights.get('count')?.data).toEqual(Int32Array.of(-1, 7));
  });

  it.each([
    ['a size that does not agree', { ...array([1, 2], [3]) }, /impossible shape/],
    ['big-endian numbers', { ...array([1], [1]), order: '>' }, /an order that is not supported/],
    ["Fortran's order", { ...array([1, 2, 3, 4], [2, 2]), fortran: true }, /an order that is not supported/],
    ['objects', { ...array([1], [1]), code: 'O8' }, /type that is not supported/],
    ['a negative side', { ...array([], [-1]) }, /impossible shape/],
  ])('refuses %s', async (_, item, reason) => {
    await expect(readWeights(numpyPickle({ a: item }))).rejects.toThrow(reason);
  });

  it('refuses names that would run something, calls of other classes, and bytes after the end', async () => {
    const call = (module: string, name: string): Uint8Array =>
      pickle(op.proto(3), op.global(module, name), op.mark, op.text('id'), op.tuple, op.reduce, op.stop);
    await expect(readWeights(call('posix', 'system'))).rejects.toThrow(/would run posix.system/);
    await expect(readWeights(call('numpy.core.multiarray', '_reconstruct'))).rejects.toThrow(/unknown class/);
    const trailing = Buffer.concat([numpyPickle({ a: array([1], [1]) }), Buffer.from('more')]);
    await expect(readWeights(trailing)).rejects.toThrow(/bytes follow/);
    await expect(readWeights(pickle(op.proto(3), op.emptyDict, op.stop))).rejects.toThrow(/not one that PyTorch wrote/);
  });

  it('refuses a dictionary that contains itself, and many arrays over the same bytes', async () => {
    const inItself = pickle(op.proto(3), op.emptyDict, op.put(0), op.text('a'), op.get(0), op.setItem, op.stop);
    await expect(readWeights(inItself)).rejects.toThrow(/dictionaries do not end/);
    const large = array(new Array<number>(1000).fill(1), [1000]);
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`a${i}`, { ...large, shared: true }]));
    await expect(readWeights(numpyPickle(many))).rejects.toThrow(/larger than the file/);
  });
});
