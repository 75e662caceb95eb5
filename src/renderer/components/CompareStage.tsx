import { useCallback, useRef, useState, type PointerEvent, type ReactNode } from 'react';
import { ReactCompareSlider } from 'react-compare-slider';
import { useTranslation } from 'react-i18next';
import { Loupe } from './Loupe.tsx';
import { differenceGain, PictureLayer, type Result } from './PictureLayer.tsx';
import { useWheelZoom } from './useWheelZoom.ts';
import type { Size, Zoom } from './useZoom.ts';

/** `all` shows every variant at the same time. */
export const layouts = ['slider', 'side', 'after', 'difference', 'all'] as const;
export type Layout = (typeof layouts)[number];

/** The layouts that are possible for a number of variants. */
export const layoutsFor = (variants: number): Layout[] => layouts.filter((layout) => layout !== 'all' || variants > 1);

/** One way to restore the picture, with its preview if there is one. */
export interface Variant {
  id: string;
  title: string;
  result?: Result | undefined;
}

/** One picture and the variants it is compared with. */
export interface Compared {
  before: string;
  size: Size;
  variants: readonly Variant[];
  /** Index of the variant that is shown alone. */
  active: number;
}

interface StageProps {
  picture: Compared;
  zoom: Zoom;
  layout: Layout;
  strength: number;
  /** The "show original" key is held down. */
  holdBefore: boolean;
  loupe?: boolean;
}

/**
 * Draws before and after in one view: split by a handle, side by side, one alone, their difference, or all variants.
 */
export function CompareStage({ picture, zoom, layout: wanted, strength, holdBefore, loupe = false }: StageProps) {
  const { t } = useTranslation();
  const { before, size, variants } = picture;
  const layout = layoutsFor(variants.length).includes(wanted) ? wanted : 'side';
  const active = variants[picture.active];
  const titleOf = (variant: Variant): string => (variants.length > 1 ? variant.title : t('compare.after'));
  const common = { before, size, view: zoom.view };
  const original = (
    <Labelled label={t('compare.before')} layer={<PictureLayer {...common} label={t('compare.before')} />} />
  );
  const restored = (variant: Variant, right: boolean): ReactNode => (
    <Labelled
      label={titleOf(variant)}
      right={right}
      missing={!variant.result}
      layer={<PictureLayer {...common} label={titleOf(variant)} result={variant.result} strength={strength} />}
    />
  );
  const lens = (result: Result | undefined) => (at: { x: number; y: number }) => (
    <Loupe before={before} size={size} zoom={zoom} result={result} strength={strength} at={at} />
  );
  const single = (content: ReactNode): ReactNode => (
    <Stage zoom={zoom} measured loupe={loupe && active?.result ? lens(active.result) : undefined}>
      {content}
    </Stage>
  );

  if (holdBefore || !active || (layout !== 'all' && !active.result)) return single(original);
  switch (layout) {
    case 'slider':
      return single(
        <ReactCompareSlider
          onlyHandleDraggable
          itemOne={original}
          itemTwo={restored(active, true)}
          style={{ width: '100%', height: '100%' }}
        />,
      );
    case 'after':
      return single(restored(active, false));
    case 'difference':
      return single(
        <Labelled
          label={t('compare.differenceOf', { gain: differenceGain })}
          layer={
            <PictureLayer
              {...common}
              label={t('compare.difference')}
              result={active.result}
              strength={strength}
              difference
            />
          }
        />,
      );
    case 'side':
      return (
        <Cells columns={2}>
          <Stage zoom={zoom} measured>
            {original}
          </Stage>
          <Stage zoom={zoom}>{restored(active, false)}</Stage>
        </Cells>
      );
    case 'all':
      return (
        <Cells columns={Math.ceil(Math.sqrt(variants.length + 1))}>
          <Stage zoom={zoom} measured>
            {original}
          </Stage>
          {variants.map((variant, index) => (
            <Stage key={variant.id} zoom={zoom} marked={index === picture.active}>
              {restored(variant, false)}
            </Stage>
          ))}
        </Cells>
      );
  }
}

function Cells({ columns, children }: { columns: number; children: ReactNode }) {
  return (
    <div
      style={{
        display: 'grid',
        gridTemplateColumns: `repeat(${columns}, 1fr)`,
        gridAutoRows: '1fr',
        gap: 2,
        height: '100%',
      }}
    >
      {children}
    </div>
  );
}

interface StageFrame {
  zoom: Zoom;
  measured?: boolean;
  marked?: boolean;
  /** Magnifies what is under the pointer. */
  loupe?: ((at: { x: number; y: number }) => ReactNode) | undefined;
  children: ReactNode;
}

function Stage({ zoom, measured = false, marked = false, loupe, children }: StageFrame) {
  const element = useRef<HTMLDivElement | null>(null);
  const [pointer, setPointer] = useState<{ x: number; y: number }>();
  const { handlers, stage } = zoom;
  useWheelZoom(element, zoom);
  // Memoised, because otherwise every render would measure the stage again.
  const found = useCallback(
    (next: HTMLDivElement | null) => {
      element.current = next;
      if (measured) stage(next);
    },
    [measured, stage],
  );
  const move = (event: PointerEvent): void => {
    handlers.onPointerMove(event);
    if (!loupe) return;
    const box = event.currentTarget.getBoundingClientRect();
    setPointer({ x: event.clientX - box.left, y: event.clientY - box.top });
  };
  return (
    <div
      className="stage"
      data-marked={marked}
      ref={found}
      {...handlers}
      onPointerMove={move}
      onPointerLeave={() => setPointer(undefined)}
    >
      {children}
      {loupe && pointer && loupe(pointer)}
    </div>
  );
}

function Labelled({
  label,
  layer,
  right = false,
  missing = false,
}: {
  label: string;
  layer: ReactNode;
  right?: boolean;
  missing?: boolean;
}) {
  const { t } = useTranslation();
  return (
    <div style={{ position: 'relative', width: '100%', height: '100%' }}>
      {layer}
      <span className="stage-label" data-restored={right}>
        {missing ? t('compare.notYet', { title: label }) : label}
      </span>
    </div>
  );
}
