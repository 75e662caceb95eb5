import Vips from 'wasm-vips';
import { AppError } from '../../../shared/errors.ts';
import { DAMAGED } from '../readable.ts';
import type { Raster } from './raster.ts';

let loaded: Promise<typeof Vips> | undefined;

/** libvips with libjxl, both as WebAssembly; the libvips of sharp comes without libjxl. */
const libvips = (): Promise<typeof Vips> =>
  (loaded ??= Vips({ dynamicLibraries: ['vips-jxl.wasm'], print: () => undefined, printErr: () => undefined }));

/** A decoded JPEG XL, upright. */
export interface DecodedJxl {
  raster: Raster;
  bits: number;
}

/**
 * Decodes the first frame of a JPEG XL with libjxl, which also turns it upright. Floats become 16 bits.
 * @param mostPixels larger pictures are refused before they are decoded
 * @throws AppError `bad-input` for a damaged file, `unsupported` for one that is too large or has colours that are not read
 */
export async function decodeJxl(bytes: Uint8Array, mostPixels: number): Promise<DecodedJxl> {
  const vips = await libvips();
  try {
    using image = vips.Image.newFromBuffer(pixelBoxes(bytes));
    if (image.width * image.height > mostPixels)
      throw new AppError(
        'unsupported',
        `The picture claims to have more than ${Math.floor(mostPixels / 1e6)} megapixels, the most that JPEG XL is read with.`,
      );
    const has = (name: string): boolean => image.getTypeof(name) !== 0;
    const grey = image.bands < 3;
    const colours = grey ? 1 : 3;
    if (image.bands > colours + 1)
      throw new AppError('unsupported', 'This JPEG XL has more channels than can be read. Save it as TIFF.');
    if (image.format === 'float')
      throw new AppError(
        'unsupported',
        'This JPEG XL holds floating-point values, which cannot be read. Save it with 16 bits.',
      );
    const bits = image.format === 'uchar' ? 8 : 16;
    // Bytes are given for whole numbers of 8 bits, and numbers of 16 bits for the others.
    const samples = image.writeToMemory() as Uint8Array | Uint16Array;
    return {
      raster: {
        width: image.width,
        height: image.height,
        data: samples,
        colours: grey ? 'grey' : 'rgb',
        extras: image.bands > colours ? ['alpha'] : [],
        ...(has('icc-profile-data') ? { profile: image.getBlob('icc-profile-data') } : {}),
      },
      bits: has('bits-per-sample') ? image.getInt('bits-per-sample') : bits,
    };
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    if (/out of memory/i.test(reasonOf(cause)))
      throw new AppError('unsupported', 'Decoding this picture takes too much memory.', { cause: reasonOf(cause) });
    throw new AppError('bad-input', DAMAGED, { cause: reasonOf(cause) });
  }
}

/**
 * Encodes a picture as JPEG XL.
 * @param quality 100 is lossless
 * @throws AppError `io`
 */
export async function encodeJxl(
  { width, height, data, colours, extras, profile }: Raster,
  quality: number,
): Promise<Uint8Array> {
  const vips = await libvips();
  if (data instanceof Float32Array) throw new Error('Floats are not written as JPEG XL.');
  const deep = data instanceof Uint16Array;
  const grey = colours === 'grey';
  try {
    using plain = vips.Image.newFromMemory(
      data,
      width,
      height,
      (grey ? 1 : 3) + extras.length,
      deep ? vips.BandFormat.ushort : vips.BandFormat.uchar,
    );
    const [one, three] = deep ? (['grey16', 'rgb16'] as const) : (['b-w', 'srgb'] as const);
    using tagged = plain.copy({ interpretation: grey ? one : three });
    if (profile) tagged.setBlob('icc-profile-data', profile);
    return inContainer(
      tagged.jxlsaveBuffer({
        ...(quality === 100 ? { lossless: true } : { Q: quality }),
        effort: 4,
        bitdepth: deep ? 16 : 8,
        keep: 'icc',
      }),
    );
  } catch (cause) {
    throw new AppError('io', 'The JPEG XL could not be encoded; choose TIFF or PNG.', { cause: reasonOf(cause) });
  }
}

/**
 * A JPEG XL file with what its pixels need alone: metadata that are compressed, and what makes the JPEG again from which it was made,
 * are errors to this decoder. Their place in a result comes from ExifTool.
 */
function pixelBoxes(bytes: Uint8Array): Uint8Array {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < 12 || file.toString('latin1', 4, 8) !== 'JXL ') return bytes;
  const kept: Buffer[] = [];
  for (let at = 0; at + 8 <= file.length;) {
    const short = file.readUInt32BE(at);
    const wide = short === 1 && at + 16 <= file.length;
    const size = wide ? Number(file.readBigUInt64BE(at + 8)) : short || file.length - at;
    if (size < 8) return bytes;
    if (PIXEL_BOXES.has(file.toString('latin1', at + 4, at + 8))) kept.push(file.subarray(at, at + size));
    at += size;
  }
  return Buffer.concat(kept);
}

const PIXEL_BOXES = new Set(['JXL ', 'ftyp', 'jxll', 'jxlc', 'jxlp']);

/** The first boxes of a JPEG XL file: its signature, and the type `jxl ` (ISO/IEC 18181-2). */
const FILE_START = Buffer.from('0000000c4a584c200d0a870a00000014667479706a786c20000000006a786c20', 'hex');

/** A bare codestream as a file: ExifTool writes metadata into files only. */
function inContainer(codestream: Uint8Array): Uint8Array {
  if (codestream[0] !== 0xff) return codestream;
  const head = Buffer.alloc(8);
  head.writeUInt32BE(codestream.length + 8, 0);
  head.write('jxlc', 4, 'latin1');
  return Buffer.concat([FILE_START, head, codestream]);
}

/** An error of WebAssembly has its words in an array. */
function reasonOf(cause: unknown): string {
  const { message } = cause as { message?: unknown };
  return Array.isArray(message) ? message.join(': ') : String(message ?? cause);
}
