import type { FloatPicture } from '../../pictures/picture.ts';

/** The picture in ONNX's layout: one channel after the other [3,H,W], values times `range`. */
export function toPlanes({ width, height, data }: FloatPicture, range: number): Float32Array {
  const pixels = width * height;
  const planes = new Float32Array(pixels * 3);
  for (let i = 0; i < pixels; i++)
    for (let c = 0; c < 3; c++) planes[c * pixels + i] = (data[i * 3 + c] as number) * range;
  return planes;
}

/** The inverse of {@link toPlanes}. */
export function fromPlanes(planes: Float32Array, width: number, height: number, range: number): FloatPicture {
  const pixels = width * height;
  const data = new Float32Array(pixels * 3);
  for (let i = 0; i < pixels; i++)
    for (let c = 0; c < 3; c++) data[i * 3 + c] = (planes[c * pixels + i] as number) / range;
  return { width, height, channels: 3, data };
}

/** The picture extended to the right and downwards by its mirror image, without repeating the last pixel. */
export function reflected(picture: FloatPicture, toWidth: number, toHeight: number): FloatPicture {
  const { width, height, data } = picture;
  if (width === toWidth && height === toHeight) return picture;
  const result = new Float32Array(toWidth * toHeight * 3);
  for (let y = 0; y < toHeight; y++)
    for (let x = 0; x < toWidth; x++) {
      const from = (mirrored(y, height) * width + mirrored(x, width)) * 3;
      result.set(data.subarray(from, from + 3), (y * toWidth + x) * 3);
    }
  return { width: toWidth, height: toHeight, channels: 3, data: result };
}

/** The position in a row of `length` that `at` maps to, if the row is mirrored again and again. */
function mirrored(at: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const within = at % period;
  return within < length ? within : period - within;
}

/** The top left part of a picture. */
export function cropped(picture: FloatPicture, width: number, height: number): FloatPicture {
  if (picture.width === width && picture.height === height) return picture;
  const data = new Float32Array(width * height * 3);
  for (let y = 0; y < height; y++)
    data.set(picture.data.subarray(y * picture.width * 3, (y * picture.width + width) * 3), y * width * 3);
  return { width, height, channels: 3, data };
}
