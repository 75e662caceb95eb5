import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWeights, readWeightsFile } from '../../../src/core/formats/readWeights.ts';
import { writeSafetensors } from '../../../src/core/formats/safetensors.ts';
import type { Weights } from '../../../src/core/formats/weights.ts';
import { writeTorchFile } from '../../../src/core/formats/torch/writeTorch.ts';
import { AppError } from '../../../src/shared/errors.ts';
import { describeWithShared, shared } from '../../shared.ts';
import { dict, legacyFile, legacyStorage, op, pickle, tensor } from './torch/pickles.ts';
import { zipOf } from './zips.ts';

const small: Weights = new Map([
  ['conv.weight', { dtype: 'float32', shape: [2, 3, 1, 1], data: Float32Array.of(1, -2, 3, 0.5, 1e-30, 6) }],
  ['conv.bias', { dtype: 'float32', shape: [2], data: Float32Array.of(7, 8) }],
  ['index', { dtype: 'int64', shape: [2], data: BigInt64Array.of(-1n, 2n ** 40n) }],
]);
const values = (weights: Weights, name: string): number[] => [...(weights.get(name)?.data ?? [])].map(Number);

describe('readWeights of PyTorch files', () => {
  it('reads what writeTorchFile writes', async () => {
    const { weights, format } = await readWeights(writeTorchFile(small));
    expect(format).toBe('pytorch');
    expect([...weights]).toEqual([...small]);
  });

  it('reads transposed, sliced, repeated and shared views', async () => {
    const numbers = Float32Array.of(0, 1, 2, 3, 4, 5);
    const object = pickle(
      op.proto(),
      dict({
        whole: tensor('a', 6, 0, [2, 3], [3, 1]),
        turned: tensor('a', 6, 0, [3, 2], [1, 3]),
        row: tensor('a', 6, 3, [3], [1]),
        column: tensor('a', 6, 1, [2], [3]),
        repeated: tensor('a', 6, 5, [2, 2], [0, 0]),
        scalar: tensor('a', 6, 4, [], []),
        empty: tensor('a', 6, 6, [0, 3], [3, 1]),
      }),
      op.stop,
    );
    const { weights } = await readWeights(legacyFile(object, legacyStorage(numbers), ['a']));
    expect(values(weights, 'turned')).toEqual([0, 3, 1, 4, 2, 5]);
    expect(weights.get('turned')?.shape).toEqual([3, 2]);
    expect(values(weights, 'row')).toEqual([3, 4, 5]);
    expect(values(weights, 'column')).toEqual([1, 4]);
    expect(values(weights, 'repeated')).toEqual([5, 5, 5, 5]);
    expect(values(weights, 'scalar')).toEqual([4]);
    expect(weights.get('empty')).toEqual({ dtype: 'float32', shape: [0, 3], data: new Float32Array(0) });
  });

  it('widens halves', async () => {
    const object = pickle(
      op.proto(),
      dict({ h: tensor('0', 2, 0, [2], [1], 'HalfStorage'), b: tensor('1', 2, 0, [2], [1], 'BFloat16Storage') }),
      op.stop,
    );
    const storages = Buffer.concat([
      legacyStorage(Uint16Array.of(0x3c00, 0xc000)),
      legacyStorage(Uint16Array.of(0x3f80, 0x4049)),
    ]);
    const { weights } = await readWeights(legacyFile(object, storages, ['0', '1']));
    expect(values(weights, 'h')).toEqual([1, -2]);
    expect(values(weights, 'b')).toEqual([1, 3.140625]);
  });

  it.each<[string, (inner: readonly number[]) => readonly number[]]>([
    ['params', (inner) => dict({ params: inner })],
    [
      'params_ema before params',
      (inner) => dict({ params: dict({ other: tensor('0', 2, 0, [1], [1]) }), params_ema: inner }),
    ],
    ['state_dict', (inner) => dict({ epoch: op.integer(3), state_dict: inner })],
    ['model', (inner) => dict({ model: inner })],
    ['net', (inner) => dict({ net: inner, acc: op.none })],
    ['model inside state_dict', (inner) => dict({ state_dict: dict({ model: inner }) })],
  ])('unwraps %s', async (_, wrap) => {
    const object = pickle(
      op.proto(),
      wrap(dict({ 'module.a.weight': tensor('0', 2, 0, [2], [1]), 'module.a.bias': tensor('0', 2, 1, [1], [1]) })),
      op.stop,
    );
    const { weights } = await readWeights(legacyFile(object, legacyStorage(Float32Array.of(1, 2)), ['0']));
    expect([...weights.keys()]).toEqual(['a.weight', 'a.bias']);
  });

  it('extracts the network from a training module that also contains losses and a discriminator', async () => {
    const file = (...names: string[]) =>
      writeSafetensors(
        new Map(names.map((name) => [name, { dtype: 'float32' as const, shape: [1], data: Float32Array.of(1) }])),
      );
    const module = await readWeights(
      file('net.a.weight', 'net.a.bias', 'perceptual_loss.features.0.weight', 'discriminator.a.weight'),
    );
    expect([...module.weights.keys()]).toEqual(['a.weight', 'a.bias']);
    const unknown = await readWeights(file('a.weight', 'vgg.0.weight'));
    expect([...unknown.weights.keys()]).toEqual(['a.weight', 'vgg.0.weight']);
  });

  it('removes a prefix that all names have', async () => {
    const file = (...names: string[]) =>
      writeSafetensors(
        new Map(names.map((name) => [name, { dtype: 'float32' as const, shape: [1], data: Float32Array.of(1) }])),
      );
    expect([...(await readWeights(file('module.backbone.a.weight', 'module.backbone.scale'))).weights.keys()]).toEqual([
      'a.weight',
      'scale',
    ]);
    expect([...(await readWeights(file('a.weight', 'a.bias'))).weights.keys()]).toEqual(['a.weight', 'a.bias']);
  });

  it('removes what DataParallel and torch.compile insert into names, unless two tensors would get the same name', async () => {
    const file = (...names: string[]) =>
      writeSafetensors(
        new Map(names.map((name) => [name, { dtype: 'float32' as const, shape: [1], data: Float32Array.of(1) }])),
      );
    expect([
      ...(
        await readWeights(file('module.head.weight', 'body.module.0.weight', 'tail._orig_mod.weight', 'scale'))
      ).weights.keys(),
    ]).toEqual(['head.weight', 'body.0.weight', 'tail.weight', 'scale']);
    expect([...(await readWeights(file('n_averaged', 'module.head.weight', 'module.scale'))).weights.keys()]).toEqual([
      'head.weight',
      'scale',
    ]);
    expect([...(await readWeights(file('module.head.weight', 'head.weight'))).weights.keys()]).toEqual([
      'module.head.weight',
      'head.weight',
    ]);
  });

  it('leaves the numbered layers of the old ESRGAN alone, and takes the averaged set of a flat file', async () => {
    const tensorOf = (value: number) => ({ dtype: 'float32' as const, shape: [1], data: Float32Array.of(value) });
    const esrgan = await readWeights(writeSafetensors(new Map([['model.0.weight', tensorOf(1)]])));
    expect([...esrgan.weights.keys()]).toEqual(['model.0.weight']);
    const checkpoint = await readWeights(
      writeSafetensors(
        new Map([
          ['net.a', tensorOf(1)],
          ['ema.a', tensorOf(2)],
          ['adam.m.a', tensorOf(3)],
        ]),
      ),
    );
    expect([...checkpoint.weights].map(([name, { data }]) => [name, ...data])).toEqual([['a', 2]]);
  });

  it("skips numpy scalars, such as the PSNR in FFA-Net's files", async () => {
    const scalar = [
      ...op.global('numpy.core.multiarray', 'scalar'),
      ...op.global('numpy', 'dtype'),
      ...op.text('f8'),
      ...op.tuple1,
      ...op.reduce,
      ...op.text('12345678'),
      ...op.tuple2,
      ...op.reduce,
    ];
    const object = pickle(
      op.proto(),
      dict({ psnrs: scalar, model: dict({ a: tensor('0', 1, 0, [1], [1]) }) }),
      op.stop,
    );
    const { weights } = await readWeights(legacyFile(object, legacyStorage(Float32Array.of(4)), ['0']));
    expect(values(weights, 'a')).toEqual([4]);
  });
});

