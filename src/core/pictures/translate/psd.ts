import { AppError } from '../../../shared/errors.ts';
import { DAMAGED } from '../readable.ts';
import type { Raster } from './raster.ts';

/** Colour modes (Adobe Photoshop File Formats Specification, file header section). */
const modes: Readonly<Record<number, Raster['colours']>> = { 1: 'grey', 3: 'rgb', 4: 'cmyk' };
const colourChannels = { grey: 1, rgb: 3, cmyk: 4 } as const;
const ICC_RESOURCE = 1039;
const RAW = 0;
const RLE = 1;
const PSB = 2;

/** The merged picture of a PSD. */
export interface DecodedPsd {
  raster: Raster;
  bits: number;
}

/**
 * Reads the merged picture of a PSD or PSB: grey, RGB or CMYK with 8 or 16 bits, stored as it is or with PackBits. The
 * libraries for PSD read 8 bits only, and no profile.
 * @param mostPixels larger pictures are refused
 * @throws AppError `bad-input` for a damaged file, `unsupported` for one that is not read
 */
export function decodePsd(bytes: Uint8Array, mostPixels: number): DecodedPsd {
  try {
    return read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), mostPixels);
  } catch (cause) {
    if (cause instanceof RangeError) throw new AppError('bad-input', DAMAGED, { cause });
    throw cause;
  }
}

function read(file: Buffer, mostPixels: number): DecodedPsd {
  const big = file.readUInt16BE(4) === PSB;
  const channels = file.readUInt16BE(12);
  const [height, width] = [file.readUInt32BE(14), file.readUInt32BE(18)];
  const bits = file.readUInt16BE(22);
  const colours = modes[file.readUInt16BE(24)];
  if (!colours || (bits !== 8 && bits !== 16) || channels < colourChannels[colours] || channels > 56)
    throw new AppError(
      'unsupported',
      'This Photoshop file is neither grey, RGB nor CMYK with 8 or 16 bits. Save it as such a TIFF without layers.',
    );
  if (width * height > mostPixels)
    throw new AppError(
      'unsupported',
      `The picture claims to have more than ${Math.floor(mostPixels / 1e6)} megapixels, the most that PSD is read with.`,
    );
  const resources = 26 + 4 + file.readUInt32BE(26);
  const layers = resources + 4 + file.readUInt32BE(resources);
  const layerBytes = big ? Number(file.readBigUInt64BE(layers)) : file.readUInt32BE(layers);
  const picture = layers + (big ? 8 : 4) + layerBytes;
  // The length of the layers proper, then their number; it is negative where the first extra channel is transparency.
  const count = layerBytes > 6 ? file.readInt16BE(layers + (big ? 16 : 8)) : 0;
  const planes = readPlanes(file, picture, { big, channels, width, height, bits });
  const extra = channels - colourChannels[colours];
  const profile = findResource(file.subarray(resources + 4, layers), ICC_RESOURCE);
  return {
    raster: {
      width,
      height,
      data: interleaved(planes, { channels, pixels: width * height, bits, inverted: colours === 'cmyk' ? 4 : 0 }),
      colours,
      extras: Array.from({ length: extra }, (_, i) => (i === 0 && count < 0 ? 'alpha' : 'beside')),
      ...(profile ? { profile } : {}),
    },
    bits,
  };
}

interface Shape {
  big: boolean;
  channels: number;
  width: number;
  height: number;
  bits: number;
}

/** The planes, one after the other, each row by row; samples of 16 bits begin with the upper byte. */
function readPlanes(file: Buffer, at: number, { big, channels, width, height, bits }: Shape): Uint8Array {
  const compression = file.readUInt16BE(at);
  const rowBytes = width * (bits / 8);
  const size = channels * height * rowBytes;
  const start = at + 2;
  if (compression === RAW) {
    if (start + size > file.length) throw new RangeError('The picture ends too early.');
    return file.subarray(start, start + size);
  }
  if (compression !== RLE)
    throw new AppError(
      'unsupported',
      'The merged picture of this Photoshop file is compressed with ZIP, which is not read. Save it as TIFF.',
    );
  const rows = channels * height;
  const countBytes = big ? 4 : 2;
  const planes = new Uint8Array(size);
  let from = start + rows * countBytes;
  for (let row = 0; row < rows; row++) {
    const packed = file.readUIntBE(start + row * countBytes, countBytes);
    unpack(file.subarray(from, from + packed), planes.subarray(row * rowBytes, (row + 1) * rowBytes));
    from += packed;
  }
  return planes;
}

/** PackBits (TIFF 6.0, section 9). @throws RangeError where a row is not full */
function unpack(packed: Uint8Array, row: Uint8Array): void {
  let to = 0;
  for (let at = 0; at < packed.length && to < row.length;) {
    const head = packed[at++] as number;
    if (head < 128) {
      row.set(packed.subarray(at, Math.min(at + head + 1, at + row.length - to)), to);
      at += head + 1;
      to += head + 1;
    } else if (head > 128) {
      row.fill(packed[at++] ?? 0, to, to + 257 - head);
      to += 257 - head;
    }
  }
  if (to < row.length) throw new RangeError('A row of the picture ends too early.');
}

/** Channels side by side. Photoshop stores CMYK with full ink as 0; `inverted` channels are turned round. */
function interleaved(
  planes: Uint8Array,
  { channels, pixels, bits, inverted }: { channels: number; pixels: number; bits: number; inverted: number },
): Uint8Array | Uint16Array {
  const deep = bits === 16;
  const data = deep ? new Uint16Array(pixels * channels) : new Uint8Array(pixels * channels);
  const white = deep ? 65535 : 255;
  for (let c = 0; c < channels; c++) {
    const start = c * pixels;
    for (let i = 0; i < pixels; i++) {
      const at = deep ? (start + i) * 2 : start + i;
      const value = deep ? ((planes[at] as number) << 8) | (planes[at + 1] as number) : (planes[at] as number);
      data[i * channels + c] = c < inverted ? white - value : value;
    }
  }
  return data;
}

/** A resource by its number. */
function findResource(resources: Buffer, wanted: number): Uint8Array | undefined {
  for (let at = 0; at + 12 <= resources.length;) {
    const id = resources.readUInt16BE(at + 4);
    // A name of one byte of length and its letters, both together an even number.
    const name = 1 + resources.readUInt8(at + 6);
    const sizeAt = at + 6 + name + (name % 2);
    if (sizeAt + 4 > resources.length) return undefined;
    const size = resources.readUInt32BE(sizeAt);
    if (id === wanted) return size >= 128 ? resources.subarray(sizeAt + 4, sizeAt + 4 + size) : undefined;
    at = sizeAt + 4 + size + (size % 2);
  }
  return undefined;
}
