import { Box } from '@mantine/core';
import { ReactCompareSlider } from 'react-compare-slider';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Region } from '../../shared/contract/restore.ts';
import type { Zoom } from './useZoom.ts';

export type Layout = 'slider' | 'side' | 'difference';

/** One picture to compare: the original whole, and the restored part lying on it. */
export interface Compared {
  before: string;
  after?: { url: string; region: Region } | undefined;
  width: number;
  height: number;
}

/** Draws before and after in one view: split by a handle, beside each other, or as their difference. */
export function CompareStage({ picture, zoom, layout, strength, holdBefore }: { picture: Compared; zoom: Zoom; layout: Layout; strength: number; holdBefore: boolean }) {
  const { t } = useTranslation();
  const before = <Layer picture={picture} zoom={zoom} label={t('compare.before')} />;
  const after = <Layer picture={picture} zoom={zoom} label={t('compare.after')} restored strength={strength} />;
  const content = (): ReactNode => {
    if (!picture.after || holdBefore) return before;
    if (layout === 'slider') return <ReactCompareSlider onlyHandleDraggable itemOne={before} itemTwo={after} style={{ width: '100%', height: '100%' }} />;
    return <Layer picture={picture} zoom={zoom} label={t('compare.difference')} restored strength={strength} difference />;
  };
  if (layout === 'side' && picture.after && !holdBefore) {
    return (
      <Box style={{ display: 'grid', gridTemplateColumns: '1fr 1fr', gap: 2, height: '100%' }}>
        <Stage zoom={zoom} measured>
          {before}
        </Stage>
        <Stage zoom={zoom}>{after}</Stage>
      </Box>
    );
  }
  return (
    <Stage zoom={zoom} measured>
      {content()}
    </Stage>
  );
}

function Stage({ zoom, measured = false, children }: { zoom: Zoom; measured?: boolean; children: ReactNode }) {
  return (
    <div className="stage" ref={measured ? zoom.stage : undefined} {...zoom.handlers} style={{ position: 'relative', overflow: 'hidden', height: '100%', cursor: 'grab', touchAction: 'none' }}>
      {children}
    </div>
  );
}

interface LayerProps {
  picture: Compared;
  zoom: Zoom;
  label: string;
  restored?: boolean;
  strength?: number;
  difference?: boolean;
}

/**
 * Strength mixes as the export does: original + s (restored - original), which is what opacity does. The difference is
 * drawn four times as strong, or nobody would see it.
 */
function Layer({ picture, zoom, label, restored = false, strength = 1, difference = false }: LayerProps) {
  const { view } = zoom;
  const place = { position: 'absolute', transformOrigin: '0 0', maxWidth: 'none', pointerEvents: 'none', imageRendering: view.scale >= 2 ? 'pixelated' : 'auto' } as const;
  return (
    <div style={{ position: 'relative', width: '100%', height: '100%', overflow: 'hidden', background: 'var(--stage)' }}>
      <div style={{ position: 'absolute', inset: 0, isolation: 'isolate', filter: difference ? 'brightness(4)' : undefined }}>
        <div style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})`, transformOrigin: '0 0', width: picture.width, height: picture.height, position: 'relative' }}>
          <img src={picture.before} alt={label} draggable={false} style={{ ...place, left: 0, top: 0, width: picture.width, height: picture.height }} />
          {restored && picture.after && (
            <img
              src={picture.after.url}
              alt=""
              draggable={false}
              style={{ ...place, left: picture.after.region.left, top: picture.after.region.top, width: picture.after.region.width, height: picture.after.region.height, opacity: strength, mixBlendMode: difference ? 'difference' : 'normal' }}
            />
          )}
        </div>
      </div>
      <span className="stage-label" data-restored={restored}>
        {label}
      </span>
    </div>
  );
}
