import type { WeightTensor } from './weights.ts';

/** How one value is stored in a weights file; always little-endian. */
export type ElementType = 'f64' | 'f32' | 'f16' | 'bf16' | 'i64' | 'i32' | 'i16' | 'i8' | 'u32' | 'u16' | 'u8' | 'bool';

/** Bytes of one element. */
export const elementBytes: Readonly<Record<ElementType, number>> = {
  f64: 8,
  f32: 4,
  f16: 2,
  bf16: 2,
  i64: 8,
  i32: 4,
  i16: 2,
  i8: 1,
  u32: 4,
  u16: 2,
  u8: 1,
  bool: 1,
};

/**
 * Number of values of a shape.
 * @returns undefined if a side is not a whole number ≥ 0, or the product is too large to be exact.
 */
export function countOf(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const side of shape) {
    count *= side;
    if (!Number.isSafeInteger(side) || side < 0 || !Number.isSafeInteger(count)) return undefined;
  }
  return count;
}

/**
 * Makes a tensor from packed values. All floats become float32 (halves exactly, doubles rounded), small integers int32,
 * unsigned 32-bit integers int64.
 * @param bytes are copied, so they need not be aligned; their length must match type and shape.
 */
export function tensorOf(type: ElementType, shape: number[], bytes: Uint8Array): WeightTensor {
  // Not `slice`, which returns a view if the bytes are a Node Buffer.
  const raw = new Uint8Array(bytes).buffer;
  switch (type) {
    case 'f32':
      return { dtype: 'float32', shape, data: new Float32Array(raw) };
    case 'f64':
      return { dtype: 'float32', shape, data: new Float32Array(new Float64Array(raw)) };
    case 'f16':
      return { dtype: 'float32', shape, data: halvesToFloats(new Uint16Array(raw)) };
    case 'bf16':
      return { dtype: 'float32', shape, data: upperHalvesToFloats(new Uint16Array(raw)) };
    case 'i64':
      return { dtype: 'int64', shape, data: new BigInt64Array(raw) };
    case 'u32':
      return { dtype: 'int64', shape, data: widened(new Uint32Array(raw)) };
    case 'i32':
      return { dtype: 'int32', shape, data: new Int32Array(raw) };
    case 'i16':
      return { dtype: 'int32', shape, data: new Int32Array(new Int16Array(raw)) };
    case 'i8':
      return { dtype: 'int32', shape, data: new Int32Array(new Int8Array(raw)) };
    case 'u16':
      return { dtype: 'int32', shape, data: new Int32Array(new Uint16Array(raw)) };
    case 'u8':
      return { dtype: 'uint8', shape, data: new Uint8Array(raw) };
    case 'bool':
      return { dtype: 'bool', shape, data: new Uint8Array(raw) };
  }
}

// Plain loops: `from` with a function takes ten times as long, which is a minute for a gigabyte.

let halves: Float32Array | undefined;

function halvesToFloats(bits: Uint16Array): Float32Array {
  const table = (halves ??= Float32Array.from({ length: 2 ** 16 }, (_, half) => halfToFloat(half)));
  const floats = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) floats[i] = table[bits[i] as number] as number;
  return floats;
}

/** A bfloat16 is the upper half of a float32. */
function upperHalvesToFloats(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = (bits[i] as number) << 16;
  return new Float32Array(words.buffer);
}

/** In this byte order, a 64-bit number is the 32-bit number followed by its upper half, which is 0. */
function widened(numbers: Uint32Array): BigInt64Array {
  const words = new Uint32Array(2 * numbers.length);
  for (let i = 0; i < numbers.length; i++) words[2 * i] = numbers[i] as number;
  return new BigInt64Array(words.buffer);
}

/** IEEE 754 binary16, subnormals, infinities and NaN included. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
