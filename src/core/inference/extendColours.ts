import type { FloatPicture } from '../pictures/picture.ts';

/**
 * Continues colours under transparent areas, so that a network sees no edge where only the alpha channel has one. Fully
 * transparent pixels get the mean of the coloured pixels around them, from fine to coarse (push-pull, Gortler et al.,
 * "The Lumigraph", SIGGRAPH 1996). Pixels with any opacity stay as they are.
 * @param alpha opacity, one value in [0,1] per pixel
 */
export function extendColours(picture: FloatPicture, alpha: Float32Array): FloatPicture {
  if (!alpha.includes(0)) return picture;
  const weight = alpha.map((value) => (value > 0 ? 1 : 0));
  const data = picture.data.slice();
  fill(data, weight, picture.width, picture.height);
  return { ...picture, data };
}

function fill(data: Float32Array, weight: Float32Array, width: number, height: number): void {
  if ((width === 1 && height === 1) || !weight.includes(0)) return;
  const w = (width + 1) >> 1;
  const h = (height + 1) >> 1;
  const coarse = new Float32Array(w * h * 3);
  const coarseWeight = new Float32Array(w * h);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = y * width + x;
      if (weight[from] === 0) continue;
      const to = (y >> 1) * w + (x >> 1);
      coarseWeight[to] = (coarseWeight[to] as number) + 1;
      for (let c = 0; c < 3; c++) coarse[to * 3 + c] = (coarse[to * 3 + c] as number) + (data[from * 3 + c] as number);
    }
  }
  for (let i = 0; i < coarseWeight.length; i++) {
    const count = coarseWeight[i] as number;
    if (count === 0) continue;
    for (let c = 0; c < 3; c++) coarse[i * 3 + c] = (coarse[i * 3 + c] as number) / count;
    coarseWeight[i] = 1;
  }
  fill(coarse, coarseWeight, w, h);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = y * width + x;
      if (weight[to] !== 0) continue;
      const from = (y >> 1) * w + (x >> 1);
      for (let c = 0; c < 3; c++) data[to * 3 + c] = coarse[from * 3 + c] as number;
    }
  }
}
