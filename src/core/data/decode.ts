import sharp from '../pictures/sharp.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { Region } from '../pictures/crop.ts';
import type { FloatPicture, Picture } from '../pictures/picture.ts';

/** A decoded file of a data set. */
export interface Decoded {
  /** RGB, upright, with 8 or 16 bits as in the file; grey is expanded and alpha dropped. */
  picture: Picture;
  hadAlpha: boolean;
}

/**
 * Decodes any format that sharp reads (only the first page). Colour profiles are ignored: data sets are compared by the
 * stored numbers, as the authors' OpenCV does, so that published figures can be reproduced.
 * @throws AppError `bad-input` with the name of the file and the reason.
 */
export async function decodePixels(file: string): Promise<Decoded> {
  try {
    const image = sharp(file, { ignoreIcc: true, failOn: 'error', sequentialRead: true }).autoOrient();
    const { depth, hasAlpha } = await image.metadata();
    // Floating-point and 32-bit files have more than 8 bits too.
    const deep = depth !== 'uchar' && depth !== 'char';
    const { data, info } = await image
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
    const reason = messageOf(cause).split('\n')[0]?.replace(/\.$/, '');
    throw new AppError('bad-input', `${file} cannot be read as a picture: ${reason}.`, { cause, details: { file } });
  }
}

/** Width and height as {@link decodePixels} returns them, from the header only. */
export async function uprightSize(file: string): Promise<{ width: number; height: number }> {
  return (await sharp(file).metadata()).autoOrient;
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
