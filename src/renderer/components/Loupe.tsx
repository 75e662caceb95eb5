import { useTranslation } from 'react-i18next';
import { PictureLayer, type Result } from './PictureLayer.tsx';
import type { Size, Zoom } from './useZoom.ts';

const side = 168;

/** Two lenses side by side over the same spot: before and after, at twice the zoom of the view and at least 1:1. */
export function Loupe({
  before,
  size,
  zoom,
  result,
  strength,
  at,
}: {
  before: string;
  size: Size;
  zoom: Zoom;
  result: Result | undefined;
  strength: number;
  at: { x: number; y: number };
}) {
  const { t } = useTranslation();
  const { view, width, height } = zoom;
  const scale = Math.min(32, Math.max(1, view.scale * 2));
  const lens = {
    scale,
    x: side / 2 - ((at.x - view.x) / view.scale) * scale,
    y: side / 2 - ((at.y - view.y) / view.scale) * scale,
  };
  // Next to the pointer, on the side with enough room.
  const wide = 2 * side + 2;
  const left = at.x + 24 + wide < width ? at.x + 24 : Math.max(0, at.x - 24 - wide);
  const top = at.y + 24 + side < height ? at.y + 24 : Math.max(0, at.y - 24 - side);
  return (
    <div className="loupe" data-testid="loupe" style={{ left, top, width: wide, height: side }}>
      {[undefined, result].map((shown, index) => (
        <div key={index} style={{ position: 'relative', width: side, height: side, overflow: 'hidden' }}>
          <PictureLayer before={before} size={size} view={lens} label="" result={shown} strength={strength} />
          <span className="stage-label">{t(index === 0 ? 'compare.before' : 'compare.after')}</span>
        </div>
      ))}
    </div>
  );
}
