import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { AppError } from '../../../shared/errors.ts';
import { DAMAGED } from '../readable.ts';
import type { Raster } from './raster.ts';

/** Constants of libheif's C interface (heif.h). */
const COLOURS_RGB = 1;
const INTERLEAVED = { rgb8: 10, rgba8: 11, rgb16: 14, rgba16: 15 } as const;
const CHANNEL_INTERLEAVED = 10;
const NO_SUCH_CODEC = 3000;
/** heif_error is a code, a code below it, and a message, each of 32 bits. */
const ERROR_BYTES = 12;

/** The C functions that are used, with pointers as numbers. Those that return heif_error take a place for it first. */
interface Libheif {
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  readonly HEAPU32: Uint32Array;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  _heif_context_alloc(): number;
  _heif_context_free(context: number): void;
  _heif_context_read_from_memory_without_copy(
    error: number,
    context: number,
    data: number,
    size: number,
    options: number,
  ): void;
  _heif_context_get_primary_image_handle(error: number, context: number, handle: number): void;
  _heif_context_get_number_of_top_level_images(context: number): number;
  _heif_image_handle_release(handle: number): void;
  _heif_image_handle_get_width(handle: number): number;
  _heif_image_handle_get_height(handle: number): number;
  _heif_image_handle_has_alpha_channel(handle: number): number;
  _heif_image_handle_is_premultiplied_alpha(handle: number): number;
  _heif_image_handle_get_luma_bits_per_pixel(handle: number): number;
  _heif_image_handle_get_raw_color_profile_size(handle: number): number;
  _heif_image_handle_get_raw_color_profile(error: number, handle: number, into: number): void;
  _heif_image_handle_get_nclx_color_profile(error: number, handle: number, into: number): void;
  _heif_nclx_color_profile_free(profile: number): void;
  _heif_decode_image(
    error: number,
    handle: number,
    image: number,
    colours: number,
    chroma: number,
    options: number,
  ): void;
  _heif_image_get_plane_readonly(image: number, channel: number, stride: number): number;
  _heif_image_get_width(image: number, channel: number): number;
  _heif_image_get_height(image: number, channel: number): number;
  _heif_image_get_bits_per_pixel_range(image: number, channel: number): number;
  _heif_image_release(image: number): void;
  _heif_image_handle_get_list_of_metadata_block_IDs(handle: number, filter: number, ids: number, count: number): number;
  _heif_image_handle_get_metadata_size(handle: number, id: number): number;
  _heif_image_handle_get_metadata(error: number, handle: number, id: number, into: number): void;
}

/** A decoded HEIC, upright as its own rotation and mirroring say. */
export interface DecodedHeic {
  raster: Raster;
  /** Bits of a sample in the file. */
  bits: number;
  /** Code points of ITU-T H.273 where the file tells its colours so and has no profile. */
  nclx?: { primaries: number; transfer: number };
  /** EXIF's orientation, which libheif does not apply; 1 without. */
  exifOrientation: number;
  /** Pictures in the file, thumbnails and gain maps not counted. */
  pictures: number;
}

let loaded: Libheif | undefined;

function libheif(): Libheif {
  if (loaded) return loaded;
  const require = createRequire(import.meta.url);
  const make = require('libheif-js/libheif-wasm/libheif.js') as (options: { wasmBinary: Uint8Array }) => Libheif;
  loaded = make({ wasmBinary: readFileSync(require.resolve('libheif-js/libheif-wasm/libheif.wasm')) });
  return loaded;
}

/**
 * Decodes the primary picture of a HEIC or HEIF file with libheif: 8 bits as they are, more as 16. libheif turns and crops it as the
 * file says, and its tiles are joined.
 * @param mostPixels larger pictures are refused before they are decoded
 * @throws AppError `bad-input` for a damaged file, `unsupported` for one that cannot be read
 */
