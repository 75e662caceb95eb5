import type { Locator } from '@playwright/test';

/** The values that a curve's legend tells: the step first, then each line's. */
export const legend = async (figure: Locator): Promise<number[]> =>
  (await figure.locator('.u-series:visible .u-value').allInnerTexts()).map(Number);

/** A value as a legend tells it. */
export const short = (value: number): number => Number(value.toPrecision(4));

/** How many colours a canvas shows. */
export const coloursOf = (canvas: Locator): Promise<number> =>
  canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const pixels = (element as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
    const colours = new Set<number>();
    for (let i = 0; i < pixels.length; i += 4)
      colours.add(((pixels[i] ?? 0) << 16) | ((pixels[i + 1] ?? 0) << 8) | (pixels[i + 2] ?? 0));
    return colours.size;
  });

/** The mean absolute difference between two pictures of one size, of 255. */
export const difference = async (one: Locator, other: Locator): Promise<number> => {
  const [a, b] = await Promise.all([one, other].map((picture) => picture.evaluate(pixelsOf)));
  return (a ?? []).reduce((sum, value, i) => sum + Math.abs(value - (b?.[i] ?? 0)), 0) / (a?.length ?? 1);
};

async function pixelsOf(element: Element): Promise<number[]> {
  const image = element as HTMLImageElement;
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext('2d');
  context?.drawImage(image, 0, 0);
  return [...(context?.getImageData(0, 0, canvas.width, canvas.height).data ?? [])];
}
