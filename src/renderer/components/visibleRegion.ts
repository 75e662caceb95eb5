import type { Region } from '../../shared/contract/restoring.ts';
import type { Size, Zoom } from './useZoom.ts';

/** A preview covers at most this many pixels, so that it is there within seconds on a processor too. */
const previewPixels = 640 * 640;

/** The part of the picture in sight, in its pixels and not rounded: at least one of them on each side. */
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

/** The part of the picture in sight, cut about its middle to what a preview may cover. */
export function visibleRegion(picture: Size, zoom: Zoom): Region {
  const { left, top, right, bottom } = inSight(picture, zoom);
  return middleOf(left, top, right, bottom);
}

/** Every pixel of the picture that is in sight, if only in part; undefined before the stage is measured. */
export function pixelsInSight(picture: Size, zoom: Zoom): Region | undefined {
  if (zoom.width === 0 || zoom.height === 0) return undefined;
  const { left, top, right, bottom } = inSight(picture, zoom);
  const [x, y] = [Math.floor(left), Math.floor(top)];
  return { left: x, top: y, width: Math.ceil(right) - x, height: Math.ceil(bottom) - y };
}

/** The middle of a part, as large as a preview may be. */
export function middleOf(left: number, top: number, right: number, bottom: number): Region {
  const shrink = Math.min(1, Math.sqrt(previewPixels / ((right - left) * (bottom - top))));
  const width = Math.max(1, Math.floor((right - left) * shrink));
  const height = Math.max(1, Math.floor((bottom - top) * shrink));
  return { left: Math.floor((left + right - width) / 2), top: Math.floor((top + bottom - height) / 2), width, height };
}
