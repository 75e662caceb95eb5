import { expect, test } from 'vitest';
import type { Zoom } from '../../src/renderer/components/useZoom.ts';
import { previewWish } from '../../src/renderer/components/visibleRegion.ts';

const stage = { width: 800, height: 600 };
const zoomed = (scale: number, x = 0, y = 0): Zoom => ({ view: { scale, x, y }, ...stage }) as unknown as Zoom;

test('a small picture is previewed whole in true pixels, however it is zoomed', () => {
  const picture = { width: 600, height: 400 };
  for (const scale of [0.5, 1, 4])
    expect(previewWish(picture, zoomed(scale))).toEqual({ region: { left: 0, top: 0, ...picture } });
});

test('a large one is previewed whole and reduced, until less than most of it is visible', () => {
  const picture = { width: 6000, height: 4000 };
  // As large as 640 × 640 pixels: sqrt(409600 / 24e6) of its longest side.
  expect(previewWish(picture, zoomed(800 / 6000))).toEqual({ reduced: 783 });
  expect(previewWish(picture, zoomed(0.15))).toEqual({ reduced: 783 });
  expect(previewWish(picture, zoomed(0.5, -1000, -500))).toEqual({
    region: { left: 2430, top: 1323, width: 739, height: 554 },
  });
  expect(previewWish(picture, zoomed(2, -4000, -4000))).toEqual({
    region: { left: 2000, top: 2000, width: 400, height: 300 },
  });
});

test('at 1:1 true pixels are shown although most of the picture is visible', () => {
  expect(previewWish({ width: 810, height: 600 }, zoomed(1))).toHaveProperty('region');
  expect(previewWish({ width: 810, height: 600 }, zoomed(0.98))).toHaveProperty('reduced');
});