describe('readWeights refuses', () => {
  const object = pickle(op.proto(), dict({ w: tensor('0', 1, 0, [1], [1]) }), op.stop);
  const four = new Uint8Array(4);

  it.each<[string, () => Promise<Uint8Array>, RegExp]>([
    ['compressed entries', () => zipOf({ 'a/data.pkl': object, 'a/data/0': four }, true), /compressed/],
    [
      'names that differ in case only',
      () =>
        zipOf([
          ['a/data.pkl', object],
          ['a/data/0', four],
          ['A/data/0', four],
        ]),
      /two entries/,
    ],
    [
      'the same name twice',
      () =>
        zipOf([
          ['a/data.pkl', object],
          ['a/data/0', four],
          ['a/data/0', four],
        ]),
      /two entries/,
    ],
    [
      'a wrong checksum',
      async () =>
        changed(
          await zipOf({ 'a/data.pkl': object, 'a/data/0': Uint8Array.of(9, 9, 9, 9) }),
          [9, 9, 9, 9],
          [9, 9, 9, 8],
        ),
      /checksum/,
    ],
    [
      'a name that differs inside',
      async () =>
        changed(
          await zipOf({ 'a/data.pkl': object, 'a/data/0': four }),
          [...Buffer.from('a/data/0')],
          [...Buffer.from('a/data/1')],
        ),
      /another name/,
    ],
    ['a missing storage', () => zipOf({ 'a/data.pkl': object }), /storage 0/],
    ['a storage that is too short', () => zipOf({ 'a/data.pkl': object, 'a/data/0': new Uint8Array(3) }), /storage 0/],
    ['a big-endian file', () => zipOf({ 'a/data.pkl': object, 'a/data/0': four, 'a/byteorder': 'big' }), /big-endian/],
    ['a zip of something else', () => zipOf({ 'readme.txt': 'hello' }), /no PyTorch weights/],
    [
      'bytes behind a pickle',
      () => zipOf({ 'a/data.pkl': Buffer.concat([object, object]), 'a/data/0': four }),
      /follow/,
    ],
    [
      'complex numbers',
      () =>
        Promise.resolve(
          legacyFile(pickle(op.proto(), dict({ w: tensor('0', 1, 0, [1], [1], 'ComplexFloatStorage') }), op.stop)),
        ),
      /torch\.ComplexFloatStorage/,
    ],
    [
      'numbers of a type newer than it knows',
      () =>
        Promise.resolve(
          legacyFile(pickle(op.proto(), dict({ w: op.global('torch._utils', '_rebuild_tensor_v3') }), op.stop)),
        ),
      /stores numbers in a new type, such as float8/,
    ],
    [
      'a legacy file that ends early',
      () => Promise.resolve(legacyFile(object, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 5), ['0'])),
      /too early/,
    ],
    [
      'a legacy file with more',
      () => Promise.resolve(legacyFile(object, Buffer.concat([legacyStorage(Float32Array.of(1)), four]), ['0'])),
      /follow/,
    ],
    [
      'a file without tensors',
      () => Promise.resolve(legacyFile(pickle(op.proto(), dict({ epoch: op.integer(1) }), op.stop))),
      /no weights/,
    ],
    ['a web page', () => Promise.resolve(Uint8Array.from(Buffer.from('<html>not found</html>'))), /a web page/],
    [
      'a pointer of Git LFS',
      () => Promise.resolve(Uint8Array.from(Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0'))),
      /Git LFS pointer/,
    ],
    [
      'a TorchScript program',
      () => zipOf({ 'a/data.pkl': object, 'a/code/net.py': 'import os' }),
      /TorchScript.*a\/code\/net\.py/,
    ],
    [
      'half a zip file',
      async () => (await zipOf({ 'a/data.pkl': object, 'a/data/0': four })).subarray(0, 100),
      /damaged.*[^.]\. Download or copy the file again/,
    ],
    ['anything else', () => Promise.resolve(Uint8Array.from(Buffer.from('weights'))), /weights file is not supported/],
    ['nothing', () => Promise.resolve(new Uint8Array()), /is empty/],
  ])('%s', async (_, make, reason) => {
    await expect(readWeights(await make())).rejects.toThrow(reason);
    await expect(readWeights(await make())).rejects.toBeInstanceOf(AppError);
  });

  it('a file that is not there, with its name', async () => {
    await expect(readWeightsFile('no-such-file.pth')).rejects.toThrow(/no-such-file\.pth does not exist/);
    await expect(readWeightsFile('test')).rejects.toThrow(/test is a folder\. Name a file in it/);
  });
});

describe('mutated files', () => {
  const mutations = (length: number) =>
    fc.tuple(
      fc.array(fc.tuple(fc.nat(length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }),
      fc.option(fc.nat(length), { freq: 5 }),
    );
  const mutate = (original: Uint8Array, [changes, cut]: [[number, number][], number | null]): Uint8Array => {
    const bytes = Uint8Array.from(original);
    for (const [at, value] of changes) bytes[at] = value;
    return cut === null ? bytes : bytes.subarray(0, cut);
  };

  it('in the zip format are refused, or read as what was written: checksums protect them', async () => {
    const original = writeTorchFile(small);
    await fc.assert(
      fc.asyncProperty(mutations(original.length), async (mutation) => {
        const weights = await readOrRefuse(mutate(original, mutation));
        if (weights) expect([...weights]).toEqual([...small]);
      }),
      { numRuns: 1000 },
    );
  });

  it('in the legacy format are refused, or read consistently', async () => {
    const object = pickle(
      op.proto(),
      dict({ params: dict({ a: tensor('0', 4, 0, [2, 2], [1, 2]), b: tensor('0', 4, 1, [3], [1]) }) }),
      op.stop,
    );
    const original = legacyFile(object, legacyStorage(Float32Array.of(1, 2, 3, 4)), ['0']);
    await fc.assert(
      fc.asyncProperty(mutations(original.length), async (mutation) => {
        const weights = await readOrRefuse(mutate(original, mutation));
        for (const { shape, data } of weights?.values() ?? [])
          expect(data.length).toBe(shape.reduce((x, y) => x * y, 1));
      }),
      { numRuns: 1000 },
    );
  });
});

describeWithShared('readWeights', 'weights', () => {
  it('reads the published IMDN, a legacy file with `module.` before every name', async () => {
    const { weights } = await readWeights(readFileSync(shared('weights/IMDN_x4.pth')));
    expect(weights.size).toBe(92);
    expect(weights.get('fea_conv.weight')?.shape).toEqual([64, 3, 3, 3]);
    expect(values(weights, 'fea_conv.bias')[0]).toBeCloseTo(0.00892188, 8);
  });
});

/** Replaces the first occurrence of some bytes. */
function changed(bytes: Uint8Array, from: readonly number[], to: readonly number[]): Uint8Array {
  const at = Buffer.from(bytes).indexOf(Buffer.from(from));
  expect(at).toBeGreaterThanOrEqual(0);
  const copy = Uint8Array.from(bytes);
  copy.set(to, at);
  return copy;
}

/** The weights, or undefined where they were refused with a sentence. */
async function readOrRefuse(bytes: Uint8Array): Promise<Weights | undefined> {
  try {
    return (await readWeights(bytes)).weights;
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
