import type { Region } from '../pictures/crop.ts';
import { DECODE_SECONDS } from '../pictures/limits.ts';
import { openPicture } from '../pictures/openPicture.ts';
import type { FloatPicture, Picture } from '../pictures/picture.ts';
import { unreadable } from './header.ts';

/** A decoded file of a data set. */
export interface Decoded {
  /** RGB, upright, with 8 or 16 bits as in the file; grey is expanded and alpha dropped. */
  picture: Picture;
  hadAlpha: boolean;
}

/**
 * Decodes a picture, the first page of several. Colour profiles are left aside: data sets are compared by
 * the numbers that are stored, as the authors' OpenCV does, so that figures can be repeated.
 * @throws AppError `bad-input` that names the file and what is wrong with it.
 */
export async function decodePixels(file: string): Promise<Decoded> {
  try {
    const { image, metadata } = await openPicture(file, { ignoreIcc: true });
    const { depth, hasAlpha } = metadata;
    // Floating-point and 32-bit files keep more than 8 bits too.
    const deep = depth !== 'uchar' && depth !== 'char';
    const { data, info } = await image
      .autoOrient()
      .timeout({ seconds: DECODE_SECONDS })
      .removeAlpha()
      .toColourspace(deep ? 'rgb16' : 'srgb')
      .raw({ depth: deep ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const pixels = deep
      ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2)
      : new Uint8Array(data.buffer, data.byteOffset, data.length);
    return {
      picture: { width: info.width, height: info.height, channels: info.channels, data: pixels, bits: deep ? 16 : 8 },
      hadAlpha: hasAlpha,
    };
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** Width and height as {@link decodePixels} returns them, from the header only. */
export async function uprightSize(file: string): Promise<{ width: number; height: number }> {
  return (await openPicture(file)).metadata.autoOrient;
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
