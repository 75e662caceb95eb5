import { closeSync, openSync, writeSync } from 'node:fs';

/** Decoded pixels of a file that sharp does not read, before they are written as a TIFF (writeRaster). */
export interface Raster {
  width: number;
  height: number;
  /** Rows from top to bottom, channels interleaved; whole numbers use the whole range of their type, floats are linear. */
  data: Uint8Array | Uint16Array | Float32Array;
  colours: 'grey' | 'rgb' | 'cmyk';
  /** What each channel behind the colours is. */
  extras: readonly ('alpha' | 'premultiplied' | 'beside')[];
  /** ICC profile of the numbers; without one they are sRGB. */
  profile?: Uint8Array;
  /** EXIF's number for how it is to be turned, where the decoder has not done it. */
  orientation?: number;
}

const photometric = { grey: 1, rgb: 2, cmyk: 5 } as const;
const colourChannels = { grey: 1, rgb: 3, cmyk: 4 } as const;
const extraSample = { beside: 0, premultiplied: 1, alpha: 2 } as const;

type Values = [tag: number, type: number, values: readonly number[]];

/** SampleFormat of IEEE's floating-point numbers. */
const FLOATS = 3;
const SHORT = 3;
const LONG = 4;
const UNDEFINED = 7;
const HEADER_BYTES = 8;
/** TIFF's offsets have 32 bits. */
const MOST_BYTES = 2 ** 32 - 2 ** 20;

/** Channels of a raster. */
export const channelsOf = ({ colours, extras }: Pick<Raster, 'colours' | 'extras'>): number =>
  colourChannels[colours] + extras.length;

/**
 * Writes a raster as an uncompressed TIFF 6.0 in this machine's byte order, the one form in which the rest of the program takes
 * pictures that sharp cannot read.
 * @throws Error where the raster is larger than a TIFF can be, or its data do not fit its size
 */
export function writeRaster(path: string, raster: Raster): void {
  const { width, height, data, colours, extras, profile, orientation } = raster;
  const channels = channelsOf(raster);
  if (data.length !== width * height * channels) throw new Error('The decoder gave another number of samples.');
  if (data.byteLength > MOST_BYTES) throw new Error('The picture has more than 4 GB of samples.');
  const pixelsEnd = HEADER_BYTES + data.byteLength + (data.byteLength % 2);
  const values: Values[] = [
    [256, LONG, [width]],
    [257, LONG, [height]],
    [258, SHORT, Array.from({ length: channels }, () => data.BYTES_PER_ELEMENT * 8)],
    [259, SHORT, [1]],
    [262, SHORT, [photometric[colours]]],
    [273, LONG, [HEADER_BYTES]],
    ...(orientation === undefined ? [] : [[274, SHORT, [orientation]] as Values]),
    [277, SHORT, [channels]],
    [278, LONG, [height]],
    [279, LONG, [data.byteLength]],
    ...(extras.length > 0 ? [[338, SHORT, extras.map((kind) => extraSample[kind])] as Values] : []),
    ...(data instanceof Float32Array ? [[339, SHORT, Array.from({ length: channels }, () => FLOATS)] as Values] : []),
  ];
  const fields = values.map(([tag, type, numbers]) => ({
    tag,
    type,
    count: numbers.length,
    bytes: bytesOf(type === SHORT ? Uint16Array.from(numbers) : Uint32Array.from(numbers)),
  }));
  if (profile) fields.push({ tag: 34675, type: UNDEFINED, count: profile.length, bytes: profile });
  const directory = bytesOfDirectory(fields, pixelsEnd);
  const file = openSync(path, 'w');
  try {
    put(file, header(pixelsEnd), 0);
    put(file, bytesOf(data), HEADER_BYTES);
    put(file, directory, pixelsEnd);
  } finally {
    closeSync(file);
  }
}

interface Field {
  tag: number;
  type: number;
  count: number;
  bytes: Uint8Array;
}

const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

const bytesOf = (array: Uint8Array | Uint16Array | Uint32Array | Float32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

function header(directory: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(HEADER_BYTES));
  bytes.setUint16(0, little ? 0x4949 : 0x4d4d);
  bytes.setUint16(2, 42, little);
  bytes.setUint32(4, directory, little);
  return new Uint8Array(bytes.buffer);
}

/** A directory, and behind it the values that do not fit into it. */
function bytesOfDirectory(fields: readonly Field[], position: number): Uint8Array {
  const fixed = 2 + fields.length * 12 + 4;
  const total = fields.reduce((sum, { bytes }) => sum + (bytes.length > 4 ? bytes.length + 1 : 0), fixed);
  const result = new Uint8Array(total);
  const view = new DataView(result.buffer);
  view.setUint16(0, fields.length, little);
  let behind = fixed;
  fields.forEach(({ tag, type, count, bytes }, i) => {
    const at = 2 + i * 12;
    view.setUint16(at, tag, little);
    view.setUint16(at + 2, type, little);
    view.setUint32(at + 4, count, little);
    if (bytes.length <= 4) return result.set(bytes, at + 8);
    behind += behind % 2;
    view.setUint32(at + 8, position + behind, little);
    result.set(bytes, behind);
    behind += bytes.length;
  });
  return result;
}

function put(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(file, bytes, done, Math.min(bytes.length - done, 1 << 28), position + done);
}
