import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { AppError } from '../../../shared/errors.ts';
import { DAMAGED } from '../readable.ts';
import { readJp2 } from './jp2Header.ts';
import type { Raster } from './raster.ts';

/** @cornerstonejs/codec-openjpeg, which has no types of its own. */
interface OpenJpeg {
  J2KDecoder: new () => {
    getEncodedBuffer(length: number): Uint8Array;
    getDecodedBuffer(): Uint8Array;
    decode(): void;
    getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number; isSigned: boolean };
    delete(): void;
  };
}

let loaded: Promise<OpenJpeg> | undefined;

function openJpeg(): Promise<OpenJpeg> {
  const require = createRequire(import.meta.url);
  const make = require('@cornerstonejs/codec-openjpeg/decodewasmjs') as (options: object) => Promise<OpenJpeg>;
  return (loaded ??= make({
    wasmBinary: readFileSync(require.resolve('@cornerstonejs/codec-openjpeg/decodewasm')),
    print: () => undefined,
    printErr: () => undefined,
  }));
}

/**
 * Decodes a JPEG 2000 file (JP2 or a bare codestream) with OpenJPEG: grey or RGB up to 16 bits. Its build as WebAssembly
 * ends on two and on four channels, so pictures with transparency are refused.
 * @param mostPixels larger pictures are refused before they are decoded
 * @throws AppError `bad-input` for a damaged file, `unsupported` for colours that are not read
 */
export async function decodeJp2(bytes: Uint8Array, mostPixels: number): Promise<{ raster: Raster; bits: number }> {
  const header = readJp2(bytes);
  if (!header) throw new AppError('bad-input', DAMAGED);
  const { width, height, components, colour, profile } = header;
  if (width * height > mostPixels)
    throw new AppError(
      'unsupported',
      `The picture claims to have more than ${Math.floor(mostPixels / 1e6)} megapixels, the most that JPEG 2000 is read with.`,
    );
  const colours = colour === 'grey' ? 1 : 3;
  const alike = components.every(
    ({ bits, signed, dx, dy }) => bits === components[0]?.bits && !signed && dx === 1 && dy === 1,
  );
  if (colour === 'other' || !alike || components.length < colours)
    throw new AppError(
      'unsupported',
      'This JPEG 2000 stores its colours in a way that is not read. Save it as TIFF or PNG.',
    );
  if (components.length > colours)
    throw new AppError(
      'unsupported',
      'This JPEG 2000 has transparency or another further channel, which is not read. Save it as TIFF or PNG.',
    );
  const { J2KDecoder } = await openJpeg();
  const decoder = new J2KDecoder();
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const info = decoder.getFrameInfo();
    const { bitsPerSample: bits, componentCount } = info;
    const samples = decoder.getDecodedBuffer();
    if (componentCount !== components.length || bits > 16 || info.isSigned) throw new Error('other samples');
    const data = spread(samples, bits);
    if (data.length !== info.width * info.height * componentCount) throw new Error('too few samples');
    return {
      raster: {
        width: info.width,
        height: info.height,
        data,
        colours: colours === 1 ? 'grey' : 'rgb',
        extras: [],
        ...(profile ? { profile } : {}),
      },
      bits,
    };
  } catch (cause) {
    throw new AppError('bad-input', DAMAGED, { cause });
  } finally {
    decoder.delete();
  }
}

/** The decoder's samples over the whole range of 8 or 16 bits; those of more than 8 come as 16. */
function spread(samples: Uint8Array, bits: number): Uint8Array | Uint16Array {
  if (bits === 8) return samples.slice();
  const copy = samples.slice();
  const [from, to] = [2 ** bits - 1, bits < 8 ? 255 : 65535];
  if (bits < 8) return copy.map((value) => Math.round((value * to) / from));
  const deep = new Uint16Array(copy.buffer);
  return bits === 16 ? deep : deep.map((value) => Math.round((value * to) / from));
}