export function decodeHeic(bytes: Uint8Array, mostPixels: number): DecodedHeic {
  const lib = libheif();
  const freed: (() => void)[] = [];
  const allocate = (size: number): number => {
    const pointer = lib._malloc(size);
    if (pointer === 0) throw new AppError('unsupported', 'Decoding this picture takes too much memory.');
    freed.push(() => lib._free(pointer));
    return pointer;
  };
  const word = (pointer: number): number => lib.HEAPU32[pointer >>> 2] as number;
  try {
    const error = allocate(ERROR_BYTES);
    const place = allocate(4);
    const check = (): void => {
      if (word(error) === 0) return;
      throw word(error + 4) >= NO_SUCH_CODEC && word(error + 4) < NO_SUCH_CODEC + 1000
        ? new AppError(
            'unsupported',
            'This HEIF file holds a kind of picture that cannot be read. Save it as TIFF, PNG or JPEG first.',
          )
        : new AppError('bad-input', DAMAGED, { details: { code: word(error), subcode: word(error + 4) } });
    };
    const data = allocate(bytes.length);
    lib.HEAPU8.set(bytes, data);
    const context = lib._heif_context_alloc();
    freed.push(() => lib._heif_context_free(context));
    lib._heif_context_read_from_memory_without_copy(error, context, data, bytes.length, 0);
    check();
    lib._heif_context_get_primary_image_handle(error, context, place);
    check();
    const handle = word(place);
    freed.push(() => lib._heif_image_handle_release(handle));
    if (lib._heif_image_handle_get_width(handle) * lib._heif_image_handle_get_height(handle) > mostPixels)
      throw new AppError(
        'unsupported',
        `The picture claims to have more than ${Math.floor(mostPixels / 1e6)} megapixels, the most that HEIC is read with.`,
      );
    const bits = lib._heif_image_handle_get_luma_bits_per_pixel(handle);
    const alpha = lib._heif_image_handle_has_alpha_channel(handle) !== 0;
    const premultiplied = alpha && lib._heif_image_handle_is_premultiplied_alpha(handle) !== 0;
    const profile = profileOf(lib, handle, allocate, error);
    const nclx = profile ? undefined : nclxOf(lib, handle, error, place);
    lib._heif_decode_image(
      error,
      handle,
      place,
      COLOURS_RGB,
      INTERLEAVED[`${alpha ? 'rgba' : 'rgb'}${bits > 8 ? 16 : 8}`],
      0,
    );
    check();
    const image = word(place);
    freed.push(() => lib._heif_image_release(image));
    const plane = lib._heif_image_get_plane_readonly(image, CHANNEL_INTERLEAVED, place);
    const stride = word(place);
    const width = lib._heif_image_get_width(image, CHANNEL_INTERLEAVED);
    const height = lib._heif_image_get_height(image, CHANNEL_INTERLEAVED);
    const range = lib._heif_image_get_bits_per_pixel_range(image, CHANNEL_INTERLEAVED);
    const rows = { memory: lib.HEAPU8, plane, stride, height, length: width * (alpha ? 4 : 3) };
    return {
      raster: {
        width,
        height,
        data: bits > 8 ? deepRows(rows, range) : plainRows(rows),
        colours: 'rgb',
        extras: alpha ? [premultiplied ? 'premultiplied' : 'alpha'] : [],
        ...(profile ? { profile } : {}),
      },
      bits,
      exifOrientation: exifOrientation(lib, handle, allocate, error),
      ...(nclx ? { nclx } : {}),
      pictures: lib._heif_context_get_number_of_top_level_images(context),
    };
  } finally {
    for (const free of freed.reverse()) free();
  }
}

const EXIF_FILTER = Buffer.from('Exif\0', 'latin1');
const ORIENTATION_TAG = 0x0112;
const MOST_EXIF_BYTES = 1 << 20;

