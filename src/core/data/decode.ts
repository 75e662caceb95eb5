import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withTextPath } from '../files/byteNames.ts';
import type { Region } from '../pictures/crop.ts';
import { DECODE_SECONDS } from '../pictures/limits.ts';
import { openPicture } from '../pictures/openPicture.ts';
import { type Inside, lookInside } from '../pictures/inside/inside.ts';
import { WHITE_IS_ZERO } from '../pictures/inside/tiffContents.ts';
import { refuseMissing } from '../pictures/missing.ts';
import { describePixels, refuseKind } from '../pictures/photograph.ts';
import type { FloatPicture, Picture } from '../pictures/picture.ts';
import { readable } from '../pictures/readable.ts';
import { oddEncoding } from '../pictures/translate/oddTiff.ts';
import { translate } from '../pictures/translate/translate.ts';
import { unreadable } from './header.ts';

/** A decoded file of a data set. */
export interface Decoded {
  /** RGB, upright, with 8 or 16 bits as in the file; grey is expanded and alpha dropped. */
  picture: Picture;
  hadAlpha: boolean;
}

/**
 * Decodes a picture of a data set; of several pages, the first. Colour profiles are not applied, and floats keep their
 * values from 0 to 1 without a tone curve. So data sets are compared by their stored values, as the authors' OpenCV
 * code does, and published figures can be reproduced. The table in core/pictures/encodings.ts says which encodings are
 * read and which are refused, as for photographs.
 * @throws AppError `bad-input` that names the file and the problem
 */
export const decodePixels = (file: string): Promise<Decoded> => withTextPath(file, decodeNamed);

async function decodeNamed(file: string): Promise<Decoded> {
  try {
    await refuseMissing(file);
    const inside = lookInside(file);
    refuseKind(inside);
    if (!oddEncoding(inside)) return await decodeFile(file);
    const folder = await mkdtemp(join(tmpdir(), 'mcir-tiff-'));
    try {
      const { file: plain } = await translate(file, join(folder, 'plain.tif'));
      return await decodeFile(plain);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

async function decodeFile(file: string): Promise<Decoded> {
  const { upright, metadata, inside } = await readable(file, () => openPicture(file, { ignoreIcc: true }));
  const { facts } = describePixels(metadata.format, inside, metadata);
  const image = upright();
  const converted = facts.colours === 'cmyk' || facts.colours === 'lab';
  const float = facts.sample === 'float' && !converted;
  const deep = metadata.depth !== 'uchar';
  const rgb = deep ? 'rgb16' : 'srgb';
  const space = converted ? rgb : metadata.space;
  const wholeDepth = deep ? 'ushort' : 'uchar';
  const { data, info } = await readable(file, () =>
    (converted ? image : image.pipelineColourspace(space))
      .toColourspace(space)
      .timeout({ seconds: DECODE_SECONDS })
      .raw({ depth: float ? 'float' : wholeDepth })
      .toBuffer({ resolveWithObject: true }),
  );
  const colours = facts.colours === 'grey' ? 1 : 3;
  const whole = deep ? asArray(Uint16Array, data) : asArray(Uint8Array, data);
  const samples = float ? wholeNumbers(data, inside, { channels: info.channels, colours }) : whole;
  return {
    picture: {
      width: info.width,
      height: info.height,
      channels: 3,
      data: rgbOnly(samples, info.channels, colours),
      bits: deep ? 16 : 8,
    },
    hadAlpha: facts.extras.some((kind) => kind !== 'beside'),
  };
}

const asArray = <T>(Type: new (buffer: ArrayBufferLike, offset: number, length: number) => T, data: Buffer): T =>
  new Type(
    data.buffer,
    data.byteOffset,
    data.length / (Type as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT,
  );

/** Floats from 0 to 1 as 16 bits; libvips does not turn round those where white is 0. @throws Error for values that are not numbers */
function wholeNumbers(
  data: Buffer,
  { tiff }: Inside,
  { channels, colours }: { channels: number; colours: number },
): Uint16Array {
  const inverted = tiff?.photometric === WHITE_IS_ZERO;
  return Uint16Array.from(asArray(Float32Array, data), (value, i) => {
    if (Number.isNaN(value)) throw new Error('it holds floating-point values that are not numbers (NaN)');
    const light = inverted && i % channels < colours ? 1 - value : value;
    return Math.round(Math.min(1, Math.max(0, light)) * 65535);
  });
}

/** Repeats grey three times, and drops channels after the third. */
function rgbOnly<T extends Uint8Array | Uint16Array>(samples: T, channels: number, colours: 1 | 3): T {
  if (channels === 3 && colours === 3) return samples;
  const count = samples.length / channels;
  const result = (samples instanceof Uint8Array ? new Uint8Array(count * 3) : new Uint16Array(count * 3)) as T;
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++) result[i * 3 + c] = samples[i * channels + (colours === 1 ? 0 : c)] as number;
  return result;
}

/** Width and height as {@link decodePixels} returns them, from the header only. */
export async function uprightSize(file: string): Promise<{ width: number; height: number }> {
  const { metadata, orientation } = await withTextPath(file, openPicture);
  const { width, height } = metadata;
  return orientation > 4 ? { width: height, height: width } : { width, height };
}

/** A whole file as the networks need it: RGB in [0,1]; see {@link decodePixels}. */
export async function decodePicture(file: string): Promise<FloatPicture> {
  const { picture } = await decodePixels(file);
  return toFloat(picture, { x: 0, y: 0, width: picture.width, height: picture.height });
}

/** A rectangle of decoded pixels as RGB in [0,1]. */
export function toFloat({ width, channels, data, bits }: Picture, region: Region): FloatPicture {
  const scale = bits === 16 ? 65535 : 255;
  const result = new Float32Array(region.width * region.height * 3);
  let to = 0;
  for (let y = region.y; y < region.y + region.height; y++) {
    let from = (y * width + region.x) * channels;
    for (let x = 0; x < region.width; x++, from += channels) {
      for (let c = 0; c < 3; c++) result[to++] = (data[channels < 3 ? from : from + c] as number) / scale;
    }
  }
  return { width: region.width, height: region.height, channels: 3, data: result };
}
