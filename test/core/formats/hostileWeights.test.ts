import { mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bytesSource, openFileSource } from '../../../src/core/formats/byteSource.ts';
import { openWeights, readWeights } from '../../../src/core/formats/readWeights.ts';
import { detectNetwork } from '../../../src/core/formats/detect.ts';
import { dict, op, pickle, tensor } from './torch/pickles.ts';
import { zipOf } from './zips.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcir-hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Small files that took minutes, or more memory than there is. Each is refused within a second or two here. */
const soon = 10_000;

type Entry = { dtype: string; shape: number[]; bytes: number };

/** A safetensors file whose values are zeros that take no room on the disk. */
function sparse(name: string, tensors: Readonly<Record<string, Entry>>): string {
  let end = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([key, { dtype, shape, bytes }]) => [
      key,
      { dtype, shape, data_offsets: [end, (end += bytes)] },
    ]),
  );
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const path = join(folder, name);
  const file = openSync(path, 'w');
  writeSync(file, Buffer.concat([length, text]));
  closeSync(file);
  truncateSync(path, 8 + text.length + end);
  return path;
}

const one: Entry = { dtype: 'F32', shape: [1], bytes: 4 };

describe('weights that are made to hold up', () => {
  it.each([
    ['a name that repeats a word', { ['loss'.repeat(50_000)]: one }, /a name of 200000 characters/],
    ['a name of many parts', { [`${'a.'.repeat(200)}b`]: one, [`${'a.'.repeat(200)}c`]: one }, /more than 50 parts/],
    [
      'many tensors',
      Object.fromEntries(Array.from({ length: 100_001 }, (_, i) => [`a${i}`, one])),
      /more than 100000 tensors/,
    ],
  ])(
    'are refused: %s',
    async (_, tensors, reason) => {
      using source = openFileSource(sparse('names.safetensors', tensors));
      await expect(openWeights(source)).rejects.toThrow(reason);
    },
    soon,
  );

  it(
    'are refused by their shapes before a value is read',
    async () => {
      const path = sparse('half.safetensors', {
        'model.a': { dtype: 'F16', shape: [900_000_000], bytes: 1_800_000_000 },
      });
      using source = openFileSource(path);
      const before = process.memoryUsage().rss;
      const { shapes } = await openWeights(source);
      expect(() => detectNetwork(shapes)).toThrow(/do not fit any supported network/);
      expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
    },
    soon,
  );

  it('are refused where a header claims more than the file holds', () => {
    const path = sparse('short.safetensors', { a: one });
    truncateSync(path, 40);
    using source = openFileSource(path);
    expect(() => source.read(0, 2 ** 40)).toThrow(/is incomplete/);
    return expect(openWeights(source)).rejects.toThrow(/damaged/);
  });

  it(
    'may contain themselves',
    async () => {
      // d[key] = d for every name that training programs use, among many other keys.
      const containers = ['params_ema', 'ema', 'params', 'state_dict', 'model_state_dict', 'model', 'net'];
      const items = Array.from({ length: 50_000 }, (_, i) => [...op.integer(i), ...op.none]).flat();
      const object = pickle(
        op.proto(),
        op.emptyDict,
        [0x71, 0], // BINPUT 0
        op.mark,
        items,
        [0x75], // SETITEMS
        containers.flatMap((name) => [...op.text(name), 0x68, 0, ...op.setItem]), // BINGET 0
        op.stop,
      );
      await expect(readWeights(await zipOf({ 'a/data.pkl': object, 'a/version': Buffer.from('3\n') }))).rejects.toThrow(
        /no dictionary of tensors/,
      );
    },
    soon,
  );

  it('have the values of their storage, in the order of the file', async () => {
    const object = pickle(
      op.proto(),
      dict({ b: tensor('0', 2, 0, [1], [1]), a: tensor('1', 1, 0, [1], [1]), c: tensor('0', 2, 1, [1], [1]) }),
      op.stop,
    );
    const floats = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);
    const file = await zipOf({ 'a/data.pkl': object, 'a/data/0': floats(1, 2), 'a/data/1': floats(3) });
    const { read } = await openWeights(bytesSource(file));
    expect([...read()].map(([name, { data }]) => [name, Number(data[0])])).toEqual([
      ['b', 1],
      ['a', 3],
      ['c', 2],
    ]);
  });

  it('are files: a folder, a device and a file that is not there are told apart', () => {
    writeFileSync(join(folder, 'empty.pth'), '');
    expect(() => openFileSource(folder)).toThrow(/is a folder/);
    expect(() => openFileSource('/dev/null')).toThrow(/is not a file/);
    expect(() => openFileSource(join(folder, 'none.pth'))).toThrow(/does not exist/);
    using source = openFileSource(join(folder, 'empty.pth'));
    return expect(openWeights(source)).rejects.toThrow(/empty/);
  });
});
