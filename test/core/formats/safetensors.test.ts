import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../../src/core/formats/byteSource.ts';
import { halfToFloat } from '../../../src/core/formats/elements.ts';
import { readSafetensors, readSafetensorsMetadata, writeSafetensors } from '../../../src/core/formats/safetensors.ts';
import type { Weights } from '../../../src/core/formats/weights.ts';
import { describeWithShared, shared } from '../../shared.ts';

/** A file with this header, written as it is, and this many bytes of tensors. */
function file(header: unknown, data: number[] | Uint8Array = []): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const tensor = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('writeSafetensors and readSafetensors', () => {
  it('give back every type, name, shape and text', () => {
    const weights: Weights = new Map([
      ['flag', { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) }],
      ['10', { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, -2.5, NaN, 1e-42) }],
      ['9', { dtype: 'int64', shape: [], data: BigInt64Array.of(-9007199254740993n) }],
      ['__proto__', { dtype: 'int32', shape: [1, 0], data: new Int32Array(0) }],
      ['größe', { dtype: 'uint8', shape: [2], data: Uint8Array.of(0, 255) }],
    ]);
    const metadata = { mcir: '{"network":"edsr"}', ünï: 'code' };
    const bytes = writeSafetensors(weights, metadata);
    const read = readSafetensors(bytes);
    expect(read.metadata).toEqual(metadata);
    expect([...read.weights.keys()].sort()).toEqual([...weights.keys()].sort());
    for (const [name, value] of weights) expect(read.weights.get(name)).toEqual(value);
    expect(readSafetensorsMetadata(bytesSource(bytes.subarray(0, bytes.length - 20)))).toEqual(metadata);
  });

  it('align every tensor to its element', () => {
    const bytes = writeSafetensors(
      new Map([
        ['a', { dtype: 'uint8', shape: [1], data: Uint8Array.of(1) }],
        ['b', { dtype: 'int64', shape: [1], data: BigInt64Array.of(1n) }],
      ]),
    );
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<
      string,
      { data_offsets: number[] }
    >;
    expect(header['b']?.data_offsets).toEqual([0, 8]);
  });

  it('widen halves and narrow doubles', () => {
    const halves = Uint8Array.from([0x00, 0x3c, 0x01, 0x00, 0x00, 0xfc]);
    const { weights } = readSafetensors(
      file(
        {
          h: tensor('F16', [3], 0, 6),
          b: tensor('BF16', [1], 6, 8),
          d: tensor('F64', [1], 8, 16),
          s: tensor('I16', [1], 16, 18),
          u: tensor('U32', [1], 18, 22),
        },
        [...halves, 0xc0, 0x3f, ...new Uint8Array(Float64Array.of(0.1).buffer), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      ),
    );
    expect([...(weights.get('h')?.data ?? [])]).toEqual([1, 2 ** -24, -Infinity]);
    expect([...(weights.get('b')?.data ?? [])]).toEqual([1.5]);
    expect([...(weights.get('d')?.data ?? [])]).toEqual([Math.fround(0.1)]);
    expect([...(weights.get('s')?.data ?? [])]).toEqual([-1]);
    expect([...(weights.get('u')?.data ?? [])]).toEqual([4294967295n]);
    expect(halfToFloat(0x7e00)).toBeNaN();
  });
});

describe('readSafetensors refuses', () => {
  const f32 = (n: number) => new Uint8Array(n);
  it.each<[string, Uint8Array, RegExp]>([
    ['no header', Uint8Array.of(1, 2, 3), /too short/],
    ['a header larger than the file', file('{}').fill(9, 0, 1), /ends before its header/],
    ['a header above the cap', Uint8Array.of(1, 0xe1, 0xf5, 5, 0, 0, 0, 0, 0x7b), /20 MB/],
    ['a length beyond all numbers', new Uint8Array(16).fill(255), /20 MB/],
    ['a header that is no object', file('[]'), /begin with/],
    ['a header that is no JSON', file('{"a":'), /not JSON/],
    ['a header that is no UTF-8', file('{"é":{}}').map((byte) => (byte === 0xc3 ? 0xff : byte)), /not JSON/],
    ['metadata that is no text', file({ __metadata__: { a: 1 } }), /does not map text to text/],
    ['an overlap', file({ a: tensor('F32', [2], 0, 8), b: tensor('F32', [2], 4, 12) }, f32(12)), /overlaps/],
    ['the same bytes twice', file({ a: tensor('F32', [2], 0, 8), b: tensor('F32', [2], 0, 8) }, f32(8)), /overlaps/],
    ['a hole', file({ a: tensor('F32', [1], 0, 4), b: tensor('F32', [1], 8, 12) }, f32(12)), /gap/],
    ['a hole at the start', file({ a: tensor('F32', [1], 4, 8) }, f32(8)), /gap/],
    ['offsets the wrong way round', file({ a: tensor('F32', [1], 4, 0) }, f32(4)), /gap/],
    ['too few bytes', file({ a: tensor('F32', [2], 0, 8) }, f32(4)), /ends before/],
    ['bytes at the end', file({ a: tensor('F32', [1], 0, 4) }, f32(8)), /follow/],
    ['a shape of another size', file({ a: tensor('F32', [3], 0, 8) }, f32(8)), /shape/],
    ['a shape that overflows', file({ a: tensor('U8', [2 ** 32, 2 ** 32], 0, 0) }), /shape/],
    ['a negative side', file({ a: tensor('F32', [-1, -1], 0, 4) }, f32(4)), /malformed/],
    ['a fraction', file({ a: tensor('F32', [0.5, 2], 0, 4) }, f32(4)), /malformed/],
    ['an unknown field', file({ a: { ...tensor('F32', [1], 0, 4), code: 'x' } }, f32(4)), /malformed/],
    ['an unknown type', file({ a: tensor('F8_E4M3', [4], 0, 4) }, f32(4)), /Convert it/],
  ])('%s', (_, bytes, reason) => {
    expect(() => readSafetensors(bytes)).toThrow(reason);
  });

  it('or reads whatever a mutated file says', () => {
    const original = writeSafetensors(
      new Map([
        ['conv.weight', { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
        ['n', { dtype: 'int64', shape: [1], data: BigInt64Array.of(5n) }],
      ]),
      { a: 'b' },
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(original.length),
        (changes, cut) => {
          const bytes = original.slice(0, cut % 3 === 0 ? cut : original.length);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          expectRefusedOrConsistent(() => readSafetensors(bytes).weights);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describeWithShared('readSafetensors', 'parity/imdn', () => {
  it('reads what PyTorch wrote', () => {
    const { weights } = readSafetensors(readFileSync(shared('parity/imdn/io.safetensors')));
    const input = weights.get('input.0');
    expect(input?.dtype).toBe('float32');
    expect(input?.shape.reduce((a, b) => a * b)).toBe(input?.data.length);
    expect(Math.max(...(input?.data as Float32Array))).toBeLessThanOrEqual(1);
  });
});

function expectRefusedOrConsistent(read: () => Weights): void {
  let weights: Weights;
  try {
    weights = read();
  } catch (error) {
    expect(error).toHaveProperty('name', 'AppError');
    return;
  }
  for (const { shape, data } of weights.values()) expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
}
