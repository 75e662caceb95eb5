import type { Region } from '../../shared/contract/restore.ts';
import type { Size, Zoom } from './useZoom.ts';

/** A preview covers at most this many pixels, so that it is there within seconds on a processor too. */
const previewPixels = 640 * 640;

/** The part of the picture in sight, cut about its middle to what a preview may cover. */
export function visibleRegion(picture: Size, zoom: Zoom): Region {
  const { scale, x, y } = zoom.view;
  const left = Math.min(picture.width - 1, Math.max(0, -x / scale));
  const top = Math.min(picture.height - 1, Math.max(0, -y / scale));
  return middleOf(left, top, Math.max(left + 1, Math.min(picture.width, (zoom.width - x) / scale)), Math.max(top + 1, Math.min(picture.height, (zoom.height - y) / scale)));
}

/** The middle of a part, as large as a preview may be. */
export function middleOf(left: number, top: number, right: number, bottom: number): Region {
  const shrink = Math.min(1, Math.sqrt(previewPixels / ((right - left) * (bottom - top))));
  const width = Math.max(1, Math.floor((right - left) * shrink));
  const height = Math.max(1, Math.floor((bottom - top) * shrink));
  return { left: Math.floor((left + right - width) / 2), top: Math.floor((top + bottom - height) / 2), width, height };
}
