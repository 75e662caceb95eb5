import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { type ByteSource, bytesSource } from './byteSource.ts';
import { countOf, elementBytes, type ElementType, tensorOf } from './elements.ts';
import { checkTensorNames } from './tensorNames.ts';
import type { Shapes, Weights, WeightTensor } from './weights.ts';

/** What a safetensors file holds: tensors in the order of their bytes, and free text by key. */
export interface SafetensorsFile {
  weights: Weights;
  metadata: Record<string, string>;
}

/** A tensor takes about 100 bytes of the header, so a larger one is an attack or an accident. */
const MAX_HEADER_BYTES = 20_000_000;
const LENGTH_BYTES = 8;
const METADATA_KEY = '__metadata__';

const elementTypes: Readonly<Record<string, ElementType>> = {
  F64: 'f64',
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  I64: 'i64',
  I32: 'i32',
  I16: 'i16',
  I8: 'i8',
  U32: 'u32',
  U16: 'u16',
  U8: 'u8',
  BOOL: 'bool',
};
const names: Readonly<Record<WeightTensor['dtype'], string>> = {
  float32: 'F32',
  int32: 'I32',
  int64: 'I64',
  uint8: 'U8',
  bool: 'BOOL',
};

const size = z.int().min(0);
const entrySchema = z.strictObject({ dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]) });
const metadataSchema = z.record(z.string(), z.string());

/**
 * Reads a safetensors file with the checks of its reference implementation (huggingface/safetensors, `tensor.rs`): the
 * header's size, tensors that neither overlap nor leave a hole, sizes that agree with type and shape, nothing after the
 * last tensor. Halves and doubles become float32.
 * @throws AppError `bad-input` that says what is wrong, `unsupported` for a type of number that is not read here.
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { shapes, metadata, read } = openSafetensors(bytesSource(bytes));
  return { weights: read([...shapes.keys()]), metadata };
}

/** A safetensors file whose header has been checked, and whose values have not been read. */
export interface OpenedSafetensors {
  shapes: Shapes;
  metadata: Record<string, string>;
  /** Reads the values of some of the tensors, under their own names. */
  readonly read: (names: readonly string[]) => Weights;
}

/** {@link readSafetensors} up to the values. @throws AppError as it does */
export function openSafetensors(source: ByteSource): OpenedSafetensors {
  const { header, start } = readHeader(source);
  const metadata = readMetadata(header[METADATA_KEY]);
  const named = Object.entries(header).filter(([name]) => name !== METADATA_KEY);
  checkTensorNames(named.map(([name]) => name));
  const entries = named
    .map(([name, value]) => {
      const entry = entrySchema.safeParse(value);
      if (!entry.success) throw damaged(`the entry of ${shortened(name)} is malformed`);
      const [begin, end] = entry.data.data_offsets;
      return { name, begin, end, ...entry.data };
    })
    .sort((a, b) => a.begin - b.begin || a.end - b.end);

  // Every byte belongs to exactly one tensor; checked before any tensor is made.
  let position = 0;
  for (const { name, begin, end, dtype, shape } of entries) {
    if (begin !== position || end < begin) throw damaged(`${shortened(name)} overlaps another tensor or leaves a gap`);
    const type = elementTypes[dtype];
    if (!type)
      throw new AppError(
        'unsupported',
        `This safetensors file stores ${shortened(name)} as ${shortened(dtype)}, which is not supported. Convert it to float32 or float16 first.`,
      );
    const count = countOf(shape);
    if (count === undefined || count * elementBytes[type] !== end - begin)
      throw damaged(`the size of ${shortened(name)} does not agree with its shape`);
    position = end;
  }
  const dataBytes = source.size - start;
  if (position !== dataBytes)
    throw damaged(position > dataBytes ? 'it ends before its tensors do' : 'bytes follow after the last tensor');

  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return {
    shapes: new Map(entries.map(({ name, shape }) => [name, shape])),
    metadata,
    read: (names) =>
      new Map(
        names.flatMap((name) => {
          const entry = byName.get(name);
          if (!entry) return [];
          const bytes = source.read(start + entry.begin, entry.end - entry.begin);
          return [[name, tensorOf(elementTypes[entry.dtype] as ElementType, entry.shape, bytes)]];
        }),
      ),
  };
}

/** Reads the free texts alone, without the tensors. */
export const readSafetensorsMetadata = (source: ByteSource): Record<string, string> =>
  readMetadata(readHeader(source).header[METADATA_KEY]);

/**
 * Writes a safetensors file. Tensors keep their order among those of one element size; wider elements come first and the
 * header is padded, as the reference implementation does it, so that every tensor is aligned.
 */
export function writeSafetensors(weights: Weights, metadata: Record<string, string> = {}): Uint8Array {
  const tensors = [...weights].map(([name, { dtype, shape, data }]) => {
    if (name === METADATA_KEY) throw new Error(`A tensor cannot be called ${METADATA_KEY}.`);
    if (countOf(shape) !== data.length)
      throw new Error(`${name} has ${data.length} values, its shape [${shape.join()}] says otherwise.`);
    return {
      name,
      dtype,
      shape,
      bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      width: data.BYTES_PER_ELEMENT,
    };
  });
  tensors.sort((a, b) => b.width - a.width);

  let position = 0;
  // Joined by hand: an object would move names that look like numbers to the front.
  const parts = tensors.map(({ name, dtype, shape, bytes }) => {
    const begin = position;
    position += bytes.length;
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype: names[dtype], shape, data_offsets: [begin, position] })}`;
  });
  if (Object.keys(metadata).length > 0) parts.unshift(`"${METADATA_KEY}":${JSON.stringify(metadata)}`);
  const header = new TextEncoder().encode(`{${parts.join()}}`);
  const padded = Math.ceil(header.length / 8) * 8;

  const file = new Uint8Array(LENGTH_BYTES + padded + position);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + padded);
  file.set(header, LENGTH_BYTES);
  let offset = LENGTH_BYTES + padded;
  for (const { bytes } of tensors) {
    file.set(bytes, offset);
    offset += bytes.length;
  }
  return file;
}

/** The header, and where the values begin. */
function readHeader(source: ByteSource): { header: Record<string, unknown>; start: number } {
  if (source.size < LENGTH_BYTES) throw damaged('it is too short to have a header');
  const first = source.read(0, LENGTH_BYTES);
  const length = new DataView(first.buffer, first.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) throw damaged('its header claims to be larger than 20 MB');
  const start = LENGTH_BYTES + Number(length);
  if (start > source.size) throw damaged('it ends before its header does');
  return { header: parseHeader(source.read(LENGTH_BYTES, Number(length))), start };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  if (bytes[0] !== 0x7b) throw damaged('its header does not begin with {');
  try {
    // What begins with { and parses is an object.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Record<string, unknown>;
  } catch (error) {
    throw damaged('its header is not JSON', error);
  }
}

function readMetadata(value: unknown): Record<string, string> {
  const metadata = metadataSchema.safeParse(value ?? {});
  if (!metadata.success) throw damaged(`its ${METADATA_KEY} does not map text to text`);
  return metadata.data;
}

function damaged(reason: string, cause?: unknown): AppError {
  return new AppError('bad-input', `This safetensors file is damaged: ${reason}. Download or copy the file again.`, {
    cause,
  });
}

const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}...` : text);
