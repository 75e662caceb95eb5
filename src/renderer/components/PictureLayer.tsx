import type { CSSProperties } from 'react';
import type { Region } from '../../shared/contract/restoring.ts';
import type { Size, View } from './useZoom.ts';

/** A restored picture, or a part of one, and where it lies on the original. */
export interface Result {
  url: string;
  region: Region;
  /** Of the whole picture, reduced; drawn where the part is not. */
  below?: { url: string } | undefined;
}

interface LayerProps {
  before: string;
  size: Size;
  view: View;
  label: string;
  /** The result, drawn over the original. */
  result?: Result | undefined;
  strength?: number;
  /** Draws the difference instead of the result. */
  difference?: boolean;
}

/** Differences are amplified by this factor; otherwise they would be invisible. */
export const differenceGain = 4;

/**
 * One picture in a view, with a result over it. Strength is opacity, which mixes exactly as the export does: original +
 * s (restored - original).
 */
export function PictureLayer({ before, size, view, label, result, strength = 1, difference = false }: LayerProps) {
  // Large pixels are shown as sharp squares. Smaller ones are interpolated smoothly, as the export interpolates.
  const mixed = result !== undefined && (difference || strength < 1);
  const image = {
    position: 'absolute',
    maxWidth: 'none',
    pointerEvents: 'none',
    imageRendering: view.scale >= 2 && !mixed ? 'pixelated' : 'auto',
  } as const;
  const box = result && {
    left: result.region.left,
    top: result.region.top,
    width: result.region.width,
    height: result.region.height,
  };
  const partial = result && (result.region.width < size.width || result.region.height < size.height);
  // Outside the restored part there is no difference, which is black.
  const outside: CSSProperties =
    difference && result && !result.below ? { clipPath: insetOf(result.region, size) } : {};
  return (
    <div
      style={{ position: 'absolute', inset: 0, overflow: 'hidden', background: difference ? '#000' : 'var(--stage)' }}
    >
      <div
        style={{
          position: 'absolute',
          inset: 0,
          isolation: 'isolate',
          ...(difference ? { filter: `brightness(${differenceGain})` } : {}),
        }}
      >
        <div
          style={{
            position: 'relative',
            width: size.width,
            height: size.height,
            transformOrigin: '0 0',
            transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})`,
          }}
        >
          <img
            src={before}
            alt={label}
            draggable={false}
            style={{ ...image, left: 0, top: 0, width: size.width, height: size.height, ...outside }}
          />
          {result?.below && (
            <img
              src={result.below.url}
              alt=""
              draggable={false}
              style={{
                ...image,
                left: 0,
                top: 0,
                width: size.width,
                height: size.height,
                opacity: strength,
                mixBlendMode: difference ? 'difference' : 'normal',
                clipPath: around(result.region, size),
              }}
            />
          )}
          {result && (
            <img
              src={result.url}
              alt=""
              draggable={false}
              style={{ ...image, ...box, opacity: strength, mixBlendMode: difference ? 'difference' : 'normal' }}
            />
          )}
          {partial && (
            <div
              className="previewed"
              style={{
                ...box,
                outlineWidth: 1.5 / view.scale,
                boxShadow: `0 0 0 ${3 / view.scale}px rgb(0 0 0 / 60%)`,
              }}
            />
          )}
        </div>
      </div>
    </div>
  );
}

/** All of the picture but the part, which is mixed with the original by itself. */
const around = ({ left, top, width, height }: Region, size: Size): string =>
  `path(evenodd, "M0 0H${size.width}V${size.height}H0Z M${left} ${top}H${left + width}V${top + height}H${left}Z")`;

const insetOf = ({ left, top, width, height }: Region, size: Size): string =>
  `inset(${top}px ${size.width - left - width}px ${size.height - top - height}px ${left}px)`;
