import type { Region } from '../../shared/contract/restoring.ts';
import type { Size, Zoom } from './useZoom.ts';

/** Largest preview in pixels, so that it takes only seconds on a CPU. */
const previewPixels = 640 * 640;

/** The visible part of the picture in unrounded picture pixels, at least one pixel wide and high. */
function inSight(picture: Size, { view: { scale, x, y }, width, height }: Zoom) {
  const left = Math.min(picture.width - 1, Math.max(0, -x / scale));
  const top = Math.min(picture.height - 1, Math.max(0, -y / scale));
  return {
    left,
    top,
    right: Math.max(left + 1, Math.min(picture.width, (width - x) / scale)),
    bottom: Math.max(top + 1, Math.min(picture.height, (height - y) / scale)),
  };
}

/** A picture counts as zoomed in when less of it than this is visible, or its pixels are as large as the screen's. */
const wholeShare = 0.7;

/**
 * What to preview: the whole picture, reduced to a longest side so that it takes only seconds, or the visible part in true
 * pixels once it is zoomed in. A small picture is always previewed whole in true pixels.
 */
export function previewWish(picture: Size, zoom: Zoom): { region: Region } | { reduced: number } {
  const { width, height } = picture;
  const shrink = Math.sqrt(previewPixels / (width * height));
  if (shrink >= 1) return { region: { left: 0, top: 0, width, height } };
  const { left, top, right, bottom } = inSight(picture, zoom);
  const isZoomedIn = (right - left) * (bottom - top) < wholeShare * width * height || zoom.view.scale >= 1;
  if (isZoomedIn) return { region: middleOf(left, top, right, bottom) };
  return { reduced: Math.max(16, Math.floor(shrink * Math.max(width, height))) };
}

/** Every picture pixel that is at least partly visible; undefined before the stage is measured. */
export function pixelsInSight(picture: Size, zoom: Zoom): Region | undefined {
  if (zoom.width === 0 || zoom.height === 0) return undefined;
  const { left, top, right, bottom } = inSight(picture, zoom);
  const [x, y] = [Math.floor(left), Math.floor(top)];
  return { left: x, top: y, width: Math.ceil(right) - x, height: Math.ceil(bottom) - y };
}

/** The centre of a region, cropped to the largest size of a preview. */
export function middleOf(left: number, top: number, right: number, bottom: number): Region {
  const shrink = Math.min(1, Math.sqrt(previewPixels / ((right - left) * (bottom - top))));
  const width = Math.max(1, Math.floor((right - left) * shrink));
  const height = Math.max(1, Math.floor((bottom - top) * shrink));
  return { left: Math.floor((left + right - width) / 2), top: Math.floor((top + bottom - height) / 2), width, height };
}