function exifOrientation(lib: Libheif, handle: number, allocate: (bytes: number) => number, error: number): number {
  const [filter, ids] = [allocate(EXIF_FILTER.length), allocate(4)];
  lib.HEAPU8.set(EXIF_FILTER, filter);
  if (lib._heif_image_handle_get_list_of_metadata_block_IDs(handle, filter, ids, 1) < 1) return 1;
  const id = lib.HEAPU32[ids >>> 2] as number;
  const size = lib._heif_image_handle_get_metadata_size(handle, id);
  if (size < 16 || size > MOST_EXIF_BYTES) return 1;
  const into = allocate(size);
  lib._heif_image_handle_get_metadata(error, handle, id, into);
  return lib.HEAPU32[error >>> 2] === 0 ? orientationOf(Buffer.from(lib.HEAPU8.slice(into, into + size))) : 1;
}

/** Reads the orientation from an EXIF block of HEIF: the place of its TIFF header in four bytes, then the block (ISO/IEC 23008-12, A.2.1). */
function orientationOf(block: Buffer): number {
  const exif = block.subarray(4 + block.readUInt32BE(0));
  const little = exif.toString('latin1', 0, 2) === 'II';
  const u16 = (at: number): number => (little ? exif.readUInt16LE(at) : exif.readUInt16BE(at));
  if (exif.length < 16) return 1;
  const directory = little ? exif.readUInt32LE(4) : exif.readUInt32BE(4);
  if (directory + 2 > exif.length) return 1;
  for (let i = 0, at = directory + 2; i < u16(directory) && at + 12 <= exif.length; i++, at += 12) {
    if (u16(at) !== ORIENTATION_TAG) continue;
    const value = u16(at + 8);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

interface Rows {
  memory: Uint8Array<ArrayBuffer>;
  plane: number;
  /** Bytes from one row to the next. */
  stride: number;
  height: number;
  /** Samples of a row. */
  length: number;
}

function plainRows({ memory, plane, stride, height, length }: Rows): Uint8Array {
  const data = new Uint8Array(height * length);
  for (let y = 0; y < height; y++)
    data.set(memory.subarray(plane + y * stride, plane + y * stride + length), y * length);
  return data;
}

/** Samples of more than 8 bits, spread over all of 16: the upper bits are repeated below. */
function deepRows({ memory, plane, stride, height, length }: Rows, bits: number): Uint16Array {
  const data = new Uint16Array(height * length);
  const [up, down] = [16 - bits, 2 * bits - 16];
  for (let y = 0; y < height; y++) {
    const row = new Uint16Array(memory.buffer, plane + y * stride, length);
    for (let i = 0; i < length; i++) {
      const value = row[i] as number;
      data[y * length + i] = (value << up) | (value >> down);
    }
  }
  return data;
}

function profileOf(
  lib: Libheif,
  handle: number,
  allocate: (bytes: number) => number,
  error: number,
): Uint8Array | undefined {
  const size = lib._heif_image_handle_get_raw_color_profile_size(handle);
  if (size < 128 || size > 1 << 24) return undefined;
  const into = allocate(size);
  lib._heif_image_handle_get_raw_color_profile(error, handle, into);
  return lib.HEAPU32[error >>> 2] === 0 ? lib.HEAPU8.slice(into, into + size) : undefined;
}

/** heif_color_profile_nclx begins with its version; primaries and transfer function follow, 32 bits each. */
function nclxOf(
  lib: Libheif,
  handle: number,
  error: number,
  place: number,
): { primaries: number; transfer: number } | undefined {
  lib._heif_image_handle_get_nclx_color_profile(error, handle, place);
  const profile = lib.HEAPU32[place >>> 2] as number;
  if (lib.HEAPU32[error >>> 2] !== 0 || profile === 0) return undefined;
  const [primaries, transfer] = [
    lib.HEAPU32[(profile + 4) >>> 2] as number,
    lib.HEAPU32[(profile + 8) >>> 2] as number,
  ];
  lib._heif_nclx_color_profile_free(profile);
  return { primaries, transfer };
}
